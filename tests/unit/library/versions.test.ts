/** Going back and looking back: undo, rollback, history, diff, and versions opened as they were. */
import { describe, expect, test } from 'vitest';
import type { Chunk } from '../../../src/lib/api';
import { ConflictError, InvalidError, NotFoundError } from '../../../src/lib/errors';
import { openEdited, problemsOf, SENTENCES, wordsOf, type ShardCalls } from './edited-library';

/** What undo has to bring back: everything a chunk says, but not where its text lies. */
const stateOf = (chunks: readonly Chunk[]) =>
  chunks.map(({ uuid, text, source, place, deleted, expiresAt }) => ({
    ...{ uuid, text, source, place, deleted, expiresAt },
  }));

type Step = (shard: ShardCalls) => Promise<{ id: string }>;

/** Every operation that undo knows, on the shard of four sentences. */
const STEPS: Readonly<Record<string, Step>> = {
  edit: async (shard) => shard.edit(await shard.uuid('Beta cakes rise.'), 'Omega kites soar.'),
  insert: async (shard) =>
    shard.change({
      kind: 'insert',
      after: await shard.uuid('Beta cakes rise.'),
      text: 'Epsilon bells ring.',
    }),
  split: async (shard) =>
    shard.change({ kind: 'split', uuid: await shard.uuid('Beta cakes rise.'), at: 5 }),
  join: async (shard) =>
    shard.change({
      kind: 'join',
      uuids: [await shard.uuid('Alpha wings lift.'), await shard.uuid('Beta cakes rise.')],
    }),
  delete: async (shard) => shard.delete(await shard.uuid('Beta cakes rise.')),
  restore: async (shard) => shard.restore(await shard.uuid('Gone before.')),
  apply: async (shard) => {
    const path = `/chunks/${await shard.uuid('Beta cakes rise.')}`;
    return shard.apply(
      { op: 'add', path: `${path}/text`, value: 'Patched.' },
      { op: 'add', path: `${path}/expiresAt`, value: '2999-01-01T00:00:00.000Z' },
      { op: 'replace', path: `${path}/place`, value: { start: 3, end: 5 } },
    );
  },
  merge: async (shard) => {
    const other = await shard.clone();
    await other.edit(await other.uuid('Beta cakes rise.'), 'Theirs.');
    await other.change({ kind: 'insert', after: null, text: 'Theirs, first.' });
    await other.restore(await other.uuid('Gone before.'));
    const { version } = await shard.merge(other);
    return { id: version ?? '' };
  },
  rollback: async (shard) => {
    const [, before] = await shard.history();
    return shard.change({ kind: 'rollback', to: before?.id ?? '' });
  },
  retention: (shard) => shard.change({ kind: 'retention', policy: { maxBytes: 1 << 20 } }),
  ingest: async (shard) => ({ id: await shard.ingest('more.jsonl', ['Eta ducks swim.']) }),
};

/** Four sentences, and a tombstone of a fifth at the end. */
async function begun() {
  const opened = await openEdited([...SENTENCES, 'Gone before.']);
  const { shard } = opened;
  await shard.delete(await shard.uuid('Gone before.'));
  return opened;
}

const others = {
  'nothing in between': async () => undefined,
  'another edit in between': async (shard: ShardCalls) => {
    await shard.edit(await shard.uuid('Delta stars shine.'), 'Zeta clouds drift.');
  },
  'a compaction in between': (shard: ShardCalls) => shard.compact(),
  'a reindex in between': (shard: ShardCalls) => shard.reindex(),
};

describe.each(Object.keys(STEPS))('undo of %s', (name) => {
  const step = STEPS[name];
  if (!step) throw new Error(`There is no step ${name}.`);

  test.each(Object.entries(others))(
    'with %s takes it back, and redo does it again',
    async (between, other) => {
      const { calls, shard } = await begun();
      // What the other change alone comes to.
      const alone = await shard.clone('Alone');
      await other(alone);
      const before = await shard.info();
      const made = await step(shard);
      const after = stateOf(await shard.chunks(true));
      await other(shard);
      if (between === 'nothing in between') expect((await shard.info()).head).toBe(made.id);
      const undone = await shard.undo(made);
      expect(undone.operation).toBe('undo');
      expect(stateOf(await shard.chunks(true))).toEqual(stateOf(await alone.chunks(true)));
      expect(wordsOf(await shard.chunks())).toEqual(await alone.words());
      const info = await shard.info();
      expect(info.retention).toEqual(before.retention);
      expect(info).toMatchObject({ chunks: before.chunks, deleted: before.deleted });
      for (const { text, deleted } of await shard.chunks(true)) {
        const hits = await shard.found(text);
        expect(hits.includes(text.trim()), text).toBe(!deleted);
      }
      await shard.change({ kind: 'redo', version: undone.id });
      if (between === 'nothing in between') {
        expect(stateOf(await shard.chunks(true))).toEqual(after);
      }
      expect(await problemsOf(calls)).toEqual([]);
    },
  );
});

