/**
 * Unsigned little-endian base-128 numbers (LEB128, below 2^32) in a byte array that grows.
 * Reading checks its bounds: the bytes may be damaged.
 */
import { CorruptError } from '../errors';

/** Collects bytes whose number is not known beforehand. */
export class ByteWriter {
  #bytes = new Uint8Array(1024);
  length = 0;

  varint(value: number): void {
    this.length = writeVarint(this.room(VARINT_BYTES), this.length, value);
  }

  append(bytes: Uint8Array): void {
    this.room(bytes.length).set(bytes, this.length);
    this.length += bytes.length;
  }

  /**
   * Room for `more` bytes from offset `length` on, for a caller who writes many at once and moves
   * `length` then. Valid until the next write.
   */
  room(more: number): Uint8Array<ArrayBuffer> {
    if (this.length + more > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + more));
      larger.set(this.written());
      this.#bytes = larger;
    }
    return this.#bytes;
  }

  /** A view of what was written, valid until the next write. */
  written(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.length);
  }
}

/** The most that a number takes. */
export const VARINT_BYTES = 5;

/** Writes a number below 2^32 where there is room for it; returns the offset behind it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  while (value >= 0x80) {
    bytes[at++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  bytes[at++] = value;
  return at;
}

/** Reads numbers one after the other; `at` is the offset of the next one. */
export class VarintReader {
  at: number;
  readonly #bytes: Uint8Array;
  readonly #end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.at = start;
    this.#end = end;
  }

  /** @throws CorruptError past the end, and for a number of 2^32 or more */
  next(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.at >= this.#end) break;
      const byte = this.#bytes[this.at++] ?? 0;
      if (shift === 28 && byte > 0x0f) break;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new CorruptError('A number in the word index is cut short or too large.');
  }
}
