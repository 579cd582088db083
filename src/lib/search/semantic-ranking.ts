/**
 * The rows of one version that are nearest to a question's vector: every row compared, or a graph
 * asked for the segments that it covers. Row numbers are global, as in `bm25.ts`.
 */
import { InvalidError } from '../errors';
import type { ScoreBuffers } from './score-buffers';
import { TopRows } from './top-rows';
import type { Vectors } from './vectors';

/** Below this share of rows that may answer, a graph would mostly walk through others: scan. */
const LEAST_GRAPH_SHARE = 0.3;

/** An approximate index over the rows of some segments; `hnsw.ts` builds one. */
export interface NeighbourGraph {
  /** Ids of the segments that it covers; its labels count their rows in this order. */
  readonly segments: readonly string[];
  /** Labels of about the `size` nearest rows that `accept` lets through, in any order. */
  nearest(query: Float32Array, size: number, accept: (label: number) => boolean): Iterable<number>;
}

interface VectorSegment {
  readonly id: string;
  readonly vectors: Vectors | null;
  readonly postings: { readonly rows: number };
}

export class SemanticRanking {
  readonly #segments: readonly VectorSegment[];
  readonly #bases: Int32Array;
  readonly #graph: NeighbourGraph | null;
  /** Ids of the segments that the graph covers. */
  readonly #covered: ReadonlySet<string>;
  /** The global row of each label of the graph; empty without one. */
  readonly #rowsOfLabels: Int32Array;
  readonly #dimensions: number | null;
  readonly #buffers: ScoreBuffers;

  /** @param bases the first global row of each segment, and the end */
  constructor(
    segments: readonly VectorSegment[],
    bases: Int32Array,
    graph: NeighbourGraph | null,
    buffers: ScoreBuffers,
  ) {
    let dimensions: number | null = null;
    for (const { id, vectors, postings } of segments) {
      if (vectors === null) continue;
      if (
        vectors.rows !== postings.rows ||
        vectors.dimensions !== (dimensions ?? vectors.dimensions)
      )
        throw new InvalidError(
          `The vectors of a segment do not fit: ${vectors.rows} rows of ${vectors.dimensions}.`,
          { subject: id },
        );
      dimensions = vectors.dimensions;
    }
    this.#segments = segments;
    this.#bases = bases;
    this.#graph = graph;
    this.#dimensions = dimensions;
    this.#buffers = buffers;
    this.#covered = new Set(graph?.segments);
    this.#rowsOfLabels = this.#labelled(graph?.segments ?? []);
  }

  /**
   * The rows of the highest cosines above 0 that `allowed` (a byte per row) lets through, best
   * first. The scan's rounding (`Vectors.scan`) may swap neighbours and leave out a cosine of
   * nearly 0; `cosine` is exact.
   */
  best(query: Float32Array, allowed: Uint8Array, size: number): Int32Array {
    this.#check(query);
    const dots = this.#buffers.dots(this.#bases[this.#segments.length] ?? 0);
    const best = new TopRows(Math.min(size, dots.length));
    const graph = this.#allowedShare(allowed) >= LEAST_GRAPH_SHARE ? this.#graph : null;
    if (graph !== null) {
      const rows = this.#rowsOfLabels;
      const accept = (label: number): boolean => allowed[rows[label] ?? -1] === 1;
      for (const label of graph.nearest(query, size, accept)) {
        const row = rows[label] ?? -1;
        const cosine = this.cosine(row, query);
        if (cosine > 0) best.offer(row, cosine);
      }
    }
    for (const [i, { id, vectors }] of this.#segments.entries()) {
      if (vectors === null || (graph !== null && this.#covered.has(id))) continue;
      const base = this.#bases[i] ?? 0;
      vectors.scan(query, dots, base);
      for (let row = base; row < base + vectors.rows; row++) {
        const dot = dots[row] ?? 0;
        if (dot > 0 && allowed[row] === 1) best.offer(row, dot);
      }
    }
    return best.take();
  }

  /** The exact cosine of a row, from 0 (also where it has no vector) to 1. */
  cosine(row: number, query: Float32Array): number {
    let at = 0;
    while ((this.#bases[at + 1] ?? Infinity) <= row) at++;
    const dot = this.#segments[at]?.vectors?.dot(row - (this.#bases[at] ?? 0), query) ?? 0;
    return Math.max(0, Math.min(1, dot)); // quantised rows can be a little longer than 1
  }

  #check(query: Float32Array): void {
    if (this.#dimensions !== null && query.length !== this.#dimensions)
      throw new InvalidError(
        `A vector of ${query.length} dimensions was asked of ones of ${this.#dimensions}.`,
        { subject: 'vector' },
      );
  }

  #labelled(covered: readonly string[]): Int32Array {
    const places = new Map(this.#segments.map(({ id }, at) => [id, at]));
    const ranges = covered.map((id) => {
      const at = places.get(id);
      if (at === undefined)
        throw new InvalidError('A graph covers a segment that is not here.', { subject: id });
      return { from: this.#bases[at] ?? 0, to: this.#bases[at + 1] ?? 0 };
    });
    const rows = new Int32Array(ranges.reduce((sum, { from, to }) => sum + to - from, 0));
    let label = 0;
    for (const { from, to } of ranges) for (let row = from; row < to; row++) rows[label++] = row;
    return rows;
  }

  /** How many of the graph's rows may answer. */
  #allowedShare(allowed: Uint8Array): number {
    let count = 0;
    for (const row of this.#rowsOfLabels) count += allowed[row] ?? 0;
    return count / Math.max(1, this.#rowsOfLabels.length);
  }
}
