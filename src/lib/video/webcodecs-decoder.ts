/**
 * Decodes with WebCodecs' `VideoDecoder`, in software: the frames are small, and a graphics card's
 * decoder costs more to talk to than it saves.
 *
 * Damage must never show another frame's symbol, which would read as sound text. H.264 decoders
 * paint over what they cannot decode with what the picture buffer held before: 28 of 150 flipped
 * bytes gave a neighbour's payload. So each H.264 frame gets a decoder without a past. AV1 decoders
 * say that a frame is damaged, and `checkAv1Sample` refuses what could refer to another frame.
 */
import { CorruptError } from '../errors';
import { checkAv1Sample } from './av1';
import type { FrameDecoder, Luma } from './decode';
import { LumaExtractor } from './luma';
import type { Track } from './mp4';

/** Samples in the decoder at a time: enough to keep it busy while others are read. */
const WINDOW = 8;

/** Milliseconds after which frames that did not come by themselves are flushed out. */
const PATIENCE = 100;

/** Undefined where this browser has no decoder for it. */
export async function openWebCodecsDecoder(track: Track): Promise<FrameDecoder | undefined> {
  if (typeof VideoDecoder === 'undefined') return undefined;
  const config: VideoDecoderConfig = {
    codec: track.codec,
    codedWidth: track.width,
    codedHeight: track.height,
    optimizeForLatency: true,
    // AV1 has its sequence header in each sample.
    ...(track.codec.startsWith('avc1') ? { description: track.decoderConfig } : {}),
  };
  const software: VideoDecoderConfig = { ...config, hardwareAcceleration: 'prefer-software' };
  for (const candidate of [software, config]) {
    const { supported } = await VideoDecoder.isConfigSupported(candidate);
    if (supported === true) return new WebCodecsDecoder(candidate);
  }
  return undefined;
}

class WebCodecsDecoder implements FrameDecoder {
  readonly name = 'webcodecs';
  readonly #config: VideoDecoderConfig;
  readonly #isAv1: boolean;
  readonly #extractor = new LumaExtractor();
  #decoder: VideoDecoder | undefined;
  /** For H.264: the next frame's decoder, configured ahead, which takes as long as decoding does. */
  #next: VideoDecoder | undefined;
  /** What to do with the next decoded frame; the frame is the callee's to close. */
  #onFrame: (frame: VideoFrame) => void = (frame) => {
    frame.close();
  };
  /** The decoder has closed itself over what it was given. */
  #onError: () => void = () => undefined;

  constructor(config: VideoDecoderConfig) {
    this.#config = config;
    this.#isAv1 = config.codec.startsWith('av01');
  }

  async decode(
    samples: readonly Uint8Array[],
    onLuma: (index: number, luma: Luma) => void | Promise<void>,
    signal?: AbortSignal,
  ): Promise<void> {
    const consume = async (index: number, frame: VideoFrame): Promise<void> => {
      signal?.throwIfAborted();
      await onLuma(index, await this.#extractor.fromFrame(frame));
    };
    let done = 0;
    let window = this.#isAv1 ? WINDOW : 1;
    while (done < samples.length) {
      signal?.throwIfAborted();
      const batch = samples.slice(done, done + window);
      const decoded = await this.#decodeBatch(batch, done, consume);
      done += decoded;
      if (decoded === batch.length) continue;
      // One of the batch failed and took the rest along: alone, the culprit can be named.
      if (window === 1)
        throw new CorruptError('A frame does not decode', { subject: String(done) });
      window = 1;
    }
  }

  async picture(sample: Uint8Array): Promise<ImageBitmap> {
    let picture: ImageBitmap | undefined;
    await this.#decodeBatch([sample], 0, async (_index, frame) => {
      picture = await createImageBitmap(frame);
    });
    if (!picture) throw new CorruptError('A frame does not decode', { subject: '0' });
    return picture;
  }

  close(): void {
    this.#closeCurrent();
    if (this.#next && this.#next.state !== 'closed') this.#next.close();
    this.#next = undefined;
  }

  #closeCurrent(): void {
    if (this.#decoder && this.#decoder.state !== 'closed') this.#decoder.close();
    this.#decoder = undefined;
  }

  /** Resolves with how many frames came out, from the first on without a gap. */
  async #decodeBatch(
    samples: readonly Uint8Array[],
    base: number,
    consume: (index: number, frame: VideoFrame) => Promise<void>,
  ): Promise<number> {
    let expected = 0;
    let gap = false;
    let consumed: Promise<void> = Promise.resolve();
    let settle = (): void => undefined;
    const settled = new Promise<void>((resolve) => (settle = resolve));
    this.#onError = settle;
    this.#onFrame = (frame) => {
      if (gap || frame.timestamp !== expected) {
        gap = true;
        frame.close();
        return;
      }
      const index = base + expected++;
      consumed = consumed
        .then(() => consume(index, frame))
        .finally(() => {
          frame.close();
        });
      consumed.catch(() => undefined); // thrown below, after the rest of the batch is closed
      if (expected === samples.length) settle();
    };
    try {
      const decoder = this.#open();
      samples.forEach((data, timestamp) => {
        if (this.#isAv1) checkAv1Sample(data);
        decoder.decode(new EncodedVideoChunk({ type: 'key', timestamp, data }));
      });
      if (this.#isAv1) {
        // Frames come by themselves, in 2.0 ms; a flush takes until 4.0.
        const late = setTimeout(settle, PATIENCE);
        await settled;
        clearTimeout(late);
        if (expected < samples.length) await decoder.flush();
      } else {
        // H.264 decoders wait for pictures that could come before: only a flush brings the frame, 1 ms
        // before it says that it is done.
        const flushed = decoder.flush();
        this.#next ??= this.#configured(); // while this one works
        await Promise.race([settled, flushed]);
        flushed.catch(() => undefined); // closed with the frame out
      }
    } catch (error) {
      this.close();
      if (!(isDecodingError(error) || error instanceof CorruptError)) throw error;
    }
    await consumed;
    return expected;
  }

  #open(): VideoDecoder {
    if (!this.#isAv1) this.#closeCurrent();
    if (this.#decoder?.state === 'configured') return this.#decoder;
    const ahead = this.#next?.state === 'configured' ? this.#next : undefined;
    this.#next = undefined;
    return (this.#decoder = ahead ?? this.#configured());
  }

  #configured(): VideoDecoder {
    const decoder = new VideoDecoder({
      output: (frame) => {
        if (decoder === this.#decoder) this.#onFrame(frame);
        else frame.close();
      },
      error: () => {
        // `flush` throws the error, or that the decoder is closed.
        if (decoder === this.#decoder) this.#onError();
      },
    });
    decoder.configure(this.#config);
    return decoder;
  }
}

/** Bad data closes a decoder; `decode` and `flush` then throw one of these. */
function isDecodingError(error: unknown): boolean {
  return (
    error instanceof DOMException &&
    ['EncodingError', 'DataError', 'InvalidStateError', 'AbortError', 'OperationError'].includes(
      error.name,
    )
  );
}
