import { expect, it } from 'vitest';
import {
  drawWithQrcode,
  payloadCapacity,
  readPicture,
  SymbolDrawer,
  SymbolReader,
} from '../../../src/lib/qr';
import { noise, toPicture } from '../../unit/qr/shapes';

const shape = { version: 40, ecc: 'L', mask: 3 } as const;

it('reads pictures with zxing, whose wasm comes from our own origin and nowhere else', async () => {
  performance.clearResourceTimings();
  const { payload, modules } = symbol();
  for (const scale of [2, 3]) {
    const { luma, side } = toPicture(modules, shape, scale);
    expect(await readPicture(luma, side, side)).toEqual({ payload, reader: 'zxing' });
  }
  const fetched = performance
    .getEntriesByType('resource')
    .filter((entry) => entry instanceof PerformanceResourceTiming)
    .map(({ name, initiatorType }) => ({ url: new URL(name), initiatorType }));
  // One load for both pictures; the module that only tells the URL is a script.
  const wasm = fetched.filter(
    ({ url, initiatorType }) => initiatorType === 'fetch' && url.pathname.endsWith('.wasm'),
  );
  expect(wasm.map(({ url }) => url.pathname)).toEqual([
    expect.stringMatching(/zxing_reader[^/]*\.wasm$/),
  ]);
  const foreign = fetched.filter(({ url }) => url.origin !== location.origin);
  expect(foreign.map(({ url }) => url.href)).toEqual([]);
});

it('finds nothing in noise', async () => {
  expect(await readPicture(noise(300 * 200, 4), 300, 200)).toBeUndefined();
});

it('draws as qrcode does, and reads it back, in the browser too', () => {
  const { payload, modules } = symbol();
  const theirs = new Uint8Array(modules.length);
  drawWithQrcode(payload, shape, theirs);
  expect(modules.findIndex((module, i) => module !== theirs[i])).toBe(-1);
  expect(new SymbolReader(shape).read(modules)).toEqual({ payload, corrected: 0 });
});

it('does all of it in a worker', async () => {
  const worker = new Worker(new URL('./picture.worker.ts', import.meta.url), { type: 'module' });
  const payload = noise(200, 15);
  const answer = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  worker.postMessage(payload);
  expect(await answer).toEqual({
    grid: { payload, corrected: 0 },
    picture: { payload, reader: 'zxing' },
  });
  worker.terminate();
});

function symbol() {
  const drawer = new SymbolDrawer(shape);
  const payload = noise(payloadCapacity(shape), 40);
  const modules = new Uint8Array(drawer.size ** 2);
  drawer.draw(payload, modules);
  return { payload, modules };
}
