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
  /** Overlay: the text that an edit put here instead of the frame's. */
  readonly text?: string;
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
  const positions = new Map(page.sources.map((source, at) => [source.id, at]));
  const sources = page.sources.map(({ id, name, type, sha256, addedAt, member }) =>
    member === undefined
      ? [id, name, type, sha256, addedAt]
      : [id, name, type, sha256, addedAt, member],
  );
  const rows = page.records.map((record) => {
    const { at, deleted, from, expiresAt, text } = record;
    const row: unknown[] = [
      record.uuid,
      record.order,
      at?.frame ?? null,
      at?.slot ?? null,
      record.length,
      record.sha256,
      record.source === null ? -1 : positions.get(record.source),
      placeToWire(record.place),
    ];
    const extras = {
      ...(deleted ? { deleted } : {}),
      ...(from === undefined ? {} : { from }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(text === undefined ? {} : { text }),
    };
    if (Object.keys(extras).length > 0) row.push(extras);
    return row;
  });
  return new TextEncoder().encode(JSON.stringify([PAGE_FORMAT, page.segment, sources, rows]));
}

type PageRow = [
  uuid: ChunkUuid,
  order: string,
  frame: number | null,
  slot: number | null,
  length: number,
  sha256: string,
  source: number,
  place: unknown,
  extras?: Partial<Pick<ChunkRecord, 'deleted' | 'from' | 'expiresAt' | 'text'>>,
];
type SourceRow = [SourceId, string, string, string, string, string?];

/** Pages are checked by their digest before they come here; this checks the format alone. */
export function decodePage(bytes: Uint8Array): IndexPage {
  const json = JSON.parse(new TextDecoder().decode(bytes)) as [
    string,
    SegmentId,
    SourceRow[],
    PageRow[],
  ];
  const [format, segment, sourceRows, rows] = json;
  if (format !== PAGE_FORMAT) throw new CorruptError(`An index page has the format ${format}.`);
  const sources = sourceRows.map(([id, name, type, sha256, addedAt, member]) => ({
    id,
    name,
    type,
    sha256,
    addedAt,
    ...(member === undefined ? {} : { member }),
  }));
  const records = rows.map(
    ([uuid, order, frame, slot, length, sha256, source, place, extras]): ChunkRecord => ({
      uuid,
      order,
      at: frame === null || slot === null ? null : { segment, frame, slot },
      length,
      sha256,
      source: sources[source]?.id ?? null,
      place: placeFromWire(place),
      deleted: false,
      ...extras,
    }),
  );
  return { segment, sources, records };
}
