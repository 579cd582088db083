/** What both ways of taking dot products share (`dot.ts`, `dot-simd.ts`): types, no arithmetic. */

/** A question rounded to int16: its component i is `levels[i] × step`. */
export interface SteppedVector {
  readonly levels: Int16Array;
  readonly step: number;
}

/**
 * Writes the dot product of every row to `out`, from `offset` on.
 * @param data whole rows of `stride` bytes, a multiple of 16 of at most 2,048
 */
export type DotRows = (
  data: Int8Array,
  stride: number,
  query: SteppedVector,
  out: Float32Array,
  offset: number,
) => void;
