/**
 * The last look at a compaction before it may be committed: opened, it has the same chunks in the
 * same order, and each live one once. That frames hold their texts was proved when they were made.
 */
import type { Delta } from '../../shard/delta';
import type { SegmentEntry } from '../../shard/objects';
import { placeToWire } from '../../shard/payload';
import type { ChunkRecord, IndexPage } from '../../shard/records';
import type { Digest } from '../../store/digest';
import { LiveRows } from './live-rows';
import { ShardView } from '../view';

/** @throws Error where a chunk would be lost, doubled or changed */
export function checkCompacted(
  before: ShardView,
  after: {
    readonly segments: readonly SegmentEntry[];
    /** Of the new segments. */
    readonly pages: readonly IndexPage[];
    readonly delta: Delta | null;
  },
): void {
  const view = opened(before, after);
  const old = before.ordered();
  const now = view.ordered();
  if (now.length !== old.length) {
    throw new Error(`A compaction would make ${now.length} chunks of ${old.length}.`);
  }
  const live = new Set<string>();
  for (const [at, record] of old.entries()) {
    const other = now[at];
    if (!other || !isSameChunk(record, other)) {
      throw new Error(`A compaction would change the chunk ${record.uuid}.`);
    }
    if (!record.deleted) live.add(record.uuid);
  }
  const rows = new LiveRows(view);
  for (const { id } of view.segments) {
    for (const { record } of rows.ofSegment(id)) {
      if (!live.delete(record.uuid)) throw new Error(`${record.uuid} would be there twice.`);
    }
  }
  const [lost] = live;
  if (lost !== undefined) throw new Error(`A compaction would lose the text of ${lost}.`);
}

/** Names the delta until it is written: by what, does not matter here. */
const UNWRITTEN = 'compacted' as Digest;

function opened(
  before: ShardView,
  { segments, pages, delta }: Parameters<typeof checkCompacted>[1],
): ShardView {
  const made = new Map(pages.map((page) => [page.segment, page]));
  return new ShardView(before.entry, before.version, {
    segments,
    pages: segments.map(
      ({ id }) => made.get(id) ?? { segment: id, sources: [], records: before.pageOf(id) },
    ),
    deltas: delta ? [{ digest: UNWRITTEN, delta }] : [],
  });
}

/** Whether two records say the same of a chunk, wherever its text lies. */
export function isSameChunk(a: ChunkRecord, b: ChunkRecord): boolean {
  return (
    a.uuid === b.uuid &&
    isDrawnAlike(a, b) &&
    a.sha256 === b.sha256 &&
    a.deleted === b.deleted &&
    a.from === b.from &&
    a.expiresAt === b.expiresAt &&
    a.addedAt === b.addedAt &&
    a.drift === b.drift &&
    a.replaced === b.replaced
  );
}

/** Whether a frame says the same of two records, but for the text. */
export function isDrawnAlike(a: ChunkRecord, b: ChunkRecord): boolean {
  return (
    a.order === b.order &&
    a.source === b.source &&
    (a.place === b.place ||
      JSON.stringify(placeToWire(a.place)) === JSON.stringify(placeToWire(b.place)))
  );
}
