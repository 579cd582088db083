/**
 * The best rows seen so far, in a heap of fixed size: no sorting of everything.
 * Higher scores are better; of equal scores the lower row is, so that answers never vary.
 */
export class TopRows {
  readonly #size: number;
  /** A heap with the worst row at its root. */
  readonly #rows: Int32Array;
  readonly #scores: Float64Array;
  #length = 0;

  constructor(size: number) {
    this.#size = size;
    this.#rows = new Int32Array(size);
    this.#scores = new Float64Array(size);
  }

  /** Offers a row; in the usual case (not among the best) one comparison. */
  offer(row: number, score: number): void {
    if (this.#length < this.#size) this.#rise(row, score);
    else if (this.#size > 0 && this.#isWorse(0, row, score)) this.#sink(row, score, this.#length);
  }

  /** The rows from best to worst. Empties the heap. */
  take(): Int32Array {
    const best = new Int32Array(this.#length);
    while (this.#length > 0) {
      best[this.#length - 1] = this.#rows[0] ?? 0;
      const last = --this.#length;
      this.#sink(this.#rows[last] ?? 0, this.#scores[last] ?? 0, last);
    }
    return best;
  }

  /** Whether the row at a place of the heap is worse than the given one. */
  #isWorse(at: number, row: number, score: number): boolean {
    const other = this.#scores[at] ?? 0;
    return other < score || (other === score && (this.#rows[at] ?? 0) > row);
  }

  #rise(row: number, score: number): void {
    let at = this.#length++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#isWorse(parent, row, score)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#rows[at] = row;
    this.#scores[at] = score;
  }

  #sink(row: number, score: number, length: number): void {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      const right = child + 1;
      if (right < length && this.#isWorse(right, this.#rows[child] ?? 0, this.#scores[child] ?? 0))
        child = right;
      if (!this.#isWorse(child, row, score)) break;
      this.#move(child, at);
      at = child;
    }
    this.#rows[at] = row;
    this.#scores[at] = score;
  }

  #move(from: number, to: number): void {
    this.#rows[to] = this.#rows[from] ?? 0;
    this.#scores[to] = this.#scores[from] ?? 0;
  }
}
