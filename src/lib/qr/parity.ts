/**
 * Reed-Solomon parity of one block: the remainder of its data by the generator polynomial.
 * It serves both ways: the drawer appends it; the reader compares it, which is the same test as
 * "all syndromes are zero", four codewords a word. Corrects nothing: correct.ts does.
 */
import { EXP, multiply } from './field';

export class Parity {
  /** Parity codewords a block. */
  readonly length: number;
  /** The remainder's width in words of four codewords, first codeword highest, zeros after. */
  readonly #width: number;
  /** For each byte, its product with the generator without the leading one: `width` words. */
  readonly #products: Int32Array;
  readonly #remainder: Int32Array;

  constructor(length: number) {
    this.length = length;
    this.#width = (length + 3) >> 2;
    this.#products = new Int32Array(256 * this.#width);
    this.#remainder = new Int32Array(this.#width);
    const generator = generatorOf(length);
    for (let byte = 0; byte < 256; byte++) {
      for (let i = 0; i < length; i++) {
        const word = byte * this.#width + (i >> 2);
        // `i + 1` is at most `length`, the generator's last index; `word` is in its byte's row.
        const product = multiply(byte, generator[i + 1]!);
        this.#products[word] = this.#products[word]! | (product << (24 - 8 * (i & 3)));
      }
    }
  }

  /**
   * Writes the parity of `codewords[start .. start + count - 1]` to `target[at ..]`, which may be
   * the same array further on. ISO/IEC 18004, 7.5.2.
   */
  write(codewords: Uint8Array, start: number, count: number, target: Uint8Array, at: number): void {
    const products = this.#products;
    const remainder = this.#remainder;
    const width = this.#width;
    const last = width - 1;
    const end = start + count;
    remainder.fill(0);
    // The caller's range is inside `codewords`; words are below `width`, rows below 256.
    for (let k = start; k < end; k++) {
      let word = remainder[0]!;
      let row = ((word >>> 24) ^ codewords[k]!) * width;
      for (let i = 0; i < last; i++, row++) {
        const next = remainder[i + 1]!;
        remainder[i] = ((word << 8) | (next >>> 24)) ^ products[row]!;
        word = next;
      }
      remainder[last] = (word << 8) ^ products[row]!;
    }
    for (let i = 0; i < this.length; i++) {
      target[at + i] = remainder[i >> 2]! >>> (24 - 8 * (i & 3));
    }
  }
}

/** The product of (x - 2^i) for i below `degree`, highest coefficient first. Annex A. */
function generatorOf(degree: number): Uint8Array {
  const generator = new Uint8Array(degree + 1);
  generator[0] = 1;
  // All indices are at most `degree`.
  for (let i = 0; i < degree; i++) {
    for (let j = i + 1; j > 0; j--) {
      generator[j] = generator[j]! ^ multiply(generator[j - 1]!, EXP[i]!);
    }
  }
  return generator;
}
