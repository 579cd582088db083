/**
 * One version of a shard, opened: its records in order, by UUID and by row of the search data.
 * Immutable. Texts are not here but for overlays: they are in the video.
 */
import type { Filter, RetentionPolicy, Source } from '../api';
import { NotFoundError } from '../errors';
import type { Delta } from '../shard/delta';
import type { ChunkUuid, SegmentId, SourceId } from '../shard/ids';
import type { SegmentEntry, ShardEntry, Version, VersionLink } from '../shard/objects';
import { compareOrder } from '../shard/order';
import type { ChunkRecord, IndexPage, SourceRecord } from '../shard/records';
import { isDue, nextDue } from '../shard/retention';
import type { Digest } from '../store/digest';
import type { Catalogue } from './catalogue';
import { rowsAmong, rowsOf } from './page-rows';
import { fitsPlace } from './asking/place-filter';

/** A delta of a version, with the rows of its search data: those with a text. */
export interface OpenDelta {
  readonly digest: Digest;
  readonly delta: Delta;
}

/** Rows that are searched together: a segment's, or the overlays of a delta. */
export interface SearchUnit {
  /** Names the search data in all versions: those of a segment change when it is reindexed. */
  readonly id: string;
  readonly rows: number;
  readonly segment: SegmentEntry | null;
  readonly delta: Delta | null;
}

/** What a delta says of a chunk, over what its page says. */
interface Override {
  readonly record: ChunkRecord | null;
  /** The unit and the row of its search data; null where the row has no text. */
  readonly row: { readonly unit: string; readonly at: number } | null;
}

export class ShardView {
  readonly entry: ShardEntry;
  readonly version: Version;
  readonly segments: readonly SegmentEntry[];
  readonly deltas: readonly OpenDelta[];
  /** Whether chunks expire in it: old versions ignore the clock. */
  readonly isHead: boolean;
  readonly #pages: ReadonlyMap<SegmentId, IndexPage>;
  readonly #sources = new Map<string, SourceRecord>();
  readonly #overrides = new Map<ChunkUuid, Override>();
  readonly #units: readonly SearchUnit[];
  /** The records of each unit's rows, as they were written. */
  readonly #rows = new Map<string, readonly ChunkRecord[]>();
  #ordered: readonly ChunkRecord[] | undefined;
  readonly #replacedRows = new Map<IndexPage, ReadonlySet<number>>();
  #nextDue: string | null | undefined;

  constructor(
    entry: ShardEntry,
    version: Version,
    parts: {
      segments: readonly SegmentEntry[];
      pages: readonly IndexPage[];
      deltas: readonly OpenDelta[];
    },
  ) {
    this.entry = entry;
    this.version = version;
    this.segments = parts.segments;
    this.deltas = parts.deltas;
    this.isHead = entry.head.id === version.id;
    this.#pages = new Map(parts.pages.map((page) => [page.segment, page]));
    const sources = [...parts.pages, ...parts.deltas.map(({ delta }) => delta)];
    for (const part of sources)
      for (const source of part.sources) this.#sources.set(source.id, source);
    const units: SearchUnit[] = [];
    for (const segment of parts.segments) {
      const { records } = this.#page(segment.id);
      units.push({ id: unitIdOf(segment), rows: records.length, segment, delta: null });
      this.#rows.set(unitIdOf(segment), records);
    }
    for (const { digest, delta } of parts.deltas) {
      const overlays: ChunkRecord[] = [];
      for (const { uuid, record } of delta.rows) {
        const hasText = record?.text !== undefined;
        const row = hasText ? { unit: digest, at: overlays.length } : null;
        if (hasText) overlays.push(record);
        this.#overrides.set(uuid, { record, row });
      }
      this.#rows.set(digest, overlays);
      if (overlays.length > 0) {
        units.push({ id: digest, rows: overlays.length, segment: null, delta });
      }
    }
    this.#units = units;
  }

  /** Names this version's search data among others. */
  get key(): string {
    return this.version.id;
  }

