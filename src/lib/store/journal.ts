/**
 * Journal records: one commit each, all or nothing. This module turns them into bytes and back;
 * `writer.ts` appends them, `recover.ts` replays them.
 */
import { crc32c } from './crc';
import { isDigest } from './digest';
import type { Digest } from './digest';
import { getCount, parseJson, sameBytes, setCount } from './layout';
import type { LibraryId, Reference } from './layout';

/** What a commit does to one entry. */
export interface Change {
  readonly key: string;
  /** The entry's object from now on; null when the entry goes. */
  readonly to: Reference | null;
}

export interface JournalRecord {
  readonly generation: number;
  /** One more than the record or the HEAD before. */
  readonly sequence: number;
  readonly epoch: number;
  readonly changes: readonly Change[];
  /**
   * The entries as they must stand before it: those it changes and those it was computed from.
   * A record whose ground is gone is not applied.
   */
  readonly was: readonly (readonly [key: string, digest: Digest | null])[];
  /** Young objects outside this record that it refers to: it is not applied without them. */
  readonly needs: readonly Digest[];
  /**
   * Sequences of records that a recovery could not apply, and that nobody may apply later: a blob
   * that was gone may be put again, and commits since have been made without it.
   */
  readonly voids: readonly number[];
  /** Small objects that the record carries. */
  readonly inline: readonly (readonly [digest: Digest, bytes: Uint8Array])[];
}

/** What the next record must carry; everything else is the remains of something older. */
export interface Expected {
  readonly generation: number;
  readonly sequence: number;
  /** Undefined takes the id that is found: only for a library whose HEADs are lost. */
  readonly id: LibraryId | undefined;
  /** The epoch of the record before: a lower one comes from a writer that had lost its place. */
  readonly epoch: number;
}

const MAGIC = 0x314a524d; // "MRJ1"
const HEADER = 56;
/**
 * Records are filled up with zeros to whole sectors (the largest that disks have): a write that is
 * torn then garbles none of the records before it.
 */
const SECTOR = 4096;

/** The record's bytes, and the record again with its inline parts as views into them. */
export function encodeRecord(
  id: LibraryId,
  record: JournalRecord,
): { bytes: Uint8Array; record: JournalRecord } {
  const content = new TextEncoder().encode(
    JSON.stringify({
      changes: record.changes.map(({ key, to }) => (to ? [key, to.kind, to.digest] : [key])),
      was: record.was,
      needs: record.needs,
      voids: record.voids,
      inline: record.inline.map(([digest, bytes]) => [digest, bytes.byteLength]),
    }),
  );
  const parts = record.inline.reduce((sum, [, bytes]) => sum + bytes.byteLength, 0);
  const used = HEADER + content.byteLength + parts;
  const bytes = new Uint8Array(Math.ceil(used / SECTOR) * SECTOR);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, bytes.byteLength, true);
  view.setUint32(12, content.byteLength, true);
  setCount(view, 16, record.sequence);
  setCount(view, 24, record.generation);
  setCount(view, 32, record.epoch);
  bytes.set(id, 40);
  bytes.set(content, HEADER);
  let at = HEADER + content.byteLength;
  const inline: [Digest, Uint8Array][] = [];
  for (const [digest, part] of record.inline) {
    bytes.set(part, at);
    inline.push([digest, bytes.subarray(at, at + part.byteLength)]);
    at += part.byteLength;
  }
  view.setUint32(8, crc32c(bytes.subarray(12)), true);
  return { bytes, record: { ...record, inline } };
}

/**
 * The record that begins at `at`, and where the next one does; undefined when what is there is not
 * the expected one: the end, a torn write, or a record of an earlier use of the file.
 * The inline parts are views into `bytes`.
 */
export function decodeRecord(
  bytes: Uint8Array,
  at: number,
  expected: Expected,
): { record: JournalRecord; id: Uint8Array; end: number } | undefined {
  if (bytes.byteLength - at < HEADER) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.byteLength - at);
  if (view.getUint32(0, true) !== MAGIC) return undefined;
  const length = view.getUint32(4, true);
  if (length < HEADER || length > view.byteLength) return undefined;
  const id = bytes.slice(at + 40, at + HEADER);
  const sequence = getCount(view, 16);
  const generation = getCount(view, 24);
  const epoch = getCount(view, 32);
  if (generation !== expected.generation || sequence !== expected.sequence) return undefined;
  if (epoch < expected.epoch || (expected.id && !sameBytes(id, expected.id))) return undefined;
  const end = at + length;
  if (crc32c(bytes.subarray(at + 12, end)) !== view.getUint32(8, true)) return undefined;

  const partsAt = at + HEADER + view.getUint32(12, true);
  if (partsAt > end) return undefined;
  const content = parseJson(bytes.subarray(at + HEADER, partsAt));
  if (!isContent(content)) return undefined;
  const inline: [Digest, Uint8Array][] = [];
  let part = partsAt;
  for (const [digest, size] of content.inline) {
    inline.push([digest, bytes.subarray(part, part + size)]);
    part += size;
  }
  if (part > end) return undefined;
  const changes = content.changes.map(([key, kind, digest]): Change => ({
    key,
    to: kind !== undefined && digest !== undefined ? { kind, digest } : null,
  }));
  const { was, needs, voids } = content;
  return { record: { generation, sequence, epoch, changes, was, needs, voids, inline }, id, end };
}

interface Content {
  changes: [key: string, kind?: string, digest?: Digest][];
  was: [key: string, digest: Digest | null][];
  needs: Digest[];
  voids: number[];
  inline: [digest: Digest, size: number][];
}

/** The checksum has passed, so this only meets records of another hand. */
function isContent(value: unknown): value is Content {
  if (typeof value !== 'object' || value === null) return false;
  const { changes, was, needs, voids, inline } = value as Record<keyof Content, unknown>;
  return (
    areRows(changes, ([key, kind, digest]) => {
      if (typeof key !== 'string') return false;
      return kind === undefined || (typeof kind === 'string' && isDigest(digest));
    }) &&
    areRows(was, ([key, digest]) => {
      return typeof key === 'string' && (digest === null || isDigest(digest));
    }) &&
    Array.isArray(needs) &&
    needs.every(isDigest) &&
    Array.isArray(voids) &&
    voids.every(Number.isSafeInteger) &&
    areRows(inline, ([digest, size]) => {
      return isDigest(digest) && Number.isSafeInteger(size) && Number(size) >= 0;
    })
  );
}

function areRows(value: unknown, fits: (row: unknown[]) => boolean): boolean {
  return Array.isArray(value) && value.every((row) => Array.isArray(row) && fits(row));
}
