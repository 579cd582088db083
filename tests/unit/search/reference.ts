/**
 * The ranking as its formulas say it, over plain arrays and objects: what the index is compared
 * with. It shares nothing with the index but the analyser and the dequantised vectors.
 */
import { type Analyser, tellingTerms } from '../../../src/lib/search/analyse';

export interface ReferenceRow {
  segment: string;
  row: number;
  text: string;
  vector: Float32Array | null;
  live: boolean;
  allowed: boolean;
}

export interface ReferenceHit {
  segment: string;
  row: number;
  score: number;
  lexical: number;
  semantic: number;
}

const K1 = 1.2;
const B = 0.75;

export function countOf(terms: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1);
  return counts;
}

/** BM25 of every live row for the given terms. */
export function bm25(rows: ReferenceRow[], terms: readonly string[], analyser: Analyser) {
  const live = rows
    .filter((row) => row.live)
    .map((row) => ({ row, counts: countOf(analyser.terms(row.text)) }));
  const lengthOf = (counts: Map<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0);
  const average = live.reduce((sum, { counts }) => sum + lengthOf(counts), 0) / live.length;
  const scores = new Map<ReferenceRow, number>();
  for (const { row, counts } of live) {
    let score = 0;
    for (const term of terms) {
      const holders = live.filter((other) => other.counts.has(term)).length;
      const idf = Math.log(1 + (live.length - holders + 0.5) / (holders + 0.5));
      const count = counts.get(term) ?? 0;
      const norm = 1 - B + (B * lengthOf(counts)) / average;
      if (count > 0) score += (idf * count * (K1 + 1)) / (count + K1 * norm);
    }
    scores.set(row, score);
  }
  return scores;
}

export function cosine(a: Float32Array | null, b: Float32Array | null): number {
  if (a === null || b === null) return 0;
  return Math.max(
    0,
    Math.min(
      1,
      a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0),
    ),
  );
}

/** The answer to a question over fewer rows than a side's candidates, so that all are fused. */
export function reference(
  rows: ReferenceRow[],
  question: { text: string; vector: Float32Array | null; topK: number; mode: string },
  analyser: Analyser,
): ReferenceHit[] {
  const words = bm25(rows, tellingTerms(question.text, analyser), analyser);
  const answering = rows.filter((row) => row.live && row.allowed);
  const best = Math.max(0, ...answering.map((row) => words.get(row) ?? 0));
  return answering
    .map((row) => {
      const lexical = question.mode === 'semantic' || best === 0 ? 0 : (words.get(row) ?? 0) / best;
      const semantic = question.mode === 'lexical' ? 0 : cosine(row.vector, question.vector);
      const score =
        question.mode === 'hybrid' ? 0.5 * lexical + 0.5 * semantic : lexical + semantic;
      return { segment: row.segment, row: row.row, score, lexical, semantic };
    })
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score) // stable: equal scores stay in order
    .slice(0, question.topK);
}
