/**
 * Search data of a version written anew: without rows that it does not show, or with vectors of
 * another model. Videos stay as they are, and nothing is committed here.
 */
import { selectVectorBytes } from '../search/combine-vectors';
import { quantise } from '../search/vectors';
import { mergeDeltas, textRows, type Delta } from '../shard/delta';
import type { SegmentEntry } from '../shard/objects';
import type { ChunkRecord } from '../shard/records';
import { combineRows } from './combined-search';
import { sourcesOf } from './compaction';
import { PART_BYTES } from './frame-packing';
import type { RedrawContext } from './redraw';
import { storeSegment, type SearchData } from './segment-files';
import type { SearchUnit, ShardView } from './view';

export interface ReindexContext extends RedrawContext {
  readonly assetsUrl: string;
}

/** What a reindexing made, before any version refers to it. */
export interface Reindexed {
  /** The whole new table. */
  readonly segments: SegmentEntry[];
  /** All deltas as one, with vectors of the model; null where there is none. */
  readonly delta: Delta | null;
  /** Live chunks that were embedded. */
  readonly embedded: number;
}

/**
 * Drops rows of search data that the version does not show; with a model, embeds all texts with it
 * too, as they stand alone: what an ingest took from the chunk before is not known any more. Obeys
 * the signal between segments and between batches of texts.
 * @returns null where there is nothing to drop, and no model
 * @throws CorruptError for a text that cannot be read; QuotaError
 */
export async function reindexView(
  view: ShardView,
  { model }: { model?: string },
  context: ReindexContext,
): Promise<Reindexed | null> {
  const units = view.units();
  const kept = new Map(units.map((unit) => [unit, unit.segment ? rowsToKeep(view, unit) : []]));
  const isWhole = (unit: SearchUnit): boolean => kept.get(unit)?.length === unit.rows;
  const segmentUnits = units.filter(({ segment }) => segment !== null);
  if (model === undefined && segmentUnits.every(isWhole)) return null;

  const merged = mergedDelta(view);
  const texts = merged ? textRows(merged) : [];
  const embedder = model === undefined ? null : new Embedder(model, context);
  if (embedder) {
    for (const unit of segmentUnits) embedder.total += kept.get(unit)?.length ?? 0;
    embedder.total += texts.length;
  }
  const segments: SegmentEntry[] = [];
  for (const unit of segmentUnits) {
    const { segment } = unit;
    if (!segment) continue;
    context.signal.throwIfAborted();
    const rows = kept.get(unit) ?? [];
    const isUnchanged = isWhole(unit) && !embedder;
    segments.push(
      isUnchanged ? segment : await rewritten(view, { ...unit, segment }, rows, embedder, context),
    );
  }
  if (!embedder || !merged) return { segments, delta: merged, embedded: embedder?.live ?? 0 };
  // Tombstones among them too: their text is at hand, and a restore finds the right vector.
  const vectors = texts.length > 0 ? await embedder.embed(texts, texts.map(textOf)) : null;
  return { segments, delta: { ...merged, vectors }, embedded: embedder.live };
}

const textOf = ({ text = '' }: ChunkRecord): string => text;

/**
 * Rows that the version shows. One that only its page speaks of stays as well: without it a tombstone
 * would be gone.
 */
function rowsToKeep(view: ShardView, unit: SearchUnit): number[] {
  const overridden = new Set(view.overridden());
  const rows: number[] = [];
  for (const [row, { uuid }] of view.pageOf(unit.segment?.id ?? '').entries()) {
    if (view.isShown(unit, row) || !overridden.has(uuid)) rows.push(row);
  }
  return rows;
}

/** The segment with other search data: the same video under the same id. */
async function rewritten(
  view: ShardView,
  unit: SearchUnit & { readonly segment: SegmentEntry },
  rows: readonly number[],
  embedder: Embedder | null,
  context: ReindexContext,
): Promise<SegmentEntry> {
  const { segment } = unit;
  // As the page has them, not as deltas do: a page says what its frames say.
  const page = view.pageOf(segment.id);
  const records = rows.flatMap((row) => page[row] ?? []);
  const search = await searchData(view, unit, rows, context);
  const vectors = embedder
    ? await embedder.embed(
        rows.map((row) => view.recordAt(unit.id, row)),
        await context.texts.read(view, records, context.signal),
      )
    : search.vectors;
  const sources = sourcesOf(view, records);
  return storeSegment(
    context.store,
    segment,
    { segment: segment.id, sources, records },
    { postings: search.postings, vectors },
  );
}

/** Postings and vectors of these rows; those that are there where it is all of them. */
async function searchData(
  view: ShardView,
  unit: SearchUnit & { readonly segment: SegmentEntry },
  rows: readonly number[],
  context: ReindexContext,
): Promise<SearchData> {
  const { postings, vectors } = unit.segment;
  if (rows.length < unit.rows) {
    const origins = rows.map((row) => ({ unit: unit.id, row }));
    return combineRows(view, origins, context);
  }
  const { store } = context;
  return {
    postings: await store.read(postings),
    vectors: vectors ? await store.read(vectors) : null,
  };
}

function mergedDelta({ deltas }: ShardView): Delta | null {
  if (deltas.length === 0) return null;
  const merged = mergeDeltas(
    deltas.map(({ delta }) => delta),
    selectVectorBytes,
  );
  return merged.rows.length > 0 ? merged : null;
}

/** Texts into packed vectors, a batch at a time; batches of a model's worker come one after another. */
class Embedder {
  readonly #model: string;
  readonly #context: ReindexContext;
  total = 0;
  live = 0;
  #done = 0;

  constructor(model: string, context: ReindexContext) {
    this.#model = model;
    this.#context = context;
  }

  /** @returns packed vectors, one a text; null for no texts */
  async embed(
    records: readonly ChunkRecord[],
    texts: readonly string[],
  ): Promise<Uint8Array<ArrayBuffer> | null> {
    const { engines, assetsUrl, signal, progress } = this.#context;
    const batches: Float32Array[] = [];
    let width = 0;
    for (const batch of batchesOf(texts)) {
      const { vectors, dimensions } = await engines.embed.call(
        'embed',
        { model: this.#model, texts: batch, kind: 'passage', assetsUrl },
        { signal },
      );
      batches.push(vectors);
      width = dimensions;
      this.#done += batch.length;
      progress({ stage: 'embed', done: this.#done, total: this.total });
    }
    this.live += records.filter(({ deleted }) => !deleted).length;
    if (width === 0) return null;
    const all = new Float32Array(texts.length * width);
    let at = 0;
    for (const vectors of batches) {
      all.set(vectors, at);
      at += vectors.length;
    }
    return quantise(all, width);
  }
}

/** Texts in batches of about the size of a part: one step of progress, one look at the signal. */
function* batchesOf(texts: readonly string[]): Generator<string[]> {
  let batch: string[] = [];
  let length = 0;
  for (const text of texts) {
    batch.push(text);
    length += text.length;
    if (length < PART_BYTES.compact) continue;
    yield batch;
    batch = [];
    length = 0;
  }
  if (batch.length > 0) yield batch;
}
