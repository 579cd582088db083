/**
 * Versions as the searching worker holds them: each a `ShardSearch` over the segments and deltas
 * that were loaded. Above the size that is scanned exactly a graph is built beside the questions,
 * which are scanned exactly until it is there. A graph covers segments whole, whatever is live in
 * them, and no deltas: an edit needs no new one, and one serves all versions of its segments.
 */
import { analyserFor } from '../../search/analyse';
import type { Hnsw } from '../../search/hnsw';
import { ScoreBuffers } from '../../search/score-buffers';
import { ShardSearch, type SegmentData } from '../../search/shard-search';
import type { Vectors } from '../../search/vectors';
import type { SearchView } from '../protocol';

/** Rows up to which vectors are scanned: 4 ms for 100,000 of 128 dimensions with SIMD. */
const EXACT_LIMIT = 100_000;

interface Graph {
  readonly segments: ReadonlySet<string>;
  readonly rows: number;
  readonly stop: AbortController;
  built: Hnsw | null;
}

/** A segment as a graph covers it. */
interface Covered {
  readonly id: string;
  readonly vectors: Vectors;
}

export class SearchViews {
  readonly #exactLimit: number;
  readonly #units = new Map<string, SegmentData>();
  /** Those of the units that no graph covers. */
  readonly #deltas = new Set<string>();
  readonly #views = new Map<string, { view: SearchView; search: ShardSearch }>();
  #graphs: Graph[] = [];
  readonly #buffers = new ScoreBuffers();

  constructor(exactLimit = EXACT_LIMIT) {
    this.#exactLimit = exactLimit;
  }

  load(segment: SegmentData): void {
    this.#units.set(segment.id, segment);
  }

  /** Loads the texts that an edit laid over segments: always scanned exactly. */
  loadDelta(delta: SegmentData): void {
    this.#units.set(delta.id, delta);
    this.#deltas.add(delta.id);
  }

  /** Lets views and units go, and the graphs that nothing uses any more. */
  unload(views: readonly string[], units: readonly string[]): void {
    for (const key of views) this.#views.delete(key);
    for (const id of units) {
      this.#units.delete(id);
      this.#deltas.delete(id);
    }
    const used = new Set(
      [...this.#views.values()].flatMap(({ view }) => {
        const covered = this.#coveredBy(view);
        return [this.#serving(covered), this.#largest(covered, this.#graphs)];
      }),
    );
    for (const graph of this.#graphs) {
      if (used.has(graph)) continue;
      graph.stop.abort();
      graph.built?.dispose();
    }
    this.#graphs = this.#graphs.filter((graph) => used.has(graph));
  }

  set(view: SearchView): void {
    this.#views.set(view.key, { view, search: this.#searchOf(view) });
    const covered = this.#coveredBy(view);
    const rest = rowsOf(covered) - (this.#largest(covered, this.#graphs)?.rows ?? 0);
    if (rest > this.#exactLimit) void this.#build(covered);
  }

  get(key: string): ShardSearch {
    const view = this.#views.get(key);
    if (!view) throw new Error(`There is no view ${key}.`);
    return view.search;
  }

  /** Whether a view's questions go through a graph by now. */
  hasGraph(key: string): boolean {
    const view = this.#views.get(key)?.view;
    return view !== undefined && this.#serving(this.#coveredBy(view)) !== undefined;
  }

  #searchOf(view: SearchView): ShardSearch {
    const units = view.segments.map(({ id, live }) => {
      const unit = this.#units.get(id);
      if (!unit) throw new Error(`The search data of ${id} is not loaded.`);
      return { ...unit, live };
    });
    const analyser = analyserFor(view.language);
    const graph = this.#serving(this.#coveredBy(view))?.built ?? null;
    return new ShardSearch(units, analyser, graph, this.#buffers);
  }

  #coveredBy(view: SearchView): Covered[] {
    return view.segments.flatMap(({ id }) => {
      const vectors = this.#deltas.has(id) ? null : this.#units.get(id)?.vectors;
      return vectors ? [{ id, vectors }] : [];
    });
  }

  /** The graph that answers over these segments; undefined where all are scanned. */
  #serving(covered: readonly Covered[]): Graph | undefined {
    if (rowsOf(covered) <= this.#exactLimit) return undefined;
    return this.#largest(
      covered,
      this.#graphs.filter(({ built }) => built !== null),
    );
  }

  /**
   * The largest graph over some of these segments and no others. It serves as long as what it
   * leaves may be scanned, so that a document more does not mean all links anew.
   */
  #largest(covered: readonly Covered[], graphs: readonly Graph[]): Graph | undefined {
    const ids = new Set(covered.map(({ id }) => id));
    let largest: Graph | undefined;
    for (const graph of graphs)
      if (graph.rows > (largest?.rows ?? 0) && [...graph.segments].every((id) => ids.has(id)))
        largest = graph;
    return largest;
  }

  async #build(covered: readonly Covered[]): Promise<void> {
    const graph: Graph = {
      segments: new Set(covered.map(({ id }) => id)),
      rows: rowsOf(covered),
      stop: new AbortController(),
      built: null,
    };
    this.#graphs.push(graph);
    const { signal } = graph.stop;
    let built: Hnsw;
    try {
      const { Hnsw: Graphs } = await import('../../search/hnsw');
      built = await Graphs.build(covered, { signal });
    } catch {
      return; // stopped, or this browser has no room for it: exact scans stay right, only slower
    }
    if (signal.aborted) {
      built.dispose();
      return;
    }
    graph.built = built;
    for (const held of this.#views.values())
      if (this.#serving(this.#coveredBy(held.view)) === graph)
        held.search = this.#searchOf(held.view);
  }
}

function rowsOf(covered: readonly Covered[]): number {
  return covered.reduce((sum, { vectors }) => sum + vectors.rows, 0);
}
