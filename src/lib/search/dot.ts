/**
 * Dot products of one question with many rows of int8, the inner loop of the exact search.
 * WebAssembly SIMD where the browser has it, else plain TypeScript with the same results but for
 * float32 rounding. It knows rows only: files, scales and deleted rows are `vectors.ts`'s matter.
 */
import type { DotRows, SteppedVector } from './dot-rows';
import { simdDotRows } from './dot-simd';

/** Rounds a question to int16, its largest component to 32,767; padded with zeros to `length`. */
export function stepsOf(query: Float32Array, length: number): SteppedVector {
  let largest = 0;
  for (const component of query) largest = Math.max(largest, Math.abs(component));
  const levels = new Int16Array(length);
  if (largest === 0) return { levels, step: 0 };
  const step = largest / 32_767;
  for (let i = 0; i < query.length; i++) levels[i] = Math.round((query[i] ?? 0) / step);
  return { levels, step };
}

/** The plain way. Sums are integers below 2^53, hence exact, whatever the order. */
export const plainDotRows: DotRows = (data, stride, { levels, step }, out, offset) => {
  // As doubles: int32 sums could overflow, and wrapping them is no faster (100,000 × 128: 30 ms against 23).
  const query = Float64Array.from(levels);
  const rows = data.length / stride;
  let at = 0;
  for (let row = 0; row < rows; row++) {
    let [a, b, c, d] = [0, 0, 0, 0];
    for (let i = 0; i < stride; i += 4, at += 4) {
      a += (data[at] ?? 0) * (query[i] ?? 0);
      b += (data[at + 1] ?? 0) * (query[i + 1] ?? 0);
      c += (data[at + 2] ?? 0) * (query[i + 2] ?? 0);
      d += (data[at + 3] ?? 0) * (query[i + 3] ?? 0);
    }
    out[offset + row] = (a + b + c + d) * step;
  }
};

let chosen: DotRows | undefined;

/** The faster way that works here. */
export const dotRows: DotRows = (data, stride, query, out, offset) => {
  chosen ??= simdDotRows() ?? plainDotRows;
  chosen(data, stride, query, out, offset);
};
