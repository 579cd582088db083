/**
 * `history.jsonl` of a shard zip of everything: pages, deltas, segment tables and versions as lines
 * of JSON, each before the first line that names it; versions newest first. docs/FORMAT.md describes
 * them. Derived data (postings) is not in it: it is made anew.
 */
import type { JsonPatchOperation, Operation, RetentionPolicy } from '../api';
import { CorruptError } from '../errors';
import type { SegmentId, VersionId } from '../shard/ids';
import type { SegmentEntry, Skeleton, VersionCounts } from '../shard/objects';
import { digestOf, isDigest, type Digest } from '../store/digest';
import {
  countAt,
  idAt,
  listAt,
  objectAt,
  policyOf,
  rangeOf,
  textAt,
  type VectorRange,
} from './manifest';

/** A segment as a table of a zip has it: its video is the manifest's, its postings are made anew. */
export interface TableSegment {
  readonly id: SegmentId;
  /** Names a page line. */
  readonly page: Digest;
  readonly frames: number;
  readonly chunks: number;
  readonly bytes: Pick<SegmentEntry['bytes'], 'text' | 'gzip'>;
  readonly payload: SegmentEntry['payload'];
  readonly vectors: VectorRange | null;
}

/** A version as a zip has it. */
export interface ArchivedVersion {
  readonly id: VersionId;
  readonly parents: readonly VersionId[];
  readonly operation: Operation;
  readonly message: string;
  readonly createdAt: string;
  readonly model: string;
  readonly counts: VersionCounts;
  readonly retention?: RetentionPolicy;
  /** Names a table line. */
  readonly table: string;
  /** Names delta lines, oldest first. */
  readonly deltas: readonly Digest[];
  readonly patch: readonly JsonPatchOperation[] | null;
  readonly merged?: VersionId;
}

export type HistoryLine =
  | { readonly kind: 'page' | 'delta'; readonly digest: Digest; readonly data: unknown }
  | { readonly kind: 'table'; readonly key: string; readonly segments: readonly TableSegment[] }
  | { readonly kind: 'version'; readonly version: ArchivedVersion }
  | { readonly kind: 'skeleton'; readonly skeleton: Skeleton; readonly merged?: VersionId };

export function encodeHistoryLine(line: HistoryLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** The stored bytes of a page or a delta, held against the digest that names them. */
export async function bytesOfLine({
  digest,
  data,
}: {
  readonly digest: Digest;
  readonly data: unknown;
}): Promise<Uint8Array> {
  const bytes = new TextEncoder().encode(JSON.stringify(data));
  if ((await digestOf(bytes)) === digest) return bytes;
  throw odd('has a line that is not what its digest says');
}

/** @throws CorruptError for anything that `encodeHistoryLine` does not write */
export function decodeHistoryLine(text: string): HistoryLine {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new CorruptError('history.jsonl has a line that is not JSON.', { cause: error });
  }
  const line = objectAt(json, 'line');
  switch (line['kind']) {
    case 'page':
    case 'delta':
      return { kind: line['kind'], digest: digestAt(line['digest']), data: line['data'] };
    case 'table':
      return {
        kind: 'table',
        key: textAt(line['key'], 'table.key'),
        segments: listAt(line['segments'], 'segments').map(tableSegmentOf),
      };
    case 'version':
      return { kind: 'version', version: versionOf(line['version']) };
    case 'skeleton': {
      const { merged } = line;
      return {
        kind: 'skeleton',
        skeleton: skeletonOf(line['skeleton']),
        ...(merged === undefined ? {} : { merged: versionIdAt(merged) }),
      };
    }
    default:
      throw odd('has a line of an unknown kind');
  }
}

function tableSegmentOf(json: unknown): TableSegment {
  const { id, page, frames, chunks, bytes, payload, vectors } = objectAt(json, 'segment');
  const { text, gzip } = objectAt(bytes, 'bytes');
  const shares = objectAt(payload, 'payload');
  return {
    id: idAt(id, 'segment.id') as SegmentId,
    page: digestAt(page),
    frames: countAt(frames, 'frames'),
    chunks: countAt(chunks, 'chunks'),
    bytes: { text: countAt(text, 'bytes.text'), gzip: countAt(gzip, 'bytes.gzip') },
    payload: {
      text: countAt(shares['text'], 'payload.text'),
      metadata: countAt(shares['metadata'], 'payload.metadata'),
      unfilled: countAt(shares['unfilled'], 'payload.unfilled'),
    },
    vectors: vectors === null ? null : rangeOf(vectors),
  };
}

const OPERATIONS: ReadonlySet<string> = new Set<Operation>([
  'create',
  'ingest',
  'edit',
  'insert',
  'split',
  'join',
  'delete',
  'restore',
  'apply',
  'undo',
  'redo',
  'rollback',
  'merge',
  'compact',
  'reindex',
  'retention',
  'sweep',
  'import',
  'purge',
]);

function versionOf(json: unknown): ArchivedVersion {
  const version = objectAt(json, 'version');
  const { id, parents, operation, message, createdAt, model, retention, merged } = version;
  const { table, deltas, patch } = version;
  if (typeof operation !== 'string' || !OPERATIONS.has(operation)) {
    throw odd('has a version made by an unknown operation');
  }
  const counts = objectAt(version['counts'], 'counts');
  const count = (name: keyof VersionCounts): number => countAt(counts[name], `counts.${name}`);
  return {
    id: versionIdAt(id),
    parents: listAt(parents, 'parents').map(versionIdAt),
    operation: operation as Operation,
    message: textAt(message, 'message'),
    createdAt: textAt(createdAt, 'createdAt'),
    model: textAt(model, 'model'),
    counts: {
      chunks: count('chunks'),
      deleted: count('deleted'),
      added: count('added'),
      edited: count('edited'),
      removed: count('removed'),
      restored: count('restored'),
      sources: count('sources'),
    },
    ...(retention === undefined ? {} : { retention: policyOf(retention) }),
    table: textAt(table, 'table'),
    deltas: listAt(deltas, 'deltas').map(digestAt),
    // An audit record: nobody applies it, and what it says is shown as JSON.
    patch: patch === null ? null : (listAt(patch, 'patch') as JsonPatchOperation[]),
    ...(merged === undefined ? {} : { merged: versionIdAt(merged) }),
  };
}

function skeletonOf(json: unknown): Skeleton {
  const { format, id, chunks } = objectAt(json, 'skeleton');
  if (format !== 'memreel/skeleton/1') throw odd('has a skeleton of another format');
  return {
    format,
    id: versionIdAt(id),
    chunks: listAt(chunks, 'chunks').map((row) => {
      const [uuid, sha256, deleted] = listAt(row, 'chunk');
      if (deleted !== 0 && deleted !== 1) throw odd('has a skeleton that cannot be read');
      const chunk: Skeleton['chunks'][number] = [
        idAt(uuid, 'uuid') as Skeleton['chunks'][number][0],
        textAt(sha256, 'sha256'),
        deleted,
      ];
      return chunk;
    }),
  };
}

const versionIdAt = (json: unknown): VersionId => idAt(json, 'version') as VersionId;

function digestAt(json: unknown): Digest {
  if (isDigest(json)) return json;
  throw odd('has no digest where one should be');
}

const odd = (what: string): CorruptError => new CorruptError(`The archive’s history ${what}.`);
