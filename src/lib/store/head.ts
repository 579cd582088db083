/**
 * HEAD: the two small files that say which root counts. A slot that does not check is no error
 * here: a crash in the middle of a flip leaves one, and the other slot serves.
 */
import { digestFromBytes, digestOf, digestToBytes } from './digest';
import type { Digest } from './digest';
import { asLibraryId, getCount, sameBytes, setCount } from './layout';
import type { LibraryId } from './layout';

export interface Head {
  /** Store format; a reader opens higher ones than its own read-only. */
  readonly format: number;
  readonly id: LibraryId;
  /** Counts checkpoints; its parity is the slot of the HEAD and of the journal. */
  readonly generation: number;
  /** The last commit that the root holds. */
  readonly sequence: number;
  /** The writer that wrote it. */
  readonly epoch: number;
  /** The root blob; null for a library before its first checkpoint. */
  readonly root: Digest | null;
}

const MAGIC = new TextEncoder().encode('MEMREELH');
const NO_ROOT = '0'.repeat(64);
const LENGTH = 120;
const CHECKSUM = 32;
/** A later format may add fields before the checksum, within reason. */
const LONGEST = 4096;

export async function encodeHead(head: Head): Promise<Uint8Array> {
  const bytes = new Uint8Array(LENGTH);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC, 0);
  view.setUint32(8, head.format, true);
  view.setUint32(12, LENGTH, true);
  setCount(view, 16, head.generation);
  setCount(view, 24, head.sequence);
  setCount(view, 32, head.epoch);
  bytes.set(head.id, 40);
  if (head.root) bytes.set(digestToBytes(head.root), 56);
  const checked = await digestOf(bytes.subarray(0, LENGTH - CHECKSUM));
  bytes.set(digestToBytes(checked), LENGTH - CHECKSUM);
  return bytes;
}

/** Undefined for bytes that do not check: empty, torn, garbage. */
export async function decodeHead(bytes: Uint8Array): Promise<Head | undefined> {
  if (bytes.byteLength < LENGTH || !sameBytes(bytes.subarray(0, 8), MAGIC)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(12, true);
  if (length < LENGTH || length > Math.min(LONGEST, bytes.byteLength)) return undefined;
  const checked = digestToBytes(await digestOf(bytes.subarray(0, length - CHECKSUM)));
  if (!sameBytes(checked, bytes.subarray(length - CHECKSUM, length))) return undefined;
  const root = digestFromBytes(bytes.subarray(56, 88));
  return {
    format: view.getUint32(8, true),
    generation: getCount(view, 16),
    sequence: getCount(view, 24),
    epoch: getCount(view, 32),
    id: asLibraryId(bytes.slice(40, 56)),
    root: root === NO_ROOT ? null : root,
  };
}