  get retention(): RetentionPolicy | undefined {
    return this.version.retention;
  }

  /** All records, tombstones too, in order. */
  ordered(): readonly ChunkRecord[] {
    this.#ordered ??= this.#order();
    return this.#ordered;
  }

  #order(): readonly ChunkRecord[] {
    const all: ChunkRecord[] = [];
    const left = new Map(this.#overrides);
    for (const page of this.#pages.values()) {
      const replaced = this.#replaced(page);
      page.records.forEach((paged, row) => {
        if (!replaced.has(row)) all.push(paged);
        else {
          // In its page's place as a rule: an edit does not move a chunk.
          const record = left.get(paged.uuid)?.record;
          left.delete(paged.uuid);
          if (record) all.push(record);
        }
      });
    }
    for (const { record } of left.values()) if (record) all.push(record);
    return isAscending(all) ? all : all.sort(byOrder);
  }

  /** Rows of a page of which a delta says something else. */
  #replaced(page: IndexPage): ReadonlySet<number> {
    let rows = this.#replacedRows.get(page);
    if (!rows) {
      rows = rowsAmong(page, this.#overrides);
      this.#replacedRows.set(page, rows);
    }
    return rows;
  }

  /** Where a chunk stands in `ordered`. @throws NotFoundError */
  position(uuid: string): number {
    const record = this.record(uuid);
    const all = this.ordered();
    let low = 0;
    let high = all.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = all[middle];
      if (other && byOrder(other, record) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** @throws NotFoundError */
  record(uuid: string): ChunkRecord {
    const record = this.find(uuid);
    if (record) return record;
    throw new NotFoundError('There is no such chunk in this version.', { subject: uuid });
  }

  find(uuid: string): ChunkRecord | undefined {
    const override = this.#overrides.get(uuid as ChunkUuid);
    if (override) return override.record ?? undefined;
    for (const page of this.#pages.values()) {
      const row = rowsOf(page).get(uuid as ChunkUuid);
      if (row !== undefined) return page.records[row];
    }
    return undefined;
  }

  /** UUIDs of which a delta says something: where versions of the same segments may differ. */
  overridden(): Iterable<ChunkUuid> {
    return this.#overrides.keys();
  }

  /** What is searched: segments, then the overlays of each delta that has some. */
  units(): readonly SearchUnit[] {
    return this.#units;
  }

  unit(id: string): SearchUnit {
    const unit = this.#units.find((one) => one.id === id);
    if (!unit) throw new Error(`The version has no search data ${id}.`);
    return unit;
  }

  /** The record of a row of a unit's search data, as it is in this version. */
  recordAt(unit: string, row: number): ChunkRecord {
    const stored = this.#stored(unit, row);
    const record = this.#overrides.get(stored.uuid)?.record;
    return record ?? stored;
  }

  #stored(unit: string, row: number): ChunkRecord {
    const record = this.#rows.get(unit)?.[row];
    if (!record) throw new Error(`${unit} has no row ${String(row)}.`);
    return record;
  }

  /** The records of a segment's page, as it was written: rows of its search data. */
  pageOf(segment: string): readonly ChunkRecord[] {
    return this.#page(segment).records;
  }

  /** Where the search data of a live chunk's present text lies; null where it has none. */
  rowOf(record: ChunkRecord): { unit: string; at: number } | null {
    const override = this.#overrides.get(record.uuid);
    if (override?.row) return override.row;
    const drawn = this.#drawnRow(record);
    return drawn && { unit: unitIdOf(this.segment(drawn.page.segment)), at: drawn.row };
  }

  /** A chunk as its page in this version has it, without what deltas say. */
  drawn(record: ChunkRecord): ChunkRecord | undefined {
    const drawn = this.#drawnRow(record);
    return drawn?.page.records[drawn.row];
  }

  /** The page and row that were written with the frame that a record names. */
  #drawnRow(record: ChunkRecord): { page: IndexPage; row: number } | null {
    const page = record.at && this.#pages.get(record.at.segment);
    if (!page) return null;
    const row = rowsOf(page).get(record.uuid);
    const paged = row === undefined ? undefined : page.records[row];
    return row !== undefined && paged && isSamePlace(paged, record) ? { page, row } : null;
  }

