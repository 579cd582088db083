/**
 * memvid v1's `_index.faiss`: vectors by chunk id, as FAISS writes an `IndexIDMap` over an
 * `IndexFlatL2` (facebookresearch/faiss, `impl/index_write.cpp`). Little-endian:
 *
 * | part | content |
 * |---|---|
 * | `IxMp`, header | of the map: dimensions int32, rows int64, 2^20 twice (int64), trained 1 (uint8), metric 1 for L2 (int32) |
 * | `IxF2`, header | of the flat index: the same |
 * | vectors | count of floats uint64, then float32 each |
 * | ids | count uint64, then int64 each |
 */
import { CorruptError } from '../errors';

/** Rows of `dimensions` float32, and the id of each. */
export interface FaissVectors {
  readonly dimensions: number;
  readonly ids: readonly number[];
  /** Row-major. */
  readonly vectors: Float32Array;
}

const HEADER_BYTES = 37;
/** A field that FAISS writes and never reads. */
const UNUSED = 1n << 20n;
const METRIC_L2 = 1;

/** The file in pieces: heads, then vectors as they come, then ids. */
export function* encodeFaiss(
  dimensions: number,
  ids: readonly number[],
  rows: Iterable<Float32Array>,
): Generator<Uint8Array> {
  yield header('IxMp', dimensions, ids.length);
  yield header('IxF2', dimensions, ids.length);
  yield count(ids.length * dimensions);
  let written = 0;
  for (const row of rows) {
    if (row.length % dimensions !== 0) throw new Error('Vectors of another number of dimensions.');
    written += row.length / dimensions;
    yield new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
  }
  if (written !== ids.length)
    throw new Error(`${String(written)} vectors for ${String(ids.length)} ids.`);
  yield count(ids.length);
  yield new Uint8Array(BigInt64Array.from(ids, BigInt).buffer);
}

/** @throws CorruptError for anything that `encodeFaiss` does not write */
export function decodeFaiss(bytes: Uint8Array): FaissVectors {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 2 * HEADER_BYTES + 8;
  if (bytes.length < end) throw odd();
  const dimensions = view.getInt32(4, true);
  const rows = Number(view.getBigInt64(8, true));
  const size = rows * dimensions * 4;
  const isShaped = dimensions > 0 && rows >= 0 && bytes.length === end + size + 8 + rows * 8;
  const heads = [header('IxMp', dimensions, rows), header('IxF2', dimensions, rows)];
  const areHeads = heads.every((head, at) =>
    head.every((byte, position) => bytes[at * HEADER_BYTES + position] === byte),
  );
  if (!isShaped || !areHeads) throw odd();
  const vectors = new Float32Array(bytes.slice(end, end + size).buffer);
  const ids = new BigInt64Array(bytes.slice(end + size + 8).buffer);
  return { dimensions, vectors, ids: Array.from(ids, Number) };
}

function header(kind: string, dimensions: number, rows: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set(new TextEncoder().encode(kind));
  const view = new DataView(bytes.buffer);
  view.setInt32(4, dimensions, true);
  view.setBigInt64(8, BigInt(rows), true);
  view.setBigInt64(16, UNUSED, true);
  view.setBigInt64(24, UNUSED, true);
  view.setUint8(32, 1);
  view.setInt32(33, METRIC_L2, true);
  return bytes;
}

function count(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}

const odd = (): CorruptError =>
  new CorruptError('The vectors are not as memvid has FAISS write them.');
