/** Expiry and retention: what is due is hidden at once, and a sweep makes a version of it. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { InvalidError } from '../../../src/lib/errors';
import { openAgain, openEdited, problemsOf, SENTENCES, type ShardCalls } from './edited-library';

const [ALPHA = '', BETA = '', GAMMA = '', DELTA = ''] = SENTENCES;
const HOUR = 3_600_000;

afterEach(() => {
  vi.useRealTimers();
});

/** Only the clock moves: timers go on as ever. */
function later(milliseconds: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds });
}

const sweep = (shard: ShardCalls, now = new Date()) =>
  shard.tryChange({ kind: 'sweep', now: now.toISOString() });

describe('a chunk that has expired', () => {
  test('is hidden at once from search, lists and neighbours, and counted as due', async () => {
    const { calls, shard } = await openEdited();
    const [alpha, beta] = [await shard.uuid(ALPHA), await shard.uuid(BETA)];
    expect(await shard.found('cakes')).toEqual([BETA]); // the searching worker knows this version
    const before = (await shard.info()).head;
    await shard.expire(beta);
    expect(await shard.info()).toMatchObject({ due: 1, chunks: 4 });
    for (const mode of ['lexical', 'semantic', 'hybrid'] as const) {
      const hits = await calls.call('search', { id: shard.id, query: BETA, options: { mode } });
      expect(hits.map(({ uuid }) => uuid)).not.toContain(beta);
    }
    const all = await calls.call('searchAll', { query: 'cakes', options: { mode: 'lexical' } });
    expect(all).toEqual([]);
    expect(await shard.words()).toEqual([ALPHA, GAMMA, DELTA]);
    const around = { id: shard.id, uuid: alpha, before: 1, after: 1 };
    const near = await calls.call('context', around);
    expect(near.map(({ text }) => text.trim())).toEqual([ALPHA, GAMMA]);
    // Old versions ignore the clock, and so does the one before by its id.
    expect(await shard.found('cakes', before)).toEqual([BETA]);
    const [head] = await shard.history(1);
    const clone = await shard.clone();
    await shard.edit(alpha, 'Omega kites soar.');
    expect(await shard.words(head?.id)).toEqual(SENTENCES);
    expect(await shard.found('cakes', head?.id)).toEqual([BETA]);
    expect(await clone.found('cakes')).toEqual([]);
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('becomes a tombstone by one version, and a restore makes it last', async () => {
    const { calls, shard } = await openEdited();
    const [alpha, beta] = [await shard.uuid(ALPHA), await shard.uuid(BETA)];
    await shard.expire(alpha);
    await shard.expire(beta);
    const { length } = await shard.history();
    const version = await sweep(shard);
    expect(version).toMatchObject({
      ...{ operation: 'sweep' },
      counts: { chunks: 2, deleted: 2, removed: 2 },
    });
    expect(await sweep(shard)).toBeNull();
    expect(await shard.history()).toHaveLength(length + 1);
    expect(await shard.info()).toMatchObject({ due: 0, deleted: 2 });
    await shard.restore(alpha, beta);
    expect(await shard.words()).toEqual(SENTENCES);
    for (const chunk of await shard.chunks()) expect(chunk).not.toHaveProperty('expiresAt');
    expect(await sweep(shard, new Date('2999-01-01'))).toBeNull();
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('can be restored before any sweep, and swept in time by its own hour', async () => {
    const { shard } = await openEdited();
    const beta = await shard.uuid(BETA);
    await shard.expire(beta);
    await shard.restore(beta);
    expect(await shard.found('cakes')).toEqual([BETA]);
    await shard.expire(beta, '2999-01-01T00:00:00.000Z');
    expect(await sweep(shard)).toBeNull();
    expect(await shard.found('cakes')).toEqual([BETA]);
    expect(await sweep(shard, new Date('2999-01-02'))).not.toBeNull();
    expect(await shard.found('cakes')).toEqual([]);
  });

  test('stays hidden through an edit, a split, a compaction and a reindex', async () => {
    const { calls, shard } = await openEdited();
    const beta = await shard.uuid(BETA);
    await shard.expire(beta);
    await shard.edit(beta, 'Omega kites soar.');
    await shard.change({ kind: 'split', uuid: beta, at: 6 });
    for (const work of [() => shard.compact(), () => shard.reindex()]) {
      expect(await shard.words()).toEqual([ALPHA, GAMMA, DELTA]);
      expect(await shard.found('kites soar omega cakes')).toEqual([]);
      expect((await shard.info()).due).toBe(2);
      await work();
    }
    expect(await shard.words()).toEqual([ALPHA, GAMMA, DELTA]);
    expect(await sweep(shard)).toMatchObject({ counts: { removed: 2 } });
    expect(await problemsOf(calls)).toEqual([]);
  });
});

describe('ttlSeconds of an ingest', () => {
  test('lets its chunks expire, and those alone; undo takes it back', async () => {
    const { fs, locks, calls, shard } = await openEdited();
    await shard.ingest('short.jsonl', ['Eta ducks swim.'], 60);
    expect(await shard.words()).toHaveLength(5);
    expect(await shard.found('ducks')).toHaveLength(1);
    later(HOUR);
    expect(await shard.words()).toEqual(SENTENCES);
    expect(await shard.found('ducks')).toEqual([]);
    expect((await shard.info()).due).toBe(1);
    const version = await sweep(shard);
    expect(version).toMatchObject({ counts: { removed: 1 } });
    await calls.call('close', null);
    const again = shard.through(await openAgain(fs, locks));
    expect(await again.words()).toEqual(SENTENCES);
    expect(await again.chunks(true)).toHaveLength(5);
  });

  test.each([0, -1, NaN, Infinity])('refuses %s', async (ttlSeconds) => {
    const { shard } = await openEdited();
    const { head } = await shard.info();
    const files = [new File(['Text.'], 'a.txt')];
    const args = { id: shard.id, files, chunking: {}, ttlSeconds };
    await expect(shard.calls.call('ingest', args)).rejects.toBeInstanceOf(InvalidError);
    expect((await shard.info()).head).toBe(head);
  });
});

describe('a policy', () => {
  test('of age hides what is older at once, of every source by its own time', async () => {
    const { calls, shard } = await openEdited();
    later(2 * HOUR);
    await shard.ingest('new.jsonl', ['Eta ducks swim.']);
    await shard.change({ kind: 'retention', policy: { ttlSeconds: 3600 } });
    expect(await shard.info()).toMatchObject({ due: 4, retention: { ttlSeconds: 3600 } });
    expect(await shard.words()).toEqual(['Eta ducks swim.']);
    expect(await shard.found('wings ducks')).toEqual(['Eta ducks swim.']);
    expect(await sweep(shard)).toMatchObject({ counts: { removed: 4 } });
    // A restored chunk begins anew: else the next sweep would take it again.
    const alpha = await shard.uuid(ALPHA);
    await shard.restore(alpha);
    expect(await sweep(shard)).toBeNull();
    expect(await shard.words()).toEqual([ALPHA, 'Eta ducks swim.']);
    later(HOUR / 2 + 1);
    // An edit does not make a chunk younger, but one that is put in is new.
    await shard.edit(alpha, 'Omega kites soar.');
    await shard.change({ kind: 'insert', after: alpha, text: 'New among the old.' });
    later(HOUR / 2);
    expect(await shard.words()).toEqual(['New among the old.']);
    await shard.change({ kind: 'retention', policy: {} });
    expect(await shard.info()).not.toHaveProperty('retention');
    expect(await shard.words()).toHaveLength(3);
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('of size tombstones the oldest by the sweep, until it fits', async () => {
    const { calls, shard } = await openEdited();
    later(HOUR);
    await shard.ingest('new.jsonl', ['Eta ducks swim.']);
    const bytes = (await shard.chunks()).map(({ text }) => new TextEncoder().encode(text).length);
    const all = bytes.reduce((sum, one) => sum + one, 0);
    const maxBytes = all - (bytes[0] ?? 0) - 1;
    await shard.change({ kind: 'retention', policy: { maxBytes } });
    expect(await shard.words()).toHaveLength(5); // room is made by the sweep, nothing is due
    const version = await sweep(shard);
    expect(version).toMatchObject({ counts: { removed: 2, chunks: 3 } });
    expect(await shard.words()).toEqual([GAMMA, DELTA, 'Eta ducks swim.']);
    expect(await sweep(shard)).toBeNull();
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('that is none is refused, with the field', async () => {
    const { shard } = await openEdited();
    const { head } = await shard.info();
    for (const [policy, subject] of [
      [{ ttlSeconds: 0 }, 'ttlSeconds'],
      [{ maxBytes: 1.5 }, 'maxBytes'],
      [{ evict: 'random' as 'oldest' }, 'evict'],
      [{ keep: 1 } as object, 'keep'],
    ] as const) {
      const error = await shard.change({ kind: 'retention', policy }).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(InvalidError);
      expect(error).toHaveProperty('subject', subject);
    }
    expect((await shard.info()).head).toBe(head);
  });

  test('is swept when the library is opened, unless the clock is a day ahead', async () => {
    const { fs, locks, calls, shard } = await openEdited();
    await shard.ingest('short.jsonl', ['Eta ducks swim.'], 60);
    await calls.call('close', null);
    later(48 * HOUR);
    const far = shard.through(await openAgain(fs, locks));
    expect(await far.words()).toEqual(SENTENCES);
    expect((await far.history(1))[0]?.operation).toBe('ingest');
    await far.calls.call('close', null);
    vi.useRealTimers();
    later(HOUR);
    const near = shard.through(await openAgain(fs, locks));
    await expect.poll(async () => (await near.history(1))[0]?.operation).toBe('sweep');
    expect(await near.words()).toEqual(SENTENCES);
  });
});
