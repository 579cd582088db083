/**
 * Encodes compact frames with WebCodecs' AV1. Small only where the encoder uses its tools for
 * screen content (palettes), which each browser switches on in another way: settings are tried, and
 * the bytes looked at.
 */
import { InvalidError, UnsupportedError } from '../errors';
import { av1Configuration, av1Sample } from './av1';
import { av1Codec, sameBytes } from './codec-config';
import type { Caution, EncodedFrames, EncodeOptions, Payloads } from './encoder';
import { FrameDrawer } from './frame';
import { COMPACT_BYTES_LIMIT, FRAME_CAPACITY, FRAMES_PER_SECOND, PROFILES } from './profile';

const PROFILE = PROFILES.compact;
const SIDE = PROFILE.framePixels;
const FRAME_MICROSECONDS = 1_000_000 / FRAMES_PER_SECOND;

/** Frames that wait in one encoder. */
const QUEUE = 2;
/** Encoders side by side: 262, 474, 650 frames a second with 1, 2, 3 of them on four cores. */
const ENCODERS = Math.max(1, Math.min(3, navigator.hardwareConcurrency - 1));

/** `av1.quantizer` is in the AV1 WebCodecs registration (0 to 255), not in TypeScript's types. */
interface Av1EncodeOptions extends VideoEncoderEncodeOptions {
  readonly av1?: { readonly quantizer: number };
}

interface Settings {
  readonly config: VideoEncoderConfig;
  readonly options: Av1EncodeOptions;
}

const COMMON = {
  codec: 'av01.0.04M.08',
  width: SIDE,
  height: SIDE,
  framerate: FRAMES_PER_SECOND,
  contentHint: 'text',
} as const satisfies VideoEncoderConfig;

/** Chromium: 4,317 bytes a frame at 240, no pixel wrong in 600 frames; 3 wrong at 255. */
const QUANTISERS: Readonly<Record<Caution, number>> = { 0: 240, 1: 160, 2: 32 };
/** Bits a second where there is no quantiser to set. */
const BITRATES: Readonly<Record<Caution, number>> = { 0: 100_000, 1: 400_000, 2: 1_600_000 };

/** What to try, best first, for each degree of caution. */
const CANDIDATES: readonly ((caution: Caution) => Settings)[] = [
  (caution) => ({
    config: { ...COMMON, latencyMode: 'realtime', bitrateMode: 'quantizer' },
    options: { keyFrame: true, av1: { quantizer: QUANTISERS[caution] } },
  }),
  // Firefox: 4,343 bytes a frame this way, four to six times as many in real time.
  (caution) => ({
    config: { ...COMMON, latencyMode: 'quality', bitrate: BITRATES[caution] },
    options: { keyFrame: true },
  }),
];

/** As `encodeFrames`, for compact. */
export async function encodeWithWebCodecs(
  payloads: Payloads,
  { signal, caution = 0, onFrame }: EncodeOptions,
): Promise<EncodedFrames> {
  signal?.throwIfAborted();
  const settingsFor = await settledCandidate();
  return await encodeWith(settingsFor(caution), payloads, { onFrame, signal });
}

let settled: Promise<(caution: Caution) => Settings> | undefined;

/** The first candidate whose frames are small here; tried once a worker. */
function settledCandidate(): Promise<(caution: Caution) => Settings> {
  settled ??= tryCandidates();
  return settled;
}

async function tryCandidates(): Promise<(caution: Caution) => Settings> {
  const seen: string[] = [];
  if (typeof VideoEncoder === 'undefined') {
    throw new UnsupportedError('This browser has no VideoEncoder');
  }
  for (const candidate of CANDIDATES) {
    const settings = candidate(0);
    const name = `${String(settings.config.latencyMode)} ${settings.config.bitrateMode ?? 'bitrate'}`;
    const { supported } = await VideoEncoder.isConfigSupported(settings.config);
    if (supported !== true) {
      seen.push(`${name}: refused`);
      continue;
    }
    try {
      const { samples } = await encodeWith(settings, noise(2), {});
      const largest = Math.max(...samples.map((sample) => sample.length));
      if (largest <= COMPACT_BYTES_LIMIT) return candidate;
      seen.push(`${name}: ${largest} bytes a frame`);
    } catch (error) {
      seen.push(`${name}: ${String(error)}`);
    }
  }
  throw new UnsupportedError(`No AV1 setting makes small frames here (${seen.join('; ')})`);
}

