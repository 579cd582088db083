/**
 * Decodes H.264 with ffmpeg.wasm, where the browser has no decoder for it. Slow to start (32 MB),
 * and a run of several frames costs little more than one.
 */
import { CorruptError } from '../errors';
import { concatenate } from './boxes';
import type { FrameDecoder, Luma } from './decode';
import { FfmpegExitError, runFfmpeg } from './ffmpeg';
import { layoutMovie, type Track } from './mp4';

/** Frames a run: 18 MB of grey. */
const FRAMES_PER_RUN = 32;

/** Undefined for another codec than H.264: the core has no decoder for AV1. */
export function openFfmpegDecoder(track: Track): FrameDecoder | undefined {
  return track.codec.startsWith('avc1') ? new FfmpegDecoder(track) : undefined;
}

class FfmpegDecoder implements FrameDecoder {
  readonly name = 'ffmpeg';
  readonly #track: Track;

  constructor(track: Track) {
    this.#track = track;
  }

  async decode(
    samples: readonly Uint8Array[],
    onLuma: (index: number, luma: Luma) => void | Promise<void>,
    signal?: AbortSignal,
  ): Promise<void> {
    let done = 0;
    let window = FRAMES_PER_RUN;
    while (done < samples.length) {
      const batch = samples.slice(done, done + window);
      const frames = await this.#decodeBatch(batch, signal);
      if (frames.length !== batch.length) {
        // ffmpeg leaves out what it cannot decode: alone, the culprit can be named.
        if (window === 1) {
          throw new CorruptError('A frame does not decode', { subject: String(done) });
        }
        window = 1;
        continue;
      }
      for (const luma of frames) {
        signal?.throwIfAborted();
        await onLuma(done++, luma);
      }
    }
  }

  async picture(sample: Uint8Array): Promise<ImageBitmap> {
    const luma = (await this.#decodeBatch([sample], undefined))[0];
    if (!luma) throw new CorruptError('A frame does not decode', { subject: '0' });
    const picture = new ImageData(luma.width, luma.height);
    new Uint32Array(picture.data.buffer).forEach((_, index, pixels) => {
      pixels[index] = 0xff00_0000 | ((luma.data[index] ?? 0) * 0x01_0101);
    });
    return await createImageBitmap(picture);
  }

  close(): void {
    // The instance is shared with the encoder; `disposeEncoders` ends it.
  }

  async #decodeBatch(
    samples: readonly Uint8Array[],
    signal: AbortSignal | undefined,
  ): Promise<Luma[]> {
    const { width, height } = this.#track;
    const sizes = Uint32Array.from(samples, (sample) => sample.length);
    const grey = await runFfmpeg({
      // ffmpeg paints damage over with the frame before, whose symbol would read as sound text;
      // `xerror` makes it exit where it did. (13 of 60 flipped bytes without, 0 with.)
      before: ['-xerror', '-err_detect', 'explode', '-f', 'mp4'],
      input: new Blob([concatenate([layoutMovie(this.#track, sizes, {}), ...samples])]),
      after: ['-fps_mode', 'passthrough', '-pix_fmt', 'gray', '-f', 'rawvideo'],
      signal,
    }).catch((error: unknown) => {
      if (error instanceof FfmpegExitError) return new Uint8Array();
      throw error;
    });
    const frames: Luma[] = [];
    for (let at = 0; at + width * height <= grey.length; at += width * height) {
      frames.push({ width, height, data: grey.subarray(at, at + width * height), stride: width });
    }
    return frames;
  }
}
