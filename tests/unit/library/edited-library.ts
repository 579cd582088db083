/**
 * A library of small shards for the suites of editing: what a page's client calls, in a few words,
 * and what these suites hold against each other: states, indexes, every stored byte.
 */
import type { Chunk, JsonPatchOperation, Version } from '../../../src/lib/api';
import { Catalogue } from '../../../src/lib/library/catalogue';
import type { ChunkEdit } from '../../../src/lib/library/library-protocol';
import { openView, type ShardView } from '../../../src/lib/library/view';
import type { LoggedVersion, ShardEntry } from '../../../src/lib/shard/objects';
import { LEAVES, referencesOf } from '../../../src/lib/shard/objects';
import type { FileSystem } from '../../../src/lib/store/file-system';
import { MemoryLocks, type Locks } from '../../../src/lib/store/locks';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { Store } from '../../../src/lib/store/store';
import { enginesInNode } from './engines-in-node';
import { file, libraryInNode, shardOf, type Calls } from './library-in-node';

export const SENTENCES = [
  'Alpha wings lift.',
  'Beta cakes rise.',
  'Gamma rivers flow.',
  'Delta stars shine.',
];

/** One for all libraries of a file: to load the model takes longer than most tests. */
export const engines = enginesInNode();

export interface Opened {
  readonly fs: FileSystem;
  readonly locks: Locks;
  readonly calls: Calls;
  readonly shard: ShardCalls;
}

/** A library with one shard, of one document whose every line is a chunk. */
export async function openEdited(
  sentences: readonly string[] = SENTENCES,
  fs: FileSystem = new MemoryFileSystem(),
): Promise<Opened> {
  const locks = new MemoryLocks();
  const calls = await openAgain(fs, locks);
  const id = await shardOf(calls, sentences.length > 0 ? [lines('lines.jsonl', sentences)] : []);
  return { fs, locks, calls, shard: new ShardCalls(calls, id) };
}

export const openAgain = (fs: FileSystem, locks: Locks = new MemoryLocks()): Promise<Calls> =>
  libraryInNode(fs, { locks, engines });

/** A document whose every line is a chunk. */
export const lines = (name: string, sentences: readonly string[]): File =>
  file(name, sentences.map((text) => JSON.stringify({ text })).join('\n'));

/** A chunk of a document's line keeps the line's end, an edited one need not. */
export const wordsOf = (chunks: readonly { text: string }[]): string[] =>
  chunks.map(({ text }) => text.trim());

/** The calls on one shard. */
export class ShardCalls {
  readonly calls: Calls;
  readonly id: string;

  constructor(calls: Calls, id: string) {
    this.calls = calls;
    this.id = id;
  }

  /** The version that an edit made; it must make one. */
  async change(edit: ChunkEdit, seen: Record<string, string> = {}): Promise<Version> {
    const version = await this.tryChange(edit, seen);
    if (!version) throw new Error(`The ${edit.kind} made no version.`);
    return version;
  }

  async tryChange(edit: ChunkEdit, seen: Record<string, string> = {}): Promise<Version | null> {
    const args = { id: this.id, edit, message: undefined, seen };
    return (await this.calls.call('change', args)).version;
  }

  edit(uuid: string, text: string): Promise<Version> {
    return this.change({ kind: 'edit', uuid, text });
  }

  delete(...what: string[]): Promise<Version> {
    return this.change({ kind: 'delete', what });
  }

  restore(...uuids: string[]): Promise<Version> {
    return this.change({ kind: 'restore', uuids });
  }

  apply(...patch: JsonPatchOperation[]): Promise<Version> {
    return this.change({ kind: 'apply', patch });
  }

  undo({ id }: { id: string }): Promise<Version> {
    return this.change({ kind: 'undo', version: id });
  }

  /** Makes a chunk due as of long ago. */
  expire(uuid: string, at = '2020-01-01T00:00:00.000Z'): Promise<Version> {
    return this.apply({ op: 'add', path: `/chunks/${uuid}/expiresAt`, value: at });
  }

