/**
 * The rows of one version that are nearest to a question's vector: every row compared, or a graph
 * asked for the segments that it covers. Row numbers are global, as in `bm25.ts`.
 */
import { InvalidError } from '../errors';
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
  /** The global row of each label of the graph; empty without one. */
  readonly #rowsOfLabels: Int32Array;
  readonly #dimensions: number | null;
  /** Written anew by each question. */
  readonly #dots: Float32Array;

  /** @param bases the first global row of each segment, and the end */
  constructor(segments: readonly VectorSegment[], bases: Int32Array, graph: NeighbourGraph | null) {
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
    this.#dots = new Float32Array(bases[segments.length] ?? 0);
    this.#rowsOfLabels = this.#labelled(graph?.segments ?? []);
  }

  /**
   * The rows of the highest cosines above 0 that `allowed` (a byte per row) lets through, best
   * first. The scan's rounding (`Vectors.scan`) may swap neighbours and leave out a cosine of
   * nearly 0; `cosine` is exact.
   */
  best(query: Float32Array, allowed: Uint8Array, size: number): Int32Array {
    this.#check(query);
    const best = new TopRows(Math.min(size, this.#dots.length));
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
      if (vectors === null || graph?.segments.includes(id)) continue;
      const base = this.#bases[i] ?? 0;
      vectors.scan(query, this.#dots, base);
      for (let row = base; row < base + vectors.rows; row++) {
        const dot = this.#dots[row] ?? 0;
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
    const rows: number[] = [];
    for (const id of covered) {
      const at = this.#segments.findIndex((segment) => segment.id === id);
      if (at < 0)
        throw new InvalidError('A graph covers a segment that is not here.', { subject: id });
      for (let row = this.#bases[at] ?? 0; row < (this.#bases[at + 1] ?? 0); row++) rows.push(row);
    }
    return Int32Array.from(rows);
  }

  /** How many of the graph's rows may answer. */
  #allowedShare(allowed: Uint8Array): number {
    let count = 0;
    for (const row of this.#rowsOfLabels) count += allowed[row] ?? 0;
    return count / Math.max(1, this.#rowsOfLabels.length);
  }
}
