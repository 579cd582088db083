/** A repair makes good what is lost, blob by blob, and says what it cannot make good. */
import { beforeEach, describe, expect, test } from 'vitest';
import { UnsupportedError } from '../../../src/lib/errors';
import type { Chunk } from '../../../src/lib/api';
import { LEAVES, referencesOf } from '../../../src/lib/shard/objects';
import { MemoryLocks } from '../../../src/lib/store/locks';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { Store } from '../../../src/lib/store/store';
import { file, libraryInNode, shardOf, type Calls } from './library-in-node';

const chunksOf = (calls: Calls, id: string, at?: string): Promise<Chunk[]> =>
  calls.call('chunks', { id, at, limit: 10_000, deleted: true });

/** Random words do not compress: a few passages fill a frame. */
const text = (at: number): string =>
  `Passage ${String(at)}. ${Array.from({ length: 60 }, (_, word) => ((at * 7919 + word * 104_729) % 1e9).toString(36)).join(' ')}`;

const lines = (from: number, count: number): string =>
  Array.from({ length: count }, (_, at) => JSON.stringify({ text: text(from + at) })).join('\n');

/** How the blobs of each kind begin. */
const KINDS = {
  page: '["memreel/page/1"',
  postings: 'MRPO',
  vectors: 'MRVE',
  table: '{"format":"memreel/segments/1"',
  delta: '["memreel/delta/1"',
} as const;

