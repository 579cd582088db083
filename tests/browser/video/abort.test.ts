/** Aborting rejects with the signal's own reason, and leaves everything usable. */
import { afterAll, describe, expect, test } from 'vitest';
import { WorkerLostError } from '../../../src/lib/errors';
import { disposeEncoders, encodeFrames } from '../../../src/lib/video/encode';
import { FrameReader } from '../../../src/lib/video/read';
import { encodeToBlob, randomPayloads } from './payloads';

afterAll(disposeEncoders);

class Enough extends Error {}

describe.each(['compact', 'universal'] as const)('%s', (profile) => {
  test('in the middle of encoding, then encode again', async () => {
    const controller = new AbortController();
    const reason = new Enough();
    const limit = profile === 'compact' ? 20 : 3;
    let taken = 0;
    const endless = function* (): Generator<Uint8Array> {
      for (;;) {
        if (++taken === limit) controller.abort(reason);
        yield crypto.getRandomValues(new Uint8Array(100));
      }
    };
    const encoding = encodeFrames(profile, endless(), { signal: controller.signal });
    await expect(encoding).rejects.toBe(reason);
    expect(taken).toBe(limit);
    const { samples } = await encodeFrames(profile, randomPayloads(2));
    expect(samples).toHaveLength(2);
  });

  test('before the first frame', async () => {
    const reason = new Enough();
    const encoding = encodeFrames(profile, randomPayloads(1), {
      signal: AbortSignal.abort(reason),
    });
    await expect(encoding).rejects.toBe(reason);
  });

  test('in the middle of reading, then read again', async () => {
    const reader = new FrameReader();
    await reader.open('s', await encodeToBlob(profile, randomPayloads(12)));
    const indices = Array.from({ length: 12 }, (_, index) => index);
    const controller = new AbortController();
    const reason = new Enough();
    const seen: number[] = [];
    const reading = reader.readPayloads('s', indices, {
      signal: controller.signal,
      onPayload: (index) => {
        seen.push(index);
        if (index === 4) controller.abort(reason);
      },
    });
    await expect(reading).rejects.toBe(reason);
    expect(seen).toEqual([0, 1, 2, 3, 4]);
    await reader.readPayloads('s', [11], { onPayload: (index) => seen.push(index) });
    expect(seen.at(-1)).toBe(11);
    reader.close();
  });
});

test('while ffmpeg is at work: its worker ends, and the next call has a new one', async () => {
  const controller = new AbortController();
  const reason = new Enough();
  const payloads = async function* (): AsyncGenerator<Uint8Array> {
    yield* randomPayloads(63);
    // The last one of the run: once it is taken, the run begins.
    queueMicrotask(() => setTimeout(() => controller.abort(reason)));
    yield await Promise.resolve(new Uint8Array(1));
  };
  const encoding = encodeFrames('universal', payloads(), { signal: controller.signal });
  await expect(encoding).rejects.toBe(reason);
  const { samples } = await encodeFrames('universal', randomPayloads(1));
  expect(samples).toHaveLength(1);
});

test('disposing while ffmpeg is at work rejects, and the next call works', async () => {
  const payloads = async function* (): AsyncGenerator<Uint8Array> {
    yield* randomPayloads(63);
    queueMicrotask(() => setTimeout(disposeEncoders));
    yield await Promise.resolve(new Uint8Array(1));
  };
  await expect(encodeFrames('universal', payloads())).rejects.toThrow(WorkerLostError);
  expect((await encodeFrames('universal', randomPayloads(1))).samples).toHaveLength(1);
});
