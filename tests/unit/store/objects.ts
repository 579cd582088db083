/** A small world of objects for the store's tests: nodes that refer to others, and leaves. */
import { digestOf } from '../../../src/lib/store/digest';
import type { Digest } from '../../../src/lib/store/digest';
import type { FileSystem } from '../../../src/lib/store/file-system';
import type { Reference } from '../../../src/lib/store/layout';
import { MemoryLocks } from '../../../src/lib/store/locks';
import type { Locks } from '../../../src/lib/store/locks';
import { Store } from '../../../src/lib/store/store';

export interface TestNode {
  value: string;
  to: Reference[];
}

export function encodeNode(value: string, to: Reference[] = []): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ value, to }));
}

export function decodeNode(bytes: Uint8Array): TestNode {
  return JSON.parse(new TextDecoder().decode(bytes)) as TestNode;
}

export function references(kind: string, bytes: Uint8Array): Reference[] {
  return kind === 'node' ? decodeNode(bytes).to : [];
}

export async function nodeOf(bytes: Uint8Array): Promise<Reference> {
  return { kind: 'node', digest: await digestOf(bytes) };
}

export function leaf(digest: Digest): Reference {
  return { kind: 'leaf', digest };
}

export function openStore(fs: FileSystem, locks: Locks = new MemoryLocks()): Promise<Store> {
  return Store.open({ fs, references, leaves: ['leaf'], locks, name: 'test' });
}

export async function openWriter(fs: FileSystem, locks: Locks = new MemoryLocks()): Promise<Store> {
  const store = await openStore(fs, locks);
  await store.becomeWriter();
  return store;
}

/** Commits one inline node as the entry `key`. */
export async function set(
  store: Store,
  key: string,
  value: string,
  to: Reference[] = [],
): Promise<number> {
  const bytes = encodeNode(value, to);
  return store.commit({ set: { [key]: await nodeOf(bytes) }, inline: [bytes] });
}

/** Everything that the entries reach, read and verified: key to value, with leaves as lengths. */
export async function contents(store: Store): Promise<Record<string, unknown>> {
  const grow = async ({ kind, digest }: Reference): Promise<unknown> => {
    const bytes = await store.read(digest);
    if (kind === 'leaf') return bytes.byteLength;
    const { value, to } = decodeNode(bytes);
    return to.length === 0 ? value : [value, ...(await Promise.all(to.map(grow)))];
  };
  const entries = Object.entries(store.entries()).sort(([a], [b]) => (a < b ? -1 : 1));
  const grown = entries.map(async ([key, to]) => [key, await grow(to)] as const);
  return Object.fromEntries(await Promise.all(grown));
}