  segment(id: string): SegmentEntry {
    const segment = this.segments.find((one) => one.id === id);
    if (!segment) throw new NotFoundError('There is no such segment.', { subject: id });
    return segment;
  }

  hasSegment(id: string): boolean {
    return this.#pages.has(id as SegmentId);
  }

  source(id: string): SourceRecord {
    const source = this.#sources.get(id);
    if (!source) throw new NotFoundError('There is no such source.', { subject: id });
    return source;
  }

  findSource(id: SourceId | null): SourceRecord | undefined {
    return id === null ? undefined : this.#sources.get(id);
  }

  /** All that it knows, whatever is left of their chunks; what deltas say of one goes first. */
  sourceRecords(): Iterable<SourceRecord> {
    return this.#sources.values();
  }

  /** The key of the last chunk; null in an empty shard. */
  lastOrder(): string | null {
    return this.ordered().at(-1)?.order ?? null;
  }

  /** Sources with their live chunks, as they were added. */
  sources(): Source[] {
    const live = new Map<string, number>();
    for (const { source, deleted } of this.ordered()) {
      if (source && !deleted) live.set(source, (live.get(source) ?? 0) + 1);
    }
    return [...this.#sources.values()]
      .map((source) => ({ ...source, chunks: live.get(source.id) ?? 0 }))
      .sort((a, b) => compareOrder(a.addedAt, b.addedAt)); // segments are not in this order for ever
  }

  /** When a chunk was added: its source's time, or its own; ISO 8601. */
  addedAt({ source, addedAt }: ChunkRecord): string | null {
    return addedAt ?? this.findSource(source)?.addedAt ?? null;
  }

  /** Whether a live chunk has expired by `now`; never in an old version. */
  isDue(record: ChunkRecord, now: Date): boolean {
    if (!this.isHead || record.deleted) return false;
    if (record.expiresAt === undefined && this.retention?.ttlSeconds === undefined) return false;
    return isDue({ ...record, addedAt: this.addedAt(record) }, this.retention, now);
  }

  /** Live chunks that have expired by `now`. */
  due(now: Date): ChunkRecord[] {
    if (!this.isHead || !this.entry.facts.expires) return [];
    if (this.#nextDue === undefined) this.#nextDue = nextDue(this.#kept(), this.retention);
    if (this.#nextDue === null || this.#nextDue > now.toISOString()) return [];
    return this.ordered().filter((record) => this.isDue(record, now));
  }

  *#kept(): Generator<{ addedAt: string | null; expiresAt?: string }> {
    for (const record of this.ordered()) {
      if (record.deleted) continue;
      const { expiresAt } = record;
      const addedAt = this.addedAt(record);
      yield expiresAt === undefined ? { addedAt } : { addedAt, expiresAt };
    }
  }

  /** Whether a row of a unit is what this version shows of its chunk, and the chunk lives. */
  isShown(unit: SearchUnit, row: number): boolean {
    const stored = this.#stored(unit.id, row);
    const override = this.#overrides.get(stored.uuid);
    if (!override) return !stored.deleted;
    const { record } = override;
    if (!record || record.deleted) return false;
    if (unit.delta) return override.row?.unit === unit.id && override.row.at === row;
    return record.text === undefined && isSamePlace(record, stored);
  }

  /** A bit a row, lowest first, of the rows of a unit that this version shows; null for all. */
  live(unit: SearchUnit, now: Date): Uint8Array | null {
    const due = new Map(this.due(now).map((record) => [record.uuid, record]));
    if (!unit.segment) {
      return bitsOf(
        unit.rows,
        (row) => this.isShown(unit, row) && !due.has(this.#stored(unit.id, row).uuid),
      );
    }
    const page = this.#page(unit.segment.id);
    const hidden = [...this.#replaced(page)].filter((row) => !this.isShown(unit, row));
    if (due.size > 0) hidden.push(...rowsAmong(page, due));
    return hidden.length > 0 ? withoutRows(unit.rows, hidden) : null;
  }

  /** Which rows a filter lets through, by unit. Its `text` is looked at where texts are read. */
  allowed(filter: Filter): Map<string, Uint8Array> {
    const passes = this.passes(filter);
    return new Map(
      this.units().map(({ id, rows }) => [
        id,
        bitsOf(rows, (row) => passes(this.recordAt(id, row))) ??
          new Uint8Array(Math.ceil(rows / 8)).fill(255),
      ]),
    );
  }

  /** Whether a record passes a filter, but for its `text`. */
  passes(filter: Filter): (record: ChunkRecord) => boolean {
    const sources = filter.sources && new Set(filter.sources);
    const types = filter.types && new Set(filter.types);
    return (record) => {
      const source = this.findSource(record.source);
      if (sources && !(source && sources.has(source.id))) return false;
      if (types && !(source && types.has(source.type))) return false;
      if (filter.edited !== undefined && filter.edited !== (record.text !== undefined))
        return false;
      const addedAt = this.addedAt(record);
      if (filter.addedAfter && !(addedAt && addedAt > filter.addedAfter)) return false;
      if (filter.addedBefore && !(addedAt && addedAt < filter.addedBefore)) return false;
      return filter.place === undefined || fitsPlace(record.place, filter.place);
    };
  }

  #page(segment: string): IndexPage {
    const page = this.#pages.get(segment as SegmentId);
    if (!page) throw new Error(`Segment ${segment} has no page.`);
    return page;
  }
}

/** Equal search data have equal ids, and only those. */
function unitIdOf({ id, page, vectors }: SegmentEntry): string {
  return `${id} ${page.slice(0, 16)} ${vectors?.slice(0, 16) ?? '-'}`;
}

function withoutRows(rows: number, hidden: readonly number[]): Uint8Array {
  const bits = new Uint8Array(Math.ceil(rows / 8)).fill(255);
  for (const row of hidden) bits[row >> 3] = (bits[row >> 3] ?? 0) & ~(1 << (row & 7));
  const last = rows & 7;
  if (last > 0) bits[bits.length - 1] = (bits.at(-1) ?? 0) & ((1 << last) - 1);
  return bits;
}

function bitsOf(rows: number, keep: (row: number) => boolean): Uint8Array | null {
  const bits = new Uint8Array(Math.ceil(rows / 8));
  let kept = 0;
  for (let row = 0; row < rows; row++) {
    if (!keep(row)) continue;
    bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
    kept++;
  }
  return kept === rows ? null : bits;
}

/** Whether two records of a chunk name the same slot of the same frame. */
export function isSamePlace(a: ChunkRecord, b: ChunkRecord): boolean {
  return (
    a.at !== null &&
    b.at !== null &&
    a.at.segment === b.at.segment &&
    a.at.frame === b.at.frame &&
    a.at.slot === b.at.slot
  );
}

const byOrder = (a: ChunkRecord, b: ChunkRecord): number =>
  compareOrder(a.order, b.order) || compareOrder(a.uuid, b.uuid);

function isAscending(records: readonly ChunkRecord[]): boolean {
  let last: ChunkRecord | undefined;
  for (const record of records) {
    if (last && byOrder(last, record) > 0) return false;
    last = record;
  }
  return true;
}

/** Opens one version of a shard. */
export async function openView(
  catalogue: Catalogue,
  entry: ShardEntry,
  link: VersionLink,
): Promise<ShardView> {
  const version = await catalogue.version(link);
  const { segments } = await catalogue.segments(version);
  const [pages, deltas] = await Promise.all([
    Promise.all(segments.map(({ page }) => catalogue.page(page))),
    Promise.all(
      version.deltas.map(async ({ digest }) => ({ digest, delta: await catalogue.delta(digest) })),
    ),
  ]);
  return new ShardView(entry, version, { segments, pages, deltas });
}
