/**
 * Encodes universal frames with libx264 in ffmpeg.wasm. It is fed one grey pixel a module and
 * enlarges inside: 64 raw frames of 752 x 752 are 54 MB of its memory, of 188 x 188 2.3 MB.
 */
import { InvalidError } from '../errors';
import { sameBytes } from './codec-config';
import type { Caution, EncodedFrames, EncodeOptions, Payloads } from './encoder';
import { runFfmpeg } from './ffmpeg';
import { FrameDrawer } from './frame';
import { openMp4, type Mp4 } from './mp4-index';
import { FRAMES_PER_SECOND, PROFILES } from './profile';

/** Frames a run: more cost memory, which the wasm does not give back, and progress comes late. */
const FRAMES_PER_RUN = 64;

/**
 * What keeps flat 4x4 blocks flat: nothing that looks beyond a block, no 8x8 transform, no bits
 * moved for the eye. Of what x264 can decide with more care it decides nothing: with `veryfast` and
 * `subme=6` a frame is 11.4 KB instead of 14.0, at a third of the speed (46 and 140 frames a second
 * natively). The arithmetic coder stays: without it a frame is 18.0 KB. One thread, so that bytes
 * do not depend on the machine.
 */
const X264 = [
  'no-deblock=1',
  '8x8dct=0',
  'partitions=i4x4',
  'aq-mode=0',
  'psy=0',
  'trellis=0',
  'cabac=1',
  'threads=1',
].join(':');

/** Quantisers by caution; 51 is the coarsest there is and reads without an error. */
const QUANTISERS: Readonly<Record<Caution, number>> = { 0: 51, 1: 44, 2: 30 };

const PROFILE = PROFILES.universal;
const GREY_BYTES = PROFILE.frameModules ** 2;

/** As `encodeFrames`, for universal. */
export async function encodeWithFfmpeg(
  payloads: Payloads,
  { signal, caution = 0, onFrame }: EncodeOptions,
): Promise<EncodedFrames> {
  const drawer = new FrameDrawer(PROFILE);
  const grey = new Uint8Array(GREY_BYTES * FRAMES_PER_RUN);
  const samples: Uint8Array[] = [];
  let track: Mp4 | undefined;
  let drawn = 0;

  const encodeDrawn = async (): Promise<void> => {
    if (drawn === 0) return;
    const video = await encodeGrey(
      new Blob([grey.subarray(0, drawn * GREY_BYTES)]),
      caution,
      signal,
    );
    if (video.frames !== drawn) throw new Error(`x264 made ${video.frames} frames of ${drawn}`);
    track ??= video;
    if (!sameBytes(video.decoderConfig, track.decoderConfig)) {
      throw new Error('x264 changed its parameter sets between two runs');
    }
    // Copies, so that no sample keeps a whole run's file alive.
    for (const sample of await video.samples(0, drawn)) samples.push(sample.slice());
    drawn = 0;
    onFrame?.(samples.length);
  };

  for await (const payload of payloads) {
    signal?.throwIfAborted();
    drawer.draw(payload, grey.subarray(drawn * GREY_BYTES, (drawn + 1) * GREY_BYTES));
    drawn++;
    if (drawn === FRAMES_PER_RUN) await encodeDrawn();
  }
  signal?.throwIfAborted();
  await encodeDrawn();
  if (!track) throw new InvalidError('Nothing to encode');
  return {
    profile: 'universal',
    codec: track.codec,
    decoderConfig: track.decoderConfig,
    samples,
  };
}

/** Encodes grey pictures of one pixel a module. */
async function encodeGrey(
  grey: Blob,
  caution: Caution,
  signal: AbortSignal | undefined,
): Promise<Mp4> {
  const side = PROFILE.frameModules;
  const file = await runFfmpeg({
    before: [
      ...['-f', 'rawvideo', '-pix_fmt', 'gray', '-video_size', `${side}x${side}`],
      ...['-framerate', String(FRAMES_PER_SECOND)],
    ],
    input: grey,
    after: [
      ...['-vf', `scale=iw*${PROFILE.modulePixels}:ih*${PROFILE.modulePixels}:flags=neighbor`],
      ...['-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '1'],
      ...['-qp', String(QUANTISERS[caution]), '-x264-params', X264],
      // Type 6 is SEI: x264's own name and options, in the first frame of each run.
      ...['-bsf:v', 'filter_units=remove_types=6', '-f', 'mp4'],
    ],
    signal,
  });
  return await openMp4(file);
}
