/**
 * Deltas: the records of a version that differ from its pages, in immutable lists that versions
 * share, and how small ones are merged so that a version lists few of them. Not where a record is
 * looked up: that is up to who opens a version. What vectors look like inside is not known here.
 */
import { CorruptError } from '../errors';
import { fromBase64Url, toBase64Url, type ChunkUuid, type SegmentId } from './ids';
import type { DeltaLink } from './objects';
import {
  positionsOf,
  recordFromWire,
  recordToWire,
  sourceFromWire,
  sourceToWire,
  type ChunkRecord,
  type RecordRow,
  type SourceRecord,
  type SourceRow,
} from './records';

/** How one chunk stands from this delta on; a null record says that it is not in the version. */
export interface DeltaRow {
  readonly uuid: ChunkUuid;
  readonly record: ChunkRecord | null;
}

export interface Delta {
  /** Those that the rows name. */
  readonly sources: readonly SourceRecord[];
  /** One a chunk at most. */
  readonly rows: readonly DeltaRow[];
  /**
   * Packed vectors of `textRows`, in their order; null where there is no text, or none was embedded
   * because the model was not here.
   */
  readonly vectors: Uint8Array | null;
}

const DELTA_FORMAT = 'memreel/delta/1';

/** The rows with text, in row order: they are the rows of the delta's search data. */
export function textRows(delta: Delta): ChunkRecord[] {
  const records: ChunkRecord[] = [];
  for (const { record } of delta.rows) if (record?.text !== undefined) records.push(record);
  return records;
}

/**
 * JSON: `[format, [source, …], [row, …], vectors]`, sources as pages write them, vectors as base64url
 * or null. A row is a page's with the segment's id, or null, after the UUID; one of a UUID alone says
 * that the chunk is not in the version.
 */
export function encodeDelta(delta: Delta): Uint8Array {
  const oddity = oddityOf(delta);
  if (oddity) throw new Error(`A delta ${oddity}.`);
  const positions = positionsOf(delta.sources);
  const rows = delta.rows.map(({ uuid, record }) => {
    if (!record) return [uuid];
    const [, ...rest] = recordToWire(record, positions);
    return [uuid, record.at?.segment ?? null, ...rest];
  });
  const vectors = delta.vectors && toBase64Url(delta.vectors);
  return new TextEncoder().encode(
    JSON.stringify([DELTA_FORMAT, delta.sources.map(sourceToWire), rows, vectors]),
  );
}

/** @throws CorruptError for anything that `encodeDelta` does not write */
export function decodeDelta(bytes: Uint8Array): Delta {
  const json = parse(bytes);
  if (!Array.isArray(json) || json[0] !== DELTA_FORMAT) throw odd('does not begin with its format');
  const [, listed, wire, packed] = json as unknown[];
  if (json.length !== 4 || !Array.isArray(listed) || !Array.isArray(wire)) {
    throw odd('does not have its four parts');
  }
  const sources = listed.map((row) => sourceFromWire(checkedSource(row)));
  const rows = wire.map((row) => rowFromWire(row, sources));
  const delta = { sources, rows, vectors: packed === null ? null : vectorsFromWire(packed) };
  const oddity = oddityOf(delta);
  if (oddity) throw odd(oddity);
  return delta;
}

/** What no delta may be, written or read. */
function oddityOf({ sources, rows, vectors }: Delta): string | undefined {
  if (positionsOf(sources).size !== sources.length) return 'lists a source twice';
  if (new Set(rows.map(({ uuid }) => uuid)).size !== rows.length) return 'has a chunk twice';
  const hasText = rows.some(({ record }) => record?.text !== undefined);
  if (!hasText && vectors !== null) return 'has vectors without texts';
  return undefined;
}

/** Deltas of one level are merged when there are so many, and levels are powers of it. */
const FANOUT = 8;
/** From 512 rows on a delta is never merged again: to write it anew costs more than to list it. */
const TOP_LEVEL = 3;

/** floor(log₈(rows)), the top level at most. */
function levelOf(rows: number): number {
  return Math.min(TOP_LEVEL, Math.floor((31 - Math.clz32(rows)) / Math.log2(FANOUT)));
}

/**
 * How many of the newest deltas a new one is merged with. It takes up newer ones of a lower level
 * than its own, for they would keep older ones from ever being its neighbours; and where with it the
 * 8 newest are of one level, they become one. Then the same for what came of it. So a version lists
 * at most 7 deltas of a level below the top one, and a row that is written again is in a delta of a
 * higher level each time, but for rows that a newer one replaced on the way.
 * @param stack a version's deltas, oldest first
 * @param rows of the new one
 */
export function deltasToMerge(stack: readonly Pick<DeltaLink, 'rows'>[], rows: number): number {
  const levels = stack.map((link) => levelOf(link.rows));
  let kept = stack.length;
  let total = rows;
  for (;;) {
    const level = levelOf(total);
    const left = levels.slice(0, kept);
    let from = left.findLastIndex((other) => other >= level) + 1;
    if (from === kept && level < TOP_LEVEL) {
      const alike = left.findLastIndex((other) => other !== level) + 1;
      if (kept - alike >= FANOUT - 1) from = alike;
    }
    if (from === kept) return stack.length - kept;
    for (const link of stack.slice(from, kept)) total += link.rows;
    kept = from;
  }
}

