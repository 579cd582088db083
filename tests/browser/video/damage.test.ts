/** A damaged frame is an error that names it, or still reads right: never other bytes. */
import { afterAll, describe, expect, test } from 'vitest';
import { CorruptError } from '../../../src/lib/errors';
import type { DecoderName } from '../../../src/lib/video/decode';
import { disposeEncoders } from '../../../src/lib/video/encode';
import { openMp4 } from '../../../src/lib/video/mp4-index';
import { FrameReader } from '../../../src/lib/video/read';
import type { ProfileName } from '../../../src/lib/api';
import { bytesOf, encodeToBlob, randomPayloads } from './payloads';

afterAll(disposeEncoders);

const CASES: readonly (readonly [ProfileName, DecoderName, number])[] = [
  ['compact', 'webcodecs', 24],
  ['compact', 'avif', 12],
  ['universal', 'webcodecs', 30],
  ['universal', 'ffmpeg', 3],
];

describe.each(CASES)('%s by %s', (profile, decoder, tries) => {
  test('one flipped byte in frame 2 of 5', async () => {
    const payloads = randomPayloads(5);
    const sound = await encodeToBlob(profile, payloads);
    const mp4 = await openMp4(sound);
    const start = (mp4.runs[0]?.start ?? 0) + (mp4.sizes[0] ?? 0) + (mp4.sizes[1] ?? 0);
    const size = mp4.sizes[2] ?? 0;
    for (let i = 0; i < tries; i++) {
      const bytes = await bytesOf(sound);
      // The first ones hit headers; the rest are spread over the picture.
      const at = start + (i < tries / 2 ? i : Math.floor((size * i) / tries));
      const flip = 1 + Math.floor(Math.random() * 255);
      bytes[at] = (bytes[at] ?? 0) ^ flip;
      const where = `byte ${at - start} of ${size}, flipped by ${flip}`;
      const reader = new FrameReader({ decoder });
      await reader.open('s', new Blob([bytes]));
      const seen: number[] = [];
      const wrong: string[] = [];
      const reading = reader.readPayloads('s', [0, 1, 2, 3, 4], {
        onPayload: (index, payload) => {
          const other = payloads.findIndex((sent) => sent.join() === payload.join());
          if (other !== index) wrong.push(`${where}: frame ${index} reads as ${other}`);
          seen.push(index);
        },
      });
      const error = await reading.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(wrong).toEqual([]);
      if (error === undefined) {
        expect(seen).toEqual([0, 1, 2, 3, 4]);
      } else {
        expect(error).toBeInstanceOf(CorruptError);
        expect(error).toMatchObject({ subject: '2' });
        expect(seen).toEqual([0, 1]);
        // The reader goes on.
        await reader.readPayloads('s', [4, 3], { onPayload: (index) => seen.push(index) });
        expect(seen).toEqual([0, 1, 4, 3]);
      }
      reader.close();
    }
  });
});
