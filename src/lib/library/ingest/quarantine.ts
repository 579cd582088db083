/**
 * What interrupted ingests have finished: a small file a shard, one line a segment, so that the same
 * files given again go on from there. A note is a hint and no proof: `segment-queue.ts` holds it
 * against the documents and the blobs before it is used. Texts and segments are not here, and unlike
 * the store this is not transactional: the first line that is torn ends a file.
 */
import type { ChunkingOptions, IngestOptions, ProfileName } from '../../api';
import type { Lineage, ShardId } from '../../shard/ids';
import type { SegmentEntry } from '../../shard/objects';
import type { SourceRecord } from '../../shard/records';
import { crc32c } from '../../store/crc';
import { digestOf, type Digest } from '../../store/digest';
import type { FileSystem } from '../../store/file-system';
import { parseJson } from '../../store/layout';

const QUARANTINE = 'quarantine';

const FORMAT = 'memreel/quarantine/1';

/** Whoever wants to go on does so within days; until then the blobs take room. In milliseconds. */
const KEPT = 7 * 24 * 60 * 60 * 1000;

/** All that decides what an ingest makes of its files, and where in the shard it lies. */
export interface IngestKey {
  readonly lineage: Lineage;
  readonly profile: ProfileName;
  readonly model: string;
  readonly language: 'en' | 'und';
  readonly chunking: ChunkingOptions;
  readonly ocr?: IngestOptions['ocr'];
  /** The order key of the shard's last chunk before it. */
  readonly lastOrder: string | null;
  /** In order. What is in them, `SegmentNote.through` tells. */
  readonly files: readonly { readonly name: string; readonly size: number }[];
}

/** A finished segment: its chunks are those from `from` to `to` in the stream of the ingest. */
export interface SegmentNote {
  readonly from: number;
  readonly to: number;
  /** Over the key of the ingest and all chunks from the first to the segment's last. */
  readonly through: Digest;
  /** Those that the segment names: its frames hold their ids. */
  readonly sources: readonly NotedSource[];
  readonly segment: SegmentEntry;
}

/** A source and the position of its dropped file among those of the ingest. */
export interface NotedSource {
  readonly file: number;
  readonly source: SourceRecord;
}

interface Line extends SegmentNote {
  readonly format: string;
  readonly key: Digest;
  /** When it was written; ISO 8601. */
  readonly at: string;
}

interface FoundLine {
  readonly line: Line;
  /** Where the next line begins in the file. */
  readonly end: number;
}

export class Quarantine {
  readonly #fs: FileSystem;

  constructor(fs: FileSystem) {
    this.#fs = fs;
  }

