/**
 * Which rows of an answer look the same by what the index knows, before any text is read: nearly the
 * same vector, as many words, and found by words as well. Reading every copy of a passage would cost
 * more than the rest of the answer; `near-duplicates.ts` decides wherever texts are read.
 */

/** Rows of an answer that are compared with each other. */
export const MOST_COMPARED = 200;
/** Of shorter texts a word makes more difference than a vector shows. */
const LEAST_TERMS = 40;
/**
 * Of Cranfield's text five times over, each copy with a number in front, pairs among the first 100 rows
 * of 40 questions: of 7,798 that are nearly the same it knows 7,605, and names 18 more, of which the
 * least alike share 0.89 of their runs of words. Of the text alone it names 4 that share 0.76 or more.
 */
const LEAST_COSINE = 0.98;
/** Shares by which numbers of words, and scores by words, may differ. */
const MOST_APART = 0.05;

export interface Look {
  /** Of length 1; null where there is none. */
  readonly vector: Float32Array | null;
  /** Words with repeats. */
  readonly terms: number;
  /** The score by words, 0 to 1. */
  readonly lexical: number;
}

/** Of each row the first one before it that looks the same and looks like none itself. */
export function lookalikes(rows: readonly Look[]): (number | undefined)[] {
  const likes: (number | undefined)[] = [];
  for (const [at, row] of rows.entries()) {
    const like = rows.findIndex(
      (other, before) => before < at && likes[before] === undefined && looksSame(other, row),
    );
    likes.push(like < 0 || like >= at ? undefined : like);
  }
  return likes;
}

function looksSame(a: Look, b: Look): boolean {
  if (a.vector === null || b.vector === null) return false;
  if (Math.min(a.terms, b.terms) < LEAST_TERMS) return false;
  if (isApart(a.terms, b.terms) || isApart(a.lexical, b.lexical)) return false;
  let dot = 0;
  for (let i = 0; i < a.vector.length; i++) dot += (a.vector[i] ?? 0) * (b.vector[i] ?? 0);
  return dot >= LEAST_COSINE;
}

const isApart = (a: number, b: number): boolean => Math.abs(a - b) > MOST_APART * Math.max(a, b);
