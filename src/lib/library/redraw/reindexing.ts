/**
 * Search data of a version written anew: without rows that it does not show, or with vectors of
 * another model. Videos stay as they are, and nothing is committed here.
 */
import { NotFoundError } from '../../errors';
import { selectVectorBytes } from '../../search/combine-vectors';
import { quantise, Vectors } from '../../search/vectors';
import { searchedText } from '../../shard/context';
import { mergeDeltas, textRows, type Delta } from '../../shard/delta';
import type { SegmentEntry } from '../../shard/objects';
import type { ChunkRecord } from '../../shard/records';
import { combineRows } from './combined-search';
import { sourcesOf } from './compaction';
import { PART_BYTES } from './frame-packing';
import type { RedrawContext } from './redraw';
import { storeSegment, type SearchData } from './segment-files';
import type { SearchUnit, ShardView } from '../view';

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
 * Drops rows of search data that the version does not show, and embeds what was written while its
 * model was not here; with a model, embeds all texts with that one, with what their places tell: what
 * an ingest took from the chunk before is not known any more. Obeys the signal between segments and
 * between batches of texts.
 * @returns null where nothing changes, and no model is given
 * @throws CorruptError for a text that cannot be read; QuotaError; NotFoundError for a given model
 *   that is not here
 */
export async function reindexView(
  view: ShardView,
  { model }: { model?: string },
  context: ReindexContext,
): Promise<Reindexed | null> {
  const embedder = new Embedder(model, view.version.model, context);
  const merged = mergedDelta(view);
  const texts = merged ? textRows(merged) : [];
  const units = view.units().flatMap((unit) => {
    const { segment } = unit;
    return segment ? [{ ...unit, segment, kept: rowsToKeep(view, unit) }] : [];
  });
  if (model !== undefined) {
    embedder.total = units.reduce((sum, { kept }) => sum + kept.length, texts.length);
  }
  const segments: SegmentEntry[] = [];
  for (const unit of units) {
    context.signal.throwIfAborted();
    segments.push(await rewritten(view, unit, embedder, context));
  }
  // Tombstones among them too: their text is at hand, and a restore finds the right vector.
  const vectors = await embedder.complete(merged?.vectors ?? null, texts.length, (rows) => {
    const records = rows.flatMap((row) => texts[row] ?? []);
    return Promise.resolve({ records, texts: records.map(searchedText) });
  });
  const isSame =
    units.every(({ segment }, at) => segments[at] === segment) &&
    isEqual(vectors, merged?.vectors ?? null);
  if (model === undefined && isSame) return null;
  return { segments, delta: merged && { ...merged, vectors }, embedded: embedder.live };
}

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

/** The segment with other search data: the same video under the same id; itself where it is whole. */
async function rewritten(
  view: ShardView,
  unit: SegmentUnit,
  embedder: Embedder,
  context: ReindexContext,
): Promise<SegmentEntry> {
  const { segment, kept } = unit;
  const search = await searchData(view, unit, context);
  // As the page has them, not as deltas do: a page says what its frames say.
  const page = view.pageOf(segment.id);
  const records = kept.flatMap((row) => page[row] ?? []);
  const vectors = await embedder.complete(search.vectors, kept.length, async (rows) => {
    const paged = rows.flatMap((row) => records[row] ?? []);
    const texts = await context.texts.read(view, paged, context.signal);
    return {
      records: rows.map((row) => view.recordAt(unit.id, kept[row] ?? -1)),
      texts: paged.map(({ place }, at) => searchedText({ place, text: texts[at] })),
    };
  });
  if (kept.length === unit.rows && isEqual(vectors, search.vectors) && !embedder.isNew) {
    return segment;
  }
  const sources = sourcesOf(view, records);
  return storeSegment(
    context.store,
    segment,
    { segment: segment.id, sources, records },
    { postings: search.postings, vectors },
  );
}

/** A segment's search data and the rows of it that stay. */
interface SegmentUnit extends SearchUnit {
  readonly segment: SegmentEntry;
  readonly kept: readonly number[];
}

/** Postings and vectors of the kept rows; those that are there where it is all of them. */
async function searchData(
  view: ShardView,
  { id, segment, rows, kept }: SegmentUnit,
  context: ReindexContext,
): Promise<SearchData> {
  const { postings, vectors } = segment;
  if (kept.length < rows) {
    const origins = kept.map((row) => ({ unit: id, row }));
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
  /** Whether all vectors are of another model than before, or made anew. */
  readonly isNew: boolean;
  readonly #model: string;
  readonly #context: ReindexContext;
  total = 0;
  live = 0;
  #done = 0;
  /** The version's own model may be away: then what is missing stays so. */
  #isAbsent = false;

  constructor(wanted: string | undefined, own: string, context: ReindexContext) {
    this.isNew = wanted !== undefined;
    this.#model = wanted ?? own;
    this.#context = context;
  }

  /**
   * The vectors of some rows, with those that are missing: all of a new model, else the zero ones.
   * @param read says what rows are of, and what they are searched with
   */
  async complete(
    vectors: Uint8Array | null,
    rows: number,
    read: (
      rows: readonly number[],
    ) => Promise<{ records: readonly ChunkRecord[]; texts: readonly string[] }>,
  ): Promise<Uint8Array | null> {
    if (this.#isAbsent) return vectors;
    const known = vectors && !this.isNew ? Vectors.open(vectors) : null;
    const missing = Array.from({ length: rows }, (_, row) => row).filter(
      (row) => known?.isZero(row) ?? true,
    );
    if (missing.length === 0) return rows === 0 ? null : vectors;
    const { records, texts } = await read(missing);
    if (!this.isNew) this.total += missing.length;
    const made = await this.#embed(texts);
    if (!made) return vectors;
    this.live += records.filter(({ deleted }) => !deleted).length;
    if (missing.length === rows) return made;
    const at = new Map(missing.map((row, position) => [row, position]));
    const picks = Array.from({ length: rows }, (_, row) => {
      const position = at.get(row);
      return position === undefined ? { part: 0, row } : { part: 1, row: position };
    });
    return selectVectorBytes([vectors, made], picks);
  }

  /** Packed vectors, one a text; null where the model is not here. */
  async #embed(texts: readonly string[]): Promise<Uint8Array<ArrayBuffer> | null> {
    const { engines, assetsUrl, signal, progress } = this.#context;
    const batches: Float32Array[] = [];
    let width = 0;
    for (const batch of batchesOf(texts)) {
      const made = await engines.embed.call(
        'embed',
        { model: this.#model, texts: batch, kind: 'passage', assetsUrl },
        { signal },
      );
      if (!made) {
        if (this.isNew) throw absent(this.#model);
        this.#isAbsent = true;
        return null;
      }
      batches.push(made.vectors);
      width = made.dimensions;
      this.#done += batch.length;
      progress({ stage: 'embed', done: this.#done, total: this.total });
    }
    const all = new Float32Array(texts.length * width);
    let at = 0;
    for (const vectors of batches) {
      all.set(vectors, at);
      at += vectors.length;
    }
    return quantise(all, width);
  }
}

/** What a reindexing with a model that is not here fails with. */
export function absent(model: string): NotFoundError {
  return new NotFoundError(`The model ${model} is not here. Bring it in Settings first.`, {
    subject: model,
  });
}

function isEqual(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (!a || !b) return a === b;
  return a === b || (a.length === b.length && a.every((byte, at) => byte === b[at]));
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
