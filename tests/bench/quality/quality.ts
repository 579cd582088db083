/**
 * Search quality by the measures of information retrieval, with binary gains: a document is relevant or
 * it is not. Pure: rankings and judgements in, numbers out.
 */

/** One question with the documents that answer it. */
export interface Judged {
  readonly question: string;
  readonly relevant: ReadonlySet<string>;
}

/** Documents that answer a question, best first. */
export type Search = (question: string) => readonly string[] | Promise<readonly string[]>;

export interface Quality {
  readonly ndcg: number;
  readonly recall: number;
  readonly questions: number;
}

/**
 * Normalised discounted cumulative gain (Järvelin and Kekäläinen, 2002) of the first k, 0 to 1: a
 * document at rank r, counted from 1, gains 1 / log2(r + 1); divided by what the best ranking gains.
 * A document that comes twice gains once.
 */
export function ndcgAt(
  k: number,
  ranking: readonly string[],
  relevant: ReadonlySet<string>,
): number {
  let gain = 0;
  const seen = new Set<string>();
  ranking.slice(0, k).forEach((document, index) => {
    if (relevant.has(document) && !seen.has(document)) gain += 1 / Math.log2(index + 2);
    seen.add(document);
  });
  let best = 0;
  for (let index = 0; index < Math.min(k, relevant.size); index++) best += 1 / Math.log2(index + 2);
  return best === 0 ? 0 : gain / best;
}

/** Share of the relevant documents that are among the first k, 0 to 1. */
export function recallAt(
  k: number,
  ranking: readonly string[],
  relevant: ReadonlySet<string>,
): number {
  if (relevant.size === 0) return 0;
  const found = new Set(ranking.slice(0, k).filter((document) => relevant.has(document)));
  return found.size / relevant.size;
}

/** The means over all questions that have an answer. */
export async function measureQuality(
  search: Search,
  judged: readonly Judged[],
  k = 10,
): Promise<Quality> {
  let ndcg = 0;
  let recall = 0;
  let questions = 0;
  for (const { question, relevant } of judged) {
    if (relevant.size === 0) continue;
    const ranking = await search(question);
    ndcg += ndcgAt(k, ranking, relevant);
    recall += recallAt(k, ranking, relevant);
    questions++;
  }
  if (questions === 0) throw new Error('No question has a relevant document.');
  return { ndcg: ndcg / questions, recall: recall / questions, questions };
}

/** The ranking of documents by their best chunk: each at its first place. */
export function bestOfEach(ranking: Iterable<string>): string[] {
  return [...new Set(ranking)];
}
