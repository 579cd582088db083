/** Letting go: which versions stay, what is freed, and what waits for whom. */
import { describe, expect, test } from 'vitest';
import { InvalidError, NotFoundError } from '../../../src/lib/errors';
import { openAgain, openEdited, problemsOf, SENTENCES } from './edited-library';

const PROPELLERS = Array.from(
  { length: 60 },
  (_, at) => `Propeller ${String(at)} turns ${String(Math.imul(at + 1, 0x9e3779b1) >>> 3)} times.`,
);

describe('release', () => {
  test('keeps the head, tagged versions, and as many of the newest as it is told', async () => {
    const { calls, shard } = await openEdited();
    const beta = await shard.uuid('Beta cakes rise.');
    const ids = [];
    for (let at = 0; at < 6; at++) ids.unshift((await shard.edit(beta, `Edit ${String(at)}.`)).id);
    await calls.call('tag', { id: shard.id, name: 'kept', at: ids[4] });
    expect(await shard.release(2)).toBe(5);
    const left = await shard.history();
    expect(left.map(({ id }) => id)).toEqual([ids[0], ids[1], ids[4]]);
    expect(await shard.release(2)).toBe(0);
    await calls.call('gc', null);
    expect(await shard.words('kept')).toContain('Edit 1.');
    expect(await shard.found('edit', 'kept')).toEqual(['Edit 1.']);
    await expect(shard.words(ids[3])).rejects.toBeInstanceOf(NotFoundError);
    await expect(shard.undo({ id: ids[3] ?? '' })).rejects.toBeInstanceOf(NotFoundError);
    await calls.call('untag', { id: shard.id, name: 'kept' });
    expect(await shard.release()).toBe(2);
    await calls.call('gc', null);
    expect(await shard.history()).toHaveLength(1);
    expect(await shard.words()).toContain('Edit 5.');
    // It goes on from there.
    await shard.edit(beta, 'And on.');
    expect(await shard.history()).toHaveLength(2);
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('goes by time as well, and wants to be told one of both', async () => {
    const { calls, shard } = await openEdited();
    await shard.delete(await shard.uuid('Beta cakes rise.'));
    const call = (keepLast?: number, newerThan?: string) =>
      calls.call('release', { id: shard.id, keepLast, newerThan });
    expect(await call(undefined, '2000-01-01T00:00:00Z')).toEqual({ released: 0 });
    expect(await call(undefined, '2999-01-01')).toEqual({ released: 2 });
    for (const [keepLast, newerThan, subject] of [
      [undefined, undefined, 'keepLast'],
      [0, undefined, 'keepLast'],
      [1.5, undefined, 'keepLast'],
      [1, 'yesterday', 'newerThan'],
    ] as const) {
      const error = await call(keepLast, newerThan).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(InvalidError);
      expect(error).toHaveProperty('subject', subject);
    }
  });

  test('and gc never take what a clone or a tag needs', async () => {
    const { calls, shard } = await openEdited(PROPELLERS);
    const clone = await shard.clone();
    const [first] = await shard.history(1);
    await calls.call('tag', { id: shard.id, name: 'first', at: first?.id });
    const uuids = (await shard.chunks()).map(({ uuid }) => uuid);
    await shard.delete(...uuids.slice(0, 50));
    const other = await shard.clone('Other');
    await shard.compact();
    await shard.release();
    await calls.call('gc', null);
    for (const [one, at] of [
      [clone, undefined],
      [clone, first?.id],
      [shard, 'first'],
    ] as const) {
      expect(await one.words(at)).toEqual(PROPELLERS);
      expect(await one.found('propeller', at)).toHaveLength(10);
    }
    expect(await other.words()).toEqual(PROPELLERS.slice(50));
    await other.restore(...uuids.slice(0, 50));
    expect(await other.words()).toEqual(PROPELLERS);
    expect(await problemsOf(calls)).toEqual([]);
  });
});

describe('gc', () => {
  test('frees what a compaction and a release left behind', async () => {
    const { calls, shard } = await openEdited(PROPELLERS);
    await calls.call('gc', null);
    await shard.delete(...(await shard.chunks()).slice(0, 50).map(({ uuid }) => uuid));
    await shard.compact();
    expect((await calls.call('gc', null)).waitingBytes).toBe(0);
    // The older versions still need all that it left.
    expect(await shard.words((await shard.history())[2]?.id)).toEqual(PROPELLERS);
    await shard.release();
    const { freedBytes } = await calls.call('gc', null);
    expect(freedBytes).toBeGreaterThan(0);
    expect(await shard.words()).toEqual(PROPELLERS.slice(50));
    expect(await problemsOf(calls)).toEqual([]);
    expect((await calls.call('gc', null)).freedBytes).toBe(0);
  });

  test('takes removed shards for good; until then they can be restored', async () => {
    const { fs, locks, calls, shard } = await openEdited();
    await shard.ingest('more.jsonl', PROPELLERS);
    const clone = await shard.clone();
    await calls.call('remove', { id: clone.id });
    await calls.call('restore', { id: clone.id });
    expect(await clone.words()).toHaveLength(64);
    await clone.compact();
    await calls.call('remove', { id: shard.id });
    expect(await calls.call('gc', null)).toMatchObject({ waitingBytes: 0, waitingFor: [] });
    await expect(calls.call('restore', { id: shard.id })).rejects.toBeInstanceOf(NotFoundError);
    expect(await clone.words()).toEqual([...SENTENCES, ...PROPELLERS]);
    await calls.call('remove', { id: clone.id });
    const { freedBytes } = await calls.call('gc', null);
    expect(freedBytes).toBeGreaterThan(1000);
    expect(await calls.call('shards', { removed: true })).toEqual([]);
    expect(await problemsOf(calls)).toEqual([]);
    await calls.call('close', null);
    const again = await openAgain(fs, locks);
    expect(await again.call('shards', { removed: true })).toEqual([]);
  });

  test('waits while another tab has the library open, and says so', async () => {
    const { fs, locks, calls, shard } = await openEdited(PROPELLERS);
    const reader = shard.through(await openAgain(fs, locks));
    expect(await reader.words()).toEqual(PROPELLERS);
    await shard.delete(...(await shard.chunks()).slice(1).map(({ uuid }) => uuid));
    await shard.compact();
    await shard.release();
    const waiting = await calls.call('gc', null);
    expect(waiting).toMatchObject({ freedBytes: 0, waitingFor: ['1 other tab'] });
    expect(waiting.waitingBytes).toBeGreaterThan(0);
    expect(await reader.words()).toEqual(PROPELLERS); // what it has open is still there
    await reader.calls.call('close', null);
    const freed = await calls.call('gc', null);
    expect(freed).toMatchObject({ waitingBytes: 0, waitingFor: [] });
    expect(freed.freedBytes).toBeGreaterThanOrEqual(waiting.waitingBytes);
    expect(await problemsOf(calls)).toEqual([]);
  });
});
