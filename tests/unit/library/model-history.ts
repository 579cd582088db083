/** The steps of the model that make versions of a whole shard, name them and let them go. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { modelRegistry } from '../../../src/lib/embedding/registry';
import { draw, pick } from './model-command';
import { newText, onShard } from './model-edits';
import { advance, type RealLibrary } from './model-laws';
import { mergeModels, type ModelChunk, type ModelVersion, type Way } from './model-state';

/** Shards at a time: a shard, its clones, and a stranger. */
const SHARDS = 4;

const retention = onShard(fc.boolean(), (ttl, { model, shard, chunks }) => ({
  says: `retention ${ttl ? 'of a while' : 'for ever'}`,
  async run(real) {
    await real.change(shard.id, { kind: 'retention', policy: ttl ? { ttlSeconds: 1e6 } : {} });
    await advance({ model, real }, shard, { operation: 'retention', chunks, ttl });
  },
}));

const clone = onShard(fc.record({ at: draw(), old: fc.boolean() }), ({ at, old }, target) => {
  const { model, shard } = target;
  if (model.shards.length >= SHARDS) return undefined;
  const kept = model.kept(shard);
  const from = old ? pick(kept, at) : undefined;
  const tag = [...shard.tags].find(([, version]) => version === from?.id)?.[0];
  return {
    says: `clone${from ? ` at version ${String(shard.line.indexOf(from.id))}` : ''}`,
    async run(real) {
      const args = { id: shard.id, name: 'Clone', at: tag ?? from?.id };
      const { id, origin } = await real.calls.call('clone', args);
      const { line, released, lineage } = shard;
      const head = from?.id ?? model.head(shard).id;
      expect(origin).toEqual({ shard: shard.id, version: head });
      model.shards.push({
        ...{ id, lineage, removed: false, tags: new Map() },
        line: line.slice(0, line.indexOf(head) + 1),
        released: new Set(released),
      });
    },
  };
});

const merge = onShard(
  fc.record({ which: draw(), ways: draw(), size: draw(), gives: fc.boolean() }),
  ({ which, ways, size, gives }, { model, shard }) => {
    const others = model.shards.filter((other) => other !== shard);
    const family = others.filter(({ lineage }) => lineage === shard.lineage);
    const other = pick(which % 8 === 0 ? others : family, which);
    if (!other) return undefined;
    const [mine, theirs] = [model.head(shard), model.head(other)];
    const says = `merge shard ${String(model.shards.indexOf(other))}`;
    const asks = { id: shard.id, from: other.id, pick: undefined, message: undefined };
    const call = (real: RealLibrary, resolve: Record<string, Way>) =>
      real.calls.call('merge', { ...asks, resolve });
    if (shard.lineage !== other.lineage) {
      return {
        says: `${says}, a stranger`,
        run: (real) => expect(call(real, {})).rejects.toMatchObject({ code: 'invalid' }),
      };
    }
    /** One for each conflict, over again where there are more. */
    const choices = Array.from({ length: 8 }, (_, at): Way => {
      const way = (ways >> (2 * at)) & 3;
      if (way === 2) return { text: newText(model, size, at) };
      return way === 0 ? 'mine' : 'theirs';
    });
    return {
      says,
      async run(real) {
        let bases = model.mergeBases(mine.id, theirs.id);
        let resolve: Record<string, Way> = {};
        let { report } = await call(real, resolve);
        if (!report.merged) {
          const found = report.conflicts.map(({ uuid }) => uuid).sort();
          bases = bases.filter((base) => {
            const { conflicts } = mergeModels({ base, mine, theirs }, {});
            return JSON.stringify(conflicts.sort()) === JSON.stringify(found);
          });
          expect(bases).not.toEqual([]);
          for (const { uuid, ...sides } of report.conflicts) {
            expect(textOf(sides.mine)).toBe(textOf(find(mine, uuid)));
            expect(textOf(sides.theirs)).toBe(textOf(find(theirs, uuid)));
          }
          if (!gives) return; // nothing was written
          resolve = Object.fromEntries(
            found.map((uuid, at) => [uuid, choices[at % choices.length] ?? 'mine']),
          );
          ({ report } = await call(real, resolve));
        }
        expect(report.merged).toBe(true);
        const sum = Object.values(report.taken).reduce((all, one) => all + one, 0);
        const merged = bases
          .map((base) => mergeModels({ base, mine, theirs }, resolve))
          .find(({ conflicts, taken }) => conflicts.length === 0 && taken.length === sum);
        expect(merged).toBeDefined();
        const writes = sum > 0 || Object.keys(resolve).length > 0;
        expect(report.version !== null).toBe(writes);
        if (!merged || !writes) return;
        const { chunks } = merged;
        const made = { operation: 'merge', chunks, merged: theirs.id } as const;
        await advance({ model, real }, shard, made);
      },
    };
  },
);

