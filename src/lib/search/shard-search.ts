/**
 * A question asked of one version of a shard: words and vectors ranked apart, then fused by score.
 * It answers with rows of segments; what they say is read from the video by others. No storage, no
 * workers: build it of open segment data, throw it away with the version.
 */
import { InvalidError } from '../errors';
import type { SearchOptions } from '../api';
import { type Analyser, tellingTerms } from './analyse';
import { intersect } from './bitmap';
import { Bm25, countTerms } from './bm25';
import { expanded, FEWEST_ROWS, LEADS, MOST_ROWS, SAID_ENOUGH } from './feedback';
import { lookalikes, MOST_COMPARED } from './lookalikes';
import { dropHolders, keepPhrase } from './narrowing';
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
  /** Where in the answer a better row stands that looks the same (`lookalikes.ts`), if that was asked. */
  readonly like?: number;
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
  /**
   * Only rows with all words of each answer, whatever they score: the index does not know how words
   * follow each other, so that whoever reads the texts has to see to that.
   */
  readonly phrases?: readonly string[];
  /** Rows with one of these words, in any form, do not answer. */
  readonly without?: readonly string[];
  /** The texts of passages whose words are looked for too (`leads`). */
  readonly learnFrom?: readonly string[];
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
  query(question: Question): Ranked[] {
    const { vector, topK, mode, phrases = [] } = question;
    if (!Number.isInteger(topK) || topK < 0)
      throw new InvalidError(`${topK} is not a number of hits.`, { subject: 'topK' });
    const allowed = this.#answering(question);
    const each = Math.max(CANDIDATES, topK);
    const asked = mode === 'lexical' ? null : vector;

    const words = this.#buffers.words(this.#isLive.length);
    const candidates = new Set<number>();
    let bestWords = 0;
    if (mode !== 'semantic') {
      this.#bm25.score(this.#weights(question), words);
      const rows = bestByWords(words, allowed, each);
      bestWords = words[rows[0] ?? 0] ?? 0;
      for (const row of rows) candidates.add(row);
    }
    if (asked !== null)
      for (const row of this.#semantic.best(asked, allowed, each)) candidates.add(row);
    const isPhrase = phrases.length > 0;
    if (isPhrase) for (const [row, is] of allowed.entries()) if (is === 1) candidates.add(row);

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
      if (part.score > 0 || isPhrase)
        ranked.push({ segment: segment.id, row: row - (this.#bases[at] ?? 0), ...part });
    }
    return ranked;
  }

  /**
   * The first passages of an answer, where it is worth learning words of them: not where one says
   * most of the question already, nor for phrases, which say what has to be there.
   */
  leads(question: Question, ranked: readonly Ranked[]): readonly Ranked[] {
    const { mode, phrases = [] } = question;
    if (mode === 'semantic' || phrases.length > 0 || ranked.length < LEADS) return [];
    if (this.#isLive.length < FEWEST_ROWS || this.#isLive.length > MOST_ROWS) return [];
    const leads = ranked.slice(0, LEADS);
    const bases = new Map(this.#segments.map(({ id }, at) => [id, this.#bases[at] ?? 0]));
    const rows = leads.map(({ segment, row }) => (bases.get(segment) ?? 0) + row);
    const terms = countTerms(tellingTerms(question.text, this.#analyser));
    return this.#bm25.mostSaid(terms, rows) < SAID_ENOUGH ? leads : [];
  }

  /** The same rows, each with the first better one that looks the same. */
  withLookalikes(ranked: readonly Ranked[]): Ranked[] {
    const segments = new Map(this.#segments.map((segment) => [segment.id, segment]));
    const likes = lookalikes(
      ranked.slice(0, MOST_COMPARED).map(({ segment, row, lexical }) => {
        const unit = segments.get(segment);
        return {
          vector: unit?.vectors?.vector(row) ?? null,
          terms: unit?.postings.lengths[row] ?? 0,
          lexical,
        };
      }),
    );
    return ranked.map((one, at) => {
      const like = likes[at];
      return like === undefined ? one : { ...one, like };
    });
  }

  /** What is looked for. Of a phrase all its words: a passage may say nothing else that was asked. */
  #weights({ text, phrases = [], learnFrom = [] }: Question): Map<string, number> {
    const analyser = this.#analyser;
    const telling = tellingTerms(text, analyser);
    const phrased = phrases.flatMap((phrase) => analyser.terms(phrase));
    const common = phrased.filter((term) => analyser.common.has(term) && !telling.includes(term));
    const terms = countTerms([...telling, ...common]);
    if (learnFrom.length === 0) return terms;
    return expanded(terms, learnFrom, analyser, (term) =>
      this.#bm25.inverseDocumentFrequency(term),
    );
  }

  /** A byte a row: 1 for those that may answer. */
  #answering({ allow, phrases = [], without = [] }: Question): Uint8Array {
    const passed = allow === undefined ? this.#isLive : this.#allowed(allow);
    if (phrases.length === 0 && without.length === 0) return passed;
    const answering = passed.slice();
    const postings = this.#segments.map((segment) => segment.postings);
    for (const phrase of phrases) keepPhrase(answering, postings, phrase, this.#analyser);
    for (const word of without)
      for (const term of this.#analyser.terms(word)) dropHolders(answering, postings, term);
    return answering;
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
