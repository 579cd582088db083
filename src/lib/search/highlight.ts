/**
 * Which words of a text a question found: the same analysis as the search itself, so that what is
 * marked is what matched. It marks, it does not rank.
 */
import type { Analyser } from './analyse';

/**
 * UTF-16 ranges of the words of `text` whose term is one of the question's, in order, never
 * overlapping. Common words are left out wherever another word of the question is marked.
 */
export function marks(
  text: string,
  query: string,
  analyser: Analyser,
): [start: number, end: number][] {
  const wanted = new Set(analyser.terms(query));
  const matched = analyser.tokens(text).filter(({ term }) => wanted.has(term));
  const telling = matched.filter(({ term }) => !analyser.common.has(term));
  return (telling.length > 0 ? telling : matched).map(({ start, end }) => [start, end]);
}
