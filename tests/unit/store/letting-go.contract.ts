/**
 * The laws of letting go, on any file system: what nothing reaches goes, all of it, and nothing else;
 * who may still be reading keeps it from going.
 */
import { CorruptError, InvalidError, NotFoundError, ReadOnlyError } from '../../../src/lib/errors';
import { digestOf } from '../../../src/lib/store/digest';
import type { FileSystem } from '../../../src/lib/store/file-system';
import { blobPath, headPath, journalPath } from '../../../src/lib/store/layout';
import { MemoryLocks, tryLock } from '../../../src/lib/store/locks';
import type { Locks } from '../../../src/lib/store/locks';
import { fails, same } from './law';
import type { Case } from './law';
import { contents, encodeNode, leaf, nodeOf, openStore, openWriter, set } from './objects';

function noise(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => ((i + seed * 7919) * 2654435761) >>> 24);
}

async function write(fs: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const file = await fs.open(path, { create: true });
  file.write(0, bytes);
  file.flush();
  file.close();
}

const blobsOf = async (fs: FileSystem) =>
  (await fs.files()).filter((path) => path.startsWith('blobs/'));

/** Every file that holds these bytes, looked at directly. */
async function filesWith(fs: FileSystem, bytes: Uint8Array): Promise<string[]> {
  const latin = new TextDecoder('latin1');
  const found: string[] = [];
  for (const path of await fs.files()) {
    const content = latin.decode(await fs.readBytes(path));
    if (content.includes(latin.decode(bytes))) found.push(path);
  }
  return found;
}

/** The laws of being alone, on any locks as well. */
export const aloneContract: Case<{ fs: FileSystem; locks: Locks }>[] = [
  {
    name: 'where another store is open, nothing is deleted and what waits is told',
    run: async ({ fs, locks }) => {
      const store = await openWriter(fs, locks);
      const bytes = noise(9000, 1);
      await set(store, 'a', 'one', [leaf(await store.putBlob(bytes))]);
      const one = await openStore(fs, locks);
      const two = await openStore(fs, locks);
      await set(store, 'a', 'two');
      const waiting = await store.collect();
      same([waiting.freedBytes, waiting.waitingFor], [0, ['2 other tabs']]);
      same(waiting.waitingBytes >= 9000, true, 'waiting');
      same(await one.read(await digestOf(bytes)), bytes);
      same(await one.refresh(), true);
      same(await contents(one), { a: 'two' });
      await one.close();
      same((await store.collect()).waitingFor, ['1 other tab']);
      await two.close();
      same((await store.collect()).freedBytes, waiting.waitingBytes);
      same(await store.collect(), { freedBytes: 0, waitingBytes: 0, waitingFor: [] });
      await store.close();
    },
  },
  {
    name: 'exclusively refuses while others are open and counts them, and holds others off',
    run: async ({ fs, locks }) => {
      const store = await openWriter(fs, locks);
      const others = [await openStore(fs, locks), await openStore(fs, locks)];
      let ran = 0;
      const work = () => Promise.resolve(++ran);
      for (const expected of ['2 other tabs', '1 other tab']) {
        const error = await fails(() => store.exclusively(work), ReadOnlyError);
        same(error.subject, expected);
        same(error.message.includes(expected), true);
        await others.pop()?.close();
      }
      same(ran, 0);
      let opened = false;
      let opening: Promise<void> | undefined;
      const result = await store.exclusively(async () => {
        opening = openStore(fs, locks).then((other) => {
          opened = true;
          return other.close();
        });
        const nested = await store.exclusively(work);
        await set(store, 'a', 'one');
        await store.collect();
        same(opened, false, 'opened meanwhile');
        return nested;
      });
      same(result, 1);
      await opening;
      // Among the others again: nobody else gets the lock, until it closes.
      same(await tryLock(locks, 'memreel:test:readers'), null);
      await fails(
        () => store.exclusively(() => Promise.reject(new CorruptError('x'))),
        CorruptError,
      );
      same(await tryLock(locks, 'memreel:test:readers'), null);
      await store.close();
      await fails(() => store.exclusively(work), ReadOnlyError);
      const { held = [] } = await locks.query();
      same(
        held.filter(({ name }) => name?.startsWith('memreel:test:')),
        [],
      );
    },
  },
  {
    name: 'work that is alone at the same time stays alone until the last of it has ended',
    run: async ({ fs, locks }) => {
      const store = await openWriter(fs, locks);
      const ends: (() => void)[] = [];
      const work = () => new Promise<void>((resolve) => ends.push(resolve));
      const first = store.exclusively(work);
      const second = store.exclusively(work);
      await store.exclusively(() => Promise.resolve());
      const opening = openStore(fs, locks);
      let opened = false;
      const noted = opening.then(() => (opened = true));
      ends[0]?.();
      await first;
      for (let turn = 0; turn < 50; turn++) await Promise.resolve();
      same(opened, false);
      ends[1]?.();
      await second;
      await noted;
      await fails(() => store.exclusively(work), ReadOnlyError);
      await (await opening).close();
      await store.close();
    },
  },
];

