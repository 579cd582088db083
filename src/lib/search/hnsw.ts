/// <reference path="./hnswlib-wasm.d.ts" />
/**
 * An approximate index for shards that are too large to compare row by row: HNSW (Malkov and
 * Yashunin, 2016) by hnswlib-wasm, in browsers and workers only. A graph is disposable: it lives in
 * memory, is never saved, and is built again from the vectors whenever there is doubt. It covers
 * whole segments whatever is live in them; a version's view comes in as a filter with each
 * question, and rows are never marked as deleted, to the harm of another version.
 */
import hnswlib, { type HierarchicalNSW } from 'hnswlib-wasm/dist/hnswlib-317962d7.js';
import type { NeighbourGraph } from './semantic-ranking';
import type { Vectors } from './vectors';

/** Links of a row, and candidates per insertion: MEASURED at 1,400 rows a second. */
const LINKS = 16;
const EF_CONSTRUCTION = 100;
/** Rows looked at per row wanted; the test holds recall at 0.95, also under a filter. */
const EF_PER_NEIGHBOUR = 2;
/** Fixed, so that the same vectors give the same graph. */
const SEED = 100;
/** Rows added between two looks at the signal: about 35 ms, so that questions come in between. */
const ROWS_PER_STEP = 50;

/** A segment to cover. */
export interface GraphSegment {
  readonly id: string;
  readonly vectors: Vectors;
}

export class Hnsw implements NeighbourGraph {
  readonly segments: readonly string[];
  /** Rows in the graph: those that are not zero. */
  readonly rows: number;
  #graph: HierarchicalNSW | null;

  private constructor(segments: readonly string[], rows: number, graph: HierarchicalNSW) {
    this.segments = segments;
    this.rows = rows;
    this.#graph = graph;
  }

  /**
   * Builds a graph over all rows of the segments, about 1,400 a second. Free it with `dispose`.
   * @param segments one at least, of the same dimensions
   * @param onRows called after every step with the rows done and all rows
   * @throws signal.reason when aborted, between any two steps of 50 rows
   */
  static async build(
    segments: readonly GraphSegment[],
    options: { signal?: AbortSignal; onRows?: (done: number, total: number) => void } = {},
  ): Promise<Hnsw> {
    const dimensions = segments[0]?.vectors.dimensions;
    if (dimensions === undefined) throw new Error('A graph covers one segment at least.');
    const total = segments.reduce((sum, { vectors }) => sum + vectors.rows, 0);
    // An instance for each graph: WebAssembly memory only shrinks by being let go.
    const { HierarchicalNSW } = await hnswlib();
    const graph = new HierarchicalNSW('ip', dimensions, '');
    try {
      graph.initIndex(Math.max(1, total), LINKS, EF_CONSTRUCTION, SEED);
      let label = 0;
      let rows = 0;
      for (const { vectors } of segments)
        for (let row = 0; row < vectors.rows; row++, label++) {
          if (label % ROWS_PER_STEP === 0) {
            await aMoment();
            options.signal?.throwIfAborted();
            options.onRows?.(label, total);
          }
          if (vectors.isZero(row)) continue; // near nothing; it would only link the unrelated
          graph.addPoint(vectors.vector(row), label, false);
          rows++;
        }
      options.onRows?.(total, total);
      return new Hnsw(
        segments.map(({ id }) => id),
        rows,
        graph,
      );
    } catch (error) {
      graph.delete();
      throw error;
    }
  }

  /**
   * Labels of about the nearest rows that `accept` lets through, nearest first. A label counts the
   * rows of all segments in order.
   * @throws Error when disposed, and when the library fails: then throw this graph away
   */
  nearest(
    query: Float32Array,
    size: number,
    accept: (label: number) => boolean,
  ): readonly number[] {
    if (this.#graph === null) throw new Error('This graph was disposed.');
    const neighbours = Math.min(size, this.rows);
    if (neighbours === 0) return [];
    this.#graph.setEfSearch(neighbours * EF_PER_NEIGHBOUR);
    return this.#graph.searchKnn(query, neighbours, accept).neighbors;
  }

  /** Frees the graph's memory. */
  dispose(): void {
    this.#graph?.delete();
    this.#graph = null;
  }
}

/** Lets messages and aborts in. */
function aMoment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
