/**
 * Room for the scores of one question, used again by the next, of whichever version: questions are
 * answered one after another. Versions by themselves keep a byte a row.
 */
export class ScoreBuffers {
  #words = new Float64Array(0);
  #dots = new Float32Array(0);

  /** A place a row for scores by words; holds whatever was last written. */
  words(rows: number): Float64Array {
    if (this.#words.length < rows) this.#words = new Float64Array(rows);
    return this.#words.subarray(0, rows);
  }

  /** A place a row for dot products; holds whatever was last written. */
  dots(rows: number): Float32Array {
    if (this.#dots.length < rows) this.#dots = new Float32Array(rows);
    return this.#dots.subarray(0, rows);
  }
}
