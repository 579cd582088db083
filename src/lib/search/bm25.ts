/**
 * BM25 over the rows of one version (Robertson and Zaragoza, 2009, with Lucene's idf, which is
 * never negative). Dead rows count nowhere: not in the number of rows, their average length, nor
 * the document frequencies. A row's number here is global: its segment's first row plus its own.
 */
import { PostingList, type Postings } from './postings';

/** How soon further repeats of a term stop counting. */
export const K1 = 1.2;
/** How much long rows are marked down, 0 to 1. */
export const B = 0.75;

/** The weight of a term that `documentFrequency` of `rows` rows hold. */
export function inverseDocumentFrequency(rows: number, documentFrequency: number): number {
  return Math.log(1 + (rows - documentFrequency + 0.5) / (documentFrequency + 0.5));
}

/** Terms with how often each comes. */
export function countTerms(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

export class Bm25 {
  readonly #postings: readonly Postings[];
  readonly #isLive: Uint8Array;
  readonly #liveRows: number;
  /** What a row's length adds to its counts, k1 × (1 - b + b × length / average): these two of it. */
  readonly #norm = K1 * (1 - B);
  readonly #normPerTerm: number;
  readonly #list = new PostingList();

  /**
   * One pass over the rows: a version's statistics are made anew after each edit.
   * @param isLive 0 or 1 per row of all postings in order; kept, must not change
   */
  constructor(postings: readonly Postings[], isLive: Uint8Array) {
    this.#postings = postings;
    this.#isLive = isLive;
    let liveRows = 0;
    let liveTerms = 0;
    let base = 0;
    for (const { lengths } of postings) {
      for (let row = 0; row < lengths.length; row++) {
        const live = isLive[base + row] ?? 0;
        liveRows += live;
        liveTerms += live * (lengths[row] ?? 0);
      }
      base += lengths.length;
    }
    const average = liveTerms === 0 ? 1 : liveTerms / liveRows;
    this.#liveRows = liveRows;
    this.#normPerTerm = (K1 * B) / average;
  }

  /** Live rows that hold the term. */
  documentFrequency(term: string): number {
    let count = 0;
    let base = 0;
    for (const postings of this.#postings) {
      const { rows, length } = postings.rowsOf(term, this.#list);
      for (let i = 0; i < length; i++) count += this.#isLive[base + (rows[i] ?? 0)] ?? 0;
      base += postings.rows;
    }
    return count;
  }

  /** What the term weighs among the live rows. */
  inverseDocumentFrequency(term: string): number {
    return inverseDocumentFrequency(this.#liveRows, this.documentFrequency(term));
  }

  /**
   * Writes every row's score for a question to `scores` (a place per row); rows without any of its
   * terms get 0. What it writes for dead rows means nothing.
   * @param weights how often each term is asked for, or how much
   */
  score(weights: ReadonlyMap<string, number>, scores: Float64Array): void {
    scores.fill(0);
    for (const [term, times] of weights) {
      const documentFrequency = this.documentFrequency(term);
      if (documentFrequency === 0) continue;
      const weight = times * (K1 + 1) * inverseDocumentFrequency(this.#liveRows, documentFrequency);
      this.#add(term, weight, scores);
    }
  }

  /**
   * How much of a question one of some rows says at most: the weight of the terms that it holds over
   * that of all which any row holds. 0 to 1; 1 where no row holds any.
   */
  mostSaid(weights: ReadonlyMap<string, number>, rows: readonly number[]): number {
    const said = new Map(rows.map((row) => [row, 0]));
    let all = 0;
    for (const [term, times] of weights) {
      const documentFrequency = this.documentFrequency(term);
      if (documentFrequency === 0) continue;
      const weight = times * inverseDocumentFrequency(this.#liveRows, documentFrequency);
      all += weight;
      this.#eachHolder(term, (row) => {
        const before = said.get(row);
        if (before !== undefined) said.set(row, before + weight);
      });
    }
    return all === 0 ? 1 : Math.max(0, ...said.values()) / all;
  }

  #eachHolder(term: string, seen: (row: number) => void): void {
    let base = 0;
    for (const postings of this.#postings) {
      const { rows, length } = postings.rowsOf(term, this.#list);
      for (let i = 0; i < length; i++) seen(base + (rows[i] ?? 0));
      base += postings.rows;
    }
  }

  #add(term: string, weight: number, scores: Float64Array): void {
    const [norm, perTerm] = [this.#norm, this.#normPerTerm];
    let base = 0;
    for (const postings of this.#postings) {
      const { rows, counts, length } = postings.rowsOf(term, this.#list);
      const { lengths } = postings;
      for (let i = 0; i < length; i++) {
        const row = rows[i] ?? 0;
        const count = counts[i] ?? 0;
        const damped = count + norm + perTerm * (lengths[row] ?? 0);
        scores[base + row] = (scores[base + row] ?? 0) + (weight * count) / damped;
      }
      base += postings.rows;
    }
  }
}
