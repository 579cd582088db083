/**
 * The epoch: a number that grows with each writer. A writer that reads a higher one than its own
 * has lost its place. Two copies, written in turn, so that a torn write leaves the other one.
 */
import { crc32c } from './crc';
import type { FileSystem } from './file-system';
import { EPOCH_PATH, getCount, sameBytes, setCount } from './layout';

const MAGIC = new TextEncoder().encode('MEMREELE');
const LENGTH = 20;
const STRIDE = 4096; // copies lie in different sectors, whatever the disk's are

/** The highest epoch that checks; 0 when none does. */
export async function readEpoch(fs: FileSystem): Promise<number> {
  const bytes = await fs.readBytes(EPOCH_PATH);
  return bytes ? Math.max(decode(bytes, 0), decode(bytes, STRIDE)) : 0;
}

/** Stores and flushes an epoch that is higher than all before. */
export async function writeEpoch(fs: FileSystem, epoch: number): Promise<void> {
  const bytes = new Uint8Array(LENGTH);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC, 0);
  setCount(view, 8, epoch);
  view.setUint32(16, crc32c(bytes.subarray(0, 16)), true);
  const file = await fs.open(EPOCH_PATH, { create: true });
  try {
    file.write((epoch % 2) * STRIDE, bytes);
    file.flush();
  } finally {
    file.close();
  }
}

function decode(bytes: Uint8Array, at: number): number {
  if (bytes.byteLength < at + LENGTH) return 0;
  if (!sameBytes(bytes.subarray(at, at + 8), MAGIC)) return 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, LENGTH);
  if (view.getUint32(16, true) !== crc32c(bytes.subarray(at, at + 16))) return 0;
  return Math.max(0, getCount(view, 8));
}