export const lettingGoContract: Case<FileSystem>[] = [
  ...aloneContract.map(({ name, run }) => ({
    name,
    run: (fs: FileSystem) => run({ fs, locks: new MemoryLocks() }),
  })),
  {
    name: 'collecting deletes what nothing reaches, and nothing else',
    run: async (fs) => {
      const store = await openWriter(fs);
      const [kept, dropped, stray] = [noise(3000, 1), noise(4000, 2), noise(5000, 3)];
      await set(store, 'a', 'one', [leaf(await store.putBlob(kept))]);
      await set(store, 'b', 'two', [leaf(await store.putBlob(dropped))]);
      await store.checkpoint({ force: true });
      await set(store, 'b', 'three');
      await store.commit({ set: { c: store.entries()['a'] ?? null }, inline: [] });
      await store.commit({ set: { a: null }, inline: [] });
      await store.putBlob(stray);
      await write(fs, 'staging/left', noise(600, 4));
      const before = await contents(store);
      const { freedBytes, ...waiting } = await store.collect();
      same(waiting, { waitingBytes: 0, waitingFor: [] });
      same(freedBytes >= 4000 + 5000 + 600, true, 'freed');
      same(await fs.list('staging'), []);
      for (const bytes of [dropped, stray]) {
        same(await fs.read(blobPath(await digestOf(bytes))), undefined);
        await fails(async () => store.read(await digestOf(bytes)), NotFoundError);
      }
      same(await contents(store), before);
      const { problems, notes } = await store.check();
      same([problems, notes], [[], []]);
      await store.close();
      const next = await openWriter(fs);
      same(await contents(next), { b: 'three', c: ['one', 3000] });
      await set(next, 'd', 'four');
      await next.checkpoint({ force: true });
      same((await next.check()).problems, []);
      await next.close();
    },
  },
  {
    name: 'collecting again frees nothing and writes nothing',
    run: async (fs) => {
      let store = await openWriter(fs);
      same((await store.collect()).freedBytes, 0, 'empty library');
      for (const value of ['one', 'two']) {
        await set(store, 'a', value);
        await store.collect();
        const heads = async () => [
          await fs.readBytes(headPath(0)),
          await fs.readBytes(headPath(1)),
          await blobsOf(fs),
          store.sequence(),
        ];
        const before = await heads();
        same((await store.collect()).freedBytes, 0, 'again');
        await store.close();
        store = await openWriter(fs);
        same((await store.collect()).freedBytes, 0, 'after a restart');
        same(await heads(), before, 'files');
        same(await contents(store), { a: value });
      }
      await store.close();
    },
  },
  {
    name: 'keeps blobs that a commit is still to refer to, where asked to',
    run: async (fs) => {
      const store = await openWriter(fs);
      const digest = await store.putBlob(noise(700, 1));
      await set(store, 'a', 'one');
      await store.collect({ keepPuts: true });
      await set(store, 'b', 'two', [leaf(digest)]);
      same(await contents(store), { a: 'one', b: ['two', 700] });
      const other = await store.putBlob(noise(800, 2));
      await store.collect();
      await fails(() => set(store, 'c', 'three', [leaf(other)]), NotFoundError);
      same((await store.check()).problems, []);
      await store.close();
    },
  },
  {
    name: 'blobs that are put while it collects are there for their commits',
    run: async (fs) => {
      const store = await openWriter(fs);
      const long = (seed: number) =>
        new ReadableStream<Uint8Array>({
          start: (controller) => {
            for (let i = 0; i < 17; i++) controller.enqueue(noise(1 << 20, seed));
            controller.close();
          },
        });
      const strays = Array.from({ length: 12 }, (_, i) => noise(2000 + i, i));
      for (const bytes of strays) await store.putBlob(bytes);
      await store.close();
      const next = await openWriter(fs); // they are strays to this one, and are put anew
      await set(next, 'e', 'one');
      const collecting = next.collect({ keepPuts: true });
      const putting = strays.map(async (bytes, i) => {
        for (let turn = 0; turn < 40 * i; turn++) await Promise.resolve();
        return next.putBlob(bytes);
      });
      const streamed = next.putBlob(long(5));
      await collecting;
      const digests = await Promise.all([...putting, streamed]);
      await set(next, 'a', 'all', digests.map(leaf));
      same((await next.check()).problems, []);
      await next.close();
    },
  },
  {
    name: 'nothing is deleted while something reachable is missing or has changed',
    run: async (fs) => {
      for (const harm of ['missing', 'changed']) {
        const store = await openWriter(fs);
        const under = await store.putBlob(noise(500, harm === 'missing' ? 1 : 3));
        const node = encodeNode('page', [leaf(under)]);
        const { digest } = await nodeOf(node);
        await store.putBlob(node);
        await set(store, 'a', harm, [{ kind: 'node', digest }]);
        const stray = await store.putBlob(noise(501, 2));
        await store.checkpoint({ force: true });
        await fs.remove(blobPath(digest));
        if (harm === 'changed') await write(fs, blobPath(digest), encodeNode('rage'));
        await fails(() => store.collect(), CorruptError);
        for (const kept of [under, stray])
          same((await fs.read(blobPath(kept))) !== undefined, true);
        await store.putBlob(node); // heals it
        await store.collect();
        same(await fs.read(blobPath(stray)), undefined);
        same((await store.check()).problems, []);
        await store.close();
      }
    },
  },
  {
    name: 'a stopped collection leaves the state as it was, and the next one ends it',
    run: async (fs) => {
      const store = await openWriter(fs);
      await set(store, 'a', 'one', [leaf(await store.putBlob(noise(700, 1)))]);
      await set(store, 'a', 'two');
      const stop = new AbortController();
      stop.abort(new InvalidError('stopped'));
      await fails(() => store.collect({ signal: stop.signal }), InvalidError);
      same((await blobsOf(fs)).length, 1);
      await store.collect();
      same(await contents(store), { a: 'two' });
      same((await store.check()).notes, []);
      await store.close();
    },
  },
  {
    name: 'no byte of what was purged is left in any file',
    run: async (fs) => {
      const locks = new MemoryLocks();
      const store = await openWriter(fs, locks);
      const secret = new TextEncoder().encode('the purged words');
      const segment = noise(20_000, 1);
      segment.set(secret, 9000);
      const rewritten = segment.slice();
      rewritten.fill(0, 9000, 9000 + secret.length);
      // In settled blobs, in both journals, in superseded records, in a clone, and in a cache.
      const blob = await store.putBlob(segment);
      await set(store, 's', 'the purged words, first', [leaf(blob)]);
      await store.checkpoint({ force: true });
      await set(store, 's', 'the purged words, second', [leaf(blob)]);
      await store.commit({ set: { clone: store.entries()['s'] ?? null }, inline: [] });
      await store.checkpoint({ force: true });
      await set(store, 'gone', 'the purged words, third');
      await set(store, 's', 'the purged words, fourth', [leaf(blob)]);
      await set(store, 'other', 'kept');
      const fourth = store.entries()['s']?.digest ?? blob;
      await store.read(fourth);
      same((await filesWith(fs, secret)).length > 3, true);

      const report = await store.exclusively(async () => {
        const after = encodeNode('purged', [leaf(await store.putBlob(rewritten))]);
        const to = await nodeOf(after);
        const entries = { s: to, clone: to, gone: null };
        await store.commit({ set: entries, inline: [after], frees: true });
        await store.collect();
        return store.scan([secret, segment.subarray(100, 200), segment.subarray(9000, 9100)]);
      });
      same(await filesWith(fs, secret), []);
      // What the rewritten segment has in common with the old one is there: the scan does look.
      // The journals repeat it, for its file is young.
      const found = (needle: number) => report.found.filter((one) => one.needle === needle);
      same(found(0), []);
      same(found(2), []);
      const places = [blobPath(await digestOf(rewritten)), journalPath(0), journalPath(1)];
      same(
        found(1).map(({ where }) => where),
        places,
      );
      let bytes = 0;
      for (const path of await fs.files()) bytes += (await fs.read(path))?.size ?? 0;
      same(report.bytes, bytes);
      await fails(() => store.read(fourth), NotFoundError);
      await fails(() => store.get(blob), NotFoundError);
      const purged = ['purged', 20_000];
      same(await contents(store), { clone: purged, other: 'kept', s: purged });
      same((await store.check()).problems, []);
      await store.close();
    },
  },
];
