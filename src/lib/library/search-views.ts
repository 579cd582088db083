/**
 * Versions as the searching worker holds them: each a `ShardSearch` over the segments that were
 * loaded. Above the size that is scanned exactly a graph is built beside the questions, which are
 * scanned exactly until it is there. One graph serves all versions of the same segments.
 */
import { analyserFor } from '../search/analyse';
import type { Hnsw } from '../search/hnsw';
import { ShardSearch, type SegmentData } from '../search/shard-search';
import type { SearchView } from './protocol';

/** Rows up to which vectors are scanned: 4 ms for 100,000 of 128 dimensions with SIMD. */
const EXACT_LIMIT = 100_000;

interface Graph {
  readonly segments: ReadonlySet<string>;
  readonly stop: AbortController;
  built: Hnsw | null;
}

export class SearchViews {
  readonly #exactLimit: number;
  readonly #segments = new Map<string, SegmentData>();
  readonly #views = new Map<string, { view: SearchView; search: ShardSearch }>();
  readonly #graphs = new Map<string, Graph>();

  constructor(exactLimit = EXACT_LIMIT) {
    this.#exactLimit = exactLimit;
  }

  load(segment: SegmentData): void {
    this.#segments.set(segment.id, segment);
  }

  /** Lets views and segments go, and the graphs that covered them. */
  unload(views: readonly string[], segments: readonly string[]): void {
    for (const key of views) this.#views.delete(key);
    for (const id of segments) this.#segments.delete(id);
    for (const [key, graph] of this.#graphs) {
      if (segments.every((id) => !graph.segments.has(id))) continue;
      this.#graphs.delete(key);
      graph.stop.abort();
      graph.built?.dispose();
    }
  }

  set(view: SearchView): void {
    this.#views.set(view.key, { view, search: this.#searchOf(view) });
  }

  get(key: string): ShardSearch {
    const view = this.#views.get(key);
    if (!view) throw new Error(`There is no view ${key}.`);
    return view.search;
  }

  /** Whether a view's questions go through a graph by now. */
  hasGraph(key: string): boolean {
    const view = this.#views.get(key)?.view;
    return view !== undefined && (this.#graphOf(view)?.built ?? null) !== null;
  }

  #searchOf(view: SearchView): ShardSearch {
    const segments = view.segments.map(({ id, live }) => {
      const segment = this.#segments.get(id);
      if (!segment) throw new Error(`The search data of segment ${id} is not loaded.`);
      return { ...segment, live };
    });
    const graph = this.#graphOf(view)?.built ?? null;
    return new ShardSearch(segments, analyserFor(view.language), graph);
  }

  #graphOf(view: SearchView): Graph | undefined {
    const covered = view.segments.flatMap(({ id }) => {
      const vectors = this.#segments.get(id)?.vectors;
      return vectors ? [{ id, vectors }] : [];
    });
    const rows = covered.reduce((sum, { vectors }) => sum + vectors.rows, 0);
    if (rows <= this.#exactLimit) return undefined;
    const key = covered.map(({ id }) => id).join();
    const known = this.#graphs.get(key);
    if (known) return known;
    const segments = new Set(covered.map(({ id }) => id));
    const graph: Graph = { segments, stop: new AbortController(), built: null };
    this.#graphs.set(key, graph);
    void this.#build(graph, covered);
    return graph;
  }

  async #build(graph: Graph, covered: Parameters<typeof Hnsw.build>[0]): Promise<void> {
    const { signal } = graph.stop;
    try {
      const { Hnsw: Graphs } = await import('../search/hnsw');
      graph.built = await Graphs.build(covered, { signal });
    } catch {
      return; // stopped, or this browser has no room for it: exact scans stay right, only slower
    }
    if (signal.aborted) graph.built.dispose();
    else {
      for (const held of this.#views.values()) {
        if (this.#graphOf(held.view) === graph) held.search = this.#searchOf(held.view);
      }
    }
  }
}
