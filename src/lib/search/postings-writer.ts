/**
 * Writes a word index, term by term. The layout stands in `postings-layout.ts`. The terms may come
 * from texts (`build-postings.ts`) or from other indexes (`combine-postings.ts`): the same terms
 * give the same bytes.
 */
import { BLOCK_TERMS, HEADER_BYTES, MAGIC, VERSION } from './postings-layout';
import type { PostingList } from './posting-list';
import { ByteWriter } from './varint';

export class PostingsWriter {
  readonly #dictionary = new ByteWriter();
  readonly #lists = new ByteWriter();
  readonly #list = new ByteWriter();
  /** Per block: offset in the dictionary, offset in the lists. */
  readonly #blocks: number[] = [];
  /** The term before, for what the next one shares with it. */
  readonly #previous = new ByteWriter();
  #terms = 0;

  /**
   * Adds a term with its rows, ascending, one at least. Keeps neither array.
   * @param term UTF-8, after the term before in the order of bytes
   */
  add(term: Uint8Array, list: PostingList): void {
    if (this.#terms % BLOCK_TERMS === 0) {
      this.#blocks.push(this.#dictionary.length, this.#lists.length);
      this.#previous.length = 0;
    }
    this.#terms++;
    const shared = sharedPrefix(this.#previous.written(), term);
    this.#previous.length = shared;
    this.#previous.append(term.subarray(shared));
    this.#list.length = 0;
    writeList(list, this.#list);
    this.#dictionary.varint(shared);
    this.#dictionary.varint(term.length - shared);
    this.#dictionary.append(term.subarray(shared));
    this.#dictionary.varint(list.length);
    this.#dictionary.varint(this.#list.length);
    this.#lists.append(this.#list.written());
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

function writeList({ rows, counts, length }: PostingList, list: ByteWriter): void {
  let previous = -1;
  for (let i = 0; i < length; i++) {
    const row = rows[i] ?? 0;
    const count = counts[i] ?? 0;
    list.varint((row - previous) * 2 + (count > 1 ? 1 : 0));
    if (count > 1) list.varint(count);
    previous = row;
  }
}

/** How many leading bytes two terms have in common. */
export function sharedPrefix(a: Uint8Array, b: Uint8Array): number {
  const most = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < most && a[shared] === b[shared]) shared++;
  return shared;
}
