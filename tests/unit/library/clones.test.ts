/** Clones: one entry, whatever the size; and nothing that happens on one side shows on the other. */
import { describe, expect, test } from 'vitest';
import { NotFoundError } from '../../../src/lib/errors';
import type { FileSystem } from '../../../src/lib/store/file-system';
import { digestsOf, openEdited, problemsOf, SENTENCES, type ShardCalls } from './edited-library';

/** What a commit adds: the records of journals are whole sectors, their remains are not of today. */
async function journalBytes(fs: FileSystem): Promise<number> {
  let used = 0;
  for (const path of ['journal-0', 'journal-1']) {
    const bytes = (await fs.readBytes(path)) ?? new Uint8Array();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { byteLength } = bytes;
    for (let at = 0; at + 56 <= byteLength; at += view.getUint32(at + 4, true)) {
      // Without the zeros at its end, which fill the record up to 4,096 bytes.
      const length = view.getUint32(at + 4, true);
      const content = bytes.subarray(at, at + length).findLastIndex((byte) => byte !== 0) + 1;
      used += content;
      if (length === 0) break;
    }
  }
  return used;
}

describe('a clone', () => {
  test('costs one entry, the same for 10 chunks and for 2,000', async () => {
    const costs: number[] = [];
    for (const count of [10, 2000]) {
      const sentences = Array.from({ length: count }, (_, at) => `Sentence number ${String(at)}.`);
      const { fs, shard } = await openEdited(sentences);
      const before = { files: await digestsOf(fs), bytes: await journalBytes(fs) };
      const clone = await shard.clone('Clone');
      costs.push((await journalBytes(fs)) - before.bytes);
      expect(await digestsOf(fs)).toEqual(before.files);
      expect((await clone.info()).chunks).toBe(count);
      // And one of an old version, of a tag, of a clone: the same again.
      await clone.edit((await clone.chunks())[0]?.uuid ?? '', 'Changed.');
      const [head] = await clone.history(1);
      await clone.calls.call('tag', { id: clone.id, name: 'tagged', at: head?.id });
      for (const at of [head?.parents[0], 'tagged']) {
        const { bytes } = { bytes: await journalBytes(fs) };
        await clone.clone('Clone', at);
        costs.push((await journalBytes(fs)) - bytes);
      }
    }
    const [least, most] = [Math.min(...costs), Math.max(...costs)];
    expect(most).toBeLessThanOrEqual(2048);
    expect(least).toBeGreaterThan(200);
    // Random ids and digests do not change length, but counts and times in numbers may.
    expect(most - least).toBeLessThan(64);
  });

  test('of a clone, of a tag and of an old version shows what was there', async () => {
    const { calls, shard } = await openEdited();
    const first = (await shard.info()).head;
    const beta = await shard.uuid('Beta cakes rise.');
    await shard.edit(beta, 'Omega kites soar.');
    await calls.call('tag', { id: shard.id, name: 'kites', at: undefined });
    await shard.delete(beta);
    await shard.change({ kind: 'retention', policy: { maxBytes: 1 << 20 } });

    const old = await shard.clone('Old', first);
    const tagged = await shard.clone('Tagged', 'kites');
    const again = await (await tagged.clone('Again')).clone('And again');
    expect(await old.words()).toEqual(SENTENCES);
    expect(await old.found('kites cakes')).toEqual(['Beta cakes rise.']);
    for (const clone of [tagged, again]) {
      expect(await clone.words()).toContain('Omega kites soar.');
      expect(await clone.found('kites cakes')).toEqual(['Omega kites soar.']);
      expect(await clone.history()).toMatchObject([
        { operation: 'edit', tags: [] },
        { operation: 'ingest' },
        { operation: 'create' },
      ]);
    }
    expect(await old.info()).toMatchObject({
      ...{ chunks: 4, deleted: 0, head: first },
      origin: { shard: shard.id, version: first },
    });
    expect((await again.info()).origin?.shard).not.toBe(shard.id);
    // What is kept belongs to the version: the newest one's policy is not the old one's.
    expect(await old.info()).not.toHaveProperty('retention');
    const kept = await shard.clone('Kept');
    await shard.change({ kind: 'retention', policy: {} });
    expect((await kept.info()).retention).toEqual({ maxBytes: 1 << 20 });
    const [, version] = await shard.history(2);
    const policed = await shard.clone('Policed', version?.id);
    expect((await policed.info()).retention).toEqual({ maxBytes: 1 << 20 });
    await expect(shard.clone('None', 'no such tag')).rejects.toBeInstanceOf(NotFoundError);
    // A version of the newer history is none of the old clone's.
    await expect(old.words(version?.id)).rejects.toBeInstanceOf(NotFoundError);
    expect(await problemsOf(calls)).toEqual([]);
  });

  /** Everything that can be done to a shard. */
  async function workOn(shard: ShardCalls): Promise<void> {
    const [a = '', b = '', c = '', d = ''] = (await shard.chunks()).map(({ uuid }) => uuid);
    await shard.edit(a, 'Changed on one side.');
    await shard.change({ kind: 'split', uuid: b, at: 5 });
    await shard.change({ kind: 'join', uuids: [c, d] });
    await shard.delete(a);
    await shard.change({ kind: 'insert', after: null, text: 'New on one side.' });
    await shard.expire(c);
    await shard.change({ kind: 'sweep', now: new Date().toISOString() });
    await shard.ingest('more.jsonl', ['Eta ducks swim.']);
    await shard.compact();
    await shard.reindex();
    await shard.calls.call('tag', { id: shard.id, name: 'mine', at: undefined });
    await shard.release();
    await shard.calls.call('rename', { id: shard.id, name: 'Other' });
  }

  test.each(['the clone', 'the origin'])(
    'leaves the other side as it is, whatever is done to %s',
    async (which) => {
      const { fs, calls, shard } = await openEdited();
      await shard.edit(await shard.uuid('Delta stars shine.'), 'Omega kites soar.');
      const clone = await shard.clone();
      const [worked, still] = which === 'the clone' ? [clone, shard] : [shard, clone];
      const stateOf = async () => ({
        chunks: await still.chunks(true),
        history: await still.history(),
        info: await still.info(),
        found: await calls.call('search', { id: still.id, query: 'kites that lift', options: {} }),
        tags: await calls.call('tags', { id: still.id }),
      });
      const before = { state: await stateOf(), blobs: await digestsOf(fs) };
      await workOn(worked);
      expect(await stateOf()).toEqual(before.state);
      const blobs = await digestsOf(fs);
      for (const [path, digest] of before.blobs) expect(blobs.get(path)).toBe(digest);
      await calls.call('gc', null);
      expect(await stateOf()).toEqual(before.state);
      // With the other side gone for good, nothing of this one goes along.
      await calls.call('remove', { id: worked.id });
      await calls.call('gc', null);
      expect(await stateOf()).toEqual(before.state);
      expect(await problemsOf(calls)).toEqual([]);
    },
  );
});
