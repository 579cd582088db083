/**
 * The two ways of drawing and coding frames, as data. Not an encoder: `encode.ts` picks one by
 * these numbers. What is here is part of the format (docs/FORMAT.md, Profiles): changing a number
 * makes other videos.
 */
import type { ProfileName } from '../api';
import type { SymbolShape } from '../qr';

/** How the frames of a shard are drawn and coded. */
export interface Profile {
  readonly name: ProfileName;
  readonly codec: 'av1' | 'h264';
  /** The one shape of all symbols of the profile. */
  readonly symbol: SymbolShape;
  /** Modules a side of the symbol. */
  readonly symbolModules: number;
  /** Side of a module in the video, in pixels. */
  readonly modulePixels: 1 | 4;
  /** Side of the square frame, in pixels. */
  readonly framePixels: 192 | 752;
  /** Side of the frame in modules, quiet zone included. */
  readonly frameModules: number;
  /** Light modules left of and above the symbol; ISO/IEC 18004 asks for 4 on each side. */
  readonly quietModules: number;
  /** Grey of a dark and of a light module as given to the encoder, 0 to 255. */
  readonly dark: number;
  readonly light: number;
}

/** Playing cannot flash more than three times a second (WCAG 2.3.1); time costs no bytes. */
export const FRAMES_PER_SECOND = 2;

/** Bytes that a frame's symbol carries: ISO/IEC 18004 table 7, version 40, level L, byte mode. */
export const FRAME_CAPACITY = 2953;

const SYMBOL: SymbolShape = { version: 40, ecc: 'L', mask: 0 };
const SYMBOL_MODULES = 177;

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  compact: {
    name: 'compact',
    codec: 'av1',
    symbol: SYMBOL,
    symbolModules: SYMBOL_MODULES,
    modulePixels: 1,
    // Three AV1 superblocks of 64. At an offset of 8 a frame takes 60 bytes less than at 4, 20
    // less than at 7: the symbol begins where a block does.
    framePixels: 192,
    frameModules: 192,
    quietModules: 8,
    // The limits of 8-bit video range (ITU-R BT.709), so that every player shows black and white.
    dark: 16,
    light: 235,
  },
  universal: {
    name: 'universal',
    codec: 'h264',
    symbol: SYMBOL,
    symbolModules: SYMBOL_MODULES,
    modulePixels: 4,
    // 47 macroblocks of 16; each module is one block of the 4x4 transform.
    framePixels: 752,
    frameModules: 188,
    quietModules: 5,
    // Full-range grey. Against 0 and 255 these save 4 % and decode to at most 65 and at least 190;
    // less contrast saves more but comes too close to the middle.
    dark: 32,
    light: 223,
  },
};

/** The most bytes that a coded compact frame may have: 1.6 times its modules as bits. */
export const COMPACT_BYTES_LIMIT = Math.floor((SYMBOL_MODULES * SYMBOL_MODULES * 1.6) / 8);
