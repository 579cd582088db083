/**
 * The port of the encoders: what goes in and what comes out. `encode.ts` picks one.
 */
import type { ProfileName } from '../api';

/** Coded frames of one profile, all key frames, in MP4's form. */
export interface EncodedFrames {
  readonly profile: ProfileName;
  /** RFC 6381, such as `av01.0.00M.08`. */
  readonly codec: string;
  /** The content of `av1C` or `avcC`. */
  readonly decoderConfig: Uint8Array;
  readonly samples: Uint8Array[];
}

/** 0 for the first try; 1 and 2 are safer and larger, for what failed to verify. */
export type Caution = 0 | 1 | 2;

export interface EncodeOptions {
  /** Looked at between frames; the call then rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  readonly caution?: Caution | undefined;
  /** Frames coded so far. */
  readonly onFrame?: ((done: number) => void) | undefined;
}

/** Payloads to draw, one a frame, each at most `FRAME_CAPACITY` bytes. */
export type Payloads = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