  async ingest(name: string, sentences: readonly string[], ttlSeconds?: number): Promise<string> {
    const files = [lines(name, sentences)];
    const { report } = await this.calls.call('ingest', {
      ...{ id: this.id, files, chunking: {} },
      ttlSeconds,
    });
    if (report.version === null) throw new Error('The ingest made no version.');
    return report.version;
  }

  chunks(deleted = false, at?: string): Promise<Chunk[]> {
    return this.calls.call('chunks', { id: this.id, at, deleted, limit: 10_000 });
  }

  chunk(uuid: string): Promise<Chunk> {
    return this.calls.call('chunk', { id: this.id, uuid });
  }

  /** A chunk's UUID by its words. */
  async uuid(words: string): Promise<string> {
    const chunk = (await this.chunks(true)).find(({ text }) => text.trim() === words);
    if (!chunk) throw new Error(`No chunk says “${words}”.`);
    return chunk.uuid;
  }

  /** The live texts, in order. */
  async words(at?: string): Promise<string[]> {
    return wordsOf(await this.chunks(false, at));
  }

  /** What a question by words alone finds. */
  async found(query: string, at?: string): Promise<string[]> {
    const options = { mode: 'lexical' } as const;
    return wordsOf(await this.calls.call('search', { id: this.id, at, query, options }));
  }

  async clone(name = 'Clone', at?: string): Promise<ShardCalls> {
    const { id } = await this.calls.call('clone', { id: this.id, name, at });
    return new ShardCalls(this.calls, id);
  }

  merge(
    from: ShardCalls,
    options: {
      pick?: string[];
      resolve?: Record<string, 'mine' | 'theirs' | { text: string }>;
    } = {},
  ) {
    const { pick, resolve = {} } = options;
    const args = { id: this.id, from: from.id, pick, resolve, message: undefined };
    return this.calls.call('merge', args).then(({ report }) => report);
  }

  async compact(threshold = 0): Promise<void> {
    await this.calls.call('compact', { id: this.id, threshold });
  }

  async reindex(): Promise<void> {
    await this.calls.call('reindex', { id: this.id, model: undefined });
  }

  async release(keepLast = 1): Promise<number> {
    const args = { id: this.id, keepLast, newerThan: undefined };
    return (await this.calls.call('release', args)).released;
  }

  history(limit = 1000, before?: string): Promise<Version[]> {
    return this.calls.call('history', { id: this.id, limit, before });
  }

  info() {
    return this.calls.call('info', { id: this.id });
  }

  /** The same shard, or another one, through an opening of the library. */
  through(calls: Calls, id = this.id): ShardCalls {
    return new ShardCalls(calls, id);
  }
}

/** Everything that `check` finds wrong, deep. */
export async function problemsOf(calls: Calls): Promise<unknown[]> {
  return (await calls.call('check', { deep: true })).problems;
}

/** The digest of every file of a library, by path. */
export async function digestsOf(fs: FileSystem, under = 'blobs/'): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const path of await fs.files()) {
    if (path.startsWith(under)) digests.set(path, await hashOf(await fs.readBytes(path)));
  }
  return digests;
}

export async function hashOf(bytes: Uint8Array | undefined): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', (bytes ?? new Uint8Array()).slice());
  return Buffer.from(hash).toString('hex');
}

/** The store of a library as it stands now, read from outside it. */
export async function inStore<T>(
  fs: FileSystem,
  look: (catalogue: Catalogue, store: Store) => Promise<T>,
): Promise<T> {
  const store = await Store.open({
    ...{ fs, locks: new MemoryLocks(), name: 'reading' },
    references: referencesOf,
    leaves: LEAVES,
  });
  try {
    return await look(new Catalogue(store), store);
  } finally {
    await store.close();
  }
}

/** All kept versions of a shard, oldest first, opened. */
export async function viewsOf(catalogue: Catalogue, id: string): Promise<ShardView[]> {
  const entry = await catalogue.entry(id);
  const views: ShardView[] = [];
  for (const link of await lineOf(catalogue, entry)) {
    if (!link.skeleton) views.unshift(await openView(catalogue, entry, link));
  }
  return views;
}

export async function lineOf(catalogue: Catalogue, entry: ShardEntry): Promise<LoggedVersion[]> {
  const links: LoggedVersion[] = [];
  for await (const link of catalogue.line(entry)) links.push(link);
  return links;
}
