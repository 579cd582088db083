/**
 * Frames into an MP4 that reads back: written to where it will stay, decoded from there, and frames
 * that differ encoded anew with more care. What a frame says is not known here.
 */
import type { Digest } from '../../store/digest';
import type { Store } from '../../store/store';
import { CorruptError } from '../../errors';
import { segmentIdOf } from '../../shard/ids';
import { sameBytes } from '../../video/codec-config';
import type { EncodedFrames } from '../../video/encode';
import { writeMp4 } from '../../video/mp4';
import type { DrawnFrames, FramesContext } from './frame-packing';
import { hex } from '../hex';
import type { Caution, SegmentFile } from '../protocol';

export interface KeptVideo {
  readonly digest: Digest;
  /** As decode workers are told of it. */
  readonly segment: SegmentFile;
}

/** Where videos go. */
export interface VideoTarget {
  keep(mp4: Uint8Array): Promise<KeptVideo>;
}

/** Videos as blobs of the store. */
export function storedVideos(store: Store): VideoTarget {
  return {
    async keep(mp4) {
      const digest = await store.putBlob(mp4);
      return { digest, segment: { id: segmentIdOf(digest), file: await store.get(digest) } };
    },
  };
}

/** A video that was written, and how many of its frames come from where: copied ones lie first. */
export interface WrittenVideo extends KeptVideo {
  readonly size: number;
  readonly copied: number;
  readonly drawn: number;
}

export interface VideoContext extends Omit<FramesContext, 'lineage' | 'gate'> {
  /** For the video's own comment. */
  readonly model: string;
  readonly target: VideoTarget;
}

/**
 * Writes copied frames and drawn ones as one video; as two, the copied ones first, where another
 * encoder's settings were used for them, for a video has one configuration. Every drawn frame is
 * decoded and compared. Copied ones are not: they were when they were drawn, and the digest of the
 * file that they come from proves that they are what they were.
 * @throws CorruptError when frames do not read back at any level of caution
 */
export async function writeVerified(
  copied: EncodedFrames | null,
  drawn: Pick<DrawnFrames<unknown>, 'encoded' | 'payloads'>,
  context: VideoContext,
): Promise<WrittenVideo[]> {
  const { payloads } = drawn;
  if (payloads.length === 0) return copied ? [await write([copied], 0, context)] : [];
  const { engines, profile, signal } = context;
  const digests = await Promise.all(payloads.map(sha256));
  let problem = '';
  for (const caution of [0, 1, 2] satisfies Caution[]) {
    const frames =
      caution === 0
        ? drawn.encoded
        : [await engines.encode.call('again', { profile, payloads, caution }, { signal })];
    signal.throwIfAborted();
    const joins = copied !== null && frames.every((part) => isAlike(part, copied));
    const parts = joins ? [copied, ...frames] : frames;
    const video = await write(parts, payloads.length, context);
    const bad = await verify(video, digests, context);
    if (!bad) return copied && !joins ? [await write([copied], 0, context), video] : [video];
    problem = `frame ${String(bad.frame)}: ${bad.message}`;
  }
  throw new CorruptError(`A segment does not read back as it was drawn (${problem}).`);
}

function isAlike(a: EncodedFrames, b: EncodedFrames): boolean {
  return a.codec === b.codec && sameBytes(a.decoderConfig, b.decoderConfig);
}

async function write(
  parts: readonly EncodedFrames[],
  drawn: number,
  { profile, model, target, signal }: VideoContext,
): Promise<WrittenVideo> {
  signal.throwIfAborted();
  const frames = parts.reduce((sum, { samples }) => sum + samples.length, 0);
  const comment = `memreel/1 ${profile} model=${model} frames=${String(frames)}`;
  const mp4 = await writeMp4(parts, { comment });
  return { ...(await target.keep(mp4)), size: mp4.length, copied: frames - drawn, drawn };
}

/** The first drawn frame that does not read back; they are read in as many ranges as there are lanes. */
async function verify(
  { segment, copied }: WrittenVideo,
  digests: readonly string[],
  { engines, signal, progress }: VideoContext,
): Promise<{ frame: number; message: string } | undefined> {
  const share = Math.ceil(digests.length / engines.lanes);
  const ranges = Array.from({ length: Math.ceil(digests.length / share) }, (_, at) => at * share);
  const found = await Promise.all(
    ranges.map(async (from) => {
      const some = digests.slice(from, from + share);
      let told = 0;
      const bad = await engines.decode.call(
        'verify',
        { segment, from: copied + from, digests: some },
        {
          signal,
          onProgress: (frames) => {
            progress('verify', frames - told);
            told = frames;
          },
        },
      );
      progress('verify', some.length - told);
      return bad;
    }),
  );
  return found.flat()[0];
}

async function sha256(bytes: Uint8Array): Promise<string> {
  return hex(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
}
