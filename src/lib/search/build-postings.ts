/**
 * Writes the word index of a segment: which rows hold which term, and how often. The layout stands
 * in `postings.ts`, which reads it. The same texts and analyser give the same bytes.
 */
import type { Analyser } from './analyse';
import { BLOCK_TERMS, HEADER_BYTES, MAGIC, VERSION } from './postings-layout';
import { ByteWriter } from './varint';

/** Row and count, row and count, … of one term, rows ascending. */
type RowCounts = number[];

/** The word index of `texts`; row i is `texts[i]`. Nothing of the texts is kept but their terms. */
export function buildPostings(
  texts: readonly string[],
  analyser: Analyser,
): Uint8Array<ArrayBuffer> {
  const lengths = new ByteWriter();
  const terms = collect(texts, analyser, lengths);
  const dictionary = new ByteWriter();
  const lists = new ByteWriter();
  const blocks = new Uint32Array(2 * Math.ceil(terms.length / BLOCK_TERMS));
  const list = new ByteWriter();
  let previous = new Uint8Array(0);
  for (const [index, [term, rowCounts]] of terms.entries()) {
    if (index % BLOCK_TERMS === 0) {
      blocks.set([dictionary.length, lists.length], (2 * index) / BLOCK_TERMS);
      previous = new Uint8Array(0);
    }
    const shared = sharedPrefix(previous, term);
    list.length = 0;
    writeList(rowCounts, list);
    dictionary.varint(shared);
    dictionary.varint(term.length - shared);
    dictionary.append(term.subarray(shared));
    dictionary.varint(rowCounts.length / 2);
    dictionary.varint(list.length);
    lists.append(list.written());
    previous = term;
  }
  return join(
    texts.length,
    terms.length,
    blocks,
    lengths.written(),
    dictionary.written(),
    lists.written(),
  );
}

/** Counts the terms of every text; returns them in the order of their UTF-8 bytes. */
function collect(
  texts: readonly string[],
  analyser: Analyser,
  lengths: ByteWriter,
): [term: Uint8Array<ArrayBuffer>, rowCounts: RowCounts][] {
  const all = new Map<string, RowCounts>();
  for (const [row, text] of texts.entries()) {
    const terms = analyser.terms(text);
    lengths.varint(terms.length);
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

function writeList(rowCounts: RowCounts, list: ByteWriter): void {
  let previous = -1;
  for (let i = 0; i < rowCounts.length; i += 2) {
    const row = rowCounts[i] ?? 0;
    const count = rowCounts[i + 1] ?? 0;
    list.varint((row - previous) * 2 + (count > 1 ? 1 : 0));
    if (count > 1) list.varint(count);
    previous = row;
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = sharedPrefix(a, b);
  return (a[shared] ?? -1) - (b[shared] ?? -1);
}

function sharedPrefix(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < most && a[shared] === b[shared]) shared++;
  return shared;
}

function join(
  rows: number,
  terms: number,
  blocks: Uint32Array,
  lengths: Uint8Array,
  dictionary: Uint8Array,
  lists: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(
    HEADER_BYTES + blocks.length * 4 + lengths.length + dictionary.length + lists.length,
  );
  const view = new DataView(bytes.buffer);
  const header = [MAGIC, VERSION, rows, terms, lengths.length, dictionary.length, lists.length];
  for (const [i, field] of header.entries()) view.setUint32(i * 4, field, true);
  let at = HEADER_BYTES;
  for (const offset of blocks) {
    view.setUint32(at, offset, true);
    at += 4;
  }
  for (const part of [lengths, dictionary, lists]) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
