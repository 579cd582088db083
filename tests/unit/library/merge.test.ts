/** Merges: what comes over from another shard of the lineage, what is in conflict, what stays gone. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidError } from '../../../src/lib/errors';
import { openEdited, problemsOf, SENTENCES, wordsOf, type ShardCalls } from './edited-library';

const NOTHING = { added: 0, edited: 0, removed: 0, restored: 0 };
const [ALPHA = '', BETA = '', GAMMA = '', DELTA = ''] = SENTENCES;

/** A shard of four sentences, the last one deleted, and a clone of it. */
async function parted() {
  const opened = await openEdited();
  const mine = opened.shard;
  await mine.delete(await mine.uuid(DELTA));
  const uuids = (await mine.chunks(true)).map(({ uuid }) => uuid);
  const [a = '', b = '', c = '', d = ''] = uuids;
  return { ...opened, mine, theirs: await mine.clone('Theirs'), a, b, c, d };
}

/** Edits on both sides, of the same chunk and of others. */
async function edited() {
  const all = await parted();
  const { mine, theirs, a, b, c, d } = all;
  await theirs.edit(a, 'Theirs of alpha.');
  await mine.edit(b, 'Mine of beta.');
  await theirs.delete(c);
  await theirs.restore(d);
  await theirs.change({ kind: 'insert', after: a, text: 'Theirs alone.' });
  await mine.change({ kind: 'insert', after: null, text: 'Mine alone.' });
  return all;
}

