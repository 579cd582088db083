/** A purge of a shard that was embedded anew: each version keeps the vectors that it had. */
import { expect, test } from 'vitest';
import type { Engines } from '../../../src/lib/library/engines';
import { Vectors } from '../../../src/lib/search/vectors';
import { callDirectly } from '../../../src/lib/rpc/server';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { inStore, lines, SENTENCES, viewsOf } from './edited-library';
import { enginesInNode } from './engines-in-node';
import { libraryInNode, shardOf } from './library-in-node';

/** Engines whose model can be turned into another one: the same vectors, the other way round. */
function turnable(): { engines: ReturnType<typeof enginesInNode>; turn: () => void } {
  const engines = enginesInNode();
  const plain = engines.embed;
  let sign = 1;
  const embed: Engines['embed'] = callDirectly({
    embed: async (args, { signal }) => {
      const made = await plain.call('embed', args, { signal });
      return made && { ...made, vectors: made.vectors.map((value) => value * sign) };
    },
    selfCheck: (args, { signal }) => plain.call('selfCheck', args, { signal }),
  });
  return {
    engines: { ...engines, embed },
    turn: () => {
      sign = -sign;
    },
  };
}

test('versions of before and after a reindexing do not swap their vectors', async () => {
  const fs = new MemoryFileSystem();
  const { engines, turn } = turnable();
  const calls = await libraryInNode(fs, { engines });
  const id = await shardOf(calls, [lines('lines.jsonl', SENTENCES)]);
  turn();
  await calls.call('reindex', { id, model: 'static-en' });
  const [first] = await calls.call('chunks', { id, at: undefined });
  /** The first number of the second passage's vector, in each version that has it. */
  const signs = (): Promise<(number | undefined)[]> =>
    inStore(fs, async (catalogue, store) => {
      const found: (number | undefined)[] = [];
      for (const view of await viewsOf(catalogue, id)) {
        const [segment] = view.segments;
        if (!segment?.vectors) continue;
        const row = view.pageOf(segment.id).findIndex(({ uuid }) => uuid !== first?.uuid);
        const vector = Vectors.open(await store.read(segment.vectors)).vector(row);
        found.push(Math.sign(vector.find((value) => value !== 0) ?? 0));
      }
      return found;
    });
  const before = await signs();
  expect(new Set(before).size).toBe(2);
  await calls.call('purge', { id, uuids: [first?.uuid ?? ''] });
  // The purge is a version of its own, which has what the head had.
  expect((await signs()).slice(0, before.length)).toEqual(before);
});
