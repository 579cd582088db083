/**
 * One version of a shard, opened: its records in order, by UUID and by place in the search data.
 * Immutable. Texts are not here: they are in the video.
 */
import type { Filter, Source } from '../api';
import { NotFoundError } from '../errors';
import type { ChunkUuid, SegmentId } from '../shard/ids';
import type { SegmentEntry, ShardEntry, Version, VersionLink } from '../shard/objects';
import { compareOrder } from '../shard/order';
import type { ChunkRecord, IndexPage, SourceRecord } from '../shard/records';
import type { Catalogue } from './catalogue';

export class ShardView {
  readonly entry: ShardEntry;
  readonly version: Version;
  readonly segments: readonly SegmentEntry[];
  readonly #pages: ReadonlyMap<SegmentId, IndexPage>;
  readonly #sources = new Map<string, SourceRecord>();
  #ordered: readonly ChunkRecord[] | undefined;
  #positions: ReadonlyMap<ChunkUuid, number> | undefined;

  constructor(
    entry: ShardEntry,
    version: Version,
    segments: readonly SegmentEntry[],
    pages: readonly IndexPage[],
  ) {
    this.entry = entry;
    this.version = version;
    this.segments = segments;
    this.#pages = new Map(pages.map((page) => [page.segment, page]));
    for (const page of pages)
      for (const source of page.sources) this.#sources.set(source.id, source);
  }

  /** Names this version's search data among others. */
  get key(): string {
    return this.version.id;
  }

  /** All records, tombstones too, in order. */
  ordered(): readonly ChunkRecord[] {
    if (!this.#ordered) {
      const all = [...this.#pages.values()].flatMap((page) => page.records);
      this.#ordered = isAscending(all) ? all : all.sort(byOrder);
    }
    return this.#ordered;
  }

  /** Where a chunk stands in `ordered`. @throws NotFoundError */
  position(uuid: string): number {
    this.#positions ??= new Map(this.ordered().map((record, at) => [record.uuid, at]));
    const position = this.#positions.get(uuid as ChunkUuid);
    if (position === undefined) {
      throw new NotFoundError('There is no such chunk in this version.', { subject: uuid });
    }
    return position;
  }

  record(uuid: string): ChunkRecord {
    const record = this.ordered()[this.position(uuid)];
    if (!record) throw new Error(`The position of ${uuid} is out of range.`);
    return record;
  }

  /** The record of a row of a segment's search data. */
  recordAt(segment: string, row: number): ChunkRecord {
    const record = this.#pages.get(segment as SegmentId)?.records[row];
    if (!record) throw new Error(`Segment ${segment} has no row ${String(row)}.`);
    return record;
  }

  segment(id: string): SegmentEntry {
    const segment = this.segments.find((one) => one.id === id);
    if (!segment) throw new NotFoundError('There is no such segment.', { subject: id });
    return segment;
  }

  source(id: string): SourceRecord {
    const source = this.#sources.get(id);
    if (!source) throw new NotFoundError('There is no such source.', { subject: id });
    return source;
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
    return [...this.#sources.values()].map((source) => ({
      ...source,
      chunks: live.get(source.id) ?? 0,
    }));
  }

  /** A bit a row, lowest first, of the rows of each segment that are not deleted; null for all. */
  live(segment: SegmentEntry): Uint8Array | null {
    return this.#bits(segment, (record) => !record.deleted);
  }

  /** Which rows a filter lets through, by segment. Its `text` is looked at where texts are read. */
  allowed(filter: Filter): Map<string, Uint8Array> {
    const passes = this.passes(filter);
    const every = (segment: SegmentEntry): Uint8Array =>
      new Uint8Array(Math.ceil(segment.chunks / 8)).fill(255);
    return new Map(
      this.segments.map((one) => [one.id, this.#bits(one, passes) ?? every(one)] as const),
    );
  }

  /** Whether a record passes a filter, but for its `text`. */
  passes(filter: Filter): (record: ChunkRecord) => boolean {
    const sources = filter.sources && new Set(filter.sources);
    const types = filter.types && new Set(filter.types);
    return (record) => {
      const source = record.source === null ? undefined : this.#sources.get(record.source);
      if (sources && !(source && sources.has(source.id))) return false;
      if (types && !(source && types.has(source.type))) return false;
      if (filter.edited !== undefined && filter.edited !== (record.text !== undefined))
        return false;
      if (filter.addedAfter && !(source && source.addedAt > filter.addedAfter)) return false;
      if (filter.addedBefore && !(source && source.addedAt < filter.addedBefore)) return false;
      return true;
    };
  }

  #bits(segment: SegmentEntry, keep: (record: ChunkRecord) => boolean): Uint8Array | null {
    const records = this.#pages.get(segment.id)?.records ?? [];
    const bits = new Uint8Array(Math.ceil(records.length / 8));
    let kept = 0;
    records.forEach((record, row) => {
      if (!keep(record)) return;
      bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
      kept++;
    });
    return kept === records.length ? null : bits;
  }
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
  const pages = await Promise.all(segments.map(({ page }) => catalogue.page(page)));
  return new ShardView(entry, version, segments, pages);
}
