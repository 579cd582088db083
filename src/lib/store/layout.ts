/** Where things lie in a library's directory. The bytes are described in docs/store.md. */
import type { Digest } from './digest';

/** The store format that this code writes. Higher ones are opened read-only. */
export const FORMAT = 1;

/** Given up for commits that free space when the disk is full. */
export const RESERVE_BYTES = 4 << 20;

/** The epoch of the newest writer. */
export const EPOCH_PATH = 'epoch';
export const RESERVE_PATH = 'reserve';
export const BLOBS = 'blobs';
/** Streams of unknown digest on their way to `blobs/`; emptied when a writer starts. */
export const STAGING = 'staging';

/** Generations alternate between two HEAD slots and two journals. */
export type Slot = 0 | 1;

export function slotOf(generation: number): Slot {
  return generation % 2 === 0 ? 0 : 1;
}

export function headPath(slot: Slot): string {
  return `head-${slot}`;
}

export function journalPath(slot: Slot): string {
  return `journal-${slot}`;
}

export function blobPath(digest: Digest): string {
  return `${BLOBS}/${digest.slice(0, 2)}/${digest}`;
}

/** What an object refers to: the other object's digest, and its kind in the caller's words. */
export interface Reference {
  readonly kind: string;
  readonly digest: Digest;
}

/** 16 random bytes that a library keeps for life: tells its records from all other bytes. */
export type LibraryId = Uint8Array & { readonly libraryId: unique symbol };

/** @throws RangeError for another length, which is a bug */
export function asLibraryId(bytes: Uint8Array): LibraryId {
  if (!isLibraryId(bytes)) throw new RangeError('A library id has 16 bytes.');
  return bytes;
}

function isLibraryId(bytes: Uint8Array): bytes is LibraryId {
  return bytes.byteLength === 16;
}

export function newLibraryId(): LibraryId {
  return asLibraryId(crypto.getRandomValues(new Uint8Array(16)));
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false;
  for (let i = 0; i < a.byteLength; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Reads the 64-bit count at `at`, little-endian; -1 where it is beyond exact numbers. */
export function getCount(view: DataView, at: number): number {
  const value = Number(view.getBigUint64(at, true));
  return Number.isSafeInteger(value) ? value : -1;
}

export function setCount(view: DataView, at: number, value: number): void {
  view.setBigUint64(at, BigInt(value), true);
}

/** Undefined for what is no JSON: its callers then look for something else that is whole. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
