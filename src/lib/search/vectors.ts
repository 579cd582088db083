/**
 * The vectors of a segment: int8 with a float32 scale per row. Immutable, shared by all versions
 * and clones. It answers with cosines as long as vectors and questions have length 1, or are zero.
 *
 * Layout, version 1, little-endian, every part at a multiple of 16 bytes:
 *
 * | part | content |
 * |---|---|
 * | header | magic `MRVE`, version, dimensions, rows: uint32 each |
 * | scales | float32 per row, then zeros up to 16 bytes |
 * | data | per row: int8 per dimension, then zeros up to 16 bytes |
 *
 * A component is its int8 × the row's scale: wrong by half a scale at most, that is by 1/254 of the
 * row's largest component.
 */
import { CorruptError, InvalidError } from '../errors';
import { dotRows, stepsOf } from './dot';
import type { SteppedVector } from './dot-rows';

/** `MRVE` read as a little-endian uint32. */
const MAGIC = 0x4556524d;
const VERSION = 1;
const HEADER_BYTES = 16;
/** More would overflow the int32 sums of `dot.ts`. */
export const MOST_DIMENSIONS = 2048;

/** The bytes of a vector file, and what of them a writer fills in. */
export interface PackedVectors {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly scales: Float32Array;
  readonly data: Int8Array;
  /** Bytes of a row in `data`. */
  readonly stride: number;
}

/** A vector file of `rows` zero vectors. @param dimensions 1 to 2,048 */
export function newPackedVectors(rows: number, dimensions: number): PackedVectors {
  const stride = align(dimensions);
  const dataAt = HEADER_BYTES + align(rows * 4);
  const bytes = new Uint8Array(dataAt + rows * stride);
  new Uint32Array(bytes.buffer, 0, 4).set([MAGIC, VERSION, dimensions, rows]);
  return {
    bytes,
    scales: new Float32Array(bytes.buffer, HEADER_BYTES, rows),
    data: new Int8Array(bytes.buffer, dataAt),
    stride,
  };
}

/**
 * Packs rows of floats.
 * @param vectors rows × dimensions, row-major
 * @throws InvalidError where they are not whole rows of 1 to 2,048 finite numbers
 */
export function quantise(vectors: Float32Array, dimensions: number): Uint8Array<ArrayBuffer> {
  const rows = vectors.length / dimensions;
  if (!isDimensions(dimensions) || !Number.isInteger(rows))
    throw new InvalidError(`${vectors.length} numbers are not rows of ${dimensions}.`);
  const { bytes, scales, data, stride } = newPackedVectors(rows, dimensions);
  for (let row = 0; row < rows; row++) {
    const from = row * dimensions;
    let largest = 0;
    for (let i = 0; i < dimensions; i++) {
      const size = Math.abs(vectors[from + i] ?? 0);
      // Written so that NaN is caught too.
      if (!(size < Infinity)) throw new InvalidError(`Row ${row} holds a number that is not one.`);
      if (size > largest) largest = size;
    }
    const scale = Math.fround(largest / 127);
    if (scale === 0) continue; // a zero vector, or one too small for a scale
    scales[row] = scale;
    for (let i = 0; i < dimensions; i++) {
      const level = Math.round((vectors[from + i] ?? 0) / scale);
      data[row * stride + i] = Math.max(-127, Math.min(127, level));
    }
  }
  return bytes;
}

export class Vectors {
  readonly rows: number;
  readonly dimensions: number;
  readonly #scales: Float32Array;
  readonly #data: Int8Array;
  readonly #stride: number;

  private constructor(dimensions: number, scales: Float32Array, data: Int8Array) {
    this.dimensions = dimensions;
    this.rows = scales.length;
    this.#scales = scales;
    this.#data = data;
    this.#stride = align(dimensions);
  }

  /** Opens what `quantise` made. Keeps `bytes`. @throws CorruptError where sizes or scales are off */
  static open(bytes: Uint8Array): Vectors {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const field = (index: number): number => view.getUint32(index * 4, true);
    if (bytes.length < HEADER_BYTES || field(0) !== MAGIC || field(1) !== VERSION)
      throw damaged('the header');
    const [dimensions, rows] = [field(2), field(3)];
    const dataAt = HEADER_BYTES + align(rows * 4);
    if (!isDimensions(dimensions) || bytes.length !== dataAt + rows * align(dimensions))
      throw damaged('the size');
    const scales = new Float32Array(bytes.slice(HEADER_BYTES, HEADER_BYTES + rows * 4).buffer);
    if (!scales.every((scale) => scale >= 0 && scale < Infinity)) throw damaged('a scale');
    const data = new Int8Array(bytes.buffer, bytes.byteOffset + dataAt, bytes.length - dataAt);
    return new Vectors(dimensions, scales, data);
  }

  /** A copy of one row as floats. */
  vector(row: number): Float32Array {
    const scale = this.#scales[row] ?? 0;
    const from = row * this.#stride;
    return Float32Array.from(
      this.#data.subarray(from, from + this.dimensions),
      (level) => level * scale,
    );
  }

  /** Copies a row, as it is packed, to row `to` of a file of the same dimensions. */
  copyRow(row: number, { scales, data, stride }: PackedVectors, to: number): void {
    const from = row * this.#stride;
    scales[to] = this.#scales[row] ?? 0;
    data.set(this.#data.subarray(from, from + this.dimensions), to * stride);
  }

  /** Whether the model knew nothing of the row's text. */
  isZero(row: number): boolean {
    return this.#scales[row] === 0;
  }

  /** The exact dot product of one row with a question of `dimensions` numbers. */
  dot(row: number, query: Float32Array): number {
    const from = row * this.#stride;
    let sum = 0;
    for (let i = 0; i < this.dimensions; i++) sum += (this.#data[from + i] ?? 0) * (query[i] ?? 0);
    return sum * (this.#scales[row] ?? 0);
  }

  /**
   * Writes the dot product of every row to `out`, from `offset` on. The question is rounded to
   * int16 for this: unit vectors come out wrong by √dimensions / 65,534 at most; `dot` is exact.
   */
  scan(query: Float32Array, out: Float32Array, offset = 0): void {
    const stepped: SteppedVector = stepsOf(query, this.#stride);
    dotRows(this.#data, this.#stride, stepped, out, offset);
    for (let row = 0; row < this.rows; row++)
      out[offset + row] = (out[offset + row] ?? 0) * (this.#scales[row] ?? 0);
  }
}

function isDimensions(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= MOST_DIMENSIONS;
}

function align(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}

function damaged(part: string): CorruptError {
  return new CorruptError(`A vector file does not check: ${part}.`, { subject: 'vectors' });
}