describe('a merge', () => {
  test('takes what the other side changed since both parted, and keeps the rest', async () => {
    const { calls, mine, theirs } = await edited();
    const other = await theirs.chunks(true);
    const report = await mine.merge(theirs);
    expect(report).toMatchObject({
      ...{ merged: true, conflicts: [] },
      taken: { added: 1, edited: 1, removed: 1, restored: 1 },
    });
    expect(await mine.words()).toEqual([
      ...['Mine alone.', 'Theirs of alpha.', 'Theirs alone.', 'Mine of beta.', DELTA],
    ]);
    expect(await mine.found('alpha alone stars')).toHaveLength(4);
    expect(await mine.found('rivers cakes')).toEqual([]);
    expect(await theirs.chunks(true)).toEqual(other);
    const [version] = await mine.history(1);
    expect(version).toMatchObject({ id: report.version, operation: 'merge' });
    expect(version?.parents[1]).toBe((await theirs.info()).head);
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('made twice takes nothing more, in either direction', async () => {
    const { mine, theirs } = await edited();
    await mine.merge(theirs);
    const { head } = await mine.info();
    expect(await mine.merge(theirs)).toMatchObject({ version: null, taken: NOTHING });
    expect((await mine.info()).head).toBe(head);
    await theirs.merge(mine);
    expect(await theirs.words()).toEqual(await mine.words());
    expect(await mine.merge(theirs)).toMatchObject({ version: null, taken: NOTHING });
    expect(await theirs.merge(mine)).toMatchObject({ version: null, taken: NOTHING });
  });

  test('of the same text on both sides is no conflict', async () => {
    const { mine, theirs, a, c } = await parted();
    for (const side of [mine, theirs]) {
      await side.edit(a, 'The same.');
      await side.delete(c);
    }
    expect(await mine.merge(theirs)).toMatchObject({ merged: true, taken: NOTHING });
  });

  test('of the same text that was compacted on one side takes nothing', async () => {
    const { mine, theirs, a } = await parted();
    await theirs.edit(a, 'Theirs of alpha.');
    await mine.merge(theirs);
    await theirs.compact();
    await mine.compact();
    await mine.reindex();
    expect(await mine.merge(theirs)).toMatchObject({ version: null, taken: NOTHING });
  });

  test('with open conflicts writes nothing and shows all sides', async () => {
    const { mine, theirs, a, b, c } = await edited();
    await mine.edit(a, 'Mine of alpha.');
    await theirs.delete(b);
    await mine.edit(c, 'Mine of gamma.');
    const [before, { head }] = [await mine.chunks(true), await mine.info()];
    const report = await mine.merge(theirs);
    expect(report).toMatchObject({ merged: false, version: null, taken: NOTHING });
    const side = (text: string, deleted = false) => ({ text, deleted });
    const shown = report.conflicts.map(({ uuid, base, mine, theirs }) => [
      uuid,
      [base, mine, theirs].map((one) => one && { ...one, text: one.text?.trim() }),
    ]);
    expect(new Map(shown as [string, unknown][])).toEqual(
      new Map([
        [a, [side(ALPHA), side('Mine of alpha.'), side('Theirs of alpha.')]],
        [b, [side(BETA), side('Mine of beta.'), side(BETA, true)]],
        [c, [side(GAMMA), side('Mine of gamma.'), side(GAMMA, true)]],
      ]),
    );
    // One that is settled does not settle the others.
    expect(await mine.merge(theirs, { resolve: { [a]: 'mine' } })).toMatchObject({
      merged: false,
    });
    expect((await mine.info()).head).toBe(head);
    expect(await mine.chunks(true)).toEqual(before);
  });

  test('settles conflicts as it is told, and does not ask again', async () => {
    const { calls, mine, theirs, a, b, c } = await edited();
    await mine.edit(a, 'Mine of alpha.');
    await theirs.delete(b);
    await mine.edit(c, 'Mine of gamma.');
    const resolve = { [a]: 'theirs', [b]: 'mine', [c]: { text: 'Neither of both.' } } as const;
    expect(await mine.merge(theirs, { resolve })).toMatchObject({ merged: true });
    const words = ['Theirs of alpha.', 'Theirs alone.', 'Mine of beta.', 'Neither of both.'];
    expect(await mine.words()).toEqual(['Mine alone.', ...words, DELTA]);
    expect(await mine.found('neither')).toEqual(['Neither of both.']);
    expect(await mine.merge(theirs)).toMatchObject({ version: null, taken: NOTHING });
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('that only keeps one’s own does not ask again', async () => {
    const { mine, theirs, a } = await parted();
    await mine.edit(a, 'Mine.');
    await theirs.edit(a, 'Theirs.');
    expect((await mine.merge(theirs)).conflicts).toHaveLength(1);
    expect(await mine.merge(theirs, { resolve: { [a]: 'mine' } })).toMatchObject({
      ...{ merged: true, taken: NOTHING },
    });
    expect(await mine.merge(theirs)).toMatchObject({ merged: true, version: null });
    expect((await mine.chunks())[0]?.text).toBe('Mine.');
  });

  test('of some chunks leaves the others to be taken later', async () => {
    const { mine, theirs, a, c } = await edited();
    await mine.merge(theirs, { pick: [a] });
    expect(await mine.words()).toEqual([
      ...['Mine alone.', 'Theirs of alpha.', 'Mine of beta.', GAMMA],
    ]);
    expect(await mine.merge(theirs, { pick: [c] })).toMatchObject({
      taken: { ...NOTHING, removed: 1 },
    });
    expect(await mine.merge(theirs)).toMatchObject({
      taken: { ...NOTHING, added: 1, restored: 1 },
    });
  });

  test('is refused for another lineage, bad texts, and resolutions of no conflict', async () => {
    const { calls, mine, theirs, a, b } = await edited();
    const { id } = await calls.call('create', {
      ...{ name: 'Stranger', profile: 'compact', model: 'static-en' },
    });
    const stranger = mine.through(calls, id);
    await mine.edit(a, 'Mine of alpha.');
    const before = await mine.chunks(true);
    await expect(mine.merge(stranger)).rejects.toBeInstanceOf(InvalidError);
    for (const resolve of [
      { [a]: { text: '  ' } },
      { [a]: { text: 'half \ud83d' } },
      { [a]: 'mine', [b]: 'mine' } as const,
    ]) {
      await expect(mine.merge(theirs, { resolve })).rejects.toBeInstanceOf(InvalidError);
    }
    expect(await mine.chunks(true)).toEqual(before);
  });

  test('brings expiry along: what is due is hidden, counted and swept', async () => {
    const { mine, theirs, a } = await parted();
    await theirs.edit(a, 'Short of life.');
    await theirs.expire(a);
    await mine.merge(theirs);
    expect(await mine.words()).toEqual([BETA, GAMMA]);
    expect(await mine.found('short')).toEqual([]);
    expect(await mine.info()).toMatchObject({ due: 1 });
  });
});

describe('the base of a merge', () => {
  test('is still known when the version was let go, on both sides', async () => {
    const { calls, mine, theirs } = await edited();
    expect(await mine.release()).toBeGreaterThan(0);
    expect(await theirs.release()).toBeGreaterThan(0);
    await calls.call('gc', null);
    const report = await mine.merge(theirs);
    expect(report).toMatchObject({
      taken: { added: 1, edited: 1, removed: 1, restored: 1 },
    });
    expect(await mine.words()).toEqual([
      ...['Mine alone.', 'Theirs of alpha.', 'Theirs alone.', 'Mine of beta.', DELTA],
    ]);
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('moves on with a merge, also when that version was let go', async () => {
    const { calls, mine, theirs, a, c } = await edited();
    await mine.merge(theirs);
    // The person thinks otherwise about two of what came over.
    await mine.restore(c);
    await mine.edit(a, 'Mine after all.');
    await mine.release();
    await calls.call('gc', null);
    expect(await mine.merge(theirs)).toMatchObject({ version: null, conflicts: [] });
    expect(await mine.words()).toContain(GAMMA);
    await theirs.change({ kind: 'insert', after: null, text: 'Theirs later.' });
    expect(await mine.merge(theirs)).toMatchObject({ taken: { ...NOTHING, added: 1 } });
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('is known for a clone of a version that was kept from before the merge', async () => {
    const { calls, mine, theirs, b } = await parted();
    const before = (await mine.edit(b, 'Mine of beta.')).id;
    await theirs.change({ kind: 'insert', after: null, text: 'Theirs.' });
    await mine.merge(theirs);
    await theirs.change({ kind: 'insert', after: null, text: 'Theirs later.' });
    await mine.release(2);
    await theirs.release();
    await calls.call('gc', null);
    const clone = await mine.clone('From before', before);
    expect(await clone.merge(theirs)).toMatchObject({ taken: { ...NOTHING, added: 2 } });
    expect(await clone.words()).toEqual([
      ...['Theirs later.', 'Theirs.', ALPHA, 'Mine of beta.', GAMMA],
    ]);
  });

  test('of lines that merged crosswise is what both had taken over', async () => {
    const { calls, mine, theirs, a, b, d } = await parted();
    await mine.edit(a, 'Mine of alpha.');
    await mine.restore(d);
    await theirs.edit(b, 'Theirs of beta.');
    const crossing = await mine.clone('Crossing');
    await mine.merge(theirs);
    await theirs.merge(crossing);
    expect(await mine.words()).toEqual(await theirs.words());
    for (const isLetGo of [false, true]) {
      if (isLetGo) {
        for (const shard of [mine, theirs, crossing]) await shard.release();
        await calls.call('gc', null);
      }
      for (const [one, two] of [
        [mine, theirs],
        [theirs, mine],
      ] as const) {
        const [side, other] = [await one.clone('Side'), await two.clone('Other')];
        // Going back to what it was before is a change as well.
        await side.edit(a, ALPHA);
        await side.edit(b, 'Changed here.');
        await side.delete(d);
        const words = await side.words();
        expect(await side.merge(other)).toMatchObject({ taken: NOTHING, conflicts: [] });
        expect(await side.words()).toEqual(words);
        expect(await other.merge(side)).toMatchObject({
          taken: { ...NOTHING, edited: 2, removed: 1 },
        });
        expect(await other.words()).toEqual(words);
      }
    }
    expect(await problemsOf(calls)).toEqual([]);
  });
});

describe('a deleted chunk', () => {
  test('never comes back through merges that nobody resolved against it', async () => {
    const kinds = ['delete', 'edit', 'insert', 'merge', 'compact', 'reindex', 'release', 'clone'];
    const steps = fc.array(fc.tuple(fc.constantFrom(...kinds), fc.nat(2), fc.nat(2), fc.nat(7)), {
      ...{ minLength: 10, maxLength: 30 },
    });
    await fc.assert(
      fc.asyncProperty(steps, async (steps) => {
        const { calls, shard } = await openEdited([...SENTENCES, 'Eta ducks swim.', 'Zeta.']);
        const shards = [shard, await shard.clone('One'), await shard.clone('Two')];
        /** What was deleted in each shard, by hand or by a merge. */
        const gone: Set<string>[] = shards.map(() => new Set());
        const check = async (): Promise<void> => {
          for (const [at, one] of shards.entries()) {
            const all = await one.chunks(true);
            const back = all.filter(({ uuid, deleted }) => !deleted && gone[at]?.has(uuid));
            expect(wordsOf(back)).toEqual([]);
            for (const { uuid, deleted } of all) if (deleted) gone[at]?.add(uuid);
          }
        };
        for (const [kind, at, from, pick] of steps) {
          const [side, other] = [shards[at], shards[from]];
          if (!side || !other) throw new Error('There are three shards.');
          const live = await side.chunks();
          const { uuid = '' } = live[pick % Math.max(1, live.length)] ?? {};
          if (kind === 'delete' && uuid) await side.delete(uuid);
          if (kind === 'edit' && uuid)
            await side.tryChange({ kind, uuid, text: `E${String(pick)}.` });
          if (kind === 'insert')
            await side.change({ kind, after: null, text: `I${String(pick)}.` });
          if (kind === 'compact') await side.compact();
          if (kind === 'reindex') await side.reindex();
          if (kind === 'release') await side.release(1 + pick);
          if (kind === 'clone') {
            const versions = await other.history(3);
            const old = versions[pick % versions.length]?.id;
            shards[at] = await other.clone('Again', old);
            const dead = (await shards[at].chunks(true)).filter(({ deleted }) => deleted);
            gone[at] = new Set(dead.map((chunk) => chunk.uuid));
          }
          if (kind === 'merge') await mergeMine(side, other);
          await check();
        }
        expect(await problemsOf(calls)).toEqual([]);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });
});

/** A merge in which every conflict is settled for this side. */
async function mergeMine(mine: ShardCalls, theirs: ShardCalls): Promise<void> {
  const { conflicts } = await mine.merge(theirs);
  const resolve = Object.fromEntries(conflicts.map(({ uuid }) => [uuid, 'mine' as const]));
  if (conflicts.length > 0) await mine.merge(theirs, { resolve });
}
