/** Law: what was encoded is what is read, in this browser's own engines. */
import { afterAll, describe, expect, test } from 'vitest';
import { InvalidError, NotFoundError } from '../../../src/lib/errors';
import { disposeEncoders, encodeFrames } from '../../../src/lib/video/encode';
import { writeMp4 } from '../../../src/lib/video/mp4';
import { openMp4 } from '../../../src/lib/video/mp4-index';
import { COMPACT_BYTES_LIMIT } from '../../../src/lib/video/profile';
import { FrameReader } from '../../../src/lib/video/read';
import { encodeToBlob, randomPayloads, readAll } from './payloads';

afterAll(disposeEncoders);

describe.each(['compact', 'universal'] as const)('%s', (profile) => {
  test('payloads come back out of the video, off the grid', async () => {
    const payloads = randomPayloads(20);
    const video = await encodeToBlob(profile, payloads);
    const read = await readAll(video);
    expect(read.payloads).toEqual(payloads);
    expect(new Set(read.hows)).toEqual(new Set(['grid']));
  });

  test('the same payloads give the same bytes, whatever was encoded between', async () => {
    const payloads = randomPayloads(7);
    const first = await writeMp4([await encodeFrames(profile, payloads)], { a: '1', b: '2' });
    await encodeFrames(profile, randomPayloads(1));
    const again = await writeMp4([await encodeFrames(profile, payloads)], { b: '2', a: '1' });
    expect(again).toEqual(first);
  });

  test('a frame has the same bytes at each place, so frames can be copied', async () => {
    const payloads = randomPayloads(6);
    const forward = await encodeFrames(profile, payloads);
    const backward = await encodeFrames(profile, payloads.toReversed());
    const sizes = (samples: Uint8Array[]): number[] => samples.map((sample) => sample.length);
    expect(backward.decoderConfig).toEqual(forward.decoderConfig);
    if (profile === 'compact') {
      expect(backward.samples.toReversed()).toEqual(forward.samples);
    } else {
      // x264 writes IDR numbers in turn (`idr_pic_id`), which moves a few bits.
      sizes(backward.samples.toReversed()).forEach((size, index) => {
        expect(Math.abs(size - (sizes(forward.samples)[index] ?? 0))).toBeLessThan(3);
      });
    }
  });

  test('frames are read in any order, again and again, and counted from the file', async () => {
    const payloads = randomPayloads(9);
    const reader = new FrameReader();
    const info = await reader.open('s', await encodeToBlob(profile, payloads));
    expect(info).toEqual({ frames: 9, profile, metadata: { name: 'Test' } });
    const order = [8, 0, 1, 2, 2, 7, 3];
    const seen: [number, Uint8Array][] = [];
    await reader.readPayloads('s', order, { onPayload: (index, p) => seen.push([index, p]) });
    expect(seen).toEqual(order.map((index) => [index, payloads[index]]));
    await expect(reader.readPayloads('s', [9], { onPayload: () => undefined })).rejects.toThrow(
      InvalidError,
    );
    await expect(reader.readPayloads('t', [0], { onPayload: () => undefined })).rejects.toThrow(
      NotFoundError,
    );
    reader.close();
  });

  test('the picture of a frame is the symbol', async () => {
    const reader = new FrameReader();
    await reader.open('s', await encodeToBlob(profile, randomPayloads(1)));
    const picture = await reader.picture('s', 0);
    const side = profile === 'compact' ? 192 : 752;
    expect([picture.width, picture.height]).toEqual([side, side]);
    const canvas = new OffscreenCanvas(side, side).getContext('2d');
    canvas?.drawImage(picture, 0, 0);
    const { quiet, module } =
      profile === 'compact' ? { quiet: 8, module: 1 } : { quiet: 5, module: 4 };
    const green = (column: number, row: number): number =>
      canvas?.getImageData(
        (quiet + column) * module + (module >> 1),
        (quiet + row) * module + (module >> 1),
        1,
        1,
      ).data[1] ?? -1;
    // Finder pattern: dark corner, light ring, dark heart; quiet zone before it.
    expect(green(0, 0)).toBeLessThan(80);
    expect(green(1, 1)).toBeGreaterThan(170);
    expect(green(3, 3)).toBeLessThan(80);
    expect(green(-2, -2)).toBeGreaterThan(170);
    reader.close();
  });

  test('safer settings read as well', async () => {
    for (const caution of [1, 2] as const) {
      const payloads = randomPayloads(3);
      const encoded = await encodeFrames(profile, payloads, { caution });
      const { payloads: read } = await readAll(new Blob([await writeMp4([encoded], {})]));
      expect(read).toEqual(payloads);
    }
  });

  test('a payload that is too long is refused, and no payload at all', async () => {
    await expect(encodeFrames(profile, [new Uint8Array(2954)])).rejects.toThrow(InvalidError);
    await expect(encodeFrames(profile, [])).rejects.toThrow(InvalidError);
  });
});

test('compact frames are near the floor of 3,916 bytes', async () => {
  const { samples } = await encodeFrames('compact', randomPayloads(1));
  expect(samples[0]?.length).toBeLessThan(COMPACT_BYTES_LIMIT);
});

test('universal takes more than one run where there are more frames than a run holds', async () => {
  const payloads = randomPayloads(66);
  const done: number[] = [];
  const encoded = await encodeFrames('universal', payloads, { onFrame: (n) => done.push(n) });
  expect(done).toEqual([64, 66]);
  const video = new Blob([await writeMp4([encoded], {})]);
  expect((await openMp4(video)).frames).toBe(66);
  const { payloads: read } = await readAll(video);
  expect(read).toEqual(payloads);
});