const find = ({ chunks }: ModelVersion, uuid: string): ModelChunk | undefined =>
  chunks.find((chunk) => chunk.uuid === uuid);

/** What a reader sees of a chunk: null for nothing. */
const textOf = (chunk: { text: string | null; deleted: boolean } | undefined): string | null =>
  chunk === undefined || chunk.deleted ? null : chunk.text;

/** A version as it was once, as a new one. */
const asBefore = ({ chunks, ttl }: ModelVersion): Pick<ModelVersion, 'chunks' | 'ttl'> => ({
  chunks,
  ttl,
});

const rollback = onShard(draw(), (at, { model, shard }) => {
  const to = pick(model.kept(shard), at);
  return (
    to && {
      says: `rollback to version ${String(shard.line.indexOf(to.id))}`,
      async run(real) {
        await real.change(shard.id, { kind: 'rollback', to: to.id });
        await advance({ model, real }, shard, { operation: 'rollback', ...asBefore(to) });
      },
    }
  );
});

/** Of the head: what was before, whatever it did. */
const undo = onShard(fc.constantFrom('undo' as const, 'redo' as const), (kind, target) => {
  const { model, shard } = target;
  const head = model.head(shard);
  const [parent = ''] = head.parents;
  if (parent === '') return undefined;
  const before = model.kept(shard).find(({ id }) => id === parent);
  const edit = { kind, version: head.id } as const;
  return {
    says: before ? kind : `${kind} of what was let go`,
    async run(real) {
      if (!before) {
        await expect(real.change(shard.id, edit)).rejects.toMatchObject({ code: 'not-found' });
        return;
      }
      await real.change(shard.id, edit);
      await advance({ model, real }, shard, { operation: kind, ...asBefore(before) });
    },
  };
});

const tag = onShard(
  fc.record({ at: draw(), name: fc.constantFrom('one', 'two') }),
  ({ at, name }, { model, shard }) => {
    const version = pick(model.kept(shard), at);
    return (
      version && {
        says: `tag version ${String(shard.line.indexOf(version.id))} as ${name}`,
        async run(real) {
          await real.calls.call('tag', { id: shard.id, name, at: version.id });
          shard.tags.set(name, version.id);
        },
      }
    );
  },
);

const untag = onShard(draw(), (which, { shard }) => {
  const name = pick([...shard.tags.keys()], which);
  if (name === undefined) return undefined;
  return {
    says: `untag ${name}`,
    async run(real) {
      await real.calls.call('untag', { id: shard.id, name });
      shard.tags.delete(name);
    },
  };
});

const compact = onShard(fc.constantFrom(0, 0.2, 1), (threshold, { model, shard, chunks }) => ({
  says: `compact above ${String(threshold)}`,
  async run(real) {
    const { report } = await real.calls.call('compact', { id: shard.id, threshold });
    if (report.version !== null) {
      await advance({ model, real }, shard, { operation: 'compact', chunks });
    }
    const after = await real.calls.call('chunks', { id: shard.id, limit: 1000 });
    expect(after.filter(({ edited }) => edited)).toEqual([]);
  },
}));

/** Wherever texts are written, these engines have one model: its vectors fit all names. */
const MODELS = [undefined, ...modelRegistry().map(({ id }) => id)];

const reindex = onShard(fc.constantFrom(...MODELS), (name, { model, shard, chunks }) => ({
  says: `reindex${name === undefined ? '' : ` with ${name}`}`,
  async run(real) {
    const { report } = await real.calls.call('reindex', { id: shard.id, model: name });
    if (name !== undefined) expect(report.version).not.toBeNull();
    if (report.version === null) return;
    await advance({ model, real }, shard, { operation: 'reindex', chunks });
  },
}));

const release = onShard(fc.integer({ min: 1, max: 4 }), (keepLast, { model, shard }) => ({
  says: `release all but ${String(keepLast)}`,
  async run(real) {
    const kept = model.kept(shard).map(({ id }) => id);
    const tagged = new Set(shard.tags.values());
    const gone = kept.slice(0, -keepLast).filter((id) => !tagged.has(id));
    const args = { id: shard.id, keepLast, newerThan: undefined };
    expect(await real.calls.call('release', args)).toEqual({ released: gone.length });
    for (const id of gone) shard.released.add(id);
  },
}));

export const history = {
  ...{ retention, clone, merge, rollback, undo, tag, untag },
  ...{ compact, reindex, release },
};
