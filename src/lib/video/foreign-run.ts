/** One run of ffmpeg on a video that others made, and what readers of such videos are asked. */
import { CorruptError } from '../errors';
import type { Luma } from './decode';
import { FfmpegExitError, runFfmpeg, type FfmpegRun } from './ffmpeg';

export interface ForeignRead {
  /** Frames `from` up to but not including `to`. */
  readonly from: number;
  readonly to: number;
  readonly signal?: AbortSignal | undefined;
  /** Called in the order of the frames, rows without a gap; the next one waits. */
  readonly onLuma: (luma: Luma) => Promise<void>;
}

/** ffmpeg's exit on a file that it cannot read. @throws CorruptError */
export function runOnVideo(run: FfmpegRun): Promise<Uint8Array> {
  return runFfmpeg(run).catch((cause: unknown) => {
    if (cause instanceof FfmpegExitError) throw noVideo(cause);
    throw cause;
  });
}

export const noVideo = (cause?: unknown): CorruptError =>
  new CorruptError('There is no video in it that can be read.', { cause });
