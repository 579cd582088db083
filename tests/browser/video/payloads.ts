/** Payloads and files for the video tests. */
import { writeMp4 } from '../../../src/lib/video/mp4';
import { encodeFrames } from '../../../src/lib/video/encode';
import { FrameReader } from '../../../src/lib/video/read';
import type { ProfileName } from '../../../src/lib/api';

/** Random bytes of every length, the longest and the empty one among them. */
export function randomPayloads(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const length = index === 0 ? 2953 : index === 1 ? 0 : Math.ceil(Math.random() * 2953);
    return crypto.getRandomValues(new Uint8Array(length));
  });
}

export async function encodeToBlob(
  profile: ProfileName,
  payloads: readonly Uint8Array[],
): Promise<Blob> {
  return new Blob([await writeMp4([await encodeFrames(profile, payloads)], { name: 'Test' })]);
}

/** All payloads of a video, in order, and how each was read. */
export async function readAll(
  video: Blob,
  reader = new FrameReader(),
): Promise<{ payloads: Uint8Array[]; hows: string[] }> {
  const payloads: Uint8Array[] = [];
  const hows: string[] = [];
  const { frames } = await reader.open('video', video);
  await reader.readPayloads(
    'video',
    Array.from({ length: frames }, (_, index) => index),
    {
      onPayload: (index, payload, how) => {
        payloads[index] = payload;
        hows[index] = how;
      },
    },
  );
  reader.close();
  return { payloads, hows };
}

export async function bytesOf(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await blob.arrayBuffer());
}
