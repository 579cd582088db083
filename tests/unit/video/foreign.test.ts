/** What needs no codec of videos of others: the list of frames, and the MP4 that runs are put into. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CorruptError, UnsupportedError } from '../../../src/lib/errors';
import { parseFrameList } from '../../../src/lib/video/foreign';
import { layoutForeignMp4, openForeignMp4 } from '../../../src/lib/video/foreign-mp4';

const head = (size = '256x128', unit = '1/1000'): string =>
  `#extradata 0: 39, 0xba\n#tb 0: ${unit}\n#codec_id 0: h264\n#dimensions 0: ${size}\n#sar 0: 0/1\n`;

describe('the list of frames', () => {
  test('frames that come out of order are shown in order, from 0 on', () => {
    const lines =
      '0, -67, 100, 33, 9, 0xdc\n0, -34, 233, 33, 8, 0x79, F=0x0\n0, 0, 167, 33, 8, 0x5\n';
    const video = parseFrameList(head() + lines);
    expect([video.codec, video.width, video.height]).toEqual(['h264', 256, 128]);
    expect([...video.times].map((time) => Math.round(time * 1000))).toEqual([0, 67, 133]);
  });

  test('a packet that does not say when it is shown is shown when it is decoded', () => {
    const { times } = parseFrameList(
      `${head('8x8', '1/30')}0, 0, NOPTS, 1, 9, 0x1\n0, 3, 3, 1, 9, 0x1\n`,
    );
    expect([...times]).toEqual([0, 0.1]);
  });

  test.each([
    '',
    head(),
    `${head('0x0')}0, 0, 0, 1, 9, 0x1\n`,
    `${head('8x8', '0/1')}0, 0, 0, 1\n`,
  ])('%j is no video', (list) => {
    expect(() => parseFrameList(list)).toThrow(CorruptError);
  });

  test('pictures that take too much memory are refused', () => {
    expect(() => parseFrameList(`${head('65535x8')}0, 0, 0, 1, 9, 0x1\n`)).toThrow(
      UnsupportedError,
    );
  });
});

test('samples that are laid out are found again, with their entry', () => {
  const sample = fc.uint8Array({ minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 400 }), (samples) => {
      const entry = new Uint8Array(94);
      new DataView(entry.buffer).setUint32(0, 94);
      new DataView(entry.buffer).setUint16(32, 640);
      new DataView(entry.buffer).setUint16(34, 480);
      const track = { entry, width: 640, height: 480 };
      const sizes = Uint32Array.from(samples, ({ length }) => length);
      const movie = layoutForeignMp4(track, sizes);
      const bytes = Uint8Array.from([movie, ...samples].flatMap((part) => [...part]));
      const found = openForeignMp4(bytes);
      expect(found.track).toEqual(track);
      expect(found.samples).toEqual(samples.map((one) => Uint8Array.from(one)));
    }),
  );
});
