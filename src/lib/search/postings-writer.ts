/**
 * Writes a word index, term by term. The layout stands in `postings-layout.ts`. The terms may come
 * from texts (`build-postings.ts`) or from other indexes (`combine-postings.ts`): the same terms
 * give the same bytes.
 */
import { BLOCK_TERMS, HEADER_BYTES, MAGIC, VERSION } from './postings-layout';
import type { PostingList } from './posting-list';
import { ByteWriter, VARINT_BYTES, writeVarint } from './varint';

export class PostingsWriter {
  readonly #dictionary = new ByteWriter();
  readonly #lists = new ByteWriter();
  /** Per block: offset in the dictionary, offset in the lists. */
  readonly #blocks: number[] = [];
  /** The term before, for what the next one shares with it; its first bytes count. */
  #previous = new Uint8Array(64);
  #previousLength = 0;
  #terms = 0;

  /**
   * Adds a term with its rows, ascending, one at least. Keeps neither array.
   * @param term UTF-8, after the term before in the order of bytes
   * @param length bytes of `term` that count
   */
  add(term: Uint8Array, list: PostingList, length = term.length): void {
    const dictionary = this.#dictionary;
    if (this.#terms % BLOCK_TERMS === 0) {
      this.#blocks.push(dictionary.length, this.#lists.length);
      this.#previousLength = 0;
    }
    this.#terms++;
    const shared = this.#share(term, length);
    const listBytes = writeList(list, this.#lists);
    const bytes = dictionary.room(4 * VARINT_BYTES + length);
    let at = writeVarint(bytes, dictionary.length, shared);
    at = writeVarint(bytes, at, length - shared);
    for (let i = shared; i < length; i++) bytes[at++] = term[i] ?? 0; // too few for a view each
    at = writeVarint(bytes, at, list.length);
    dictionary.length = writeVarint(bytes, at, listBytes);
  }

  /** How many leading bytes a term has in common with the one before, whose place it takes. */
  #share(term: Uint8Array, length: number): number {
    if (length > this.#previous.length) {
      const larger = new Uint8Array(length * 2);
      larger.set(this.#previous);
      this.#previous = larger;
    }
    const previous = this.#previous;
    const most = Math.min(this.#previousLength, length);
    let shared = 0;
    while (shared < most && previous[shared] === term[shared]) shared++;
    for (let i = shared; i < length; i++) previous[i] = term[i] ?? 0;
    this.#previousLength = length;
    return shared;
  }

  /** The whole index. @param rowLengths terms of each row, with repeats */
  finish(rowLengths: Uint32Array): Uint8Array<ArrayBuffer> {
    const lengths = new ByteWriter();
    for (const length of rowLengths) lengths.varint(length);
    const blocks = this.#blocks;
    const parts = [lengths.written(), this.#dictionary.written(), this.#lists.written()];
    const sizes = parts.map(({ length }) => length);
    const bytes = new Uint8Array(
      sizes.reduce((sum, size) => sum + size, HEADER_BYTES + blocks.length * 4),
    );
    const view = new DataView(bytes.buffer);
    const header = [MAGIC, VERSION, rowLengths.length, this.#terms, ...sizes];
    for (const [i, field] of header.entries()) view.setUint32(i * 4, field, true);
    let at = HEADER_BYTES;
    for (const offset of blocks) {
      view.setUint32(at, offset, true);
      at += 4;
    }
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }
}

/** @returns bytes written */
function writeList({ rows, counts, length }: PostingList, lists: ByteWriter): number {
  const bytes = lists.room(length * 2 * VARINT_BYTES);
  let at = lists.length;
  let previous = -1;
  for (let i = 0; i < length; i++) {
    const row = rows[i] ?? 0;
    const count = counts[i] ?? 0;
    at = writeVarint(bytes, at, (row - previous) * 2 + (count > 1 ? 1 : 0));
    if (count > 1) at = writeVarint(bytes, at, count);
    previous = row;
  }
  const size = at - lists.length;
  lists.length = at;
  return size;
}

/** How many leading bytes two terms have in common. */
export function sharedPrefix(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < most && a[shared] === b[shared]) shared++;
  return shared;
}
