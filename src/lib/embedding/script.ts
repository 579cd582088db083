/** Tells how much of a text a model for Latin script can know. No language is guessed. */

const LETTERS = /\p{L}+/gu;
const LATIN_LETTERS = /(?:(?=\p{L})\p{Script=Latin})+/gu;
const NOT_ASCII = /[\u0080-\uffff]/;

/**
 * Share of the texts' letters (in UTF-16 units) that are of Latin script, 0 to 1; 1 where there are no
 * letters at all, since nothing is then lost.
 */
export function knownShare(texts: Iterable<string>): number {
  let letters = 0;
  let known = 0;
  for (const text of texts) {
    const all = lengthOf(text.match(LETTERS));
    letters += all;
    known += NOT_ASCII.test(text) ? lengthOf(text.match(LATIN_LETTERS)) : all;
  }
  return letters === 0 ? 1 : known / letters;
}

function lengthOf(runs: readonly string[] | null): number {
  return runs?.reduce((sum, run) => sum + run.length, 0) ?? 0;
}
