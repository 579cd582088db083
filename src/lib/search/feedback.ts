/**
 * Pseudo-relevance feedback: the words that the first passages of an answer share are looked for too
 * (Rocchio's, with BM25's weights). It makes weights of terms; ranking is `shard-search.ts`.
 *
 * Cranfield, nDCG@10 and recall@10: hybrid .545, .471; always .559, .495; as here .555, .488. The same
 * abstracts by their titles, one passage right each: hybrid .713; always .699; as here .708.
 */
import type { Analyser } from './analyse';

/** Passages that are learnt from, and the terms that are taken of them. */
export const LEADS = 5;
const TERMS = 20;
/**
 * Rows, dead ones too, above which nothing is learnt: a second round, with its passages read first,
 * takes half as long again, and at 21,000 rows one question in twenty takes 49 ms without it.
 */
export const MOST_ROWS = 10_000;
/**
 * Rows below which nothing is learnt: five passages are a good part of so few, and what they say is
 * about themselves. The collections that learning was measured on have more.
 */
export const FEWEST_ROWS = 1_000;
/** Weight of the best new term; a question's own have 1. */
const WEIGHT = 0.3;
/**
 * What one of the leads must say of the question, as a share of its terms' weight, for the question
 * to be answered as it stands: then learning more words takes more right passages away than it
 * brings.
 */
export const SAID_ENOUGH = 0.8;

/**
 * The question's terms and the new ones with their weights.
 * @param inverseDocumentFrequency of a term among the rows that are searched
 */
export function expanded(
  terms: ReadonlyMap<string, number>,
  leads: readonly string[],
  analyser: Analyser,
  inverseDocumentFrequency: (term: string) => number,
): Map<string, number> {
  const shares = new Map<string, number>();
  for (const text of leads) {
    const all = analyser.terms(text);
    for (const term of all)
      if (!analyser.common.has(term)) shares.set(term, (shares.get(term) ?? 0) + 1 / all.length);
  }
  const best = [...shares]
    .map(([term, share]) => [term, share * inverseDocumentFrequency(term)] as const)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, TERMS);
  const [, most] = best[0] ?? ['', 1];
  const weights = new Map(terms);
  for (const [term, value] of best)
    weights.set(term, (weights.get(term) ?? 0) + (WEIGHT * value) / most);
  return weights;
}