describe('repair', () => {
  let fs: MemoryFileSystem;
  let calls: Calls;
  let id: string;
  let before: { chunks: Chunk[]; first: Chunk[]; versions: string[] };
  let firstVersion: string;

  /** The paths of blobs of a kind, in the order of the list of files. */
  async function blobs(kind: keyof typeof KINDS | 'video'): Promise<string[]> {
    const found: string[] = [];
    for (const path of await fs.files()) {
      if (!path.startsWith('blobs/')) continue;
      const start = new TextDecoder('latin1').decode(await fs.readBytes(path, 0, 40));
      const isKind =
        kind === 'video' ? start.slice(4, 8) === 'ftyp' : start.startsWith(KINDS[kind]);
      if (isKind) found.push(path);
    }
    return found;
  }

  async function spoil(path: string): Promise<void> {
    const blob = await fs.open(path, { create: false });
    blob.write(40, new Uint8Array(8).fill(0x21));
    blob.close();
  }

  /** Journals repeat what is young: here all has been on the disk for long, in blobs alone. */
  async function settle(): Promise<void> {
    await calls.call('gc', null);
    await calls.call('close', null);
    const locks = new MemoryLocks();
    const options = { fs, locks, name: 'test', references: referencesOf, leaves: LEAVES };
    const store = await Store.open(options);
    await store.becomeWriter();
    for (let flips = 0; flips < 2; flips++) await store.checkpoint({ force: true });
    await store.close();
    calls = await libraryInNode(fs);
  }

  /** Another session: what this one has read is not in memory. */
  async function reopen(): Promise<void> {
    await calls.call('close', null);
    calls = await libraryInNode(fs);
  }

  async function expectAsBefore(): Promise<void> {
    expect(await chunksOf(calls, id)).toEqual(before.chunks);
    expect(await chunksOf(calls, id, firstVersion)).toEqual(before.first);
    const [hit] = await calls.call('search', { id, query: 'edited by hand', options: {} });
    expect(hit?.text).toBe('Edited by hand.');
    const words = text(30);
    const [other] = await calls.call('search', { id, query: words, options: { mode: 'lexical' } });
    expect(other).toMatchObject({ from: 'video' });
    expect(other?.text.trimEnd()).toBe(words);
  }

  const versionsOf = async (): Promise<string[]> =>
    (await calls.call('history', { id, limit: 100, before: undefined })).map((one) => one.id);

  beforeEach(async () => {
    fs = new MemoryFileSystem();
    calls = await libraryInNode(fs);
    id = await shardOf(calls, [file('a.jsonl', lines(0, 40))]);
    firstVersion = (await calls.call('info', { id })).head;
    await calls.call('tag', { id, name: 'first', at: undefined });
    const [first, second] = await chunksOf(calls, id);
    const change = { id, message: undefined, seen: {} };
    await calls.call('change', {
      ...change,
      edit: { kind: 'edit', uuid: first?.uuid ?? '', text: 'Edited by hand.' },
    });
    await calls.call('change', {
      ...change,
      edit: { kind: 'delete', what: [second?.uuid ?? ''] },
    });
    await calls.call('ingest', { id, files: [file('b.jsonl', lines(100, 40))], chunking: {} });
    await settle();
    before = {
      chunks: await chunksOf(calls, id),
      first: await chunksOf(calls, id, firstVersion),
      versions: await versionsOf(),
    };
    await reopen();
  });

  test('changes nothing in a sound library', async () => {
    const files = await fs.files();
    expect(await calls.call('repair', {})).toMatchObject({ ok: true, problems: [] });
    expect(await fs.files()).toEqual(files);
    expect(await versionsOf()).toEqual(before.versions);
  });

  test.each(['postings', 'vectors'] as const)(
    'puts %s that are gone, and others that are damaged, back as they were',
    async (kind) => {
      const [gone = '', damaged = ''] = await blobs(kind);
      const was = await fs.readBytes(gone);
      const whole = await fs.readBytes(damaged);
      await fs.remove(gone);
      await spoil(damaged);
      expect(await calls.call('check', { deep: false })).toMatchObject({ ok: false });
      expect(await calls.call('repair', {})).toMatchObject({ ok: true, problems: [] });
      expect(await fs.readBytes(gone)).toEqual(was);
      expect(await fs.readBytes(damaged)).toEqual(whole);
      expect(await versionsOf()).toEqual(before.versions);
      await expectAsBefore();
    },
  );

  test('makes pages anew from frames: every version shows what it showed', async () => {
    for (const path of await blobs('page')) await fs.remove(path);
    await reopen();
    await expect(chunksOf(calls, id)).rejects.toThrow();
    expect(await calls.call('repair', {})).toMatchObject({ ok: true, problems: [] });
    await expectAsBefore();
    // A source's own digest was in the pages alone: they are others now, and a version says so.
    const [newest, ...older] = await calls.call('history', { id, limit: 100, before: undefined });
    expect(newest).toMatchObject({ operation: 'import', message: 'Repaired' });
    expect(older.map((one) => one.id)).toEqual(before.versions);
    expect(Object.keys(await calls.call('tags', { id }))).toEqual(['first']);
    expect(await calls.call('check', { deep: true })).toMatchObject({ ok: true });
    await reopen();
    await expectAsBefore();
  });

  test('takes what only a page knew from another page of the same segment', async () => {
    const due = await shardOf(calls, []);
    const files = [file('c.jsonl', lines(200, 20))];
    await calls.call('ingest', { id: due, files, chunking: {}, ttlSeconds: 1e6 });
    const { head } = await calls.call('info', { id: due });
    const [first] = await chunksOf(calls, due);
    const edit = { kind: 'delete' as const, what: [first?.uuid ?? ''] };
    await calls.call('change', { id: due, message: undefined, seen: {}, edit });
    const whole = new Set(await blobs('page'));
    await calls.call('reindex', { id: due, model: undefined });
    await settle();
    const wasFirst = await chunksOf(calls, due, head);
    const wasLast = await chunksOf(calls, due);
    expect(wasLast.at(-1)?.expiresAt).toBeDefined();
    const [reindexed] = (await blobs('page')).filter((path) => !whole.has(path));
    if (reindexed === undefined) throw new Error('It was reindexed without a page.');
    for (const path of [reindexed, ...whole]) {
      await reopen();
      await fs.remove(path);
      expect(await calls.call('repair', {})).toMatchObject({ ok: true, problems: [] });
      expect(await chunksOf(calls, due)).toEqual(wasLast);
      expect(await chunksOf(calls, due, head)).toEqual(wasFirst);
      await expectAsBefore();
    }
  });

  test.each([
    ['mp4', {}],
    ['zip', {}],
    ['zip', { include: 'everything' as const }],
  ] as const)('takes a lost video out of an exported %s %o', async (format, options) => {
    const clone = await calls.call('clone', { id, name: 'Whole', at: undefined });
    const { head } = clone;
    const exported = await calls.call('export', { id, format, ...options });
    if (!exported) throw new Error('There is no file.');
    const kept = new File([await exported.arrayBuffer()], 'kept');
    // Only the second segment is whole in what is visible: the first one has a deleted passage.
    const [, second] = (await calls.call('stats', { id })).segments === 2 ? [0, 1] : [];
    expect(second).toBe(1);
    const videos = await blobs('video');
    const was = await Promise.all(videos.map((path) => fs.readBytes(path)));
    for (const path of videos) await fs.remove(path);
    await reopen();
    const without = await calls.call('repair', {});
    expect(without.problems.map(({ code }) => code)).toEqual(videos.map(() => 'missing'));
    const report = await calls.call('repair', { from: kept });
    const back = await Promise.all(videos.map((path) => fs.readBytes(path)));
    const restored = back.filter((bytes, at) => bytes && bytes.length === was[at]?.length);
    expect(restored).toHaveLength('include' in options ? 2 : 1);
    expect(report.problems).toHaveLength(videos.length - restored.length);
    expect((await calls.call('info', { id: clone.id })).head).toBe(head);
    if (report.ok) await expectAsBefore();
  });

  test('takes a lost delta and lost pages out of a zip of everything, as they were', async () => {
    const exported = await calls.call('export', { id, format: 'zip', include: 'everything' });
    if (!exported) throw new Error('There is no file.');
    const kept = new File([await exported.arrayBuffer()], 'all.zip');
    const lost = [...(await blobs('delta')), ...(await blobs('page'))];
    expect(lost.length).toBeGreaterThan(2);
    const was = await Promise.all(lost.map((path) => fs.readBytes(path)));
    for (const path of lost) await fs.remove(path);
    await reopen();
    expect(await calls.call('repair', {})).toMatchObject({ ok: false });
    await expect(chunksOf(calls, id)).rejects.toThrow();
    expect(await calls.call('repair', { from: kept })).toMatchObject({ ok: true, problems: [] });
    expect(await Promise.all(lost.map((path) => fs.readBytes(path)))).toEqual(was);
    await expectAsBefore();
  });

  test('makes a shard again of segments whose tables are lost, once', async () => {
    for (const path of await blobs('table')) await fs.remove(path);
    await reopen();
    expect(await calls.call('repair', {})).toMatchObject({ ok: false });
    const recovered = (await calls.call('shards', { removed: true })).filter(
      (one) => one.id !== id,
    );
    expect(recovered).toMatchObject([{ name: 'Notes (recovered)' }]);
    const texts = (await chunksOf(calls, recovered[0]?.id ?? '')).map((chunk) =>
      chunk.text.trimEnd(),
    );
    // Frames know of no edit and of no tombstone.
    expect(new Set(texts)).toEqual(
      new Set([...Array(40).keys()].flatMap((at) => [text(at), text(100 + at)])),
    );
    await calls.call('repair', {});
    expect(await calls.call('shards', { removed: true })).toHaveLength(2);
  });

  test('makes a shard again of segments of which nothing else is left', async () => {
    await calls.call('compact', { id, threshold: 0 });
    await settle();
    const videos = new Set(await blobs('video'));
    expect(videos.size).toBeGreaterThan(2);
    await calls.call('close', null);
    for (const path of await fs.files()) if (!videos.has(path)) await fs.remove(path);
    calls = await libraryInNode(fs);
    expect(await calls.call('shards', { removed: true })).toEqual([]);
    expect(await calls.call('repair', {})).toMatchObject({ ok: true });
    const [shard] = await calls.call('shards', { removed: false });
    // Passages that a compaction drew again are in two videos, and in the shard once.
    const uuids = (await chunksOf(calls, shard?.id ?? '')).map(({ uuid }) => uuid);
    expect(new Set(uuids)).toEqual(new Set(before.chunks.map(({ uuid }) => uuid)));
    expect(uuids).toHaveLength(80);
  });

  test('leaves alone what nothing names where the shard is whole', async () => {
    await calls.call('compact', { id, threshold: 0 });
    await calls.call('release', { id, keepLast: 1, newerThan: undefined });
    await calls.call('untag', { id, name: 'first' });
    expect(await calls.call('repair', {})).toMatchObject({ ok: true });
    expect(await calls.call('shards', { removed: true })).toHaveLength(1);
    const texts = (await chunksOf(calls, id)).map((one) => one.text.trimEnd());
    expect(texts).not.toContain(text(0));
  });

  test('refuses a file that is no export', async () => {
    const from = new File(['words'], 'notes.txt');
    await expect(calls.call('repair', { from })).rejects.toThrow(UnsupportedError);
    await expect(calls.call('repair', { from })).rejects.toThrow('notes.txt');
  });
});
