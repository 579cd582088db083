/**
 * Makes the word index of texts: which rows hold which term, and how often. `postings-writer.ts`
 * writes it, `postings.ts` reads it. The same texts and analyser give the same bytes.
 */
import type { Analyser } from './analyse';
import { PostingList } from './posting-list';
import { PostingsWriter, sharedPrefix } from './postings-writer';

/** Row and count, row and count, … of one term, rows ascending. */
type RowCounts = number[];

/** The word index of `texts`; row i is `texts[i]`. Nothing of the texts is kept but their terms. */
export function buildPostings(
  texts: readonly string[],
  analyser: Analyser,
): Uint8Array<ArrayBuffer> {
  const lengths = new Uint32Array(texts.length);
  const writer = new PostingsWriter();
  const list = new PostingList();
  for (const [term, rowCounts] of collect(texts, analyser, lengths)) {
    list.reset(rowCounts.length / 2);
    for (let i = 0; i < rowCounts.length; i += 2)
      list.push(rowCounts[i] ?? 0, rowCounts[i + 1] ?? 0);
    writer.add(term, list);
  }
  return writer.finish(lengths);
}

/** Counts the terms of every text; returns them in the order of their UTF-8 bytes. */
function collect(
  texts: readonly string[],
  analyser: Analyser,
  lengths: Uint32Array,
): [term: Uint8Array<ArrayBuffer>, rowCounts: RowCounts][] {
  const all = new Map<string, RowCounts>();
  for (const [row, text] of texts.entries()) {
    const terms = analyser.terms(text);
    lengths[row] = terms.length;
    for (const term of terms) {
      const rowCounts = all.get(term);
      if (rowCounts === undefined) all.set(term, [row, 1]);
      else if (rowCounts[rowCounts.length - 2] === row) rowCounts.push((rowCounts.pop() ?? 0) + 1);
      else rowCounts.push(row, 1);
    }
  }
  const utf8 = new TextEncoder();
  return [...all]
    .map(([term, rowCounts]): [Uint8Array<ArrayBuffer>, RowCounts] => [
      utf8.encode(term),
      rowCounts,
    ])
    .sort(([a], [b]) => compareBytes(a, b));
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = sharedPrefix(a, b);
  return (a[shared] ?? -1) - (b[shared] ?? -1);
}
