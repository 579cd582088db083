/**
 * Compaction of a version: its segments without what it no longer shows, its overlays as frames, and
 * one delta of what pages cannot say. Old segments stay as they are; nothing is committed here.
 */
import type { CompactionPlan } from '../../api';
import {
  planCompaction,
  type RowUse,
  type SegmentUse,
  type SegmentWork,
} from '../../shard/compaction';
import type { Delta } from '../../shard/delta';
import { segmentIdOf, type ChunkUuid, type SegmentId, type SourceId } from '../../shard/ids';
import type { SegmentEntry } from '../../shard/objects';
import type { ChunkRecord, IndexPage, SourceRecord } from '../../shard/records';
import { combineRows } from './combined-search';
import { checkCompacted, isDrawnAlike, isSameChunk } from './compaction-check';
import { Gate } from '../gate';
import { LiveRows, withoutText, type LiveRow } from './live-rows';
import type { RedrawnVideo } from './new-video';
import { redraw, type RedrawContext } from './redraw';
import { storeSegment } from './segment-files';
import { storedVideos } from './verified-video';
import { isSamePlace, type ShardView } from '../view';

/** New segments whose search data is put together side by side: 3 MB each. */
const STORED_AT_ONCE = 4;

/** What a compaction made, before any version refers to it. */
export interface Compacted {
  /** The whole new table: segments that were kept, then the new ones. */
  readonly segments: SegmentEntry[];
  /** All that is left to say beside the pages; null where that is nothing. */
  readonly delta: Delta | null;
  readonly frames: {
    readonly before: number;
    readonly after: number;
    readonly copied: number;
    readonly encoded: number;
  };
  /** Of the segments' videos. */
  readonly bytes: { readonly before: number; readonly after: number };
}

/**
 * What becomes of each text of each segment.
 * @param now what is due by then counts as dead; without it, nothing does
 */
export function usesOf(view: ShardView, now?: Date): SegmentUse[] {
  return segmentUses(view, new LiveRows(view, now));
}

/** The dry run of `compactView`. @throws InvalidError for a threshold that is no share */
export function planOf(view: ShardView, threshold: number): CompactionPlan {
  return planned(view, new LiveRows(view), threshold).plan;
}

/** What there is to redraw, and its plan. @throws InvalidError for a threshold that is no share */
export function planned(
  view: ShardView,
  live: LiveRows,
  threshold: number,
): { plan: CompactionPlan; work: SegmentWork[]; overlays: LiveRow[] } {
  const overlays = live.ofOverlays();
  const textBytes = overlays.reduce((sum, { record }) => sum + record.bytes, 0);
  const sums = { chunks: overlays.length, textBytes };
  return { ...planCompaction(segmentUses(view, live), sums, threshold), overlays };
}

function segmentUses(view: ShardView, live: LiveRows): SegmentUse[] {
  return view.segments.map((segment) => {
    const stored = view.pageOf(segment.id);
    // Search data written anew has lost the rows of dead texts: which frames they are in is not
    // known any more, so that no frame can be copied.
    const isComplete = stored.length >= segment.chunks;
    const uses = stored.map((): RowUse['use'] => 'dead');
    for (const { record, origin } of live.ofSegment(segment.id)) {
      const page = stored[origin.row];
      // A page has its chunks as they were drawn; deltas may have moved them since.
      uses[origin.row] = isComplete && page && isDrawnAlike(record, page) ? 'live' : 'redraw';
    }
    const rows = stored.map(({ at, bytes }, row): RowUse => ({
      frame: at?.frame ?? -1,
      bytes,
      use: uses[row] ?? 'dead',
    }));
    if (!isComplete) {
      const known = rows.reduce((sum, { bytes }) => sum + bytes, 0);
      rows.push({ frame: 0, bytes: Math.max(0, segment.bytes.text - known), use: 'dead' });
    }
    return { segment, rows };
  });
}

/**
 * Writes the segments anew that are above the threshold, and moves all live overlays into the video.
 * Whatever is due but not swept yet stays as live as it is. Obeys the signal between frames.
 * @param threshold share of a segment's text bytes that the version does not show, 0 to 1
 * @returns null where there is nothing to do
 * @throws InvalidError for a threshold that is no share; CorruptError as `redraw`; QuotaError
 */
