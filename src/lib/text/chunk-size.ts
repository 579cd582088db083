/**
 * What a chunk's size counts: UTF-16 units, or tokens of a model. Not where a text is cut, which is
 * `cut.ts`, and not how tokens are made, which is the caller's.
 */

import { InvalidError } from '../errors';

/** UTF-16 units; about 150 English words. */
export const DEFAULT_CHUNK_SIZE = 1000;
export const MIN_CHUNK_SIZE = 100;
export const MAX_CHUNK_SIZE = 8000;

/** Tokens; about 150 English words. */
export const DEFAULT_CHUNK_TOKENS = 200;
export const MIN_CHUNK_TOKENS = 20;
export const MAX_CHUNK_TOKENS = 2000;

/**
 * A token stands for this many UTF-16 units at most: a text that the model has no tokens for, such
 * as a foreign script or white space, takes up room too. English has four to five a token.
 */
const UNITS_PER_TOKEN = 8;

/** The share of the size from which on a beginning is long enough: a search for more costs more. */
const LONG_ENOUGH = 0.95;

/**
 * The tokens of a text, without those that a model puts around each. For two texts that part at white
 * space it may not count more than for each of them apart.
 */
export type CountTokens = (text: string) => number;

/** How much of a chunk a text takes up, and how much a chunk takes. */
export class ChunkSize {
  /** What a chunk aims at. */
  readonly size: number;
  /** UTF-16 units that a text of `size` can have at most. */
  readonly widest: number;
  readonly #count: CountTokens | undefined;

  /**
   * @param count counts tokens; without it `size` is in UTF-16 units
   * @throws InvalidError for a size that is not a whole number from 100 to 8,000, or of tokens from
   *   20 to 2,000
   */
  constructor(size: number | undefined, count?: CountTokens) {
    this.size = size ?? (count ? DEFAULT_CHUNK_TOKENS : DEFAULT_CHUNK_SIZE);
    const [least, most] = count
      ? [MIN_CHUNK_TOKENS, MAX_CHUNK_TOKENS]
      : [MIN_CHUNK_SIZE, MAX_CHUNK_SIZE];
    if (!Number.isInteger(this.size) || this.size < least || this.size > most) {
      const unit = count ? 'tokens' : 'characters';
      throw new InvalidError(
        `A chunk's size is a whole number from ${least} to ${most.toLocaleString('en')} ${unit}, not ${this.size}.`,
        { subject: 'size' },
      );
    }
    this.#count = count;
    this.widest = count ? this.size * UNITS_PER_TOKEN : this.size;
  }

  /** How much of `size` a text takes up. */
  of(text: string): number {
    return this.#count ? Math.max(this.#count(text), text.length / UNITS_PER_TOKEN) : text.length;
  }

  /** Never less than both joined take up, for what `of` says of each. */
  ofBoth(first: string, firstTakes: number, second: string, secondTakes: number): number {
    const atSpace = /\s/u.test(first.slice(-1)) || /\s/u.test(second.slice(0, 1));
    // Within a word tokens may come out in any way.
    return !this.#count || atSpace ? firstTakes + secondTakes : this.of(first + second);
  }

  /**
   * UTF-16 units of about the longest beginning that takes up `size` at most, of a text that takes up
   * more; 1 at least. Steps: a few, for any text no more than the logarithm of its length.
   */
  reach(text: string): number {
    if (!this.#count) return this.size;
    let low = 0;
    let high = text.length;
    let guess = Math.floor((text.length * this.size * LONG_ENOUGH) / this.of(text));
    for (let step = 0; high - low > 1; step++) {
      const at = Math.min(high - 1, Math.max(low + 1, guess));
      const taken = this.of(text.slice(0, at));
      if (taken > this.size) high = at;
      else {
        low = at;
        if (taken >= this.size * LONG_ENOUGH) break;
      }
      // Tokens are spread unevenly: every second step halves what is left.
      guess = step % 2 === 0 ? Math.ceil((at * this.size) / Math.max(taken, 1)) : (low + high) >> 1;
    }
    return Math.max(1, low);
  }
}