/** Full frames of random bytes: what compressed text looks like. */
function* noise(frames: number): Generator<Uint8Array> {
  for (let i = 0; i < frames; i++) {
    yield crypto.getRandomValues(new Uint8Array(FRAME_CAPACITY));
  }
}

async function encodeWith(
  { config, options }: Settings,
  payloads: Payloads,
  { signal, onFrame }: Pick<EncodeOptions, 'signal' | 'onFrame'>,
): Promise<EncodedFrames> {
  const collector = new SampleCollector(onFrame);
  const encoders: VideoEncoder[] = [];
  const drawer = new FrameDrawer(PROFILE);
  // Chroma stays grey; `VideoFrame` copies, so one buffer serves all frames.
  const i420 = new Uint8Array((SIDE * SIDE * 3) / 2).fill(128);
  let drawn = 0;
  try {
    for await (const payload of payloads) {
      signal?.throwIfAborted();
      const slot = drawn % ENCODERS;
      const encoder = (encoders[slot] ??= collector.encoder(config));
      while (encoder.encodeQueueSize >= QUEUE) {
        await collector.dequeued(encoder);
        signal?.throwIfAborted();
      }
      drawer.draw(payload, i420);
      const frame = new VideoFrame(i420, {
        format: 'I420',
        codedWidth: SIDE,
        codedHeight: SIDE,
        timestamp: drawn * FRAME_MICROSECONDS,
        duration: FRAME_MICROSECONDS,
        colorSpace: { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false },
      });
      encoder.encode(frame, options);
      frame.close();
      drawn++;
    }
    await Promise.all(encoders.map((encoder) => encoder.flush()));
    signal?.throwIfAborted();
    collector.check();
  } catch (error) {
    signal?.throwIfAborted();
    // An encoder that fails says why to its callback, and only "closed" to `encode` and `flush`.
    collector.check();
    throw error;
  } finally {
    for (const encoder of encoders) if (encoder.state !== 'closed') encoder.close();
  }
  return collector.result(drawn);
}

/** Puts what several encoders say back into one order. */
class SampleCollector {
  readonly #samples: (Uint8Array | undefined)[] = [];
  readonly #onFrame: ((done: number) => void) | undefined;
  #sequenceHeader: Uint8Array | undefined;
  #done = 0;
  #failure: Error | undefined;

  constructor(onFrame: ((done: number) => void) | undefined) {
    this.#onFrame = onFrame;
  }

  encoder(config: VideoEncoderConfig): VideoEncoder {
    const encoder = new VideoEncoder({
      output: (chunk) => {
        try {
          this.#collect(chunk);
        } catch (error) {
          this.#failure ??= error instanceof Error ? error : new Error(String(error));
        }
      },
      error: (error) => {
        this.#failure ??= error;
      },
    });
    encoder.configure(config);
    return encoder;
  }

  /** Resolves when the encoder has taken a frame, or failed. */
  async dequeued(encoder: VideoEncoder): Promise<void> {
    this.check();
    await new Promise((resolve) => {
      encoder.addEventListener('dequeue', resolve, { once: true });
    });
    this.check();
  }

  /** @throws what an encoder failed with */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  result(frames: number): EncodedFrames {
    const samples = this.#samples.filter((sample) => sample !== undefined);
    if (frames === 0 || !this.#sequenceHeader) throw new InvalidError('Nothing to encode');
    if (samples.length !== frames) {
      throw new Error(`The encoder made ${samples.length} frames of ${frames}`);
    }
    const decoderConfig = av1Configuration(this.#sequenceHeader);
    return { profile: 'compact', codec: av1Codec(decoderConfig), decoderConfig, samples };
  }

  #collect(chunk: EncodedVideoChunk): void {
    if (chunk.type !== 'key') throw new Error('The encoder made a frame that needs another one');
    const unit = new Uint8Array(chunk.byteLength);
    chunk.copyTo(unit);
    const { sample, sequenceHeader } = av1Sample(unit);
    this.#sequenceHeader ??= sequenceHeader;
    if (!sameBytes(sequenceHeader, this.#sequenceHeader)) {
      throw new Error('The encoder changed its sequence header between two frames');
    }
    this.#samples[Math.round(chunk.timestamp / FRAME_MICROSECONDS)] = sample;
    this.#done++;
    this.#onFrame?.(this.#done);
  }
}
