/** Laws of the container: what was written is what is opened, and cutting and joining undo each other. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidError } from '../../../src/lib/errors';
import { concatenate } from '../../../src/lib/video/boxes';
import { joinMp4 } from '../../../src/lib/video/join';
import { layoutMovie, writeMp4 } from '../../../src/lib/video/mp4';
import { openMp4 } from '../../../src/lib/video/mp4-index';
import {
  AV1_CONFIGURATION,
  AVC_CONFIGURATION,
  compactFrames,
  metadataArbitrary,
  samplesArbitrary,
  SparseBlob,
} from './segments';

async function joined(segments: Blob[], metadata: Record<string, string>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(joinMp4(segments, metadata)).arrayBuffer());
}

describe('write and open', () => {
  test('open(write(x)) = x', async () => {
    await fc.assert(
      fc.asyncProperty(samplesArbitrary, metadataArbitrary, async (samples, metadata) => {
        const bytes = await writeMp4([compactFrames(samples)], metadata);
        for (const file of [new Blob([bytes]), bytes]) {
          const mp4 = await openMp4(file);
          expect(await mp4.samples(0, mp4.frames)).toEqual(samples);
          expect(await mp4.sample(samples.length - 1)).toEqual(samples.at(-1));
          expect(mp4.metadata).toEqual(metadata);
          expect(mp4.codec).toBe('av01.0.00M.08');
          expect(mp4.decoderConfig).toEqual(AV1_CONFIGURATION);
          expect([mp4.width, mp4.height, mp4.frames]).toEqual([192, 192, samples.length]);
          expect(mp4.runs).toHaveLength(1);
        }
      }),
      { numRuns: 25 },
    );
  });

  test('a part of the samples', async () => {
    const samples = Array.from({ length: 250 }, (_, i) => Uint8Array.of(i, i));
    const mp4 = await openMp4(new Blob([await writeMp4([compactFrames(samples)], {})]));
    expect(await mp4.samples(118, 123)).toEqual(samples.slice(118, 123));
    expect(await mp4.samples(7, 7)).toEqual([]);
    await expect(mp4.samples(0, 251)).rejects.toThrow(RangeError);
    await expect(mp4.sample(250)).rejects.toThrow(RangeError);
    await expect(mp4.sample(-1)).rejects.toThrow(RangeError);
  });

  test('H.264 has its own boxes', async () => {
    const part = {
      profile: 'universal',
      codec: 'avc1.4d401f',
      decoderConfig: AVC_CONFIGURATION,
      samples: [Uint8Array.of(1)],
    } as const;
    const mp4 = await openMp4(
      new Blob([await writeMp4([{ ...part, samples: [...part.samples] }], {})]),
    );
    expect([mp4.codec, mp4.width, mp4.height]).toEqual(['avc1.4d401f', 752, 752]);
    expect(mp4.decoderConfig).toEqual(AVC_CONFIGURATION);
  });

  test('the order of keys does not show', async () => {
    const part = compactFrames([Uint8Array.of(1)]);
    expect(await writeMp4([part], { b: '1', a: '2' })).toEqual(
      await writeMp4([part], { a: '2', b: '1' }),
    );
  });

  test('parts of different configurations are refused, and no frames', async () => {
    const a = compactFrames([Uint8Array.of(1)]);
    const b = { ...a, decoderConfig: Uint8Array.of(...AV1_CONFIGURATION, 0) };
    await expect(writeMp4([a, b], {})).rejects.toThrow(InvalidError);
    await expect(writeMp4([], {})).rejects.toThrow(InvalidError);
    await expect(writeMp4([compactFrames([])], {})).rejects.toThrow(InvalidError);
  });
});

describe('join', () => {
  test('join(cut(x)) = x, byte for byte, wherever it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        samplesArbitrary,
        metadataArbitrary,
        fc.array(fc.nat(300), { maxLength: 5 }),
        async (samples, metadata, cuts) => {
          const whole = await writeMp4([compactFrames(samples)], metadata);
          const edges = [...new Set([0, ...cuts.map((cut) => cut % samples.length)])];
          edges.sort((a, b) => a - b);
          const segments = await Promise.all(
            edges.map(async (from, i) => {
              const cut = samples.slice(from, edges[i + 1]);
              return new Blob([await writeMp4([compactFrames(cut)], { name: String(i) })]);
            }),
          );
          expect(await joined(segments, metadata)).toEqual(whole);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('blocks are bounded, and progress ends at the whole', async () => {
    const big = new Uint8Array(3_000_000).fill(7);
    const segment = new Blob([await writeMp4([compactFrames([big])], {})]);
    const steps: [number, number][] = [];
    const options = { onProgress: (done: number, total: number) => steps.push([done, total]) };
    let bytes = 0;
    for await (const block of joinMp4([segment, segment], {}, options)) {
      expect(block.length).toBeLessThanOrEqual(2 ** 20);
      bytes += block.length;
    }
    expect(steps.at(-1)).toEqual([bytes, bytes]);
    expect(bytes).toBeGreaterThan(6_000_000);
  });

  test('segments that differ, or none, are refused', async () => {
    const a = new Blob([await writeMp4([compactFrames([Uint8Array.of(1)])], {})]);
    const other = {
      profile: 'universal' as const,
      codec: 'avc1.4d401f',
      decoderConfig: AVC_CONFIGURATION,
      samples: [Uint8Array.of(1)],
    };
    const b = new Blob([await writeMp4([other], {})]);
    const sameCodec = {
      ...compactFrames([Uint8Array.of(1)]),
      decoderConfig: Uint8Array.of(...AV1_CONFIGURATION, 0),
    };
    const c = new Blob([await writeMp4([sameCodec], {})]);
    await expect(joined([a, b], {})).rejects.toThrow(InvalidError);
    await expect(joined([a, c], {})).rejects.toThrow(InvalidError);
    await expect(joined([], {})).rejects.toThrow(InvalidError);
  });

  test('an aborted join fails with the reason', async () => {
    const segment = new Blob([await writeMp4([compactFrames([new Uint8Array(3e6)])], {})]);
    const controller = new AbortController();
    const reason = new Error('enough');
    const reader = joinMp4([segment], {}, { signal: controller.signal }).getReader();
    await reader.read();
    controller.abort(reason);
    await expect(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    ).rejects.toBe(reason);
  });
});

describe('beyond 4 GiB', () => {
  const track = {
    codec: 'av01.0.00M.08',
    decoderConfig: AV1_CONFIGURATION,
    width: 192,
    height: 192,
  };
  const sizes = new Uint32Array(400).fill(16 * 2 ** 20);
  sizes[399] = 5;
  const total = sizes.reduce((sum, size) => sum + size, 0);

  test('offsets and mdat take 64 bits, and samples are found', async () => {
    const head = layoutMovie(track, sizes, {});
    const mp4 = await openMp4(new SparseBlob(head, head.length + total));
    expect(mp4.runs).toEqual([{ start: head.length, end: head.length + total }]);
    expect(await mp4.sample(399)).toHaveLength(5);
    expect(Buffer.from(head).includes('co64')).toBe(true);
  });

  test('below, they take 32', () => {
    const head = layoutMovie(track, sizes.subarray(0, 255), {});
    expect(Buffer.from(head).includes('stco')).toBe(true);
  });

  test('segments below join to a file above', async () => {
    const half = sizes.subarray(0, 200);
    const head = layoutMovie(track, half, {});
    const bytes = half.reduce((sum, size) => sum + size, 0);
    const segment = new SparseBlob(head, head.length + bytes);
    const reader = joinMp4([segment, segment], {}).getReader();
    const first = (await reader.read()).value ?? new Uint8Array();
    await reader.cancel();
    const twice = new Uint32Array(400).fill(16 * 2 ** 20);
    expect(first).toEqual(concatenate([layoutMovie(track, twice, {})]));
    expect(Buffer.from(first).includes('co64')).toBe(true);
  });
});
