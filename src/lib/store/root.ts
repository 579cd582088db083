/** The root: the blob that lists a library's entries as of a checkpoint. */
import { isDigest } from './digest';
import type { Digest } from './digest';
import { asLibraryId, parseJson, sameBytes } from './layout';
import type { LibraryId, Reference } from './layout';

export interface Root {
  readonly format: number;
  readonly id: LibraryId;
  readonly generation: number;
  readonly sequence: number;
  readonly epoch: number;
  /** The library's entries, such as shards, by key. */
  readonly entries: ReadonlyMap<string, Reference>;
  /**
   * Reachable blobs that were written since the checkpoint before: whose directory entries may
   * not have reached the disk yet. When one is missing, the older HEAD is the better one.
   */
  readonly fresh: ReadonlySet<Digest>;
}

/** Tells roots from other blobs when both HEADs are lost; not valid UTF-8, so no text begins so. */
const MAGIC = Uint8Array.of(0x89, 0x4d, 0x52, 0x4f, 0x4f, 0x54, 0x0d, 0x0a);
export const ROOT_MAGIC_BYTES = MAGIC.byteLength;

/** The same root always gives the same bytes. */
export function encodeRoot(root: Root): Uint8Array {
  const entries = [...root.entries]
    .map(([key, to]) => [key, to.kind, to.digest] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const { format, generation, sequence, epoch } = root;
  const id = [...root.id];
  const fresh = [...root.fresh].sort();
  const text = JSON.stringify({ format, id, generation, sequence, epoch, entries, fresh });
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(MAGIC.byteLength + json.byteLength);
  bytes.set(MAGIC, 0);
  bytes.set(json, MAGIC.byteLength);
  return bytes;
}

/** Whether bytes, of which the first few are enough, begin as a root does. */
export function beginsAsRoot(bytes: Uint8Array): boolean {
  return sameBytes(bytes.subarray(0, MAGIC.byteLength), MAGIC);
}

/** Undefined for what is no root that this code can read. */
export function decodeRoot(bytes: Uint8Array): Root | undefined {
  if (!beginsAsRoot(bytes)) return undefined;
  const value = parseJson(bytes.subarray(MAGIC.byteLength));
  if (typeof value !== 'object' || value === null) return undefined;
  const { format, id, generation, sequence, epoch, entries, fresh } = value as Record<
    keyof Root,
    unknown
  >;
  if (!isCount(format) || !isCount(generation) || !isCount(sequence) || !isCount(epoch)) {
    return undefined;
  }
  if (!Array.isArray(id) || id.length !== 16 || !id.every(isCount)) return undefined;
  if (!Array.isArray(fresh) || !fresh.every(isDigest)) return undefined;
  if (!Array.isArray(entries) || !entries.every(isEntry)) return undefined;
  return {
    format,
    id: asLibraryId(Uint8Array.from(id)),
    generation,
    sequence,
    epoch,
    entries: new Map(entries.map(([key, kind, digest]) => [key, { kind, digest }])),
    fresh: new Set(fresh),
  };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isEntry(value: unknown): value is [key: string, kind: string, digest: Digest] {
  return (
    Array.isArray(value) &&
    typeof value[0] === 'string' &&
    typeof value[1] === 'string' &&
    isDigest(value[2])
  );
}
