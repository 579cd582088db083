/** The shapes that the tests go through, and how they make bytes, damage and pictures. */
import fc from 'fast-check';
import type { Ecc, SymbolShape } from '../../../src/lib/qr';
import { payloadCapacity, symbolSize } from '../../../src/lib/qr';

export const LEVELS: readonly Ecc[] = ['L', 'M', 'Q', 'H'];
export const VERSIONS = Array.from({ length: 40 }, (_, i) => i + 1);
export const MASKS = [0, 1, 2, 3, 4, 5, 6, 7];

/** Every version at every level. */
export const SIZES = VERSIONS.flatMap((version) => LEVELS.map((ecc) => ({ version, ecc })));

export const anyMask = fc.integer({ min: 0, max: 7 });

/** Payloads that a shape holds, the full one among them. */
export function anyPayload(size: { version: number; ecc: Ecc }): fc.Arbitrary<Uint8Array> {
  const capacity = payloadCapacity({ ...size, mask: 0 });
  return fc.oneof(
    fc.uint8Array({ maxLength: capacity, size: 'max' }),
    fc.uint8Array({ minLength: capacity, maxLength: capacity, size: 'max' }),
  );
}

/** Bytes without a pattern, the same ones for the same seed (xorshift32). */
export function noise(length: number, seed: number): Uint8Array {
  let state = (2 * seed + 1) | 0;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 24;
  });
}

/** Grey pixels of a symbol: each module `scale` pixels a side, `quiet` light modules around. */
export function toPicture(modules: Uint8Array, shape: SymbolShape, scale: number, quiet = 4) {
  const size = symbolSize(shape.version);
  const side = (size + 2 * quiet) * scale;
  const luma = new Uint8Array(side * side).fill(255);
  for (let y = 0; y < size * scale; y++) {
    for (let x = 0; x < size * scale; x++) {
      const dark = modules[Math.floor(y / scale) * size + Math.floor(x / scale)] === 1;
      if (dark) luma[(y + quiet * scale) * side + x + quiet * scale] = 0;
    }
  }
  return { luma, side };
}
