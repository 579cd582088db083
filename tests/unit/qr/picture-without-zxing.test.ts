/** In Node the wasm's URL is a path without an origin: zxing cannot load, which is the defect here. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readPicture, SymbolDrawer } from '../../../src/lib/qr';
import { noise, toPicture } from './shapes';

const shape = { version: 12, ecc: 'M', mask: 2 } as const;

// The package reports a failed load on the console as well.
beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => undefined));
afterEach(() => void vi.restoreAllMocks());

it('reads with jsQR, and says so', async () => {
  const drawer = new SymbolDrawer(shape);
  const modules = new Uint8Array(drawer.size ** 2);
  drawer.draw(noise(200, 6), modules);
  const { luma, side } = toPicture(modules, shape, 3);
  for (let again = 0; again < 2; again++) {
    expect(await readPicture(luma, side, side)).toEqual({
      payload: noise(200, 6),
      reader: 'jsqr',
    });
  }
});

it('throws, rather than say that there is no symbol, when jsQR finds none', async () => {
  await expect(readPicture(noise(100 * 100, 5), 100, 100)).rejects.toThrow(/wasm|URL|fetch/i);
});
