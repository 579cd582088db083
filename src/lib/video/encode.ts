/**
 * Payloads in, coded key frames out: `webcodecs-encoder.ts` for compact, `ffmpeg-encoder.ts` for
 * universal. Whether the frames can be read again is the
 * caller's to verify (`read.ts`); putting them into a file is `mp4.ts`'s.
 */
import type { ProfileName } from '../api';
import type { EncodedFrames, EncodeOptions, Payloads } from './encoder';
import { encodeWithFfmpeg } from './ffmpeg-encoder';
import { closeFfmpeg, warmFfmpeg } from './ffmpeg';
import { encodeWithWebCodecs } from './webcodecs-encoder';

export type { EncodedFrames, EncodeOptions, Payloads } from './encoder';

/**
 * Draws and encodes payloads, one frame each. Takes them as it can use them: a few ahead for
 * compact, 64 for universal; holds all coded frames, so a call is for one segment.
 * @throws InvalidError for a payload that is too long, or none at all
 * @throws UnsupportedError where no setting of this browser's encoder is small enough
 */
export function encodeFrames(
  profile: ProfileName,
  payloads: Payloads,
  options: EncodeOptions = {},
): Promise<EncodedFrames> {
  return profile === 'compact'
    ? encodeWithWebCodecs(payloads, options)
    : encodeWithFfmpeg(payloads, options);
}

/** Begins to load what `encodeFrames` will need; where that fails, `encodeFrames` says so. */
export function warmEncoder(profile: ProfileName): void {
  if (profile === 'universal') warmFfmpeg();
}

/** Ends what encoders keep warm. The next call starts anew. */
export function disposeEncoders(): void {
  closeFfmpeg();
}
