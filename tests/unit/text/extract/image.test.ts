import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CorruptError, UnsupportedError } from '../../../../src/lib/errors';
import { image } from '../../../../src/lib/text/extract/image';
import { pictureFormat, pictureSize } from '../../../../src/lib/text/extract/image-size';
import { extractAll } from '../../../fixtures/text/extraction';

const latin1 = (text: string): number[] => Array.from(text, (one) => one.charCodeAt(0));
const bytes = (length: number, littleEndian: boolean) => (value: number) =>
  Array.from({ length }, (_, at) => {
    const place = littleEndian ? at : length - 1 - at;
    return Math.floor(value / 256 ** place) % 256;
  });
const [le16, le24, le32] = [bytes(2, true), bytes(3, true), bytes(4, true)];
const [be16, be32] = [bytes(2, false), bytes(4, false)];

/** The first bytes of a picture of each format, by its standard, with nothing drawn. */
const HEADS: Readonly<Record<string, (width: number, height: number) => number[]>> = {
  png: (w, h) => [
    ...latin1('\x89PNG\r\n\x1a\n\0\0\0\rIHDR'),
    ...be32(w),
    ...be32(h),
    8,
    6,
    0,
    0,
    0,
  ],
  gif: (w, h) => [...latin1('GIF89a'), ...le16(w), ...le16(h), 0, 0, 0],
  bmp: (w, h) => [
    ...latin1('BM'),
    ...le32(54),
    ...le32(0),
    ...le32(54),
    ...le32(40),
    ...le32(w),
    ...le32(2 ** 32 - h),
  ],
  'webp, extended': (w, h) => [
    ...latin1('RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0'),
    ...le24(w - 1),
    ...le24(h - 1),
  ],
  'webp, lossless': (w, h) => [
    ...latin1('RIFF\x1e\0\0\0WEBPVP8L\x0a\0\0\0\x2f'),
    ...le32(w - 1 + (h - 1) * 2 ** 14),
  ],
  'webp, lossy': (w, h) => [
    ...latin1('RIFF\x1e\0\0\0WEBPVP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a'),
    ...le16(w),
    ...le16(h),
  ],
  'jpeg, with a preview before': (w, h) => [
    ...[0xff, 0xd8, 0xff, 0xe1, ...be16(2 + 7), 0xff, 0xc0, 1, 2, 3, 4, 5],
    ...[0xff, 0xff, 0xc4, ...be16(3), 0],
    ...[0xff, 0xc2, ...be16(11), 8, ...be16(h), ...be16(w)],
  ],
};

describe('the declared size of a picture', () => {
  it.each(Object.entries(HEADS))('is read out of %s, and of no part of it', async (_, head) => {
    const sides = fc.integer({ min: 1, max: 16_000 });
    await fc.assert(
      fc.asyncProperty(sides, sides, async (width, height) => {
        const whole = Uint8Array.from(head(width, height));
        const format = pictureFormat(whole);
        if (!format) throw new Error('It is not recognised.');
        expect(await pictureSize(new Blob([whole]), format)).toEqual({ width, height });
        for (let length = 0; length < whole.length; length++) {
          const size = await pictureSize(new Blob([whole.subarray(0, length)]), format);
          expect(size === undefined || (size.width === width && size.height === height)).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('beyond what is decoded is refused before it is', async () => {
    const bomb = Uint8Array.from(HEADS['png']?.(30_000, 30_000) ?? []);
    const extraction = extractAll(bomb, 'bomb.png', { ocr: { languages: ['eng'] } });
    await expect(extraction).rejects.toBeInstanceOf(UnsupportedError);
    await expect(extraction).rejects.toThrow('bomb.png has 900 million pixels');
  });

  it('that is missing is damage', async () => {
    const cut = Uint8Array.from(HEADS['gif']?.(10, 10) ?? []).subarray(0, 7);
    const extraction = extractAll(cut, 'cut.gif', { ocr: { languages: ['eng'] } });
    await expect(extraction).rejects.toBeInstanceOf(CorruptError);
    await expect(extraction).rejects.toThrow('cut.gif is damaged');
  });
});

describe('a picture', () => {
  it('whose text nobody asked for is refused with what to do', async () => {
    const png = Uint8Array.from(HEADS['png']?.(10, 10) ?? []);
    const extraction = extractAll(png, 'note.txt');
    await expect(extraction).rejects.toBeInstanceOf(UnsupportedError);
    await expect(extraction).rejects.toThrow(/note\.txt is an image.*Read pictures of text/);
  });

  it.each(['BM', 'BMW builds motorcycles, and has done so for long.', 'GIF', 'RIFF and WEBP', ''])(
    'is not what begins %j',
    (text) => {
      expect(image.recognise(new TextEncoder().encode(text), 'a.bmp')).toBe(0);
    },
  );
});
