/**
 * Chunk records and the index pages that hold them: one page a segment, rows in the order of the
 * segment's search data. A page says where each chunk's text lies and no word of the text itself.
 */
import { CorruptError } from '../errors';
import type { Place } from '../api';
import type { ChunkUuid, SegmentId, SourceId } from './ids';
import { placeFromWire, placeToWire } from './payload';

/** A segment closes at this many records, so that a page stays small. */
export const PAGE_RECORDS = 4096;

export interface SourceRecord {
  readonly id: SourceId;
  readonly name: string;
  readonly type: string;
  /** SHA-256 of the file, hex. */
  readonly sha256: string;
  /** ISO 8601. */
  readonly addedAt: string;
  readonly member?: string;
}

export interface ChunkRecord {
  readonly uuid: ChunkUuid;
  /** Fractional index: see order.ts. */
  readonly order: string;
  /** Where the text lies; null for an overlay that was never in the video. */
  readonly at: {
    readonly segment: SegmentId;
    readonly frame: number;
    readonly slot: number;
  } | null;
  /** Of the text, in UTF-16 units. */
  readonly length: number;
  /** Of the text, in UTF-8 bytes. */
  readonly bytes: number;
  /** Of the text in UTF-8, hex. */
  readonly sha256: string;
  /** null for a note. */
  readonly source: SourceId | null;
  readonly place: Place | null;
  readonly deleted: boolean;
  /** The chunk that this one was split or inserted from. */
  readonly from?: ChunkUuid;
  /** ISO 8601. */
  readonly expiresAt?: string;
  /** ISO 8601: when it was written, where its source does not say. */
  readonly addedAt?: string;
  /** Overlay: the text that an edit put here instead of the frame's. */
  readonly text?: string;
  /** The text in the frame is a person's: an overlay that a compaction has drawn. */
  readonly own?: true;
  /** A person's text, of which the source had no passage any more when it was added again. */
  readonly drift?: true;
  /** A tombstone, because the source was added again without it. With it, it comes back. */
  readonly replaced?: true;
}

export interface IndexPage {
  readonly segment: SegmentId;
  readonly sources: readonly SourceRecord[];
  readonly records: readonly ChunkRecord[];
}

const PAGE_FORMAT = 'memreel/page/1';

/**
 * JSON: `[format, segment, [source, …], [row, …]]`, a source as
 * `[id, name, type, sha256, addedAt, member?]`, a row as
 * `[uuid, order, frame, slot, length, sha256, source, place, extras?]`.
 */
export function encodePage(page: IndexPage): Uint8Array {
  const positions = positionsOf(page.sources);
  const rows = page.records.map((record) => recordToWire(record, positions));
  return new TextEncoder().encode(
    JSON.stringify([PAGE_FORMAT, page.segment, page.sources.map(sourceToWire), rows]),
  );
}

/** Pages are checked by their digest before they come here; this checks the format alone. */
export function decodePage(bytes: Uint8Array): IndexPage {
  const json = JSON.parse(new TextDecoder().decode(bytes)) as [
    string,
    SegmentId,
    SourceRow[],
    RecordRow[],
  ];
  const [format, segment, sourceRows, rows] = json;
  if (format !== PAGE_FORMAT) throw new CorruptError(`An index page has the format ${format}.`);
  const sources = sourceRows.map(sourceFromWire);
  return { segment, sources, records: rows.map((row) => recordFromWire(row, segment, sources)) };
}

/** A source as pages and deltas write it. */
export type SourceRow = [
  id: SourceId,
  name: string,
  type: string,
  sha256: string,
  addedAt: string,
  member?: string,
];

/** What few records have, in the order in which it is written. */
type Extras = {
  -readonly [
    K in
      'bytes' | 'deleted' | 'from' | 'expiresAt' | 'addedAt' | 'text' | 'own' | 'drift' | 'replaced'
  ]?: ChunkRecord[K];
};

/** A record as pages write it; `source` is a position among the sources, or -1 for a note. */
export type RecordRow = [
  uuid: ChunkUuid,
  order: string,
  frame: number | null,
  slot: number | null,
  length: number,
  sha256: string,
  source: number,
  place: unknown,
  extras?: Extras,
];

/** Where each source stands in its list. */
export function positionsOf(sources: readonly SourceRecord[]): ReadonlyMap<SourceId, number> {
  return new Map(sources.map((source, at) => [source.id, at]));
}

export function sourceToWire({ id, name, type, sha256, addedAt, member }: SourceRecord): SourceRow {
  return member === undefined
    ? [id, name, type, sha256, addedAt]
    : [id, name, type, sha256, addedAt, member];
}

export function sourceFromWire([id, name, type, sha256, addedAt, member]: SourceRow): SourceRecord {
  return { id, name, type, sha256, addedAt, ...(member === undefined ? {} : { member }) };
}

/** @param positions `positionsOf` the sources that are written along */
export function recordToWire(
  record: ChunkRecord,
  positions: ReadonlyMap<SourceId, number>,
): RecordRow {
  const { at, length, bytes, deleted, from, expiresAt, addedAt, text } = record;
  const { own, drift, replaced } = record;
  const source = record.source === null ? -1 : positions.get(record.source);
  if (source === undefined) throw new Error(`The source of ${record.uuid} is not listed.`);
  const row: RecordRow = [
    record.uuid,
    record.order,
    at?.frame ?? null,
    at?.slot ?? null,
    length,
    record.sha256,
    source,
    placeToWire(record.place),
  ];
  // Not by spreading objects: pages have thousands of records, and most of them no extras.
  const extras: Extras = {};
  if (bytes !== length) extras.bytes = bytes;
  if (deleted) extras.deleted = deleted;
  if (from !== undefined) extras.from = from;
  if (expiresAt !== undefined) extras.expiresAt = expiresAt;
  if (addedAt !== undefined) extras.addedAt = addedAt;
  if (text !== undefined) extras.text = text;
  if (own) extras.own = own;
  if (drift) extras.drift = drift;
  if (replaced) extras.replaced = replaced;
  if (Object.keys(extras).length > 0) row.push(extras);
  return row;
}

/** @param segment that the frame is of; null for a record without one */
export function recordFromWire(
  [uuid, order, frame, slot, length, sha256, source, place, extras]: RecordRow,
  segment: SegmentId | null,
  sources: readonly SourceRecord[],
): ChunkRecord {
  return {
    uuid,
    order,
    at: segment === null || frame === null || slot === null ? null : { segment, frame, slot },
    length,
    bytes: length,
    sha256,
    source: sources[source]?.id ?? null,
    place: placeFromWire(place),
    deleted: false,
    ...extras,
  };
}