describe('undo', () => {
  test('is a conflict where the same chunk was changed again since', async () => {
    const { shard } = await begun();
    for (const name of ['edit', 'split', 'delete', 'join', 'apply']) {
      const fresh = await shard.clone(name);
      const step = STEPS[name];
      if (!step) throw new Error(`There is no step ${name}.`);
      const made = await step(fresh);
      const changed = (await fresh.chunks(true))[name === 'join' ? 0 : 1]?.uuid ?? '';
      if (name === 'delete') await fresh.restore(changed);
      await fresh.edit(changed, 'Changed again.');
      const before = await fresh.chunks(true);
      const error = await fresh.undo(made).catch((reason: unknown) => reason);
      expect(error, name).toBeInstanceOf(ConflictError);
      expect(error).toHaveProperty('subject', changed);
      expect(await fresh.chunks(true)).toEqual(before);
    }
  });

  test('of a delete after a compaction keeps the text when older versions go', async () => {
    const { calls, shard } = await openEdited();
    const made = await shard.delete(await shard.uuid('Gamma rivers flow.'));
    await shard.compact();
    await shard.undo(made);
    expect(await shard.found('rivers')).toEqual(['Gamma rivers flow.']);
    await shard.release();
    await calls.call('gc', null);
    expect(await shard.words()).toEqual(SENTENCES);
    expect(await problemsOf(calls)).toEqual([]);
  });
});

