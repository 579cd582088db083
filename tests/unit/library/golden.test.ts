/**
 * Libraries as older versions of the app wrote them are read for ever. Node has no pixels, so here
 * is all that needs no frame; tests/browser/library/golden.test.ts reads the texts.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConflictError, CorruptError } from '../../../src/lib/errors';
import { Catalogue, storedDigest } from '../../../src/lib/library/catalogue';
import { Change, commitEntries } from '../../../src/lib/library/commit';
import type { ChunkEdit } from '../../../src/lib/library/library-protocol';
import {
  decodeObject,
  LEAVES,
  referencesOf,
  type ShardEntry,
} from '../../../src/lib/shard/objects';
import { MemoryLocks } from '../../../src/lib/store/locks';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { Store } from '../../../src/lib/store/store';
import said from '../../fixtures/library/before-editing.json';
import { libraryInNode } from './library-in-node';

const FOLDER = path.resolve('tests/fixtures/library/before-editing');

const [FIELD = '', RECIPES = '', TUNNEL = ''] = ['Field notes', 'Recipes', 'Wind tunnel'].map(
  (wanted) => said.shards.find(({ name }) => name === wanted)?.id,
);

async function goldenFiles(): Promise<MemoryFileSystem> {
  const fs = new MemoryFileSystem();
  const found = await readdir(FOLDER, { recursive: true, withFileTypes: true });
  for (const entry of found.filter((one) => one.isFile())) {
    const from = path.join(entry.parentPath, entry.name);
    const to = path.relative(FOLDER, from).split(path.sep).join('/');
    const file = await fs.open(to, { create: true });
    file.write(0, await readFile(from));
    file.close();
  }
  return fs;
}

async function goldenStore(): Promise<{ store: Store; catalogue: Catalogue }> {
  const store = await Store.open({
    fs: await goldenFiles(),
    references: referencesOf,
    leaves: LEAVES,
    locks: new MemoryLocks(),
    name: 'golden',
  });
  await store.becomeWriter();
  return { store, catalogue: new Catalogue(store) };
}

async function open(fs?: MemoryFileSystem) {
  const files = fs ?? (await goldenFiles());
  const calls = await libraryInNode(files);
  const problems = async () => (await calls.call('check', { deep: false })).problems;
  return { fs: files, calls, problems };
}

const json = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

describe('a library from before editing', () => {
  test('has the shapes of its time: nothing here tests the present ones', async () => {
    const { store, catalogue } = await goldenStore();
    const entry = await catalogue.entry(TUNNEL);
    const digest = store.entries()[TUNNEL]?.digest;
    if (!digest) throw new Error('There is no such entry.');
    expect(json(await store.read(digest))).toMatchObject({ log: entry.log });
    expect(json(await store.read(entry.head.digest))).toMatchObject({
      delta: null,
      parents: [{ id: expect.any(String) as string, digest: expect.any(String) as string }],
    });
    expect(entry).toMatchObject({ questions: null });
    const version = await catalogue.version(entry.head);
    expect(version).not.toHaveProperty('delta');
    expect(version).toMatchObject({
      parents: [expect.any(String)],
      deltas: [],
      counts: { chunks: 6, deleted: 0, added: 1, edited: 0, removed: 0, restored: 0, sources: 1 },
    });
  });

  test('is whole: all that its own app reached is reached', async () => {
    const { store } = await goldenStore();
    const { problems, blobs, bytes } = await store.check({});
    expect({ problems, blobs, bytes }).toEqual({
      problems: [],
      blobs: said.check.checked.blobs,
      bytes: said.check.checked.bytes,
    });
    expect(store.recovery).toEqual({ origin: 'head', skipped: [] });
  });

  test('lists its shards, documents, sizes and versions', async () => {
    const { calls, problems } = await open();
    expect(await calls.call('shards', { removed: true })).toMatchObject(said.shards);
    // Its pages count no bytes: a text's length stands in, and the sizes of text come out lower.
    const { textBytes, gzipBytes, ...sizes } = said.stats.tunnel;
    const stats = await calls.call('stats', { id: TUNNEL });
    expect(stats).toMatchObject(sizes);
    const lengths = said.chunks.tunnel.reduce((sum, { text }) => sum + text.length, 0);
    expect(lengths).toBeLessThan(textBytes);
    expect(stats.textBytes).toBe(lengths);
    expect(stats.gzipBytes).toBeLessThan(gzipBytes);
    const sources = await calls.call('sources', { id: TUNNEL });
    expect(sources.map(({ name }) => name)).toEqual(['flutter.txt', 'café.md', 'cupboard.txt']);
    const versions = await calls.call('history', { id: TUNNEL, limit: 10, before: undefined });
    expect(versions.map(({ operation, parents }) => [operation, parents])).toEqual([
      ['ingest', [versions[1]?.id]],
      ['ingest', [versions[2]?.id]],
      ['create', []],
    ]);
    expect(await problems()).toEqual([]);
  });

  test('is renamed, tagged, asked, cloned and restored, and opens again', async () => {
    const { fs, calls, problems } = await open();
    const versions = await calls.call('history', { id: TUNNEL, limit: 10, before: undefined });
    const first = versions[1]?.id;
    await calls.call('rename', { id: FIELD, name: 'Larks' });
    await calls.call('tag', { id: TUNNEL, name: 'before', at: first });
    const question = { id: 'q', query: 'Which felt?', expected: [] };
    await calls.call('saveQuestion', { id: TUNNEL, question });
    const clone = await calls.call('clone', { id: TUNNEL, name: 'Tunnel then', at: first });
    await calls.call('restore', { id: RECIPES });
    expect(await problems()).toEqual([]);
    await calls.call('close', null);

    const { calls: again, problems: stillNone } = await open(fs);
    const shards = await again.call('shards', { removed: true });
    expect(shards.map(({ name, chunks, removedAt }) => [name, chunks, removedAt])).toEqual([
      ['Larks', 1, undefined],
      ['Recipes', 1, undefined],
      ['Tunnel then', 5, undefined],
      ['Wind tunnel', 6, undefined],
    ]);
    expect(await again.call('tags', { id: TUNNEL })).toEqual({ before: first });
    expect(await again.call('questions', { id: TUNNEL })).toEqual([question]);
    const line = await again.call('history', { id: clone.id, limit: 10, before: undefined });
    expect(line.map(({ id }) => id)).toEqual(versions.slice(1).map(({ id }) => id));
    expect(await stillNone()).toEqual([]);
  });

  test('loses removed chunks, old versions and removed shards as a new one does', async () => {
    const { fs, calls, problems } = await open();
    const [gone] = said.chunks.tunnel;
    const edit: ChunkEdit = { kind: 'delete', what: [gone?.uuid ?? ''] };
    await calls.call('change', { id: TUNNEL, edit, message: undefined, seen: {} });
    const keeping = { keepLast: 1, newerThan: undefined };
    expect(await calls.call('release', { id: TUNNEL, ...keeping })).toEqual({ released: 3 });
    await calls.call('gc', null);
    expect(await problems()).toEqual([]);
    await calls.call('close', null);

    const { calls: again, problems: stillNone } = await open(fs);
    const shards = await again.call('shards', { removed: true });
    expect(shards.map(({ name, chunks, deleted }) => [name, chunks, deleted])).toEqual([
      ['Field notes', 1, 0],
      ['Wind tunnel', 5, 1],
    ]);
    expect(await stillNone()).toEqual([]);
  });
});

describe('an entry of an older shape', () => {
  test('is changed by whom has read it last, and refused to who has not', async () => {
    const { store, catalogue } = await goldenStore();
    const before = await catalogue.entry(FIELD);
    expect(await storedDigest(before)).toBe(store.entries()[FIELD]?.digest);
    const renamed = (from: ShardEntry, name: string): ShardEntry => ({ ...from, name });
    const commit = (from: ShardEntry, after: ShardEntry) =>
      commitEntries(store, new Change(store), [{ before: from, after }]);
    const first = renamed(before, 'First');
    await commit(before, first);
    await expect(commit(before, renamed(before, 'Second'))).rejects.toThrow(ConflictError);
    expect(await catalogue.entry(FIELD)).toEqual(first);

    await commit(first, renamed(first, 'Third')); // made here, never read
    await commit(await catalogue.entry(FIELD), renamed(first, 'Fourth'));
    expect((await catalogue.entry(FIELD)).name).toBe('Fourth');
  });

  test('is not lost behind a version with something that it never had', () => {
    const version = { format: 'memreel/version/1', parents: [], delta: 'ab', counts: {} };
    const bytes = new TextEncoder().encode(JSON.stringify(version));
    expect(() => decodeObject('version', bytes)).toThrow(CorruptError);
  });
});
