/**
 * Which rows can hold a phrase, or hold a word at all, as far as the index knows: a superset for
 * phrases, exact for words. Rows are bytes, 0 or 1, over all postings in order.
 */
import type { Analyser } from './analyse';
import { PostingList, type Postings } from './postings';
import { isUnspaced } from './words';

/** Letters of a phrase that are looked up where words have no spaces: more hardly narrow further. */
const LETTERS = 8;

/** Clears the rows that lack a word of the phrase. */
export function keepPhrase(
  rows: Uint8Array,
  postings: readonly Postings[],
  phrase: string,
  analyser: Analyser,
): void {
  const units = analyser.spelling(phrase).trim().split(' ');
  const letters = [...new Set(units)].filter((unit) => isUnspaced(unit)).slice(0, LETTERS);
  if (letters.length > 0)
    for (const holders of holdersOfLetters(postings, letters, rows.length)) keep(rows, holders);
  else
    for (const term of new Set(analyser.terms(phrase)))
      keep(rows, holdersOf(postings, term, rows.length));
}

/** Clears the rows that hold the term. */
export function dropHolders(rows: Uint8Array, postings: readonly Postings[], term: string): void {
  const holders = holdersOf(postings, term, rows.length);
  for (let row = 0; row < rows.length; row++) if (holders[row] === 1) rows[row] = 0;
}

function keep(rows: Uint8Array, holders: Uint8Array): void {
  for (let row = 0; row < rows.length; row++) rows[row] = (rows[row] ?? 0) & (holders[row] ?? 0);
}

function holdersOf(postings: readonly Postings[], term: string, rows: number): Uint8Array {
  const holders = new Uint8Array(rows);
  const list = new PostingList();
  let base = 0;
  for (const one of postings) {
    mark(holders, base, one.rowsOf(term, list));
    base += one.rows;
  }
  return holders;
}

/**
 * Per letter the rows with a word that has it. Where scripts put no spaces the same phrase is cut
 * into other words by what stands around it: words would leave out rows, letters do not.
 */
function holdersOfLetters(
  postings: readonly Postings[],
  letters: readonly string[],
  rows: number,
): Uint8Array[] {
  const utf8 = new TextEncoder();
  const wanted = letters.map((letter) => ({
    bytes: utf8.encode(letter),
    holders: new Uint8Array(rows),
  }));
  const list = new PostingList();
  let base = 0;
  for (const one of postings) {
    const cursor = one.cursor();
    while (cursor.next()) {
      const having = wanted.filter(({ bytes }) => holdsBytes(cursor.term, cursor.length, bytes));
      if (having.length === 0) continue;
      cursor.read(list);
      for (const { holders } of having) mark(holders, base, list);
    }
    base += one.rows;
  }
  return wanted.map(({ holders }) => holders);
}

function mark(holders: Uint8Array, base: number, { rows, length }: PostingList): void {
  for (let i = 0; i < length; i++) holders[base + (rows[i] ?? 0)] = 1;
}

function holdsBytes(term: Uint8Array, length: number, wanted: Uint8Array): boolean {
  for (let from = 0; from + wanted.length <= length; from++) {
    let same = 0;
    while (same < wanted.length && term[from + same] === wanted[same]) same++;
    if (same === wanted.length) return true;
  }
  return false;
}