describe('undo of a rollback that took documents away', () => {
  test('brings them back as a compaction drew them, and what went since stays away', async () => {
    const { calls, shard } = await openEdited();
    const first = (await shard.info()).head;
    await shard.ingest('more.jsonl', ['Eta ducks swim.', 'Zeta clouds drift.', 'Theta owls call.']);
    const eta = await shard.uuid('Eta ducks swim.');
    await shard.delete(eta);
    await shard.edit(await shard.uuid('Zeta clouds drift.'), 'Omega kites soar.');
    await shard.change({ kind: 'insert', after: eta, text: 'Epsilon bells ring.' });
    // Drawn, and then not there any more: its page still has it.
    const gone = await shard.change({ kind: 'insert', after: eta, text: 'Iota frogs leap.' });
    await shard.compact();
    await shard.undo(gone);
    await shard.change({ kind: 'retention', policy: { maxBytes: 1 << 20 } });
    const before = stateOf(await shard.chunks(true));
    expect(before).toHaveLength(8);
    const rollback = await shard.change({ kind: 'rollback', to: first });
    const alpha = await shard.uuid('Alpha wings lift.');
    await shard.edit(alpha, 'Changed in between.');
    await shard.undo(rollback);
    expect(stateOf(await shard.chunks(true))).toEqual(
      before.map((one) => (one.uuid === alpha ? { ...one, text: 'Changed in between.' } : one)),
    );
    expect(await shard.found('frogs ducks')).toEqual([]);
    expect((await shard.info()).retention).toEqual({ maxBytes: 1 << 20 });
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('brings them back as they were edited, deleted and added to', async () => {
    const { calls, shard } = await openEdited();
    const first = (await shard.info()).head;
    await shard.ingest('more.jsonl', ['Eta ducks swim.', 'Zeta clouds drift.', 'Theta owls call.']);
    const eta = await shard.uuid('Eta ducks swim.');
    await shard.delete(eta);
    await shard.edit(await shard.uuid('Zeta clouds drift.'), 'Omega kites soar.');
    await shard.change({ kind: 'insert', after: eta, text: 'Epsilon bells ring.' });
    await shard.change({ kind: 'retention', policy: { maxBytes: 1 << 20 } });
    const before = stateOf(await shard.chunks(true));
    const rollback = await shard.change({ kind: 'rollback', to: first });
    const alpha = await shard.uuid('Alpha wings lift.');
    await shard.edit(alpha, 'Changed in between.');
    await shard.undo(rollback);
    const now = stateOf(await shard.chunks(true));
    expect(now).toEqual(
      before.map((one) => (one.uuid === alpha ? { ...one, text: 'Changed in between.' } : one)),
    );
    expect(await shard.found('ducks clouds')).toEqual([]);
    expect(await shard.found('kites bells owls')).toHaveLength(3);
    expect(await shard.info()).toMatchObject({
      ...{ chunks: 7, deleted: 1, retention: { maxBytes: 1 << 20 } },
    });
    expect(await problemsOf(calls)).toEqual([]);
  });
});

describe('history', () => {
  test('lists every version once, newest first, in pages, with counts and tags', async () => {
    const { calls, shard } = await openEdited();
    const beta = await shard.uuid('Beta cakes rise.');
    await shard.edit(beta, 'One.');
    await shard.delete(beta);
    await shard.change({ kind: 'insert', after: null, text: 'Two.' });
    await shard.restore(beta);
    await calls.call('tag', { id: shard.id, name: 'here', at: undefined });
    await calls.call('tag', { id: shard.id, name: 'too', at: undefined });
    const all = await shard.history();
    expect(all.map(({ operation }) => operation)).toEqual([
      ...['restore', 'insert', 'delete', 'edit', 'ingest', 'create'],
    ]);
    expect(all.map(({ tags }) => tags)).toEqual([['here', 'too'], [], [], [], [], []]);
    const none = { added: 0, edited: 0, removed: 0, restored: 0 };
    expect(all.map(({ counts }) => counts)).toEqual([
      { ...none, chunks: 5, deleted: 0, restored: 1 },
      { ...none, chunks: 4, deleted: 1, added: 1 },
      { ...none, chunks: 3, deleted: 1, removed: 1 },
      { ...none, chunks: 4, deleted: 0, edited: 1 },
      { ...none, chunks: 4, deleted: 0, added: 4 },
      { ...none, chunks: 0, deleted: 0 },
    ]);
    for (const [at, { parents }] of all.entries()) {
      expect(parents).toEqual(at < 5 ? [all[at + 1]?.id] : []);
    }
    for (const limit of [1, 2, 4, 6, 7]) {
      const paged = [];
      for (let before: string | undefined; ;) {
        const page = await shard.history(limit, before);
        expect(page.length).toBeLessThanOrEqual(limit);
        paged.push(...page);
        before = page.at(-1)?.id;
        if (page.length < limit) break;
      }
      expect(paged).toEqual(all);
    }
    await expect(shard.history(0)).rejects.toBeInstanceOf(InvalidError);
    await expect(shard.history(5, 'nothing')).rejects.toBeInstanceOf(NotFoundError);
  });

  test('goes on over more versions than one stretch of the log holds', async () => {
    const { shard } = await openEdited(SENTENCES.slice(0, 1));
    const uuid = await shard.uuid('Alpha wings lift.');
    for (let at = 0; at < 70; at++) await shard.edit(uuid, `Edit ${String(at)}.`);
    const all = await shard.history();
    expect(all).toHaveLength(72);
    expect(new Set(all.map(({ id }) => id)).size).toBe(72);
    expect(await shard.words(all[40]?.id)).toEqual(['Edit 29.']);
    const clone = await shard.clone('Old', all[68]?.id);
    expect(await clone.history()).toEqual(all.slice(68));
  });
});

describe('diff', () => {
  test('of any two versions joins to both texts, and the other way round', async () => {
    const { shard } = await begun();
    for (const step of Object.values(STEPS)) {
      const clone = await shard.clone();
      await step(clone);
      const versions = (await clone.history()).map(({ id }) => id);
      const [head = '', before = ''] = versions;
      for (const [from, to] of [
        ...versions.map((id) => [id, head] as const),
        [before, versions[2] ?? ''] as const,
      ]) {
        const args = { id: clone.id, offset: 0, limit: undefined };
        const changes = await clone.calls.call('diff', { ...args, from, to });
        const [old, now] = [await clone.chunks(false, from), await clone.chunks(false, to)];
        const texts = new Map(old.map(({ uuid, text }) => [uuid, text]));
        for (const { uuid, kind, before, after, words } of changes) {
          expect(texts.get(uuid) ?? null).toBe(before);
          if (after === null) texts.delete(uuid);
          else texts.set(uuid, after);
          expect(kind).toBe(before === null ? 'added' : after === null ? 'removed' : 'edited');
          if (kind !== 'edited') continue;
          const side = (left: string) =>
            words.flatMap(({ kind, text }) => (kind === left ? [] : [text])).join('');
          expect([side('added'), side('removed')]).toEqual([before, after]);
        }
        expect(texts).toEqual(new Map(now.map(({ uuid, text }) => [uuid, text])));
        const back = await clone.calls.call('diff', { ...args, from: to, to: from });
        const swap = changes.map(({ uuid, before, after }) => [uuid, after, before] as const);
        expect(new Map(back.map(({ uuid, ...one }) => [uuid, [one.before, one.after]]))).toEqual(
          new Map(swap.map(([uuid, ...texts]) => [uuid, texts])),
        );
        const paged = await clone.calls.call('diff', { ...args, from, to, offset: 1, limit: 2 });
        expect(paged).toEqual(changes.slice(1, 3));
      }
    }
  });
});

describe('an old version', () => {
  test('opened by id or by tag is searched as it was, whatever came after', async () => {
    const { calls, shard } = await openEdited();
    const at = (await shard.info()).head;
    await calls.call('tag', { id: shard.id, name: 'first', at });
    await shard.edit(await shard.uuid('Alpha wings lift.'), 'Omega kites soar.');
    await shard.delete(await shard.uuid('Gamma rivers flow.'));
    await shard.ingest('more.jsonl', ['Eta ducks swim.']);
    const edited = (await shard.info()).head;
    await shard.compact();
    await shard.reindex();
    expect(await shard.found('wings rivers kites ducks')).toHaveLength(2);
    for (const past of [at, 'first']) {
      expect(await shard.words(past)).toEqual(SENTENCES);
      expect(new Set(await shard.found('wings rivers kites ducks', past))).toEqual(
        new Set(['Alpha wings lift.', 'Gamma rivers flow.']),
      );
    }
    expect(new Set(await shard.found('wings rivers kites ducks', edited))).toEqual(
      new Set(['Omega kites soar.', 'Eta ducks swim.']),
    );
    expect(await calls.call('tags', { id: shard.id })).toEqual({ first: at });
    await calls.call('untag', { id: shard.id, name: 'first' });
    await expect(shard.words('first')).rejects.toBeInstanceOf(NotFoundError);
    for (const name of ['first', 'constructor', '__proto__']) {
      await expect(calls.call('untag', { id: shard.id, name })).rejects.toBeInstanceOf(
        NotFoundError,
      );
    }
  });

  test('comes back whole by a rollback, and history goes on', async () => {
    const { calls, shard } = await openEdited();
    await shard.delete(await shard.uuid('Delta stars shine.'));
    const old = (await shard.info()).head;
    const [before, info] = [await shard.chunks(true), await shard.info()];
    const uuid = await shard.uuid('Beta cakes rise.');
    await shard.edit(uuid, 'Omega kites soar.');
    await shard.restore(await shard.uuid('Delta stars shine.'));
    await shard.ingest('more.jsonl', ['Eta ducks swim.']);
    await shard.change({ kind: 'retention', policy: { maxBytes: 1 << 20 } });
    await shard.compact();
    const between = await shard.chunks(true);
    const length = (await shard.history()).length;
    const version = await shard.change({ kind: 'rollback', to: old });
    expect(await shard.chunks(true)).toEqual(before);
    expect(await shard.found('cakes')).toEqual(['Beta cakes rise.']);
    expect(await shard.found('kites ducks stars')).toEqual([]);
    const now = await shard.info();
    const { chunks, deleted, bytes, retention } = info;
    expect(now).toMatchObject({ head: version.id, chunks, deleted, bytes });
    expect(now.retention).toEqual(retention);
    expect(await shard.history()).toHaveLength(length + 1);
    await shard.undo(version);
    expect(await shard.chunks(true)).toEqual(between);
    expect((await shard.info()).retention).toEqual({ maxBytes: 1 << 20 });
    expect(await problemsOf(calls)).toEqual([]);
  });
});