export async function compactView(
  view: ShardView,
  threshold: number,
  context: RedrawContext,
): Promise<Compacted | null> {
  const live = new LiveRows(view);
  const { work, overlays } = planned(view, live, threshold);
  if (work.length === 0 && overlays.length === 0) return null;
  const rewritten = new Set(work.map(({ segment }) => segment.id));
  const kept = view.segments.filter(({ id }) => !rewritten.has(id));
  const sums = { copied: 0, encoded: 0 };
  const storing: Promise<{ segment: SegmentEntry; page: IndexPage }>[] = [];
  const gate = new Gate(STORED_AT_ONCE);
  const target = storedVideos(context.store);
  try {
    const redrawing = redraw(view, { live, work, overlays }, target, {
      ...context,
      searchData: (rows) => combineRows(view, rows, context),
    });
    for await (const drawn of redrawing) {
      sums.copied += drawn.copied;
      sums.encoded += drawn.encoded;
      // While the next video is made.
      const leave = await gate.enter();
      const stored = store(view, drawn, context);
      stored.then(leave, leave); // awaited in the end, which rejects with it
      storing.push(stored);
    }
  } finally {
    await Promise.allSettled(storing); // whatever happens, nothing is written after this
  }
  const made = await Promise.all(storing);
  context.signal.throwIfAborted();

  const pages = made.map(({ page }) => page);
  const segments = [...kept, ...made.map(({ segment }) => segment)];
  const delta = remainder(view, kept, rewritten, pages);
  checkCompacted(view, { segments, pages, delta });
  return {
    segments,
    delta,
    frames: { before: sumOf(view.segments, framesIn), after: sumOf(segments, framesIn), ...sums },
    bytes: { before: sumOf(view.segments, bytesIn), after: sumOf(segments, bytesIn) },
  };
}

const framesIn = ({ frames }: SegmentEntry): number => frames;
const bytesIn = ({ bytes }: SegmentEntry): number => bytes.video;

function sumOf(segments: readonly SegmentEntry[], of: (segment: SegmentEntry) => number): number {
  return segments.reduce((sum, segment) => sum + of(segment), 0);
}

/** Puts page and search data beside a new video. */
async function store(
  view: ShardView,
  { video, rows, copied, encoded, bytes, payload, search }: RedrawnVideo,
  context: RedrawContext,
): Promise<{ segment: SegmentEntry; page: IndexPage }> {
  const searchData = await search;
  if (!searchData) throw new Error('A segment that is written anew has search data.');
  const records = rows.map(({ record }) => record);
  const page = {
    segment: segmentIdOf(video.digest),
    sources: sourcesOf(view, records),
    records,
  };
  const frames = copied + encoded;
  const facts = { video: video.digest, frames, chunks: records.length, bytes, payload };
  return { segment: await storeSegment(context.store, facts, page, searchData), page };
}

/** The sources that records name, as they were added. */
export function sourcesOf(view: ShardView, records: readonly ChunkRecord[]): SourceRecord[] {
  return sourcesNamed(records, { get: (id) => view.source(id) });
}

/** The same, of sources by their ids. */
export function sourcesNamed(
  records: readonly ChunkRecord[],
  sources: { get(id: SourceId): SourceRecord | undefined },
): SourceRecord[] {
  const named = new Set(records.map(({ source }) => source));
  return [...named].flatMap((id) => (id === null ? [] : (sources.get(id) ?? [])));
}

/**
 * What the new pages do not say of the version's chunks, consolidated: tombstones, chunks whose old
 * text is still in a segment that stays, and whatever else differs from such a segment's page.
 */
function remainder(
  view: ShardView,
  kept: readonly SegmentEntry[],
  rewritten: ReadonlySet<SegmentId>,
  pages: readonly IndexPage[],
): Delta | null {
  const uuids = new Set(view.overridden());
  for (const id of rewritten) for (const { uuid } of view.pageOf(id)) uuids.add(uuid);
  const moved = new Map<ChunkUuid, ChunkRecord>();
  for (const page of pages) for (const record of page.records) moved.set(record.uuid, record);
  /** What pages that stay say of these chunks. */
  const paged = new Map<ChunkUuid, ChunkRecord[]>();
  for (const { id } of kept) {
    for (const record of view.pageOf(id)) {
      if (!uuids.has(record.uuid)) continue;
      const others = paged.get(record.uuid);
      if (others) others.push(record);
      else paged.set(record.uuid, [record]);
    }
  }
  const rows: Delta['rows'][number][] = [];
  for (const uuid of uuids) {
    const drawn = moved.get(uuid);
    const said = paged.get(uuid);
    if (drawn) {
      // Its new page says it all; where another page has it too, a delta says which one counts.
      if (said) rows.push({ uuid, record: drawn });
      continue;
    }
    const record = settled(view.find(uuid));
    const only = said?.length === 1 ? said[0] : undefined;
    const isSaid = record ? only && isSame(only, record) : !said;
    if (!isSaid) rows.push({ uuid, record });
  }
  if (rows.length === 0) return null;
  const records = rows.flatMap(({ record }) => record ?? []);
  return { sources: sourcesOf(view, records), rows, vectors: null };
}

/** A record that stays in the delta. A tombstone lets its overlay go: older versions have it. */
function settled(record: ChunkRecord | undefined): ChunkRecord | null {
  if (record?.text === undefined) return record ?? null;
  if (!record.deleted) throw new Error(`The overlay of ${record.uuid} was not drawn.`);
  return { ...withoutText(record), at: null };
}

/** Whether two records of a chunk are written alike. */
function isSame(a: ChunkRecord, b: ChunkRecord): boolean {
  if (a === b) return true;
  const isThere = a.at === b.at || isSamePlace(a, b);
  return isThere && a.text === b.text && isSameChunk(a, b);
}
