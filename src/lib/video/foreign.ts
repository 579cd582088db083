/**
 * Videos that others made, as grey pictures: any container and codec that ffmpeg.wasm reads, and AV1
 * by WebCodecs (`foreign-av1.ts`). Runs in a decode worker, which may be killed. What the pictures
 * show is not known here; our own videos go another way (`read.ts`).
 */
import { CorruptError, UnsupportedError } from '../errors';
import { readForeignAv1 } from './foreign-av1';
import { noVideo, runOnVideo, type ForeignRead } from './foreign-run';

/** What is known of a video before its pictures are. */
export interface ForeignVideo {
  /** As ffmpeg calls it. */
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  /** Seconds at which each frame is shown, ascending from 0. */
  readonly times: Float64Array;
}

/** Every run copies the video into ffmpeg's file system. */
const MAX_FOREIGN_BYTES = 512 << 20;
/** Pixels of a side: five times those of the largest symbol at 4 pixels a module. */
const MAX_SIDE = 4096;
/** More frames than a file of that size has symbols. */
const MAX_FRAMES = 5_000_000;
/** Bytes of grey that a run makes. */
const RUN_BYTES = 32 << 20;
/** Frames of a run, however small they are: in between the signal is looked at. */
const RUN_FRAMES = 256;

/** How many frames one run decodes; a call of `readForeign` may be for any number. */
export function framesPerRun({ width, height }: Pick<ForeignVideo, 'width' | 'height'>): number {
  return Math.max(1, Math.min(RUN_FRAMES, Math.floor(RUN_BYTES / (width * height))));
}

/**
 * Lists a video's frames; decodes none.
 * @throws CorruptError for a file that has no video in it, as far as ffmpeg can tell
 * @throws UnsupportedError for one that is too large
 */
export async function openForeign(file: Blob, signal?: AbortSignal): Promise<ForeignVideo> {
  if (file.size > MAX_FOREIGN_BYTES) {
    const most = String(MAX_FOREIGN_BYTES >> 20);
    throw new UnsupportedError(`A video of more than ${most} MB cannot be read here.`);
  }
  const list = await runOnVideo({
    before: ['-fflags', '+genpts'],
    input: file,
    after: ['-map', '0:v:0', '-c', 'copy', '-f', 'framecrc'],
    signal,
  });
  return parseFrameList(new TextDecoder().decode(list));
}

/**
 * What ffmpeg's `framecrc` says: `#name 0: value` in front, then a line a packet with stream, time
 * of decoding, time of showing, duration, bytes and checksum.
 * @throws CorruptError, UnsupportedError as `openForeign`
 */
export function parseFrameList(list: string): ForeignVideo {
  const named = (name: string): string =>
    new RegExp(`^#${name} 0: (.*)$`, 'mu').exec(list)?.[1]?.trim() ?? '';
  const [width = 0, height = 0] = named('dimensions').split('x').map(Number);
  const [numerator = 0, denominator = 0] = named('tb').split('/').map(Number);
  const unit = numerator / denominator;
  if (!(width > 0 && height > 0 && unit > 0)) throw noVideo();
  if (width > MAX_SIDE || height > MAX_SIDE) {
    throw new UnsupportedError(`Pictures of ${String(width)} x ${String(height)} are too large.`);
  }
  const times: number[] = [];
  for (const [, decoded, shown] of list.matchAll(/^0,\s*(-?\d+|NOPTS),\s*(-?\d+|NOPTS),/gmu)) {
    const time = Number(shown === 'NOPTS' ? decoded : shown);
    if (Number.isFinite(time)) times.push(time * unit);
    if (times.length > MAX_FRAMES) throw new UnsupportedError('The video has too many frames.');
  }
  const ascending = Float64Array.from(times).sort();
  const [first] = ascending;
  if (first === undefined) throw noVideo();
  return { codec: named('codec_id'), width, height, times: ascending.map((time) => time - first) };
}

/**
 * Hands out the pictures of some frames; one that does not decode is left out, so there may be
 * fewer, and damage may show what a frame before it showed.
 */
export async function readForeign(
  file: Blob,
  video: ForeignVideo,
  { from, to, signal, onLuma }: ForeignRead,
): Promise<void> {
  if (video.codec === 'av1') {
    await readForeignAv1(file, { from, to, signal, onLuma });
    return;
  }
  const { width, height } = video;
  const step = framesPerRun(video);
  for (let at = from; at < to; at += step) {
    signal?.throwIfAborted();
    const frames = Math.min(step, to - at);
    // In AVI the last frame cannot be sought for: only behind another one does it come out.
    const lead = at > 0 && at === video.times.length - 1 ? 1 : 0;
    const grey = await runOnVideo({
      before: ['-noautorotate', '-ss', secondsBefore(video.times, at - lead)],
      input: file,
      after: [
        ...['-map', '0:v:0', '-frames:v', String(lead + frames), '-fps_mode', 'passthrough'],
        // Of another size only where the video lies about it.
        ...['-vf', `scale=${String(width)}:${String(height)}`, '-pix_fmt', 'gray'],
        ...['-f', 'rawvideo'],
      ],
      signal,
    }).catch((error: unknown) => {
      // All of these frames are damaged: they cost themselves.
      if (error instanceof CorruptError) return new Uint8Array();
      throw error;
    });
    const bytes = width * height;
    for (let start = lead * bytes; start + bytes <= grey.length; start += bytes) {
      signal?.throwIfAborted();
      const data = grey.subarray(start, start + bytes);
      await onLuma({ width, height, data, stride: width });
    }
  }
}

/** A moment between a frame and the one before it: seeking there begins with the frame. */
function secondsBefore(times: Float64Array, frame: number): string {
  const before = times[frame - 1];
  const at = times[frame] ?? 0;
  return before === undefined ? '0' : ((before + at) / 2).toFixed(6);
}
