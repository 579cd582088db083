/**
 * Walks the dictionary of an open word index from its first term to its last. It checks nothing:
 * `Postings.open`, which makes the bytes known to be sound, comes before.
 */
import { type PostingList, readPostingList } from './posting-list';
import { VarintReader } from './varint';

export class TermCursor {
  /** The term's UTF-8 bytes: the first `length` count, and only until the next `next`. */
  term = new Uint8Array(64);
  length = 0;
  readonly #bytes: Uint8Array;
  readonly #dictionary: VarintReader;
  readonly #end: number;
  #documentFrequency = 0;
  #list: number;
  #nextList: number;

  /** Stands before the first term. @param dictionaryAt where its dictionary begins */
  constructor(bytes: Uint8Array, dictionaryAt: number, listsAt: number) {
    this.#bytes = bytes;
    this.#dictionary = new VarintReader(bytes, dictionaryAt, listsAt);
    this.#end = listsAt;
    this.#list = listsAt;
    this.#nextList = listsAt;
  }

  /** Goes to the next term; false behind the last one. */
  next(): boolean {
    const dictionary = this.#dictionary;
    if (dictionary.at >= this.#end) return false;
    const shared = dictionary.next();
    const more = dictionary.next();
    this.length = shared + more;
    if (this.length > this.term.length) {
      const larger = new Uint8Array(this.length * 2);
      larger.set(this.term.subarray(0, shared));
      this.term = larger;
    }
    for (let i = 0; i < more; i++) this.term[shared + i] = this.#bytes[dictionary.at + i] ?? 0;
    dictionary.at += more;
    this.#documentFrequency = dictionary.next();
    this.#list = this.#nextList;
    this.#nextList += dictionary.next();
    return true;
  }

  /** Fills `list` with the rows that hold the term. */
  read(list: PostingList): void {
    readPostingList(this.#bytes, this.#list, this.#documentFrequency, list);
  }

  /** Below 0 where this term comes before the other's, 0 where they are the same. */
  compare(other: TermCursor): number {
    const [a, b] = [this.term, other.term];
    const most = Math.min(this.length, other.length);
    for (let i = 0; i < most; i++) {
      const difference = (a[i] ?? 0) - (b[i] ?? 0);
      if (difference !== 0) return difference;
    }
    return this.length - other.length;
  }
}
