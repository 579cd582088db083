/** Files that lie. Each is an error of ours, at once, and costs no more memory than its own length. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CorruptError, UnsupportedError } from '../../../src/lib/errors';
import { writeMp4 } from '../../../src/lib/video/mp4';
import { openMp4 } from '../../../src/lib/video/mp4-index';
import { compactFrames } from './segments';

const SAMPLES = Array.from({ length: 130 }, (_, i) => new Uint8Array(3 + (i % 5)).fill(i));
const SOUND = Buffer.from(await writeMp4([compactFrames(SAMPLES)], { name: 'A', model: 'B' }));

/** Offset of a box's content: after its type. */
function contentOf(type: string): number {
  return SOUND.indexOf(type, 0, 'latin1') + 4;
}

function changed(change: (bytes: Buffer) => void): Blob {
  const bytes = Buffer.from(SOUND);
  change(bytes);
  return new Blob([bytes]);
}

const DEFECTS: Record<string, (bytes: Buffer) => void> = {
  'stsz-counts-4-billion': (b) => b.writeUInt32BE(0xffff_ffff, contentOf('stsz') + 8),
  'stsz-constant-size-without-table': (b) => {
    b.writeUInt32BE(1, contentOf('stsz') + 4);
    b.writeUInt32BE(0x7fff_ffff, contentOf('stsz') + 8);
  },
  'stsz-constant-size-of-no-picture': (b) => b.writeUInt32BE(1, contentOf('stsz') + 4),
  // Each chunk fits the file, but both lie at the same place: twice the file's bytes to read.
  'chunks-that-overlap': (b) => {
    const data = SOUND.length - contentOf('mdat');
    const sum = (samples: Uint8Array[]): number =>
      samples.reduce((total, sample) => total + sample.length, 0);
    const sizes = contentOf('stsz') + 12;
    b.writeUInt32BE(data - sum(SAMPLES.slice(1, 120)), sizes);
    b.writeUInt32BE(data - sum(SAMPLES.slice(121)), sizes + 120 * 4);
    b.writeUInt32BE(contentOf('mdat'), contentOf('stco') + 12);
  },
  'stsz-zero-size': (b) => b.writeUInt32BE(0, contentOf('stsz') + 12),
  'stsz-sizes-over-the-file': (b) => b.writeUInt32BE(0x7fff_ffff, contentOf('stsz') + 12),
  'stsz-no-samples': (b) => b.writeUInt32BE(0, contentOf('stsz') + 8),
  'stts-other-count': (b) => b.writeUInt32BE(129, contentOf('stts') + 8),
  'stsc-counts-4-billion': (b) => b.writeUInt32BE(0xffff_ffff, contentOf('stsc') + 4),
  'stsc-chunk-of-4-billion': (b) => b.writeUInt32BE(0xffff_ffff, contentOf('stsc') + 12),
  'stsc-begins-late': (b) => b.writeUInt32BE(2, contentOf('stsc') + 8),
  'stco-counts-4-billion': (b) => b.writeUInt32BE(0xffff_ffff, contentOf('stco') + 4),
  'stco-before-mdat': (b) => b.writeUInt32BE(0, contentOf('stco') + 8),
  'stco-beyond-mdat': (b) => b.writeUInt32BE(SOUND.length - 1, contentOf('stco') + 8),
  'stsd-two-entries': (b) => b.writeUInt32BE(2, contentOf('stsd') + 4),
  'trak-larger-than-moov': (b) => b.writeUInt32BE(0x7fff_ffff, contentOf('trak') - 8),
  'trak-of-size-zero': (b) => b.writeUInt32BE(0, contentOf('trak') - 8),
  'trak-smaller-than-its-header': (b) => b.writeUInt32BE(7, contentOf('trak') - 8),
  'moov-larger-than-the-file': (b) => b.writeUInt32BE(0x7fff_ffff, contentOf('moov') - 8),
  'moov-of-size-zero-takes-mdat-in': (b) => b.writeUInt32BE(0, contentOf('moov') - 8),
  'moov-of-64-bit-size': (b) => b.writeUInt32BE(1, contentOf('moov') - 8),
  'no-moov': (b) => b.write('free', contentOf('moov') - 4, 'latin1'),
  'no-mdat': (b) => b.write('free', contentOf('mdat') - 4, 'latin1'),
  'no-ftyp': (b) => b.write('free', 4, 'latin1'),
  'no-video-track': (b) => b.write('soun', contentOf('hdlr') + 8, 'latin1'),
  'av1C-of-version-2': (b) => b.writeUInt8(0x82, contentOf('av1C')),
  'metadata-not-utf-8': (b) => b.writeUInt8(0xff, contentOf('name') + 4),
  'metadata-name-missing': (b) => b.write('nope', contentOf('name') - 4, 'latin1'),
};

describe('named defects', () => {
  test.each(Object.entries(DEFECTS))('%s', async (_name, change) => {
    await expect(openMp4(changed(change))).rejects.toThrow(CorruptError);
  });

  test('another codec is not damage', async () => {
    // The second one: the first is a brand in `ftyp`.
    const entry = SOUND.indexOf('av01', SOUND.indexOf('stsd'), 'latin1');
    const file = changed((b) => b.write('mp4v', entry, 'latin1'));
    await expect(openMp4(file)).rejects.toThrow(UnsupportedError);
  });

  test('an empty file, and one that is something else', async () => {
    await expect(openMp4(new Blob([]))).rejects.toThrow(CorruptError);
    await expect(openMp4(new Blob(['%PDF-1.7 and so on, for a while']))).rejects.toThrow(
      CorruptError,
    );
  });

  test('a million empty boxes', async () => {
    const boxes = Buffer.alloc(8_000_000);
    for (let at = 0; at < boxes.length; at += 8) boxes.write('\0\0\0\x08free', at, 'latin1');
    const file = new Blob([SOUND.subarray(0, contentOf('moov') - 8), boxes]);
    await expect(openMp4(file)).rejects.toThrow('too many boxes');
  });
});

test('truncated anywhere', async () => {
  for (let length = 0; length < SOUND.length; length += length < 900 ? 1 : 13) {
    await expect(openMp4(new Blob([SOUND.subarray(0, length)]))).rejects.toThrow(CorruptError);
  }
});

test('mutated anywhere: opens within its own length, or is an error of ours', async () => {
  const mutation = fc.record({
    at: fc.oneof(fc.nat(SOUND.length - 5), fc.nat(contentOf('mdat') - 5)),
    value: fc.oneof(fc.nat(0xff), fc.constantFrom(0, 1, 7, 8, 0x7fff_ffff, 0xffff_ffff)),
  });
  let opened = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
      const file = changed((bytes) => {
        for (const { at, value } of mutations) {
          if (value > 0xff) bytes.writeUInt32BE(value, at);
          else bytes.writeUInt8(value, at);
        }
      });
      try {
        const mp4 = await openMp4(file);
        const samples = await mp4.samples(0, mp4.frames);
        const bytes = samples.reduce((sum, sample) => sum + sample.length, 0);
        expect(bytes).toBeLessThanOrEqual(file.size);
        opened++;
      } catch (error) {
        if (!(error instanceof CorruptError || error instanceof UnsupportedError)) throw error;
        refused++;
      }
    }),
    { numRuns: 600 },
  );
  // Neither branch may be the only one that is tried.
  expect(Math.min(opened, refused)).toBeGreaterThan(50);
});
