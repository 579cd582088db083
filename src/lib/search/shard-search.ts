/**
 * A question asked of one version of a shard: words and vectors ranked apart, then fused by score.
 * It answers with rows of segments; what they say is read from the video by others. No storage, no
 * workers: build it of open segment data, throw it away with the version.
 */
import { InvalidError } from '../errors';
import type { SearchOptions } from '../api';
import { type Analyser, tellingTerms } from './analyse';
import { intersect } from './bitmap';
import { Bm25 } from './bm25';
import type { Postings } from './postings';
import { ScoreBuffers } from './score-buffers';
import { type NeighbourGraph, SemanticRanking } from './semantic-ranking';
import { TopRows } from './top-rows';
import type { Vectors } from './vectors';

/**
 * The search data of one unit, shared by all versions that hold it: of a segment, or of the texts
 * that an edit laid over one (a delta). Ranking makes no difference between them.
 */
export interface SegmentData {
  /** A segment's id, or a delta's digest. */
  readonly id: string;
  readonly postings: Postings;
  /** As many rows as the postings; null where the texts were never embedded. */
  readonly vectors: Vectors | null;
}

/** A row that answers, with the parts of its score. */
export interface Ranked {
  readonly segment: string;
  readonly row: number;
  /** 0 to 1: the part asked for, or half of each. */
  readonly score: number;
  /** BM25 over the best of this answer, 0 to 1; 0 where words were not asked for. */
  readonly lexical: number;
  /** The cosine, negative ones as 0; 0 where vectors were not asked for. */
  readonly semantic: number;
}

export interface Question {
  readonly text: string;
  /** Of length 1, or zero; null searches by words alone. */
  readonly vector: Float32Array | null;
  /** How many rows at most. */
  readonly topK: number;
  readonly mode: NonNullable<SearchOptions['mode']>;
  /** Rows that a filter lets through, as a bitmap per segment; a segment left out has none. */
  readonly allow?: ReadonlyMap<string, Uint8Array>;
}

/** Rows of each side that are fused: twenty times the usual answer. */
const CANDIDATES = 200;
/** The share of the cosine in the fused score (MEASURED: flat between 0.4 and 0.6). */
const SEMANTIC_SHARE = 0.5;

export class ShardSearch {
  readonly #segments: readonly SegmentData[];
  readonly #analyser: Analyser;
  /** The first row of each segment, counted over all; one more for the end. */
  readonly #bases: Int32Array;
  readonly #isLive: Uint8Array;
  readonly #bm25: Bm25;
  readonly #semantic: SemanticRanking;
  readonly #buffers: ScoreBuffers;

  /**
   * Cheap enough to be made anew after each edit.
   * @param segments in the order that decides ties; deltas of overlays are among them
   * @param graph stands in for the exact scan over the segments that it names
   * @param buffers may be shared with other versions
   * @throws InvalidError where bitmaps, vectors and postings differ in rows, or vectors in
   *   dimensions
   */
  constructor(
    segments: readonly (SegmentData & { live: Uint8Array | null })[],
    analyser: Analyser,
    graph: NeighbourGraph | null = null,
    buffers = new ScoreBuffers(),
  ) {
    this.#segments = segments;
    this.#analyser = analyser;
    this.#bases = new Int32Array(segments.length + 1);
    for (const [i, { postings }] of segments.entries())
      this.#bases[i + 1] = (this.#bases[i] ?? 0) + postings.rows;
    const rows = this.#bases[segments.length] ?? 0;
    this.#isLive = new Uint8Array(rows).fill(1);
    for (const [i, { id, postings, live }] of segments.entries())
      if (live !== null) intersect(this.#isLive, this.#bases[i] ?? 0, postings.rows, live, id);
    this.#bm25 = new Bm25(
      segments.map(({ postings }) => postings),
      this.#isLive,
    );
    this.#semantic = new SemanticRanking(segments, this.#bases, graph, buffers);
    this.#buffers = buffers;
  }

  /**
   * The best rows, best first; equal scores in the order of segments and rows. Rows that score 0
   * answer nothing and are left out.
   * @throws InvalidError for a vector of other dimensions than the segments', or a bad bitmap
   */
  query({ text, vector, topK, mode, allow }: Question): Ranked[] {
    if (!Number.isInteger(topK) || topK < 0)
      throw new InvalidError(`${topK} is not a number of hits.`, { subject: 'topK' });
    const allowed = allow === undefined ? this.#isLive : this.#allowed(allow);
    const each = Math.max(CANDIDATES, topK);
    const asksWords = mode !== 'semantic';
    const asked = mode === 'lexical' ? null : vector;

    const words = this.#buffers.words(this.#isLive.length);
    const candidates = new Set<number>();
    let bestWords = 0;
    if (asksWords) {
      this.#bm25.score(tellingTerms(text, this.#analyser), words);
      const rows = bestByWords(words, allowed, each);
      bestWords = words[rows[0] ?? 0] ?? 0;
      for (const row of rows) candidates.add(row);
    }
    if (asked !== null)
      for (const row of this.#semantic.best(asked, allowed, each)) candidates.add(row);

    const best = new TopRows(Math.min(topK, candidates.size));
    const parts = new Map<number, { lexical: number; semantic: number; score: number }>();
    for (const row of candidates) {
      const lexical = bestWords > 0 ? (words[row] ?? 0) / bestWords : 0;
      const semantic = asked === null ? 0 : this.#semantic.cosine(row, asked);
      const score = fuse(mode, lexical, semantic);
      parts.set(row, { lexical, semantic, score });
      best.offer(row, score);
    }
    const ranked: Ranked[] = [];
    for (const row of best.take()) {
      const at = this.#segmentOf(row);
      const segment = this.#segments[at];
      const part = parts.get(row);
      if (segment === undefined || part === undefined) throw new Error(`Row ${row} is nowhere.`);
      if (part.score > 0)
        ranked.push({ segment: segment.id, row: row - (this.#bases[at] ?? 0), ...part });
    }
    return ranked;
  }

  #allowed(allow: ReadonlyMap<string, Uint8Array>): Uint8Array {
    const allowed = this.#isLive.slice();
    for (const [i, { id, postings }] of this.#segments.entries()) {
      const base = this.#bases[i] ?? 0;
      const bitmap = allow.get(id);
      if (bitmap === undefined) allowed.fill(0, base, base + postings.rows);
      else intersect(allowed, base, postings.rows, bitmap, id);
    }
    return allowed;
  }

  #segmentOf(row: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low + 1 < high) {
      const middle = (low + high) >> 1;
      if ((this.#bases[middle] ?? 0) <= row) low = middle;
      else high = middle;
    }
    return low;
  }
}

/** The rows of the highest scores above 0 that `allowed` lets through, best first. */
function bestByWords(scores: Float64Array, allowed: Uint8Array, size: number): Int32Array {
  const best = new TopRows(Math.min(size, scores.length));
  for (let row = 0; row < scores.length; row++) {
    const score = scores[row] ?? 0;
    if (score > 0 && allowed[row] === 1) best.offer(row, score);
  }
  return best.take();
}

function fuse(mode: Question['mode'], lexical: number, semantic: number): number {
  if (mode === 'lexical') return lexical;
  if (mode === 'semantic') return semantic;
  return (1 - SEMANTIC_SHARE) * lexical + SEMANTIC_SHARE * semantic;
}
