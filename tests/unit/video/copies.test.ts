/** Copies that an encoder has made of frames: what can be read of them is right, and it is counted. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test, vi } from 'vitest';
import type { ProfileName } from '../../../src/lib/api';
import { CorruptError } from '../../../src/lib/errors';
import { SymbolReader } from '../../../src/lib/qr';
import { CopyReader } from '../../../src/lib/video/copy-reader';
import { FrameDrawer, sampleModules } from '../../../src/lib/video/frame';
import { FRAME_CAPACITY, PROFILES } from '../../../src/lib/video/profile';
import { noise } from '../qr/shapes';

// Node has no origin to load it from.
vi.mock('zxing-wasm/reader/zxing_reader.wasm?url', () => {
  const path = createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm');
  return { default: `data:application/wasm;base64,${readFileSync(path).toString('base64')}` };
});

const FRAMES = 6;

const payloads = Array.from({ length: FRAMES }, (_, at) => noise(FRAME_CAPACITY - at * 30, at + 1));

/** Frames as grey pictures, one after another. */
function drawn(profile: ProfileName): Uint8Array {
  const { frameModules, modulePixels, framePixels } = PROFILES[profile];
  const drawer = new FrameDrawer(PROFILES[profile]);
  const modules = new Uint8Array(frameModules ** 2);
  const pictures = new Uint8Array(FRAMES * framePixels ** 2);
  for (const [frame, payload] of payloads.entries()) {
    drawer.draw(payload, modules);
    for (let y = 0; y < framePixels; y++) {
      for (let x = 0; x < framePixels; x++) {
        const module = Math.floor(y / modulePixels) * frameModules + Math.floor(x / modulePixels);
        pictures[(frame * framePixels + y) * framePixels + x] = modules[module] ?? 0;
      }
    }
  }
  return pictures;
}

/** How many of the frames are read, all of them right. */
async function countRead(pictures: Uint8Array, side: number): Promise<number> {
  const reader = new CopyReader();
  let count = 0;
  for (const [frame, payload] of payloads.entries()) {
    const data = pictures.subarray(frame * side * side, (frame + 1) * side * side);
    const found = await reader.read({ width: side, height: side, stride: side, data });
    if (!found) continue;
    expect(found.payload).toEqual(payload);
    count++;
  }
  return count;
}

/** Side of the picture after a copy, which a filter may have scaled. */
function copied(pictures: Uint8Array, side: number, ways: string[][]): Uint8Array {
  const options = { input: pictures, maxBuffer: 1 << 30 };
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'gray'];
  const quiet = ['-v', 'error', '-nostdin'];
  const lossless = ['-c:v', 'libx264', '-qp', '0', '-pix_fmt', 'yuv420p', '-f', 'matroska', '-'];
  const size = `${String(side)}x${String(side)}`;
  const first = [...quiet, ...raw, '-s', size, '-r', '2', '-i', '-', ...lossless];
  let video = execFileSync('ffmpeg', first, options);
  for (const way of ways) {
    const args = [...quiet, '-i', '-', '-c:v', 'libx264', ...way, '-f', 'matroska', '-'];
    video = execFileSync('ffmpeg', args, { ...options, input: video });
  }
  return execFileSync('ffmpeg', [...quiet, '-i', '-', ...raw, '-'], { ...options, input: video });
}

const HALF = ['-vf', 'scale=iw/2:ih/2', '-crf', '23'];
const BACK = ['-vf', 'scale=iw*2:ih*2', '-crf', '23'];

const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;
if (!hasFfmpeg) console.warn('Left out, for there is no ffmpeg here: copies by x264.');

describe.runIf(hasFfmpeg)('copies by x264', () => {
  test.each([
    ['compact', 'crf 18', 192, [['-crf', '18']], FRAMES],
    ['compact', 'crf 23', 192, [['-crf', '23']], FRAMES],
    ['compact', 'crf 28', 192, [['-crf', '28']], FRAMES],
    // Half a pixel a module: nobody reads that.
    ['compact', 'half size and back', 192, [HALF, BACK], 0],
    ['universal', 'crf 18', 752, [['-crf', '18']], FRAMES],
    ['universal', 'crf 23', 752, [['-crf', '23']], FRAMES],
    ['universal', 'crf 28', 752, [['-crf', '28']], FRAMES],
    ['universal', 'crf 40', 752, [['-crf', '40']], FRAMES],
    ['universal', 'half size', 376, [HALF], FRAMES],
    ['universal', 'half size and back', 752, [HALF, BACK], FRAMES],
  ] as const)('%s, %s', async (profile, _, side, ways, read) => {
    const { framePixels } = PROFILES[profile];
    const pictures = copied(
      drawn(profile),
      framePixels,
      ways.map((way) => [...way]),
    );
    expect(pictures.length).toBe(FRAMES * side * side);
    expect(await countRead(pictures, side)).toBe(read);
  });
});

describe('a noisy picture', () => {
  /** Grey with noise of a normal kind, of so many levels. */
  function noisy(deviation: number): Uint8Array {
    const pictures = drawn('compact');
    let state = 7;
    const random = (): number => (state = (state * 48_271) % 0x7fff_ffff) / 0x7fff_ffff;
    return pictures.map((grey) => {
      const normal = Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
      return Math.max(0, Math.min(255, grey + deviation * normal));
    });
  }

  test('with more errors than codes mend is read where its doubtful modules are known', async () => {
    const side = PROFILES.compact.framePixels;
    const pictures = noisy(46);
    const plain = new SymbolReader(PROFILES.compact.symbol);
    const modules = new Uint8Array(PROFILES.compact.symbolModules ** 2);
    let beyond = 0;
    for (let frame = 0; frame < FRAMES; frame++) {
      const data = pictures.subarray(frame * side * side, (frame + 1) * side * side);
      sampleModules(PROFILES.compact, { width: side, height: side, stride: side, data }, modules);
      try {
        plain.read(modules);
      } catch (error) {
        expect(error).toBeInstanceOf(CorruptError);
        beyond++;
      }
    }
    expect(beyond).toBeGreaterThan(0);
    expect(await countRead(pictures, side)).toBeGreaterThan(FRAMES - beyond);
  });

  test('that says nothing any more is not read as something else', async () => {
    const side = PROFILES.compact.framePixels;
    expect(await countRead(noisy(80), side)).toBe(0);
    expect(await countRead(noise(FRAMES * side * side, 3), side)).toBe(0);
  });
});
