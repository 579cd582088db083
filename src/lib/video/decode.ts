/**
 * The port of the decoders: key frames in, grey pictures out. Behind it: `webcodecs-decoder.ts`,
 * `ffmpeg-decoder.ts`, `avif-decoder.ts`. Reading symbols out of the pictures: `read.ts`.
 */

/** The grey of a decoded frame, 0 black; valid until the decoder's next one. */
export interface Luma {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  /** Bytes from one row to the next in `data`. */
  readonly stride: number;
}

export type DecoderName = 'webcodecs' | 'ffmpeg' | 'avif';

/** A warm decoder of one codec configuration. Calls must not overlap. */
export interface FrameDecoder {
  readonly name: DecoderName;
  /**
   * Decodes key frames; calls back once for each, in order, waiting for each call before the next.
   * The signal is looked at between frames.
   * @throws CorruptError whose `subject` is the index in `samples` of one that does not decode
   */
  decode(
    samples: readonly Uint8Array[],
    onLuma: (index: number, luma: Luma) => void | Promise<void>,
    signal?: AbortSignal,
  ): Promise<void>;
  /** The frame in its own colours. @throws CorruptError */
  picture(sample: Uint8Array): Promise<ImageBitmap>;
  close(): void;
}
