/**
 * The field GF(256) of ISO/IEC 18004, 7.5.2: bytes modulo x^8 + x^4 + x^3 + x^2 + 1 (0x11d), with
 * the generator 2. Tables only; the Reed-Solomon code over it is in parity.ts and correct.ts.
 */

/** 2^i for i of 0 to 509: twice round, so that a sum of two logarithms needs no modulo. */
export const EXP = new Uint8Array(510);
/** The logarithm to base 2 of 1 to 255. Entry 0 means nothing: zero has no logarithm. */
export const LOG = new Uint8Array(256);

for (let i = 0, power = 1; i < 255; i++) {
  EXP[i] = power;
  EXP[i + 255] = power;
  LOG[power] = i;
  power <<= 1;
  if (power > 255) power ^= 0x11d;
}

/** The product of two bytes as field elements. */
export function multiply(a: number, b: number): number {
  if (a === 0 || b === 0) return 0;
  // Bytes index LOG within 256, and two logarithms sum to at most 508.
  return EXP[LOG[a]! + LOG[b]!]!;
}
