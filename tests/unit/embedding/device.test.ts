/** A model runs on WebGPU where that gives the same vectors, and sooner: nowhere else. */
import { beforeEach, expect, test, vi } from 'vitest';
import { hasGpu, tryGpu } from '../../../src/lib/embedding/device';
import type { EmbeddingModel } from '../../../src/lib/embedding/model';

let now = 0;
beforeEach(() => {
  now = 0;
  vi.stubGlobal('crossOriginIsolated', false);
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  return () => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  };
});

/** A model of two dimensions that takes so long for each text, and turns its vectors by an angle. */
function model(cost: number, angle = 0): EmbeddingModel & { readonly disposed: boolean } {
  let disposed = false;
  return {
    ...{ id: 'm', dimensions: 2 },
    embed: (texts, kind) => {
      now += cost * texts.length;
      const turned = texts.map((text) => text.length + (kind === 'query' ? 1 : 0) + angle);
      return Promise.resolve(
        Float32Array.from(turned.flatMap((at) => [Math.cos(at), Math.sin(at)])),
      );
    },
    dispose: () => {
      disposed = true;
    },
    get disposed() {
      return disposed;
    },
  };
}

test('is used where it gives the same vectors sooner', async () => {
  const gpu = model(2);
  const trial = await tryGpu(model(6), () => Promise.resolve(gpu));
  expect(trial).toEqual({
    works: true,
    detail: expect.stringContaining('3.0') as string,
    model: gpu,
  });
  expect(gpu.disposed).toBe(false);
});

test.each([
  ['other vectors', 1, 0.2, /other vectors/],
  ['vectors that are no numbers', 1, NaN, /other vectors/],
  ['no gain', 10, 0, /1\.0 times/],
  ['a loss', 40, 0, /0\.3 times/],
])('is left where it gives %s', async (_, cost, angle, why) => {
  const gpu = model(cost, angle);
  const trial = await tryGpu(model(10), () => Promise.resolve(gpu));
  expect(trial).toEqual({ works: false, detail: expect.stringMatching(why) as string });
  expect(gpu.disposed).toBe(true);
});

test('is left where the model does not load, or fails', async () => {
  const failing = model(1);
  failing.embed = () => Promise.reject(new Error('device lost'));
  for (const load of [
    () => Promise.reject(new Error('device lost')),
    () => Promise.resolve(failing),
  ]) {
    const trial = await tryGpu(model(10), load);
    expect(trial).toEqual({
      works: false,
      detail: expect.stringContaining('device lost') as string,
    });
  }
});

test('needs an adapter, not only the interface', async () => {
  const answers = [undefined, { requestAdapter: () => Promise.resolve(null) }];
  const refusing = { requestAdapter: () => Promise.reject(new Error('blocked')) };
  for (const gpu of [...answers, refusing]) {
    vi.stubGlobal('navigator', { gpu });
    expect(await hasGpu()).toBe(false);
  }
  vi.stubGlobal('navigator', { gpu: { requestAdapter: () => Promise.resolve({}) } });
  expect(await hasGpu()).toBe(true);
});
