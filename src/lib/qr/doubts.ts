/**
 * How certain the codewords of a sampled symbol are, and blocks corrected with that knowledge
 * (generalised minimum distance decoding, Forney 1966). Only for what plain correction cannot mend.
 */
import type { Corrector } from './correct';
import type { Layout } from './layout';

/**
 * Erasures that are tried, one after another. With more of them too little parity is left to tell a
 * right repair from a wrong one: 24 of 30 leave six codewords, three errors.
 */
const ERASED_AT_MOST = 0.8;
const ERASED_STEP = 2;

/** A repair turns doubtful modules. Share of the usual certainty that those it turns have at most. */
const TURNED_AT_MOST = 0.6;

export class Doubts {
  readonly #layout: Layout;
  readonly #certainty: Float32Array;
  /** Of a module in the middle of all. */
  readonly #usual: number;

  /** @param certainty a number a module, as they are sampled */
  constructor(layout: Layout, certainty: Float32Array) {
    this.#layout = layout;
    this.#certainty = certainty;
    this.#usual = certainty.slice().sort()[certainty.length >> 1] ?? 0;
  }

  /** As `Corrector.correct`, with more and more of the block's least certain codewords erased. */
  correct(
    corrector: Corrector,
    codewords: Uint8Array,
    { block, start, length }: { block: number; start: number; length: number },
    difference: Uint8Array,
  ): number | undefined {
    const { parityLength, dataLength } = this.#layout.blocks;
    const parityStart = dataLength + block * parityLength;
    const certainties = Array.from({ length: length + parityLength }, (_, position) =>
      this.#certaintyOf(position < length ? start + position : parityStart + position - length),
    );
    const doubtful = [...certainties.keys()].sort(
      (a, b) => (certainties[a] ?? 0) - (certainties[b] ?? 0),
    );
    const read = codewords.slice(start, start + length);
    const most = Math.floor(parityLength * ERASED_AT_MOST);
    for (let count = 0; count <= most; count += ERASED_STEP) {
      const erased = doubtful.slice(0, count);
      const errors = corrector.correct(codewords, start, length, difference, erased);
      if (errors === undefined) continue;
      if (this.#isLikely(read, codewords, start)) return errors;
      codewords.set(read, start);
    }
    return undefined;
  }

  /** That of its least certain module. */
  #certaintyOf(codeword: number): number {
    let least = Infinity;
    for (let bit = 0; bit < 8; bit++) {
      least = Math.min(least, this.#certainty[this.#layout.places[codeword * 8 + bit] ?? 0] ?? 0);
    }
    return least;
  }

  /** Whether the modules that a repair has turned were doubtful, taken together. */
  #isLikely(read: Uint8Array, codewords: Uint8Array, start: number): boolean {
    let turned = 0;
    let certainty = 0;
    for (const [at, was] of read.entries()) {
      const differs = was ^ (codewords[start + at] ?? 0);
      for (let bit = 0; bit < 8; bit++) {
        if (((differs >> (7 - bit)) & 1) === 0) continue;
        turned++;
        certainty += this.#certainty[this.#layout.places[(start + at) * 8 + bit] ?? 0] ?? 0;
      }
    }
    return certainty <= turned * this.#usual * TURNED_AT_MOST;
  }
}
