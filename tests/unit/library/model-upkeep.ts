/** The steps of the model on a library as a whole: removal, letting bytes go, closing and opening. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { command, draw, pick, some, type Plan } from './model-command';
import { onShard } from './model-edits';
import { advance, type RealLibrary } from './model-laws';
import { changed, isDue, type ModelChunk, type ModelLibrary, type ModelShard } from './model-state';

/** Characters from which a text is hardly to be found by chance. */
const TELLING = 8;

const purge = onShard(draw(), (bits, { model, shard }) => {
  const all = new Set(model.kept(shard).flatMap(({ chunks }) => chunks.map(({ uuid }) => uuid)));
  const uuids = some([...all], bits).slice(0, 2);
  if (uuids.length === 0) return undefined;
  return {
    says: `purge ${uuids.join(', ')}`,
    touches: model.shards,
    async run(real) {
      const texts = model.allTexts().filter(({ uuid }) => uuids.includes(uuid));
      const { found } = await real.calls.call('purge', { id: shard.id, uuids });
      const holders = new Set(model.purge(new Set(uuids)));
      // Other chunks may say the same, after a split or a join; a few letters are anywhere.
      const left = model.allTexts().map(({ text }) => text);
      const isElsewhere = ({ text }: ModelChunk): boolean =>
        text.length < TELLING || left.some((one) => one.includes(text));
      if (!texts.some(isElsewhere)) {
        expect(found).toEqual([]);
      }
      for (const one of model.shards) {
        const { chunks } = model.head(one);
        const { head } = await real.calls.call('info', { id: one.id });
        // A shard where no version shows them may hold them all the same, in a frame of old.
        if (!holders.has(one) && head === one.line.at(-1)) continue;
        await advance({ model, real }, one, { operation: 'purge', chunks });
      }
    },
  };
});

const remove = onShard(fc.constant(null), (_, { model, shard }) => {
  if (model.present().length < 3) return undefined;
  return {
    says: 'remove',
    async run(real) {
      await real.calls.call('remove', { id: shard.id });
      shard.removed = true;
    },
  };
});

const restoreShard = command(draw(), (which, model): Plan => {
  const shard = pick(
    model.shards.filter(({ removed }) => removed),
    which,
  );
  if (!shard) return undefined;
  return {
    says: `restore shard ${String(model.shards.indexOf(shard))}`,
    touches: [shard],
    async run(real) {
      await real.calls.call('restore', { id: shard.id });
      shard.removed = false;
    },
  };
});

const gc = command(fc.constant(null), (_, model) => ({
  says: 'gc',
  touches: [],
  async run(real) {
    await real.calls.call('gc', null);
    model.shards = model.present();
  },
}));

/** What is due goes when a library is opened. */
const reopen = command(fc.constant(null), (_, model) => ({
  says: 'reopen',
  touches: model.present().filter((shard) => dueIn(shard, model).length > 0),
  async run(real) {
    await real.reopen();
    for (const shard of model.present()) await sweepNow(shard, model, real);
  },
}));

const dueIn = (shard: ModelShard, model: ModelLibrary): string[] =>
  model
    .head(shard)
    .chunks.filter((chunk) => isDue(chunk, new Date()))
    .map(({ uuid }) => uuid);

async function sweepNow(shard: ModelShard, model: ModelLibrary, real: RealLibrary): Promise<void> {
  await real.change(shard.id, { kind: 'sweep', now: new Date().toISOString() });
  const due = dueIn(shard, model);
  if (due.length === 0) return;
  const chunks = changed(model.head(shard).chunks, due, { deleted: true });
  await advance({ model, real }, shard, { operation: 'sweep', chunks });
}

export const upkeep = { purge, remove, restoreShard, gc, reopen };
