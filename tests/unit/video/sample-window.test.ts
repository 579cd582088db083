import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CorruptError } from '../../../src/lib/errors';
import { writeMp4 } from '../../../src/lib/video/mp4';
import { openMp4 } from '../../../src/lib/video/mp4-index';
import { SampleWindows } from '../../../src/lib/video/sample-window';
import { compactFrames } from './segments';

/** A blob that counts its slices, and can be told to fail. */
class CountingBlob extends Blob {
  slices = 0;
  broken = false;

  override slice(start?: number, end?: number): Blob {
    this.slices++;
    if (this.broken) throw new CorruptError('gone');
    return super.slice(start, end);
  }
}

/** `toEqual` looks at each byte by itself. */
const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;

/** A segment of samples of so many bytes, each with its own content. */
async function segmentOf(sizes: readonly number[]) {
  const samples = sizes.map((size, at) => new Uint8Array(size).fill(at % 251));
  const blob = new CountingBlob([await writeMp4([compactFrames(samples)], {})]);
  const mp4 = await openMp4(blob);
  blob.slices = 0;
  return { samples, blob, mp4 };
}

describe('samples read through windows', () => {
  test('are those of the file, in whatever order they are asked for', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 40 });
    const picks = fc.array(fc.array(fc.nat(), { maxLength: 30 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(sizes, sizes, picks, async (one, other, asked) => {
        const segments = [await segmentOf(one), await segmentOf(other)];
        const windows = new SampleWindows();
        for (const [turn, picked] of asked.entries()) {
          const id = turn % 2;
          const segment = segments[id];
          if (!segment) throw new Error('two segments');
          const indices = picked.map((pick) => pick % segment.samples.length);
          const read = await windows.read(String(id), segment.mp4, indices);
          expect(read).toHaveLength(indices.length);
          indices.forEach((index, at) => {
            expect(isSame(read[at], segment.samples[index])).toBe(true);
          });
        }
      }),
      { numRuns: 60 },
    );
  });

  test('bring their neighbours along: those cost no reading', async () => {
    const { blob, mp4, samples } = await segmentOf(Array.from({ length: 400 }, () => 4000));
    const windows = new SampleWindows();
    await windows.read('s', mp4, [200]);
    expect(blob.slices).toBe(1);
    const near = [199, 201, 190, 210];
    expect(await windows.read('s', mp4, near)).toEqual(near.map((at) => samples[at]));
    expect(blob.slices).toBe(1);
  });

  test('are read each once where they all fit, and all at once where a row is asked for', async () => {
    const { blob, mp4 } = await segmentOf(Array.from({ length: 400 }, () => 4000));
    const windows = new SampleWindows();
    for (let at = 0; at < 400; at++) await windows.read('s', mp4, [(at * 37) % 400]);
    const slices = blob.slices;
    expect(slices).toBeLessThan(30);
    for (let at = 0; at < 400; at++) await windows.read('s', mp4, [at]);
    expect(blob.slices).toBe(slices);
    const row = Array.from({ length: 400 }, (_, at) => at);
    await windows.read('s', mp4, row);
    expect(blob.slices).toBe(slices + 1);
  });

  test('do not pile up: what was read long ago is read again', async () => {
    const { blob, mp4 } = await segmentOf(Array.from({ length: 100 }, () => 120_000));
    const windows = new SampleWindows();
    for (let at = 0; at < 100; at++) await windows.read('s', mp4, [at]);
    expect(blob.slices).toBe(100);
    await windows.read('s', mp4, [99]);
    expect(blob.slices).toBe(100);
    await windows.read('s', mp4, [0]);
    expect(blob.slices).toBe(101);
  });

  test('are not kept when reading failed, nor after the segment was forgotten', async () => {
    const { blob, mp4, samples } = await segmentOf([10, 20, 30]);
    const windows = new SampleWindows();
    blob.broken = true;
    await expect(windows.read('s', mp4, [1])).rejects.toThrow(CorruptError);
    blob.broken = false;
    expect(await windows.read('s', mp4, [1])).toEqual([samples[1]]);
    windows.forget('t');
    await windows.read('s', mp4, [2]);
    expect(blob.slices).toBe(2);
    windows.forget('s');
    await windows.read('s', mp4, [2]);
    expect(blob.slices).toBe(3);
  });
});
