/**
 * Tries encoders and decoders for real, on this machine, and says what was seen. Decides nothing:
 * callers pick profiles. What a browser claims to support is not asked.
 */
import type { ProfileName } from '../api';
import type { DecoderName } from './decode';
import { encodeFrames } from './encode';
import { writeMp4 } from './mp4';
import compactUrl from './probe-compact.mp4?url';
import universalUrl from './probe-universal.mp4?url';
import { COMPACT_BYTES_LIMIT, FRAME_CAPACITY } from './profile';
import { FrameReader } from './read';

/** What trying a profile showed. Times are a frame's, in milliseconds; 0 where it did not get so far. */
export interface ProfileProbe {
  readonly works: boolean;
  /** For people. */
  readonly detail: string;
  readonly bytesPerFrame: number;
  readonly encodeMs: number;
  readonly decodeMs: number;
}

/** What trying a decoder showed; as in `ProfileProbe`. */
export interface DecoderProbe {
  readonly works: boolean;
  readonly detail: string;
  readonly decodeMs: number;
}

/** Frames that a probe encodes: a few for each encoder that works at the same time. */
const PROBE_FRAMES = 6;

/** Encodes a few full frames, decodes them, compares every byte, and looks at their number. */
export async function probeProfile(profile: ProfileName): Promise<ProfileProbe> {
  const payloads = Array.from({ length: PROBE_FRAMES }, (_, index) => probePayload(index));
  let bytesPerFrame = 0;
  let encodeMs = 0;
  const reader = new FrameReader();
  try {
    const start = performance.now();
    const encoded = await encodeFrames(profile, payloads);
    encodeMs = (performance.now() - start) / payloads.length;
    bytesPerFrame = Math.max(...encoded.samples.map((sample) => sample.length));
    const seen = `${bytesPerFrame} bytes a frame`;
    if (profile === 'compact' && bytesPerFrame > COMPACT_BYTES_LIMIT) {
      return { works: false, detail: `too large: ${seen}`, bytesPerFrame, encodeMs, decodeMs: 0 };
    }
    const video = new Blob([await writeMp4([encoded], {})]);
    const { detail, ...read } = await readProbe(reader, video, payloads);
    return { ...read, detail: `${seen}, ${detail}`, bytesPerFrame, encodeMs };
  } catch (error) {
    return { works: false, detail: messageOf(error), bytesPerFrame, encodeMs, decodeMs: 0 };
  } finally {
    reader.close();
  }
}

/** Decodes a video that ships with the app and compares every byte. */
export async function probeDecoder(
  decoder: DecoderName,
  profile: ProfileName = decoder === 'ffmpeg' ? 'universal' : 'compact',
): Promise<DecoderProbe> {
  const reader = new FrameReader({ decoder });
  try {
    const response = await fetch(profile === 'compact' ? compactUrl : universalUrl);
    if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
    const payloads = Array.from({ length: SHIPPED_FRAMES }, (_, index) => probePayload(index));
    return await readProbe(reader, await response.blob(), payloads);
  } catch (error) {
    return { works: false, detail: messageOf(error), decodeMs: 0 };
  } finally {
    reader.close();
  }
}

/** Frames of the two videos that ship with the app: `probePayload` of 0 and 1. */
export const SHIPPED_FRAMES = 2;

/** A full frame of noise, always the same for an index: a linear congruential generator. */
export function probePayload(index: number): Uint8Array {
  const payload = new Uint8Array(FRAME_CAPACITY);
  let state = index + 1;
  for (let i = 0; i < payload.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    payload[i] = state >>> 24;
  }
  return payload;
}

/** Reads all frames twice: once to warm up and to compare, once for the time. */
async function readProbe(
  reader: FrameReader,
  video: Blob,
  payloads: readonly Uint8Array[],
): Promise<DecoderProbe> {
  const id = 'probe';
  await reader.open(id, video);
  let wrong = payloads.length;
  let searched = 0;
  const indices = [...payloads.keys()];
  await reader.readPayloads(id, indices, {
    onPayload: (index, payload, how) => {
      if (payload.every((byte, at) => byte === payloads[index]?.[at])) wrong--;
      if (how !== 'grid') searched++;
    },
  });
  const start = performance.now();
  await reader.readPayloads(id, indices, { onPayload: () => undefined });
  const decodeMs = (performance.now() - start) / payloads.length;
  const works = wrong === 0 && searched === 0;
  const name = await reader.decoderOf(id);
  const detail = works
    ? `${payloads.length} frames read back by ${name}`
    : `${wrong} of ${payloads.length} frames differ, ${searched} off the grid, by ${name}`;
  return { works, detail, decodeMs };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
