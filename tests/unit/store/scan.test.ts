/** A scan finds what is there, wherever it lies, and nothing else: against a naive search. */
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { InvalidError } from '../../../src/lib/errors';
import { PIECE_BYTES } from '../../../src/lib/store/file-system';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { scan } from '../../../src/lib/store/scan';

async function put(fs: MemoryFileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const file = await fs.open(path, { create: true });
  file.write(0, bytes);
  file.close();
}

const latin = new TextDecoder('latin1');

function naive(files: readonly (readonly [string, Uint8Array])[], needles: readonly Uint8Array[]) {
  return files.flatMap(([where, bytes]) =>
    needles.flatMap((needle, i) =>
      latin.decode(bytes).includes(latin.decode(needle)) ? [{ where, needle: i }] : [],
    ),
  );
}

/** Few different bytes, so that needles begin and end alike and are often found. */
const few = (minLength: number, maxLength: number) =>
  fc.uint8Array({ min: 0, max: 2, minLength, maxLength });

describe('scan', () => {
  it('finds what a naive search finds, each needle once a file', async () => {
    const files = fc.array(few(0, 300), { maxLength: 3 });
    const needles = fc.array(fc.oneof(few(1, 5), few(5, 90)), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(files, needles, async (contents, wanted) => {
        const fs = new MemoryFileSystem();
        const named = contents.map((bytes, i) => [`d/${i}`, bytes] as const);
        for (const [path, bytes] of named) await put(fs, path, bytes);
        const { found, bytes } = await scan(fs, wanted);
        expect(found).toEqual(naive(named, wanted));
        expect(bytes).toBe(contents.reduce((sum, one) => sum + one.length, 0));
      }),
      { numRuns: 400 },
    );
  });

  it('finds needles of any length across the borders of pieces, in files of any directory', async () => {
    const fs = new MemoryFileSystem();
    const bytes = new Uint8Array(2 * PIECE_BYTES + 99);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 2654435761) >>> 23;
    await put(fs, 'exports/deep/file', bytes);
    await put(fs, 'top', bytes.subarray(0, PIECE_BYTES));
    const largest = bytes.slice(PIECE_BYTES - 500_000, PIECE_BYTES - 500_000 + (1 << 20));
    const borders = [-2, -1, 0, 1].map((at) =>
      bytes.slice(PIECE_BYTES + at, PIECE_BYTES + at + 40),
    );
    const end = bytes.slice(-33);
    for (const needles of [[largest, end, ...borders], borders, [end], [largest]]) {
      const { found, bytes: searched } = await scan(fs, needles);
      const all = needles.map((_, needle) => ({ where: 'exports/deep/file', needle }));
      expect(found.filter(({ where }) => where !== 'top')).toEqual(all);
      expect(searched).toBe(bytes.length + PIECE_BYTES);
    }
    const changed = largest.slice();
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
    expect((await scan(fs, [changed])).found).toEqual([]);
  });

  it('refuses needles that it could not look for, and stops when told to', async () => {
    const fs = new MemoryFileSystem();
    await put(fs, 'f', new Uint8Array(10));
    for (const length of [0, (1 << 20) + 1]) {
      await expect(scan(fs, [new Uint8Array(length)])).rejects.toThrow(InvalidError);
    }
    const stop = new AbortController();
    const steps: number[] = [];
    await put(fs, 'g', new Uint8Array(3 * PIECE_BYTES));
    const stopping = scan(fs, [Uint8Array.of(1, 2)], {
      signal: stop.signal,
      onProgress: ({ done }) => {
        steps.push(done);
        if (done > 10) stop.abort(new InvalidError('stopped'));
      },
    });
    await expect(stopping).rejects.toThrow('stopped');
    expect(steps).toEqual([10, 10 + PIECE_BYTES - 1]);
  });
});
