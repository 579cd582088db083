/**
 * What a shard zip says of itself, `manifest.json`: docs/FORMAT.md, "Shard zip", describes it for
 * people without this code. Types, writing and strict reading; what the entries hold is for others.
 */
import { CorruptError, UnsupportedError } from '../errors';
import type { ProfileName, Question, RetentionPolicy } from '../api';
import type { Lineage, SegmentId, ShardId, VersionId } from '../shard/ids';

export const ZIP_FORMAT = 'memreel/zip/1';

/** The entries of a shard zip, in their order. */
export const ENTRY = {
  video: 'memory.mp4',
  index: 'memory_index.json',
  vectors: 'vectors.bin',
  history: 'history.jsonl',
  manifest: 'manifest.json',
} as const;

/** Videos whose encoder settings differ do not join: those after the first kind get a number. */
export function videoEntry(kind: number): string {
  return kind === 0 ? ENTRY.video : `memory-${String(kind + 1)}.mp4`;
}

/** A segment, and the samples of a video entry that it is made of. */
export interface ManifestSegment {
  readonly id: SegmentId;
  /** The entry that has its frames. */
  readonly file: string;
  readonly firstFrame: number;
  readonly frames: number;
  /** SHA-256 of the segment's own MP4, hex. */
  readonly sha256: string;
  /** What that MP4 has as its comment. */
  readonly comment: string;
  /** UTF-8 bytes of its texts, and what gzip makes of them. */
  readonly bytes: { readonly text: number; readonly gzip: number };
  readonly payload: { readonly text: number; readonly metadata: number; readonly unfilled: number };
}

/** Bytes of `vectors.bin`: packed vectors as docs/FORMAT.md describes them. */
export interface VectorRange {
  readonly offset: number;
  readonly bytes: number;
}

