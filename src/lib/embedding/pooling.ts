/** Makes one vector of a text's token vectors. Pure; no masks, since texts are embedded one at a time. */

/**
 * Writes the L2-normalised pool to `vectors` at `offset`; leaves zeros where the pool is zero.
 * @param hidden tokens × dimensions, row-major; at least one token
 */
export function poolInto(
  hidden: Float32Array,
  dimensions: number,
  pooling: 'mean' | 'cls',
  vectors: Float32Array,
  offset: number,
): void {
  const pool = vectors.subarray(offset, offset + dimensions);
  // The mean's divisor goes away in the normalisation.
  const end = pooling === 'cls' ? dimensions : hidden.length;
  for (let from = 0; from < end; from += dimensions)
    for (let dimension = 0; dimension < dimensions; dimension++)
      pool[dimension] = (pool[dimension] ?? 0) + (hidden[from + dimension] ?? 0);
  let squares = 0;
  for (const value of pool) squares += value * value;
  if (squares === 0) return;
  const factor = 1 / Math.sqrt(squares);
  for (let dimension = 0; dimension < dimensions; dimension++)
    pool[dimension] = (pool[dimension] ?? 0) * factor;
}
