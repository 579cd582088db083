/** Joined segments are one video: for our reader, for another demuxer, and for the browser's player. */
import { ALL_FORMATS, BlobSource, EncodedPacketSink, Input } from 'mediabunny';
import { afterAll, describe, expect, test } from 'vitest';
import { disposeEncoders } from '../../../src/lib/video/encode';
import { joinMp4 } from '../../../src/lib/video/join';
import { openMp4 } from '../../../src/lib/video/mp4-index';
import { encodeToBlob, randomPayloads, readAll } from './payloads';

afterAll(disposeEncoders);

describe.each(['compact', 'universal'] as const)('%s', (profile) => {
  test('frames follow each other, and the player knows how long they take', async () => {
    const payloads = [randomPayloads(5), randomPayloads(3)] as const;
    const segments = [
      await encodeToBlob(profile, payloads[0]),
      await encodeToBlob(profile, payloads[1]),
    ];
    const joined = await new Response(joinMp4(segments, { name: 'Both' })).blob();
    const read = await readAll(joined);
    expect(read.payloads).toEqual(payloads.flat());

    const input = new Input({ source: new BlobSource(joined), formats: ALL_FORMATS });
    const track = await input.getPrimaryVideoTrack();
    if (!track) throw new Error('mediabunny sees no video track');
    const packets = [];
    for await (const packet of new EncodedPacketSink(track).packets()) packets.push(packet);
    expect(packets.map(({ type, timestamp }) => [type, timestamp])).toEqual(
      Array.from({ length: 8 }, (_, index) => ['key', index / 2]),
    );
    const ours = await (await openMp4(joined)).samples(0, 8);
    expect(packets.map(({ data }) => data)).toEqual(ours);

    const video = document.createElement('video');
    video.muted = true;
    video.src = URL.createObjectURL(joined);
    await new Promise((resolve, reject) => {
      video.addEventListener('loadeddata', resolve, { once: true });
      video.addEventListener('error', () => {
        reject(new Error(video.error?.message));
      });
    });
    expect(video.duration).toBe(4);
    expect(video.videoWidth).toBe(profile === 'compact' ? 192 : 752);
    URL.revokeObjectURL(video.src);
  });
});
