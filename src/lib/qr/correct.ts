/**
 * Finds and repairs wrong codewords of one Reed-Solomon block: syndromes, Berlekamp-Massey, Chien,
 * Forney. Only for blocks that parity.ts found not to agree: it is not on the fast path.
 *
 * Corrects up to half the parity codewords; of those that are known to be doubtful, twice as many. (The standard keeps one to three of them back in
 * versions 1 to 3, table 9 note b, as a guard against a wrong repair; the reader's check of mode,
 * count, terminator and padding is that guard here.)
 */
import { EXP, LOG, multiply } from './field';

export class Corrector {
  readonly #parityLength: number;
  readonly #syndromes: Uint8Array;
  /** Error locator, lowest coefficient first; so are the others. */
  #locator: Uint8Array;
  #earlier: Uint8Array;
  #spare: Uint8Array;
  readonly #evaluator: Uint8Array;
  /** Powers of x at which errors stand: 0 is the block's last codeword. */
  readonly #powers: Uint8Array;

  constructor(parityLength: number) {
    this.#parityLength = parityLength;
    this.#syndromes = new Uint8Array(parityLength);
    this.#locator = new Uint8Array(parityLength + 1);
    this.#earlier = new Uint8Array(parityLength + 1);
    this.#spare = new Uint8Array(parityLength + 1);
    this.#evaluator = new Uint8Array(parityLength);
    this.#powers = new Uint8Array(parityLength);
  }

  /**
   * Repairs the data codewords `codewords[start .. start + count - 1]` in place.
   * `difference` is the block's parity as read XOR the parity of its data as read.
   * `erased` are positions in the block, data first, whose codewords may be anything: each takes one
   * parity codeword, where an error of unknown place takes two.
   * Returns how many codewords of the block (data and parity) were wrong, erased ones that were right
   * included, or undefined when they are more than can be repaired; nothing has been written then.
   */
  correct(
    codewords: Uint8Array,
    start: number,
    count: number,
    difference: Uint8Array,
    erased: readonly number[] = [],
  ): number | undefined {
    this.#findSyndromes(difference);
    const length = count + this.#parityLength;
    const errors = this.#findLocator(erased.map((position) => length - 1 - position));
    if (2 * errors - erased.length > this.#parityLength) return undefined;
    if (this.#findPowers(errors, length) !== errors) return undefined;
    this.#findEvaluator(errors);
    // A locator of degree `errors` with as many distinct roots generates all syndromes, so the
    // values below make the block a codeword: no second check can fail.
    for (let k = 0; k < errors; k++) {
      const power = this.#powers[k]!; // `k` is below `errors`: filled above
      const at = start + length - 1 - power;
      if (at < start + count) codewords[at] = codewords[at]! ^ this.#errorAt(power, errors);
    }
    return errors;
  }

  /** The block as read at 2^j equals its remainder there, as the generator is zero at 2^j. */
  #findSyndromes(difference: Uint8Array): void {
    for (let j = 0; j < this.#parityLength; j++) {
      let sum = 0;
      // `i` is below the parity length, which both arrays have; `multiply` takes bytes.
      for (let i = 0; i < this.#parityLength; i++) sum = multiply(sum, EXP[j]!) ^ difference[i]!;
      this.#syndromes[j] = sum;
    }
  }

  /**
   * Berlekamp-Massey: the shortest recurrence of the syndromes that has the erased powers among its
   * roots (Blahut's way: it begins with those). Returns its length.
   */
  #findLocator(erased: readonly number[]): number {
    const syndromes = this.#syndromes;
    this.#locator.fill(0)[0] = 1;
    for (const [at, power] of erased.entries()) {
      // Times (1 - 2^power x); `i` is at most the number of erasures, at most the parity length.
      for (let i = at + 1; i > 0; i--) {
        this.#locator[i] = this.#locator[i]! ^ multiply(EXP[power]!, this.#locator[i - 1]!);
      }
    }
    this.#earlier.set(this.#locator);
    let length = erased.length;
    let shift = 1;
    let earlierDiscrepancy = 1;
    // Indices: `i` at most `length`, itself at most `n + 1`, within the arrays' parity length + 1.
    for (let n = erased.length; n < this.#parityLength; n++) {
      let discrepancy = syndromes[n]!;
      for (let i = 1; i <= length; i++) {
        discrepancy ^= multiply(this.#locator[i]!, syndromes[n - i]!);
      }
      if (discrepancy === 0) {
        shift++;
        continue;
      }
      const factor = EXP[LOG[discrepancy]! + 255 - LOG[earlierDiscrepancy]!]!;
      const longer = 2 * length <= n + erased.length;
      if (longer) this.#spare.set(this.#locator);
      for (let i = shift; i < this.#locator.length; i++) {
        this.#locator[i] = this.#locator[i]! ^ multiply(factor, this.#earlier[i - shift]!);
      }
      if (longer) {
        [this.#earlier, this.#spare] = [this.#spare, this.#earlier];
        length = n + 1 - length + erased.length;
        earlierDiscrepancy = discrepancy;
        shift = 1;
      } else {
        shift++;
      }
    }
    return length;
  }

  /** Chien search: the locator's roots among the block's positions. Returns how many it found. */
  #findPowers(errors: number, length: number): number {
    let found = 0;
    for (let power = 0; power < length && found < errors; power++) {
      if (evaluate(this.#locator, errors + 1, 255 - power) !== 0) continue;
      this.#powers[found++] = power;
    }
    return found;
  }

  /** Syndromes times locator, the terms below x^errors. */
  #findEvaluator(errors: number): void {
    for (let i = 0; i < errors; i++) {
      let sum = 0;
      // `j` and `i - j` are below `errors`, at most half of either array.
      for (let j = 0; j <= i; j++) sum ^= multiply(this.#locator[j]!, this.#syndromes[i - j]!);
      this.#evaluator[i] = sum;
    }
  }

  /** Forney: what was added to the codeword at `power`, for a generator whose roots start at 1. */
  #errorAt(power: number, errors: number): number {
    const inverse = 255 - power;
    let derivative = 0;
    // Only odd terms survive in a field of characteristic 2. `i` is at most `errors`.
    for (let i = 1; i <= errors; i += 2) {
      derivative ^= multiply(this.#locator[i]!, EXP[(inverse * (i - 1)) % 255]!);
    }
    const value = evaluate(this.#evaluator, errors, inverse);
    // The roots are distinct, so the derivative is not zero and has a logarithm.
    return multiply(multiply(EXP[power]!, value), EXP[255 - LOG[derivative]!]!);
  }
}

/** The polynomial of `length` coefficients at 2^exponent. */
function evaluate(polynomial: Uint8Array, length: number, exponent: number): number {
  const x = EXP[exponent]!; // 0 to 255, both callers count down from 255
  let sum = 0;
  for (let i = length - 1; i >= 0; i--) sum = multiply(sum, x) ^ polynomial[i]!; // `i` < length
  return sum;
}
