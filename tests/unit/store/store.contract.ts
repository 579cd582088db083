/** The laws of the store, on any file system: run on memory in Node, and on OPFS in a worker. */
import {
  ConflictError,
  CorruptError,
  InvalidError,
  NotFoundError,
  ReadOnlyError,
} from '../../../src/lib/errors';
import { digestOf } from '../../../src/lib/store/digest';
import { writeEpoch } from '../../../src/lib/store/epoch';
import type { FileSystem } from '../../../src/lib/store/file-system';
import { decodeHead, encodeHead } from '../../../src/lib/store/head';
import { blobPath, headPath } from '../../../src/lib/store/layout';
import { MemoryLocks } from '../../../src/lib/store/locks';
import { fails, same } from './law';
import type { Case } from './law';
import { contents, encodeNode, leaf, nodeOf, openStore, openWriter, set } from './objects';

async function overwrite(fs: FileSystem, path: string, at: number, bytes: Uint8Array) {
  const file = await fs.open(path, { create: true });
  file.write(at, bytes);
  file.flush();
  file.close();
}

function noise(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 2654435761) >>> 24);
}

export const storeContract: Case<FileSystem>[] = [
  {
    name: 'what was committed is read back, now and by the next session',
    run: async (fs) => {
      const store = await openWriter(fs);
      same(store.entries(), {});
      const segment = await store.putBlob(noise(100_000));
      same(await set(store, 'a', 'one', [leaf(segment)]), 1);
      same(await set(store, 'b', 'two'), 2);
      const expected = { a: ['one', 100_000], b: 'two' };
      same(await contents(store), expected);
      same(store.sequence(), 2);
      await store.close();
      const next = await openStore(fs);
      same(await contents(next), expected);
      same(next.sequence(), 2);
      same((await next.check()).problems, []);
      await next.close();
    },
  },
  {
    name: 'a put is idempotent and free, and heals what has changed on disk',
    run: async (fs) => {
      const store = await openWriter(fs);
      const bytes = noise(5000);
      const digest = await store.putBlob(bytes);
      same(digest, await digestOf(bytes));
      same(await Promise.all([store.putBlob(bytes), store.putBlob(bytes)]), [digest, digest]);
      await set(store, 'a', 'one', [leaf(digest)]);
      await overwrite(fs, blobPath(digest), 10, Uint8Array.of(1, 2, 3, 4));
      await fails(() => store.read(digest), CorruptError);
      same((await store.check()).problems.length, 1);
      await store.putBlob(bytes);
      same(await store.read(digest), bytes);
      same((await store.check()).problems, []);
      await store.close();
    },
  },
  {
    name: 'a stream longer than what is gathered in memory has the digest of its bytes',
    run: async (fs) => {
      const store = await openWriter(fs);
      const piece = noise(1 << 20);
      for (const pieces of [1, 18]) {
        let left = pieces;
        const stream = new ReadableStream<Uint8Array>({
          pull: (controller) => {
            if (left-- > 0) controller.enqueue(piece);
            else controller.close();
          },
        });
        const whole = new Uint8Array(pieces << 20);
        for (let i = 0; i < pieces; i++) whole.set(piece, i << 20);
        const digest = await store.putBlob(stream);
        same(digest, await digestOf(whole));
        same((await store.get(digest)).size, pieces << 20);
      }
      same(await fs.list('staging'), []);
      await store.close();
    },
  },
  {
    name: 'a checkpoint changes nothing that can be seen, and drops what is not reachable',
    run: async (fs) => {
      const store = await openWriter(fs);
      for (let round = 0; round < 4; round++) {
        await set(store, 'a', `superseded ${round}`);
        await set(store, 'a', `kept ${round}`);
        await set(store, `b${round}`, 'other');
        const before = await contents(store);
        same(await store.checkpoint({ force: true }), true);
        same(await contents(store), before, `round ${round}`);
        same((await store.check()).problems, []);
        // Two HEADs reach two roots and what they list; from the third on, old ones are strays.
        if (round < 2) same((await store.check()).notes, []);
      }
      const dropped = await digestOf(encodeNode('superseded 3'));
      same(await fs.read(blobPath(dropped)), undefined);
      await store.close();
      const next = await openWriter(fs);
      same(Object.keys(await contents(next)), ['a', 'b0', 'b1', 'b2', 'b3']);
      await next.close();
    },
  },
  {
    name: 'a checkpoint that is not forced leaves an unsettled or empty journal alone',
    run: async (fs) => {
      const store = await openWriter(fs);
      same(await store.checkpoint(), false, 'empty');
      await set(store, 'a', 'one');
      same(await store.checkpoint(), true, 'first');
      await set(store, 'a', 'two');
      same(await store.checkpoint(), false, 'unsettled');
      same(await contents(store), { a: 'two' });
      await store.close();
    },
  },
  {
    name: 'a journal that has grown is checkpointed by a commit',
    run: async (fs) => {
      const store = await openWriter(fs);
      const big = 'x'.repeat(3 << 20);
      await set(store, 'a', big);
      same(await fs.list('blobs'), [], 'below');
      await set(store, 'b', big + 'y');
      const blob = await fs.read(blobPath(await digestOf(encodeNode(big))));
      same(blob?.size, encodeNode(big).byteLength);
      same(Object.keys(await contents(store)), ['a', 'b']);
      await store.close();
    },
  },
  {
    name: 'a commit is refused when an expected entry has changed, and changes nothing',
    run: async (fs) => {
      const store = await openWriter(fs);
      await set(store, 'a', 'one');
      const one = store.entries()['a']?.digest ?? null;
      await set(store, 'a', 'two');
      const bytes = encodeNode('three');
      const commit = { set: { a: await nodeOf(bytes) }, inline: [bytes] };
      const error = await fails(
        () => store.commit({ ...commit, expect: { a: one } }),
        ConflictError,
      );
      same(error.subject, 'a');
      await fails(() => store.commit({ ...commit, expect: { b: one } }), ConflictError);
      same(await contents(store), { a: 'two' });
      const two = store.entries()['a']?.digest ?? null;
      same(await store.commit({ ...commit, expect: { a: two, b: null } }), 3);
      same(await store.commit({ set: { a: null }, inline: [] }), 4);
      same(store.entries(), {});
      await fails(() => store.commit({ set: {}, inline: [] }), InvalidError);
      await store.close();
    },
  },
  {
    name: 'a commit cannot refer to what is not stored',
    run: async (fs) => {
      const store = await openWriter(fs);
      const absent = leaf(await digestOf(noise(9)));
      await fails(() => set(store, 'a', 'one', [absent]), NotFoundError);
      await fails(() => store.commit({ set: { a: absent }, inline: [] }), NotFoundError);
      await fails(() => store.get(absent.digest), NotFoundError);
      same(store.sequence(), 0);
      // Under a blob that was only just put, too.
      const put = await store.putBlob(encodeNode('under', [absent]));
      const over = { kind: 'node', digest: put };
      await fails(() => set(store, 'a', 'over', [over]), NotFoundError);
      await store.close();
    },
  },
  {
    name: 'a blob that was just put keeps the inline object under it over checkpoints',
    run: async (fs) => {
      const store = await openWriter(fs);
      const under = encodeNode('under');
      await set(store, 'a', 'under');
      const middle = await store.putBlob(encodeNode('middle', [await nodeOf(under)]));
      await set(store, 'a', 'over', [{ kind: 'node', digest: middle }]);
      await store.checkpoint({ force: true });
      await store.checkpoint({ force: true });
      same(await contents(store), { a: ['over', ['middle', 'under']] });
      same((await store.check()).problems, []);
      await store.close();
    },
  },
  {
    name: 'a reader sees the writer’s commits and checkpoints after a refresh, and writes nothing',
    run: async (fs) => {
      const locks = new MemoryLocks();
      const writer = await openWriter(fs, locks);
      const reader = await openStore(fs, locks);
      await fails(() => set(reader, 'a', 'mine'), ReadOnlyError);
      await fails(() => reader.putBlob(noise(3)), ReadOnlyError);
      same(await reader.refresh(), false);
      for (let round = 0; round < 5; round++) {
        await set(writer, 'a', `one ${round}`);
        await set(writer, 'b', `two ${round}`);
        same(await reader.refresh(), true, `commits ${round}`);
        same(await contents(reader), await contents(writer));
        await set(writer, 'a', `three ${round}`);
        await writer.checkpoint({ force: true });
        if (round % 2 === 0) await writer.checkpoint({ force: true });
        await set(writer, 'c', `four ${round}`);
        same(await reader.refresh(), true, `checkpoint ${round}`);
        same(await contents(reader), await contents(writer));
      }
      same(await reader.refresh(), false);
      await writer.close();
      await reader.becomeWriter();
      await set(reader, 'a', 'mine');
      same((await reader.check()).problems, []);
      await reader.close();
    },
  },
  {
    name: 'one store writes at a time; the next one goes on where it ended',
    run: async (fs) => {
      const locks = new MemoryLocks();
      const first = await openWriter(fs, locks);
      const second = await openStore(fs, locks);
      const turn = second.becomeWriter();
      await set(first, 'a', 'one');
      same([first.isWriter, second.isWriter], [true, false]);
      await first.close();
      await turn;
      same([first.isWriter, second.isWriter], [false, true]);
      await fails(() => set(first, 'a', 'late'), ReadOnlyError);
      same(await set(second, 'b', 'two'), 2);
      same(await contents(second), { a: 'one', b: 'two' });
      await second.close();
    },
  },
  {
    name: 'a waiting store that is closed does not write later',
    run: async (fs) => {
      const locks = new MemoryLocks();
      const first = await openWriter(fs, locks);
      const second = await openStore(fs, locks);
      const turn = second.becomeWriter();
      const refused = fails(() => turn, ReadOnlyError);
      await second.close();
      await refused;
      await first.close();
      await (await openWriter(fs, locks)).close();
    },
  },
  {
    name: 'a writer whose epoch is stale is fenced, in commits and in checkpoints',
    run: async (fs) => {
      const stale = await openWriter(fs, new MemoryLocks());
      await set(stale, 'a', 'one');
      // Locks of its own: as if the lock manager had given the lock away.
      const taking = openWriter(fs, new MemoryLocks());
      let refused = 0;
      for (let attempt = 0; stale.isWriter && attempt < 2000; attempt++) {
        await set(stale, 'a', 'again').catch((error: unknown) => {
          if (!(error instanceof ReadOnlyError)) throw error;
          refused++;
        });
      }
      same(refused, 1);
      const taken = await taking;
      await set(taken, 'b', 'two');
      same((await contents(taken))['b'], 'two');
      await writeEpoch(fs, 99);
      await fails(() => taken.checkpoint({ force: true }), ReadOnlyError);
      same(taken.isWriter, false);
      await Promise.all([stale.close(), taken.close()]);
      const next = await openWriter(fs);
      same((await contents(next))['b'], 'two');
      same((await next.check()).problems, []);
      await next.close();
    },
  },
  {
    name: 'garbage in either HEAD slot loses nothing',
    run: async (fs) => {
      for (let round = 0; round < 6; round++) {
        const store = await openWriter(fs);
        await set(store, 'a', `before ${round}`);
        await store.checkpoint({ force: true });
        await set(store, 'b', `after ${round}`);
        const expected = await contents(store);
        await store.close();
        await overwrite(fs, headPath(round % 3 === 0 ? 0 : 1), 20, noise(30));
        const next = await openWriter(fs);
        same(await contents(next), expected, `round ${round}`);
        same(next.sequence(), 2 * round + 2);
        same((await next.check()).problems, []);
        await next.close();
      }
    },
  },
  {
    name: 'with both HEAD slots lost, the newest root among the blobs serves',
    run: async (fs) => {
      const store = await openWriter(fs);
      await set(store, 'a', 'one');
      await store.checkpoint({ force: true });
      await store.checkpoint({ force: true });
      await set(store, 'b', 'two');
      await store.close();
      await overwrite(fs, headPath(0), 0, noise(120));
      await overwrite(fs, headPath(1), 0, noise(120));
      const next = await openWriter(fs);
      same(next.recovery.origin, 'scan');
      same(await contents(next), { a: 'one', b: 'two' });
      await set(next, 'c', 'three');
      await next.close();
      const last = await openStore(fs);
      same(last.recovery.origin, 'head');
      same(Object.keys(last.entries()), ['a', 'b', 'c']);
      await last.close();
    },
  },
  {
    name: 'before the first checkpoint, the journal alone serves',
    run: async (fs) => {
      const store = await openWriter(fs);
      await set(store, 'a', 'one');
      await store.close();
      await fs.remove(headPath(0));
      await fs.remove(headPath(1));
      const next = await openWriter(fs);
      same(next.recovery.origin, 'journal');
      same(await contents(next), { a: 'one' });
      await next.close();
    },
  },
  {
    name: 'a newer format opens read-only and is left as it is',
    run: async (fs) => {
      const store = await openWriter(fs);
      await set(store, 'a', 'one');
      await store.checkpoint({ force: true });
      await store.close();
      const slot = headPath(1);
      const head = await decodeHead((await fs.readBytes(slot)) ?? new Uint8Array(0));
      if (!head) throw new Error('The checkpoint wrote no HEAD.');
      const newer = await encodeHead({ ...head, format: head.format + 1 });
      await overwrite(fs, slot, 0, newer);
      const next = await openStore(fs);
      same(next.readOnly, true);
      same(await contents(next), { a: 'one' });
      await fails(() => next.becomeWriter(), ReadOnlyError);
      await next.close();
      same(await fs.readBytes(slot), newer);
    },
  },
  {
    name: 'check names what is missing, what has changed, and what nobody refers to',
    run: async (fs) => {
      const store = await openWriter(fs);
      const [gone, rotten, stray] = [noise(10), noise(20), noise(30)];
      const digests = await Promise.all([gone, rotten, stray].map((bytes) => store.putBlob(bytes)));
      const [goneAt, rottenAt, strayAt] = digests.map(blobPath);
      if (!goneAt || !rottenAt || !strayAt) throw new Error('Three blobs were put.');
      await set(store, 'a', 'one', digests.slice(0, 2).map(leaf));
      same((await store.check()).problems, []);
      await fs.remove(goneAt);
      await overwrite(fs, rottenAt, 19, Uint8Array.of(0xff));
      const { problems, notes } = await store.check();
      same(problems.map(({ code, where }) => `${code} ${where}`).sort(), [
        `corrupt ${rottenAt}`,
        `missing ${goneAt}`,
      ]);
      same(
        notes.map(({ code, where }) => `${code} ${where}`),
        [`stray ${strayAt}`],
      );
      const stop = new AbortController();
      stop.abort(new InvalidError('stopped'));
      await fails(() => store.check({ signal: stop.signal }), InvalidError);
      await store.close();
    },
  },
  {
    name: 'reachable is what both HEADs and journals name, and nothing else',
    run: async (fs) => {
      const store = await openWriter(fs);
      const old = await store.putBlob(noise(11));
      const stray = await store.putBlob(noise(12));
      await set(store, 'a', 'one', [leaf(old)]);
      await store.checkpoint({ force: true });
      await set(store, 'a', 'two');
      const has = async () => {
        const reached = await store.reachable();
        return [
          reached.has(old),
          reached.has(stray),
          reached.has(await digestOf(encodeNode('two'))),
        ];
      };
      same(await has(), [true, false, true]);
      await store.checkpoint({ force: true });
      same(await has(), [true, false, true], 'the older HEAD still names it');
      await store.checkpoint({ force: true });
      same(await has(), [false, false, true], 'two checkpoints on');
      await store.close();
    },
  },
];
