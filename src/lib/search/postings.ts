/**
 * The word index of a segment, open for questions: which rows hold a term, and how often. Immutable
 * and shared by all versions and clones, so it knows nothing of live or deleted rows. A derived
 * blob: when `open` refuses it, build it again (`build-postings.ts`). Layout: `postings-layout.ts`.
 */
import { CorruptError } from '../errors';
import { PostingList, readPostingList } from './posting-list';
import { BLOCK_TERMS, HEADER_BYTES, MAGIC, VERSION } from './postings-layout';
import { TermCursor } from './term-cursor';
import { VarintReader } from './varint';

export { buildPostings } from './build-postings';
export { PostingList } from './posting-list';

/** Where a term's list lies. */
interface Entry {
  readonly documentFrequency: number;
  readonly start: number;
}

export class Postings {
  readonly rows: number;
  /** Distinct terms. */
  readonly terms: number;
  /** Terms of each row, with repeats. */
  readonly lengths: Uint32Array;
  readonly #bytes: Uint8Array;
  /** Per block, offsets in `#bytes`: of its dictionary entries, of its lists. */
  readonly #blocks: Uint32Array;
  readonly #utf8 = new TextEncoder();

  private constructor(
    bytes: Uint8Array,
    rows: number,
    terms: number,
    lengths: Uint32Array,
    blocks: Uint32Array,
  ) {
    this.#bytes = bytes;
    this.rows = rows;
    this.terms = terms;
    this.lengths = lengths;
    this.#blocks = blocks;
  }

  /**
   * Opens what `buildPostings` or `combinePostings` made. Keeps `bytes`.
   * @param options.isWhole the bytes are known to be those that were made, by their digest: then only
   *   their header and lengths are looked at, in a tenth of the time
   * @throws CorruptError where anything does not fit: after this, reading cannot fail
   */
  static open(bytes: Uint8Array, { isWhole = false } = {}): Postings {
    const { rows, terms, lengthsAt, dictionaryAt, listsAt } = readHeader(bytes);
    const lengths = new Uint32Array(rows);
    const reader = new VarintReader(bytes, lengthsAt, dictionaryAt);
    for (let row = 0; row < rows; row++) lengths[row] = reader.next();
    if (reader.at !== dictionaryAt) throw damaged('the lengths');

    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const blocks = new Uint32Array(2 * Math.ceil(terms / BLOCK_TERMS));
    for (let i = 0; i < blocks.length; i++)
      blocks[i] =
        view.getUint32(HEADER_BYTES + i * 4, true) + (i % 2 === 0 ? dictionaryAt : listsAt);

    const postings = new Postings(bytes, rows, terms, lengths, blocks);
    if (!isWhole) postings.#verify(dictionaryAt, listsAt);
    return postings;
  }