export interface ManifestEntry {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What a zip of everything adds: a shard with its versions, not only what it shows. */
export interface WholeShard {
  readonly id: ShardId;
  readonly head: VersionId;
  readonly tags: Readonly<Record<string, VersionId>>;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly origin?: { readonly shard: ShardId; readonly version: VersionId };
  readonly questions: readonly Question[];
}

export interface Manifest {
  readonly format: typeof ZIP_FORMAT;
  readonly include: 'live' | 'everything';
  readonly shard: {
    readonly id: ShardId;
    readonly name: string;
    readonly lineage: Lineage;
    readonly profile: ProfileName;
    readonly model: string;
    readonly language: 'en' | 'und';
  };
  readonly counts: { readonly chunks: number; readonly deleted: number; readonly sources: number };
  readonly retention?: RetentionPolicy;
  readonly segments: readonly ManifestSegment[];
  /**
   * Of `live`: the vectors of each segment's chunks, in the order of the index; null where there are
   * none. Of `everything`, `history.jsonl` says it.
   */
  readonly vectors?: readonly (VectorRange | null)[];
  readonly whole?: WholeShard;
  /** All entries but this one. */
  readonly entries: readonly ManifestEntry[];
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`);
}

/**
 * @throws CorruptError for anything that `encodeManifest` does not write
 * @throws UnsupportedError for a newer format
 */
export function decodeManifest(text: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new CorruptError('manifest.json is not JSON.', { cause: error });
  }
  if (!isObject(json)) throw odd('is no object');
  const { format } = json;
  if (format !== ZIP_FORMAT) {
    if (typeof format === 'string' && format.startsWith('memreel/zip/')) {
      throw new UnsupportedError(`The archive has the format ${format}: a newer Memreel wrote it.`);
    }
    throw odd('does not say that it is one of Memreel’s');
  }
  const { include, shard, counts, segments, vectors, whole, entries, retention } = json;
  const { id, name, lineage, profile, model, language } = objectAt(shard, 'shard');
  if (include !== 'live' && include !== 'everything') throw odd('says not what it includes');
  if (profile !== 'compact' && profile !== 'universal') throw odd('has no profile');
  if (language !== 'en' && language !== 'und') throw odd('has no language');
  const { chunks, deleted, sources } = objectAt(counts, 'counts');
  const manifest: Manifest = {
    format: ZIP_FORMAT,
    include,
    shard: {
      id: idAt(id, 'shard.id') as ShardId,
      name: textAt(name, 'shard.name'),
      lineage: idAt(lineage, 'shard.lineage') as Lineage,
      model: textAt(model, 'shard.model'),
      profile,
      language,
    },
    counts: {
      chunks: countAt(chunks, 'counts.chunks'),
      deleted: countAt(deleted, 'counts.deleted'),
      sources: countAt(sources, 'counts.sources'),
    },
    segments: listAt(segments, 'segments').map(segmentOf),
    entries: listAt(entries, 'entries').map(entryOf),
    ...(retention === undefined ? {} : { retention: policyOf(retention) }),
    ...(vectors === undefined
      ? {}
      : { vectors: listAt(vectors, 'vectors').map((one) => (one === null ? null : rangeOf(one))) }),
    ...(whole === undefined ? {} : { whole: wholeOf(whole) }),
  };
  if ((include === 'everything') !== (manifest.whole !== undefined)) {
    throw odd('does not have what it says to include');
  }
  return manifest;
}

function segmentOf(json: unknown): ManifestSegment {
  const { id, file, firstFrame, frames, sha256, comment, bytes, payload } = objectAt(
    json,
    'segment',
  );
  const { text, gzip } = objectAt(bytes, 'bytes');
  const shares = objectAt(payload, 'payload');
  return {
    id: idAt(id, 'segment.id') as SegmentId,
    file: textAt(file, 'segment.file'),
    firstFrame: countAt(firstFrame, 'segment.firstFrame'),
    frames: countAt(frames, 'segment.frames'),
    sha256: sha256At(sha256),
    comment: textAt(comment, 'segment.comment'),
    bytes: { text: countAt(text, 'bytes.text'), gzip: countAt(gzip, 'bytes.gzip') },
    payload: {
      text: countAt(shares['text'], 'payload.text'),
      metadata: countAt(shares['metadata'], 'payload.metadata'),
      unfilled: countAt(shares['unfilled'], 'payload.unfilled'),
    },
  };
}

/** @throws CorruptError */
export function rangeOf(json: unknown): VectorRange {
  const { offset, bytes } = objectAt(json, 'vectors');
  return { offset: countAt(offset, 'vectors.offset'), bytes: countAt(bytes, 'vectors.bytes') };
}

function entryOf(json: unknown): ManifestEntry {
  const { name, bytes, sha256 } = objectAt(json, 'entry');
  return {
    name: textAt(name, 'entry.name'),
    bytes: countAt(bytes, 'entry.bytes'),
    sha256: sha256At(sha256),
  };
}

function wholeOf(json: unknown): WholeShard {
  const { id, head, tags, createdAt, updatedAt, origin, questions } = objectAt(json, 'whole');
  const from = origin === undefined ? undefined : objectAt(origin, 'origin');
  return {
    id: idAt(id, 'whole.id') as ShardId,
    head: idAt(head, 'whole.head') as VersionId,
    tags: Object.fromEntries(
      Object.entries(objectAt(tags, 'tags')).map(([tag, version]) => [
        tag,
        idAt(version, 'tag') as VersionId,
      ]),
    ),
    createdAt: textAt(createdAt, 'createdAt'),
    updatedAt: textAt(updatedAt, 'updatedAt'),
    ...(from
      ? {
          origin: {
            shard: idAt(from['shard'], 'origin.shard') as ShardId,
            version: idAt(from['version'], 'origin.version') as VersionId,
          },
        }
      : {}),
    questions: listAt(questions, 'questions').map((question) => {
      const { id: name, query, expected } = objectAt(question, 'question');
      return {
        id: textAt(name, 'question.id'),
        query: textAt(query, 'question.query'),
        expected: listAt(expected, 'question.expected').map((uuid) => textAt(uuid, 'expected')),
      };
    }),
  };
}

/** @throws CorruptError */
export function policyOf(json: unknown): RetentionPolicy {
  const { ttlSeconds, maxBytes, evict } = objectAt(json, 'retention');
  if (evict !== undefined && evict !== 'oldest' && evict !== 'least-used') {
    throw odd('has a retention policy of another kind');
  }
  return {
    ...(ttlSeconds === undefined ? {} : { ttlSeconds: countAt(ttlSeconds, 'ttlSeconds') }),
    ...(maxBytes === undefined ? {} : { maxBytes: countAt(maxBytes, 'maxBytes') }),
    ...(evict === undefined ? {} : { evict }),
  };
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** @throws CorruptError, as all of these */
export function objectAt(json: unknown, what: string): Record<string, unknown> {
  if (isObject(json)) return json;
  throw odd(`has no ${what}`);
}

export function listAt(json: unknown, what: string): unknown[] {
  if (Array.isArray(json)) return json as unknown[];
  throw odd(`has no list of ${what}`);
}

export function textAt(json: unknown, what: string): string {
  if (typeof json === 'string') return json;
  throw odd(`has no text as ${what}`);
}

export function countAt(json: unknown, what: string): number {
  if (Number.isSafeInteger(json) && (json as number) >= 0) return json as number;
  throw odd(`has no number as ${what}`);
}

/** Whether it is an id such as ours: they become parts of paths and keys. */
export function isId(json: unknown): json is string {
  return typeof json === 'string' && /^[\w-]{1,64}$/u.test(json);
}

export function idAt(json: unknown, what: string): string {
  if (isId(json)) return json;
  throw odd(`has no id as ${what}`);
}

export function sha256At(json: unknown): string {
  if (typeof json === 'string' && /^[0-9a-f]{64}$/u.test(json)) return json;
  throw odd('has no SHA-256 where one should be');
}

const odd = (what: string): CorruptError => new CorruptError(`The archive’s description ${what}.`);
