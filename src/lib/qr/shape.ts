/**
 * What a symbol's version, level and mask decide: its size, its capacity, its blocks.
 * The tables are those of ISO/IEC 18004; nothing here draws or reads.
 */
import { InvalidError } from '../errors';

/** Error correction level: about 7 %, 15 %, 25 % or 30 % of the codewords can be restored. */
export type Ecc = 'L' | 'M' | 'Q' | 'H';

/** Everything about a symbol but its payload. */
export interface SymbolShape {
  /** 1 to 40. */
  readonly version: number;
  readonly ecc: Ecc;
  /** 0 to 7, ISO/IEC 18004, 7.8.2. */
  readonly mask: number;
}

/** How the codewords of a symbol divide: short blocks first, then long ones with one more datum. */
export interface Blocks {
  readonly count: number;
  readonly shortCount: number;
  /** Data codewords of a short block. */
  readonly shortLength: number;
  /** Parity codewords of every block. */
  readonly parityLength: number;
  /** Data codewords of all blocks. */
  readonly dataLength: number;
  /** Data and parity codewords of all blocks. */
  readonly totalLength: number;
}

/** Parity codewords a block, by version from 1. ISO/IEC 18004, table 9. */
// prettier-ignore
const PARITY_LENGTH: Record<Ecc, readonly number[]> = {
  L: [ 7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28,
      28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30],
  M: [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26,
      26, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28],
  Q: [13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30,
      28, 30, 30, 30, 30, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30],
  H: [17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28,
      30, 24, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30],
};

/** Blocks a symbol, by version from 1. ISO/IEC 18004, table 9. */
// prettier-ignore
const BLOCK_COUNT: Record<Ecc, readonly number[]> = {
  L: [ 1,  1,  1,  1,  1,  2,  2,  2,  2,  4,  4,  4,  4,  4,  6,  6,  6,  6,  7,  8,
       8,  9,  9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25],
  M: [ 1,  1,  1,  2,  2,  4,  4,  4,  5,  5,  5,  8,  9,  9, 10, 10, 11, 13, 14, 16,
      17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49],
  Q: [ 1,  1,  2,  2,  4,  4,  6,  6,  8,  8,  8, 10, 12, 16, 12, 17, 16, 18, 21, 20,
      23, 23, 25, 27, 29, 34, 34, 35, 38, 40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68],
  H: [ 1,  1,  2,  4,  4,  4,  5,  6,  8,  8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25,
      25, 34, 30, 32, 35, 37, 40, 42, 45, 48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81],
};

function checkVersion(version: number): void {
  if (!Number.isInteger(version) || version < 1 || version > 40) {
    throw new InvalidError(`A symbol's version is 1 to 40, not ${version}`, { subject: 'version' });
  }
}

/** @throws InvalidError when the version, level or mask does not exist */
export function checkShape(shape: SymbolShape): void {
  checkVersion(shape.version);
  if (!Object.hasOwn(PARITY_LENGTH, shape.ecc)) {
    throw new InvalidError(`No error correction level ${shape.ecc}`, { subject: 'ecc' });
  }
  if (!Number.isInteger(shape.mask) || shape.mask < 0 || shape.mask > 7) {
    throw new InvalidError(`A symbol's mask is 0 to 7, not ${shape.mask}`, { subject: 'mask' });
  }
}

/** Modules a side, without quiet zone: 21 to 177. @throws InvalidError for an unknown version */
export function symbolSize(version: number): number {
  checkVersion(version);
  return 17 + 4 * version;
}

/** Alignment patterns a side, counting those that the finders displace. ISO/IEC 18004, annex E. */
export function alignmentsPerSide(version: number): number {
  return version === 1 ? 0 : Math.floor(version / 7) + 2;
}

/** Modules that carry codewords or remainder bits: all but the function patterns. */
function dataModules(version: number): number {
  const size = symbolSize(version);
  const perSide = alignmentsPerSide(version);
  const finders = 3 * 8 * 8; // with their separators
  const format = 2 * 15 + 1; // both copies and the dark module
  const timing = 2 * (size - 16);
  // Three corners are the finders'; those on the timing lines share five modules with them.
  const alignment = perSide === 0 ? 0 : 25 * (perSide ** 2 - 3) - 10 * (perSide - 2);
  const versionInformation = version < 7 ? 0 : 36;
  return size ** 2 - finders - format - timing - alignment - versionInformation;
}

/** How the codewords divide into blocks. ISO/IEC 18004, 7.5.1. @throws InvalidError */
export function blocksOf(shape: SymbolShape): Blocks {
  checkShape(shape);
  const { version, ecc } = shape;
  // `checkShape` proved the level, and the version to be 1 to 40: each table has 40 entries.
  const parityLength = PARITY_LENGTH[ecc][version - 1]!;
  const count = BLOCK_COUNT[ecc][version - 1]!;
  const totalLength = dataModules(version) >> 3;
  const longCount = totalLength % count;
  return {
    count,
    shortCount: count - longCount,
    shortLength: Math.floor(totalLength / count) - parityLength,
    parityLength,
    dataLength: totalLength - count * parityLength,
    totalLength,
  };
}

/** Bytes of the count that follows the mode indicator. ISO/IEC 18004, table 3, byte mode. */
export function countBytes(version: number): 1 | 2 {
  return version < 10 ? 1 : 2;
}

/**
 * Bytes that a symbol holds in byte mode: 2,953 for version 40-L.
 * Mode indicator and terminator are four bits each, one codeword together.
 * @throws InvalidError when the shape does not exist
 */
export function payloadCapacity(shape: SymbolShape): number {
  return blocksOf(shape).dataLength - 1 - countBytes(shape.version);
}

/** @throws InvalidError when the payload is over the capacity, in bytes */
export function checkPayload(payload: Uint8Array, capacity: number): void {
  if (payload.length <= capacity) return;
  throw new InvalidError(`A payload of ${payload.length} bytes; the symbol holds ${capacity}`, {
    subject: 'payload',
  });
}

/** @throws InvalidError unless `modules` is exactly one symbol of `size` modules a side */
export function checkModules(modules: Uint8Array, size: number): void {
  if (modules.length === size * size) return;
  throw new InvalidError(`${modules.length} modules; the symbol has ${size * size}`, {
    subject: 'modules',
  });
}