  /** Walks all terms with their rows, from the first one on. */
  cursor(): TermCursor {
    // The first list begins where the dictionary ends; without terms there is neither.
    return new TermCursor(this.#bytes, this.#blocks[0] ?? 0, this.#blocks[1] ?? 0);
  }

  /** Rows that hold the term. */
  documentFrequency(term: string): number {
    return this.#find(term)?.documentFrequency ?? 0;
  }

  /** The rows that hold the term; fills and returns `list`, empty for an unknown term. */
  rowsOf(term: string, list = new PostingList()): PostingList {
    const entry = this.#find(term);
    list.reset(0);
    if (entry) readPostingList(this.#bytes, entry.start, entry.documentFrequency, list);
    return list;
  }

  #find(term: string): Entry | undefined {
    const wanted = this.#utf8.encode(term);
    const block = this.#blockOf(wanted);
    if (block < 0) return undefined;
    let start = this.#blocks[block * 2 + 1] ?? 0;
    const reader = new VarintReader(this.#bytes, this.#blocks[block * 2] ?? 0, this.#bytes.length);
    const entries = Math.min(BLOCK_TERMS, this.terms - block * BLOCK_TERMS);
    let equal = 0; // leading bytes that `wanted` has in common with the entry before
    for (let i = 0; i < entries; i++) {
      const shared = reader.next();
      const more = reader.next();
      const length = shared + more;
      // With fewer bytes shared than were equal, the entry leaves `wanted` at `shared`.
      if (shared <= equal) {
        equal = shared;
        while (
          equal < length &&
          equal < wanted.length &&
          this.#bytes[reader.at + equal - shared] === wanted[equal]
        )
          equal++;
      }
      reader.at += more;
      const documentFrequency = reader.next();
      const bytes = reader.next();
      if (equal === length && equal === wanted.length) return { documentFrequency, start };
      start += bytes;
    }
    return undefined;
  }

  /** The last block whose head is not after the term, or -1. */
  #blockOf(wanted: Uint8Array): number {
    let low = 0;
    let high = this.#blocks.length / 2;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compareHead(middle, wanted) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #compareHead(block: number, wanted: Uint8Array): number {
    const reader = new VarintReader(this.#bytes, this.#blocks[block * 2] ?? 0, this.#bytes.length);
    reader.next(); // shares nothing
    const length = reader.next();
    const most = Math.min(length, wanted.length);
    for (let i = 0; i < most; i++) {
      const difference = (this.#bytes[reader.at + i] ?? 0) - (wanted[i] ?? 0);
      if (difference !== 0) return difference;
    }
    return length - wanted.length;
  }

  /** Walks dictionary and lists once. @throws CorruptError */
  #verify(dictionaryAt: number, listsAt: number): void {
    const bytes = this.#bytes;
    const dictionary = new VarintReader(bytes, dictionaryAt, listsAt);
    const list = new PostingList();
    let listAt = listsAt;
    const sums = new Float64Array(this.rows); // a float cannot wrap around to the right sum
    let previous = new Uint8Array(0);
    for (let index = 0; index < this.terms; index++) {
      const block = index / BLOCK_TERMS;
      const isHead = Number.isInteger(block);
      if (
        isHead &&
        (this.#blocks[block * 2] !== dictionary.at || this.#blocks[block * 2 + 1] !== listAt)
      )
        throw damaged('the block table');
      const shared = dictionary.next();
      const more = dictionary.next();
      if (shared > (isHead ? 0 : previous.length) || more > listsAt - dictionary.at)
        throw damaged('a term');
      const term = new Uint8Array(shared + more);
      term.set(previous.subarray(0, shared));
      term.set(bytes.subarray(dictionary.at, dictionary.at + more), shared);
      dictionary.at += more;
      if (index > 0 && !isAfter(term, previous)) throw damaged('the order of terms');
      previous = term;

      const documentFrequency = dictionary.next();
      const start = listAt;
      listAt += dictionary.next();
      // A row takes a byte at least, so that reading is bounded by the bytes that there are.
      if (documentFrequency === 0 || documentFrequency > listAt - start || listAt > bytes.length)
        throw damaged('a term');
      if (readPostingList(bytes, start, documentFrequency, list) !== listAt)
        throw damaged('a list');
      this.#verifyList(list, sums);
    }
    if (dictionary.at !== listsAt || listAt !== bytes.length) throw damaged('the end');
    for (let row = 0; row < this.rows; row++)
      if (sums[row] !== this.lengths[row]) throw damaged('a length');
  }

  /** Looks at what reading gave, the very same that a question will get. @throws CorruptError */
  #verifyList({ rows, counts, length }: PostingList, sums: Float64Array): void {
    let previous = -1;
    for (let i = 0; i < length; i++) {
      const row = rows[i] ?? 0;
      const count = counts[i] ?? 0;
      if (row <= previous || row >= this.rows || count === 0) throw damaged('a list');
      sums[row] = (sums[row] ?? 0) + count;
      previous = row;
    }
  }
}

function readHeader(bytes: Uint8Array) {
  if (bytes.length < HEADER_BYTES) throw damaged('the header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const field = (index: number): number => view.getUint32(index * 4, true);
  if (field(0) !== MAGIC || field(1) !== VERSION) throw damaged('the header');
  const [rows, terms] = [field(2), field(3)];
  const lengthsAt = HEADER_BYTES + 8 * Math.ceil(terms / BLOCK_TERMS);
  const dictionaryAt = lengthsAt + field(4);
  const listsAt = dictionaryAt + field(5);
  // A length takes a byte and a term four at least: nothing is allocated by a number alone.
  if (listsAt + field(6) !== bytes.length || rows > field(4) || terms > field(5) / 4)
    throw damaged('the header');
  return { rows, terms, lengthsAt, dictionaryAt, listsAt };
}

function isAfter(term: Uint8Array, previous: Uint8Array): boolean {
  let i = 0;
  while (i < previous.length && term[i] === previous[i]) i++;
  return i === previous.length ? term.length > i : (term[i] ?? -1) > (previous[i] ?? 0);
}

function damaged(part: string): CorruptError {
  return new CorruptError(`A word index does not check: ${part}.`, { subject: 'postings' });
}
