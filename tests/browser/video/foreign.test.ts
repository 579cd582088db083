/** Videos in the containers and codecs that memvid writes: every frame once, whatever the run. */
import { afterAll, describe, expect, test } from 'vitest';
import { CorruptError } from '../../../src/lib/errors';
import { readPicture } from '../../../src/lib/qr';
import { disposeEncoders } from '../../../src/lib/video/encode';
import { runFfmpeg } from '../../../src/lib/video/ffmpeg';
import { framesPerRun, openForeign, readForeign } from '../../../src/lib/video/foreign';
import { encodeForeign } from '../../../src/lib/video/foreign-encoder';
import { layoutForeignMp4 } from '../../../src/lib/video/foreign-mp4';
import h265Url from '../../fixtures/memvid/h265.mkv?url';

afterAll(disposeEncoders);

const TEXTS = Array.from({ length: 40 }, (_, at) => `This is frame ${String(at)} of a video.`);

async function mpeg4(): Promise<Blob> {
  const { track, samples } = await encodeForeign(TEXTS);
  const sizes = Uint32Array.from(samples, ({ length }) => length);
  return new Blob([layoutForeignMp4(track, sizes), ...samples]);
}

const converted = async (after: readonly string[]): Promise<Blob> =>
  new Blob([new Uint8Array(await runFfmpeg({ before: [], input: await mpeg4(), after }))]);

async function textsOf(file: Blob, from?: number, to?: number): Promise<string[]> {
  const video = await openForeign(file);
  const texts: string[] = [];
  await readForeign(file, video, {
    from: from ?? 0,
    to: to ?? video.times.length,
    async onLuma({ data, width, height }) {
      const found = await readPicture(data, width, height);
      texts.push(new TextDecoder().decode(found?.payload));
    },
  });
  return texts;
}

/** AV1 as WebCodecs makes it, the first frame a key frame and no other, in Matroska. */
async function av1(): Promise<Blob> {
  const source = await mpeg4();
  const units: Uint8Array[] = [];
  let failure: unknown;
  const encoder = new VideoEncoder({
    output: (chunk) => {
      const unit = new Uint8Array(chunk.byteLength);
      chunk.copyTo(unit);
      units.push(unit);
    },
    error: (error) => {
      failure = error;
    },
  });
  encoder.configure({ codec: 'av01.0.08M.08', width: 640, height: 640, bitrate: 4_000_000 });
  let at = 0;
  await readForeign(source, await openForeign(source), {
    ...{ from: 0, to: TEXTS.length },
    onLuma({ data, width, height }) {
      const i420 = new Uint8Array((width * height * 3) / 2).fill(128);
      i420.set(data);
      const facts = { format: 'I420', codedWidth: width, codedHeight: height } as const;
      const frame = new VideoFrame(i420, { ...facts, timestamp: (at++ * 1_000_000) / 30 });
      encoder.encode(frame, { keyFrame: frame.timestamp === 0 });
      frame.close();
      return Promise.resolve();
    },
  });
  await encoder.flush();
  if (failure !== undefined) throw failure as Error;
  const head = new Uint8Array(32);
  head.set(new TextEncoder().encode('DKIF'));
  const view = new DataView(head.buffer);
  view.setUint16(6, 32, true);
  head.set(new TextEncoder().encode('AV01'), 8);
  view.setUint16(12, 640, true);
  view.setUint16(14, 640, true);
  view.setUint32(16, 30, true);
  view.setUint32(20, 1, true);
  view.setUint32(24, units.length, true);
  const parts = units.flatMap((unit, shown) => {
    const frame = new DataView(new ArrayBuffer(12));
    frame.setUint32(0, unit.length, true);
    frame.setBigUint64(4, BigInt(shown), true);
    return [new Uint8Array(frame.buffer), new Uint8Array(unit)];
  });
  const matroska = await runFfmpeg({
    before: ['-f', 'ivf'],
    input: new Blob([head, ...parts]),
    after: ['-c', 'copy', '-f', 'matroska'],
  });
  return new Blob([new Uint8Array(matroska)]);
}

describe.each<[string, () => Promise<Blob>]>([
  ['MPEG-4 in MP4', mpeg4],
  ['MPEG-4 in AVI', () => converted(['-c:v', 'mpeg4', '-q:v', '2', '-f', 'avi'])],
  [
    'H.264 in Matroska, frames out of order',
    () => converted(['-c:v', 'libx264', '-preset', 'medium', '-bf', '3', '-f', 'matroska']),
  ],
  ['H.265 in Matroska', async () => (await fetch(h265Url)).blob()],
  ['AV1 in Matroska, frames that build on each other', av1],
])('%s', (_, make) => {
  test('is read whole, and in parts', async () => {
    const file = await make();
    const video = await openForeign(file);
    expect(video.times.length).toBe(TEXTS.length);
    expect(await textsOf(file)).toEqual(TEXTS);
    expect(await textsOf(file, 17, 23)).toEqual(TEXTS.slice(17, 23));
    expect(await textsOf(file, 39, 40)).toEqual(TEXTS.slice(39));
  });
});

test('more frames than a run makes come out once each', async () => {
  const small = await converted(['-vf', 'scale=160:160', '-r', '30', '-f', 'matroska']);
  const long = new Blob([
    new Uint8Array(
      await runFfmpeg({
        before: ['-stream_loop', '9'],
        input: small,
        after: ['-c', 'copy', '-f', 'matroska'],
      }),
    ),
  ]);
  const video = await openForeign(long);
  expect(video.times.length).toBe(400);
  expect(framesPerRun(video)).toBeLessThan(400);
  let seen = 0;
  await readForeign(long, video, {
    ...{ from: 0, to: 400 },
    onLuma: () => {
      seen++;
      return Promise.resolve();
    },
  });
  expect(seen).toBe(400);
});

test('what is no video is corrupt; damage costs frames, and nothing else', async () => {
  await expect(openForeign(new Blob(['RIFF....AVI nothing']))).rejects.toThrow(CorruptError);
  const bytes = new Uint8Array(await (await mpeg4()).arrayBuffer());
  bytes.fill(0x55, bytes.length >> 1, (bytes.length >> 1) + 4000);
  const texts = new Set(await textsOf(new Blob([bytes])));
  const known = new Set([...TEXTS, '']);
  expect([...texts].filter((text) => !known.has(text))).toEqual([]);
  expect(texts.size).toBeGreaterThan(30);
});

test('the signal ends the reading between two frames', async () => {
  const file = await mpeg4();
  const ending = new AbortController();
  let seen = 0;
  const reading = readForeign(file, await openForeign(file), {
    ...{ from: 0, to: 40, signal: ending.signal },
    onLuma: () => {
      if (++seen === 3) ending.abort();
      return Promise.resolve();
    },
  });
  await expect(reading).rejects.toThrow('abort');
  expect(seen).toBe(3);
});
