/** Every decoder reads the same, and the standard QR readers read what we draw. */
import { afterAll, describe, expect, test } from 'vitest';
import { UnsupportedError } from '../../../src/lib/errors';
import { readPicture } from '../../../src/lib/qr';
import type { DecoderName } from '../../../src/lib/video/decode';
import { disposeEncoders, encodeFrames } from '../../../src/lib/video/encode';
import { LumaExtractor } from '../../../src/lib/video/luma';
import { writeMp4 } from '../../../src/lib/video/mp4';
import { probeDecoder, probePayload, probeProfile } from '../../../src/lib/video/probe';
import universalUrl from '../../../src/lib/video/probe-universal.mp4?url';
import { FrameReader } from '../../../src/lib/video/read';
import { bytesOf, encodeToBlob, randomPayloads, readAll } from './payloads';

afterAll(disposeEncoders);

describe.each([
  ['compact', 'webcodecs'],
  ['compact', 'avif'],
  ['universal', 'webcodecs'],
  ['universal', 'ffmpeg'],
] as const)('%s by %s', (profile, decoder) => {
  test('reads all payloads off the grid', async () => {
    const payloads = randomPayloads(34);
    const video = await encodeToBlob(profile, payloads);
    const read = await readAll(video, new FrameReader({ decoder }));
    expect(read.payloads).toEqual(payloads);
    expect(new Set(read.hows)).toEqual(new Set(['grid']));
  });

  test('shows the frame so that another QR reader reads it', async () => {
    const payload = crypto.getRandomValues(new Uint8Array(2953));
    const reader = new FrameReader({ decoder });
    await reader.open('s', await encodeToBlob(profile, [payload]));
    const luma = new LumaExtractor().fromBitmap(await reader.picture('s', 0));
    const found = await readPicture(luma.data, luma.width, luma.height);
    expect(found?.payload).toEqual(payload);
    reader.close();
  });

  test('the probe says that it works', async () => {
    const { works, detail, decodeMs } = await probeDecoder(decoder, profile);
    expect(detail).toBe(`2 frames read back by ${decoder}`);
    expect(works).toBe(true);
    expect(decodeMs).toBeGreaterThan(0);
  });
});

test.each([
  ['compact', 'ffmpeg'],
  ['universal', 'avif'],
] as const)('%s by %s is unsupported, and the probe says so', async (profile, decoder) => {
  const reader = new FrameReader({ decoder });
  await reader.open('s', await encodeToBlob(profile, randomPayloads(1)));
  await expect(reader.readPayloads('s', [0], { onPayload: () => undefined })).rejects.toThrow(
    UnsupportedError,
  );
  const probe = await probeDecoder(decoder, profile);
  expect(probe.works).toBe(false);
  expect(probe.detail).toContain('No decoder');
});

test.each(['compact', 'universal'] as const)('auto reads %s by WebCodecs here', async (profile) => {
  const reader = new FrameReader();
  await reader.open('s', await encodeToBlob(profile, randomPayloads(1)));
  expect(await reader.decoderOf('s')).toBe('webcodecs' satisfies DecoderName);
  reader.close();
});

test.each(['compact', 'universal'] as const)('the probe of %s measures', async (profile) => {
  const probe = await probeProfile(profile);
  expect(probe.detail).toBe(
    `${probe.bytesPerFrame} bytes a frame, 6 frames read back by webcodecs`,
  );
  expect(probe.works).toBe(true);
  expect(probe.bytesPerFrame).toBeGreaterThan(3916);
  expect(probe.encodeMs).toBeGreaterThan(0);
  expect(probe.decodeMs).toBeGreaterThan(0);
});

test('the universal video that ships is what the encoder makes, byte for byte', async () => {
  const shipped = await bytesOf(await (await fetch(universalUrl)).blob());
  const encoded = await encodeFrames('universal', [probePayload(0), probePayload(1)]);
  expect(await writeMp4([encoded], { format: 'memreel/1', name: 'Probe' })).toEqual(shipped);
});
