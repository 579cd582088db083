/** The wasm comes through a data URL here, as Node has no origin; tests/browser/qr has the real one. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import jsQR from 'jsqr';
import { describe, expect, it, vi } from 'vitest';
import { InvalidError } from '../../../src/lib/errors';
import { payloadCapacity, readPicture, SymbolDrawer } from '../../../src/lib/qr';
import type { SymbolShape } from '../../../src/lib/qr';
import { LEVELS, noise, toPicture } from './shapes';

vi.mock('zxing-wasm/reader/zxing_reader.wasm?url', () => {
  const path = createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm');
  return { default: `data:application/wasm;base64,${readFileSync(path).toString('base64')}` };
});

const SHAPES = [1, 2, 7, 14, 25, 40].flatMap((version, i) =>
  LEVELS.map((ecc, j) => ({ version, ecc, mask: (4 * i + j) % 8 })),
);

describe('readPicture', () => {
  it.each(SHAPES)('reads what was drawn, two and three pixels a module: %o', async (shape) => {
    for (const scale of [2, 3]) {
      const { payload, luma, side } = picture(shape, scale);
      expect(await readPicture(luma, side, side)).toEqual({ payload, reader: 'zxing' });
    }
  });

  it('finds a symbol anywhere in a larger picture that is not square', async () => {
    const { payload, luma, side } = picture({ version: 10, ecc: 'M', mask: 4 }, 3);
    const width = 640;
    const height = 480;
    const larger = new Uint8Array(width * height).fill(230);
    for (let y = 0; y < side; y++) {
      larger.set(luma.subarray(y * side, (y + 1) * side), (y + 150) * width + 301);
    }
    expect(await readPicture(larger, width, height)).toEqual({ payload, reader: 'zxing' });
  });

  it('gives bytes, not text: every byte value comes back', async () => {
    const shape = { version: 20, ecc: 'L', mask: 1 } as const;
    const payload = Uint8Array.from({ length: 256 }, (_, i) => 255 - i);
    const { luma, side } = picture(shape, 3, payload);
    expect((await readPicture(luma, side, side))?.payload).toEqual(payload);
  });

  it.each([2, 3])('finds nothing in noise (seed %i), grey, or a single pixel', async (seed) => {
    expect(await readPicture(noise(300 * 200, seed), 300, 200)).toBeUndefined();
    expect(await readPicture(new Uint8Array(64 * 64).fill(80 * seed), 64, 64)).toBeUndefined();
    expect(await readPicture(Uint8Array.of(seed), 1, 1)).toBeUndefined();
  });

  it('takes no symbol without a segment for a reading: jsQR sees one in this noise', async () => {
    const luma = noise(300 * 200, 1);
    expect(readWithJsqr(luma, 300, 200)?.chunks).toEqual([]);
    expect(await readPicture(luma, 300, 200)).toBeUndefined();
  });

  it('reads the symbol of no bytes at all', async () => {
    const { payload, luma, side } = picture(SHAPES[5]!, 3, new Uint8Array()); // of 24
    expect((await readPicture(luma, side, side))?.payload).toEqual(payload);
  });

  it.each([
    [10, 10, 99],
    [10, 10, 101],
    [0, 0, 0],
    [-10, -10, 100],
    [2.5, 4, 10],
  ])('refuses %d x %d from %d bytes', async (width, height, bytes) => {
    await expect(readPicture(new Uint8Array(bytes), width, height)).rejects.toThrow(InvalidError);
  });
});

describe('jsQR, the second reader and an independent witness', () => {
  it.each(SHAPES)('reads what was drawn: %o', (shape) => {
    const { payload, luma, side } = picture(shape, 3);
    expect(Uint8Array.from(readWithJsqr(luma, side, side)?.binaryData ?? [])).toEqual(payload);
  });
});

function readWithJsqr(luma: Uint8Array, width: number, height: number) {
  const rgba = Uint8ClampedArray.from({ length: 4 * luma.length }, (_, i) => luma[i >> 2] ?? 0);
  return jsQR(rgba, width, height, { inversionAttempts: 'dontInvert' });
}

function picture(
  shape: SymbolShape,
  scale: number,
  payload = noise(payloadCapacity(shape), shape.version),
) {
  const drawer = new SymbolDrawer(shape);
  const modules = new Uint8Array(drawer.size ** 2);
  drawer.draw(payload, modules);
  return { payload, ...toPicture(modules, shape, scale) };
}
