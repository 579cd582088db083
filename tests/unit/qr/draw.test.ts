import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidError } from '../../../src/lib/errors';
import { drawWithQrcode, payloadCapacity, SymbolDrawer, symbolSize } from '../../../src/lib/qr';
import { anyMask, anyPayload, MASKS, noise, SIZES } from './shapes';

describe('SymbolDrawer', () => {
  it('draws what qrcode draws, at every version, level and mask', () => {
    for (const size of SIZES) {
      for (const mask of MASKS) {
        const shape = { ...size, mask };
        const drawer = new SymbolDrawer(shape);
        const capacity = payloadCapacity(shape);
        const payload = noise(Math.floor((capacity * (mask + 1)) / 8), size.version * 8 + mask);
        const ours = new Uint8Array(drawer.size ** 2);
        const theirs = new Uint8Array(drawer.size ** 2);
        drawer.draw(payload, ours);
        drawWithQrcode(payload, shape, theirs);
        expect(firstDifference(ours, theirs), JSON.stringify(shape)).toBe(-1);
      }
    }
  });

  it('draws what qrcode draws, for any bytes', () => {
    const anyCase = fc
      .constantFrom(...SIZES.filter(({ version }) => version <= 12))
      .chain((size) =>
        fc.record({ size: fc.constant(size), mask: anyMask, payload: anyPayload(size) }),
      );
    fc.assert(
      fc.property(anyCase, ({ size, mask, payload }) => {
        const shape = { ...size, mask };
        const side = symbolSize(shape.version);
        const ours = new Uint8Array(side ** 2);
        const theirs = new Uint8Array(side ** 2);
        new SymbolDrawer(shape).draw(payload, ours);
        drawWithQrcode(payload, shape, theirs);
        expect(firstDifference(ours, theirs)).toBe(-1);
      }),
    );
  });

  it('leaves nothing of the symbol before: neither in itself nor in the target', () => {
    const shape = { version: 7, ecc: 'Q', mask: 5 } as const;
    const used = new SymbolDrawer(shape);
    const target = new Uint8Array(used.size ** 2).fill(7);
    used.draw(noise(payloadCapacity(shape), 1), target);
    used.draw(noise(5, 2), target);
    const fresh = new Uint8Array(used.size ** 2);
    new SymbolDrawer(shape).draw(noise(5, 2), fresh);
    expect(target).toEqual(fresh);
  });

  it('refuses a payload over the capacity and a target of another size, and draws nothing', () => {
    const shape = { version: 3, ecc: 'M', mask: 0 } as const;
    const capacity = payloadCapacity(shape);
    const target = new Uint8Array(symbolSize(3) ** 2).fill(9);
    for (const draw of [
      (payload: Uint8Array, to: Uint8Array) => new SymbolDrawer(shape).draw(payload, to),
      (payload: Uint8Array, to: Uint8Array) => drawWithQrcode(payload, shape, to),
    ]) {
      expect(() => draw(new Uint8Array(capacity + 1), target)).toThrow(InvalidError);
      expect(() => draw(new Uint8Array(1), new Uint8Array(target.length + 1))).toThrow(
        InvalidError,
      );
      expect(target.every((module) => module === 9)).toBe(true);
      expect(() => draw(new Uint8Array(capacity), target.slice())).not.toThrow();
    }
  });

  it.each([
    { version: 0, ecc: 'L', mask: 0 },
    { version: 41, ecc: 'L', mask: 0 },
    { version: 1.5, ecc: 'L', mask: 0 },
    { version: 1, ecc: 'L', mask: 8 },
    { version: 1, ecc: 'L', mask: -1 },
    { version: 1, ecc: 'L', mask: NaN },
  ] as const)('refuses the shape %o', (shape) => {
    expect(() => new SymbolDrawer(shape)).toThrow(InvalidError);
    expect(() => payloadCapacity(shape)).toThrow(InvalidError);
  });
});

describe('payloadCapacity', () => {
  // ISO/IEC 18004, table 7, byte mode.
  it.each([
    [1, 'L', 17],
    [1, 'H', 7],
    [9, 'L', 230],
    [10, 'L', 271],
    [22, 'M', 779],
    [40, 'L', 2953],
    [40, 'M', 2331],
    [40, 'Q', 1663],
    [40, 'H', 1273],
  ] as const)('%i-%s holds %i bytes', (version, ecc, bytes) => {
    expect(payloadCapacity({ version, ecc, mask: 0 })).toBe(bytes);
  });
});

/** The index of the first module that differs; a report of 31,329 modules helps nobody. */
function firstDifference(a: Uint8Array, b: Uint8Array): number {
  return a.findIndex((module, i) => module !== b[i]);
}