  /** The notes of an ingest into a shard; those of any other are overwritten by its first one. */
  async open(shard: ShardId, ingest: IngestKey): Promise<IngestNotes> {
    const key = await digestOfKey(ingest);
    const path = `${QUARANTINE}/${shard}`;
    const found: FoundLine[] = [];
    let covered = 0;
    for (const one of await this.#lines(path)) {
      const { key: own, from, to } = one.line;
      if (own !== key || from !== covered || to <= from) break;
      found.push(one);
      covered = to;
    }
    return new IngestNotes(this.#fs, path, key, found);
  }

  remove(shard: string): Promise<void> {
    return this.#fs.remove(`${QUARANTINE}/${shard}`);
  }

  /** Forgets everything, as after a purge: what was noted may hold what was purged. */
  async clear(): Promise<void> {
    for (const shard of await this.#fs.list(QUARANTINE)) await this.remove(shard);
  }

  /** Forgets what is older than 7 days, what cannot be read, and what is of none of these shards. */
  async forgetOld(shards: ReadonlySet<string>, now: Date): Promise<void> {
    for (const shard of await this.#fs.list(QUARANTINE)) {
      const newest = (await this.#lines(`${QUARANTINE}/${shard}`)).at(-1);
      const isFresh = newest && now.getTime() - Date.parse(newest.line.at) <= KEPT;
      if (!isFresh || !shards.has(shard)) await this.remove(shard);
    }
  }

  /** Every blob that a note names. */
  async blobs(): Promise<Digest[]> {
    const digests: Digest[] = [];
    for (const shard of await this.#fs.list(QUARANTINE)) {
      for (const { line } of await this.#lines(`${QUARANTINE}/${shard}`)) {
        digests.push(...blobsOf(line.segment));
      }
    }
    return digests;
  }

  async #lines(path: string): Promise<FoundLine[]> {
    return readLines((await this.#fs.readBytes(path)) ?? new Uint8Array(0));
  }
}

/** The notes of one ingest, as its last try left them and as this one goes on. */
export class IngestNotes {
  readonly key: Digest;
  /** What the last try has finished, without gaps from the beginning of the stream. */
  readonly noted: readonly SegmentNote[];
  readonly #fs: FileSystem;
  readonly #path: string;
  /** Where the line of each note ends in the file. */
  readonly #ends: number[];
  readonly #sources: ReadonlyMap<string, SourceRecord>;

  constructor(fs: FileSystem, path: string, key: Digest, found: readonly FoundLine[]) {
    this.#fs = fs;
    this.#path = path;
    this.key = key;
    this.noted = found.map(({ line }) => line);
    this.#ends = found.map(({ end }) => end);
    this.#sources = new Map(
      this.noted.flatMap(({ sources }) =>
        sources.map(({ file, source }) => [documentKey(file, source.member), source]),
      ),
    );
  }

  /** The source of the last try that a dropped file was, or a file inside it. */
  sourceOf(file: number, member: string | undefined): SourceRecord | undefined {
    return this.#sources.get(documentKey(file, member));
  }

  /** Writes the note of segment number `at`, flushed; those that were noted from there on go. */
  async put(at: number, note: SegmentNote): Promise<void> {
    const begin = at === 0 ? 0 : this.#ends[at - 1];
    if (begin === undefined) throw new Error(`Segment ${String(at - 1)} was not noted.`);
    const line = { format: FORMAT, key: this.key, at: new Date().toISOString(), ...note };
    const bytes = encodeLine(line);
    const file = await this.#fs.open(this.#path, { create: true });
    try {
      file.truncate(begin);
      file.write(begin, bytes);
      file.flush();
    } finally {
      file.close();
    }
    this.#ends.splice(at, Infinity, begin + bytes.length);
  }
}

/** The blobs of a segment. */
export function blobsOf({ video, page, postings, vectors }: SegmentEntry): Digest[] {
  return [video, page, postings, ...(vectors ? [vectors] : [])];
}

function documentKey(file: number, member = ''): string {
  return `${String(file)}\n${member}`;
}

function digestOfKey(ingest: IngestKey): Promise<Digest> {
  const { lineage, profile, model, language, chunking, ocr, lastOrder, files } = ingest;
  const { size = null, unit = 'characters', overlap = 0 } = chunking;
  const named = files.map((file) => [file.name, file.size]);
  const reading = [size, unit, overlap, ocr?.languages ?? null];
  const facts = [FORMAT, lineage, profile, model, language, reading, lastOrder, named];
  return digestOf(new TextEncoder().encode(JSON.stringify(facts)));
}

const LINE_FEED = 10;
const CHECKSUM_DIGITS = 8;

/** A CRC-32C in hex, JSON, a line feed: a torn line, and one over the remains of another, is told. */
function encodeLine(line: Line): Uint8Array {
  const json = JSON.stringify(line);
  const checksum = checksumOf(new TextEncoder().encode(json));
  return new TextEncoder().encode(`${checksum}${json}\n`);
}

/** The lines up to the first one that does not check. */
function readLines(bytes: Uint8Array): FoundLine[] {
  const found: FoundLine[] = [];
  for (let at = 0; ;) {
    const feed = bytes.indexOf(LINE_FEED, at);
    const line = feed < 0 ? undefined : decodeLine(bytes.subarray(at, feed));
    if (!line) return found;
    at = feed + 1;
    found.push({ line, end: at });
  }
}

function decodeLine(bytes: Uint8Array): Line | undefined {
  const json = bytes.subarray(CHECKSUM_DIGITS);
  const checksum = new TextDecoder().decode(bytes.subarray(0, CHECKSUM_DIGITS));
  if (checksum !== checksumOf(json)) return undefined;
  const line = parseJson(json) as Partial<Line> | undefined;
  // What checks was written by `encodeLine`: of this format, or of another one.
  return line?.format === FORMAT ? (line as Line) : undefined;
}

function checksumOf(bytes: Uint8Array): string {
  return crc32c(bytes).toString(16).padStart(CHECKSUM_DIGITS, '0');
}
