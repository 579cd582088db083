/** Reindexing changes what is searched, never what is shown: the dead go, the living stay findable. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reindexView } from '../../../src/lib/library/redraw/reindexing';
import { compactView, planOf, usesOf } from '../../../src/lib/library/redraw/compaction';
import { Postings } from '../../../src/lib/search/postings';
import { Vectors } from '../../../src/lib/search/vectors';
import { answersOf, type EditedShard } from './edited-shard';
import { shardInNode } from './edited-shard-in-node';
import type { NodeEngines } from './engines-in-node';

const QUESTIONS = [
  'wing lift of a blunt nose',
  'oven heat and flour',
  'vortex in the wake',
  'nr10003',
];

async function reindex(shard: EditedShard, options: { model?: string } = {}): Promise<boolean> {
  const made = await reindexView(shard.view, options, shard.context);
  if (!made) return false;
  await shard.take({ segments: made.segments, deltas: made.delta ? [made.delta] : [] });
  return true;
}

async function edited(): Promise<EditedShard<NodeEngines>> {
  const shard = await shardInNode([16, 12]);
  await shard.edit(shard.at(2), 'A note on the zeppelin.');
  await shard.remove(shard.at(3));
  await shard.drop(shard.at(5));
  await shard.relocate(shard.at(6));
  await shard.insertAfter(8, 'Another one on the airship.');
  return shard;
}

describe('reindexing', () => {
  test('keeps all chunks and all answers, whatever was edited', async () => {
    const steps = fc.array(
      fc.record({ how: fc.constantFrom('edit', 'remove', 'drop', 'insert'), at: fc.nat(40) }),
      { minLength: 1, maxLength: 15 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const shard = await shardInNode([12, 8]);
        for (const { how, at } of all) {
          if (how === 'edit') await shard.edit(shard.at(at));
          else if (how === 'remove') await shard.remove(shard.at(at));
          else if (how === 'drop') await shard.drop(shard.at(at));
          else await shard.insertAfter(at);
        }
        const before = { all: shard.view.ordered(), answers: await answersOf(shard, QUESTIONS) };
        const frames = shard.view.segments.map(({ id, video }) => [id, video]);
        await reindex(shard);
        expect(shard.view.ordered()).toEqual(before.all);
        expect(await answersOf(shard, QUESTIONS)).toEqual(before.answers);
        expect(shard.view.segments.map(({ id, video }) => [id, video])).toEqual(frames);
        for (const unit of shard.view.units()) {
          if (unit.segment) expect(shard.view.live(unit, new Date(0))).toBeNull();
        }
        expect(await reindex(shard)).toBe(false);
      }),
      { numRuns: 10 },
    );
  });

  test('leaves no term of a dead text in the postings, nor its vector', async () => {
    const shard = await shardInNode([10]);
    const gone = shard.at(3);
    const term = (shard.said.get(gone.uuid) ?? '').split(' ')[1] ?? '';
    await shard.remove(gone);
    const termsOf = async (): Promise<number> => {
      const postings = shard.view.segments[0]?.postings;
      if (!postings) throw new Error('There is no segment.');
      return Postings.open(await shard.store.read(postings)).documentFrequency(term);
    };
    expect(await termsOf()).toBe(1);
    expect(await reindex(shard)).toBe(true);
    expect(await termsOf()).toBe(0);
    const vectors = shard.view.segments[0]?.vectors;
    expect(vectors && Vectors.open(await shard.store.read(vectors)).rows).toBe(9);
  });

  test('with a model embeds every live text, and its vectors are those of the text', async () => {
    const shard = await edited();
    await shard.remove(shard.at(9)); // the inserted one: a tombstone with a text
    const before = { all: shard.view.ordered(), answers: await answersOf(shard, QUESTIONS) };
    const live = before.all.filter(({ deleted }) => !deleted).length;
    shard.engines.embedded.length = 0;
    shard.told.length = 0;
    const made = await reindexView(shard.view, { model: 'static-en' }, shard.context);
    expect(made?.embedded).toBe(live);
    const said = new Set(shard.engines.embedded);
    for (const { uuid, deleted } of before.all) {
      if (!deleted) expect(said).toContain(shard.said.get(uuid));
    }
    const last = shard.told.at(-1);
    expect(last).toEqual({ stage: 'embed', done: last?.total, total: last?.total });
    await shard.take({ segments: made?.segments ?? [], deltas: made?.delta ? [made.delta] : [] });
    expect(shard.view.ordered()).toEqual(before.all);
    expect(await answersOf(shard, QUESTIONS)).toEqual(before.answers); // the same model: the same
  });

  test('with a model writes vectors even where all rows are shown', async () => {
    const shard = await shardInNode([4]);
    expect(await reindex(shard)).toBe(false);
    const made = await reindexView(shard.view, { model: 'static-en' }, shard.context);
    expect(made).toMatchObject({ embedded: 4, delta: null });
    expect(made?.segments).toEqual(shard.view.segments); // equal texts and model: equal blobs
  });

  test('does not hide the dead from a compaction', async () => {
    const shard = await edited();
    const before = planOf(shard.view, 0.2);
    await reindex(shard);
    const after = planOf(shard.view, 0.2);
    expect(
      after.segments.map(({ deadTextBytes, textBytes }) => [deadTextBytes, textBytes]),
    ).toEqual(before.segments.map(({ deadTextBytes, textBytes }) => [deadTextBytes, textBytes]));
    // Which frames the dead are in is not known any more: none of the segment may be copied.
    const [first] = usesOf(shard.view);
    expect(first?.rows.map(({ use }) => use)).not.toContain('live');
    const all = shard.view.ordered();
    const made = await compactView(shard.view, 0, shard.context);
    await shard.take({ segments: made?.segments ?? [], deltas: made?.delta ? [made.delta] : [] });
    expect(shard.view.ordered().map(({ uuid, sha256 }) => [uuid, sha256])).toEqual(
      all.map(({ uuid, sha256 }) => [uuid, sha256]),
    );
  });

  test('stops when it is told to', async () => {
    const shard = await edited();
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    const work = reindexView(shard.view, {}, { ...shard.context, signal: stop.signal });
    await expect(work).rejects.toThrow('enough');
  });
});