/**
 * The stack with equal deltas once, as the newest of them: an edit that was taken back and done again
 * is written with the same bytes, and a digest names search data.
 */
export function withoutRepeats(stack: readonly DeltaLink[]): DeltaLink[] {
  const last = new Map(stack.map(({ digest }, at) => [digest, at]));
  return stack.filter(({ digest }, at) => last.get(digest) === at);
}

/**
 * One delta that says of each chunk what the newest of these says, with the sources that its rows
 * still name.
 * @param deltas oldest first
 * @param selectVectors packs the rows that `picks` names, in that order, of packed vectors; those of
 *   a part without are zero, and null comes of parts that all are
 */
export function mergeDeltas(
  deltas: readonly Delta[],
  selectVectors: (
    parts: readonly (Uint8Array | null)[],
    picks: readonly { part: number; row: number }[],
  ) => Uint8Array | null,
): Delta {
  const newest = new Map<ChunkUuid, DeltaRow>();
  for (const { rows } of deltas) for (const row of rows) newest.set(row.uuid, row);
  const rows: DeltaRow[] = [];
  const parts: (Uint8Array | null)[] = [];
  const picks: { part: number; row: number }[] = [];
  for (const delta of deltas) {
    let textRow = 0;
    for (const row of delta.rows) {
      const counts = newest.get(row.uuid) === row;
      if (counts) rows.push(row);
      if (row.record?.text === undefined) continue;
      if (counts) {
        if (parts.at(-1) !== delta.vectors) parts.push(delta.vectors);
        picks.push({ part: parts.length - 1, row: textRow });
      }
      textRow++;
    }
  }
  return {
    sources: namedSources(deltas, rows),
    rows,
    vectors: picks.length > 0 ? selectVectors(parts, picks) : null,
  };
}

function namedSources(deltas: readonly Delta[], rows: readonly DeltaRow[]): SourceRecord[] {
  const known = new Map(
    deltas.flatMap(({ sources }) => sources.map((source) => [source.id, source] as const)),
  );
  const named = new Set(rows.map(({ record }) => record?.source));
  return [...known.values()].filter(({ id }) => named.has(id));
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new CorruptError('A delta is not JSON in UTF-8.', { cause: error });
  }
}

function rowFromWire(row: unknown, sources: readonly SourceRecord[]): DeltaRow {
  if (!Array.isArray(row)) throw odd('has a row that is no list');
  const [uuid, segment, ...rest] = row as unknown[];
  if (typeof uuid !== 'string') throw odd('has a row without a UUID');
  if (row.length === 1) return { uuid: uuid as ChunkUuid, record: null };
  const known = checkedRecord([uuid, ...rest], sources.length);
  const [, , frame, slot] = known;
  const isPlaced = typeof segment === 'string';
  if (!isPlaced && segment !== null) throw odd('has a row whose segment is no id');
  if (isPlaced !== (frame !== null) || isPlaced !== (slot !== null)) {
    throw odd('has a row with half a location');
  }
  const record = recordFromWire(known, segment as SegmentId | null, sources);
  return { uuid: record.uuid, record };
}

function checkedSource(row: unknown): SourceRow {
  const isRow = Array.isArray(row) && (row.length === 5 || row.length === 6) && row.every(isString);
  if (!isRow) throw odd('has a source that cannot be read');
  return row as SourceRow;
}

/** What the extras of a row may be. */
const EXTRAS: Readonly<Record<string, (value: unknown) => boolean>> = {
  bytes: isCount,
  deleted: (value) => value === true,
  from: isString,
  expiresAt: isString,
  addedAt: isString,
  text: isString,
  own: (value) => value === true,
  drift: (value) => value === true,
  replaced: (value) => value === true,
};

/** A row as pages have it, without the segment. Its place is checked where it is read. */
function checkedRecord(row: unknown[], sources: number): RecordRow {
  const [, order, frame, slot, length, sha256, source, , extras] = row;
  const isRow =
    (row.length === 8 || row.length === 9) &&
    isString(order) &&
    (frame === null || isCount(frame)) &&
    (slot === null || isCount(slot)) &&
    isCount(length) &&
    isString(sha256);
  if (!isRow) throw odd('has a row that cannot be read');
  if (source !== -1 && !(isCount(source) && source < sources)) {
    throw odd('names a source that it does not list');
  }
  if (row.length === 9) {
    const isObject = typeof extras === 'object' && extras !== null && !Array.isArray(extras);
    const isKnown =
      isObject &&
      Object.entries(extras).every(
        ([key, value]) => Object.hasOwn(EXTRAS, key) && EXTRAS[key]?.(value) === true,
      );
    if (!isKnown) throw odd('has a row with something else in it');
  }
  return row as RecordRow;
}

function vectorsFromWire(packed: unknown): Uint8Array {
  const vectors = typeof packed === 'string' ? fromBase64Url(packed) : undefined;
  if (!vectors) throw odd('has vectors that are not base64url');
  return vectors;
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

const odd = (what: string): CorruptError => new CorruptError(`A delta ${what}.`);
