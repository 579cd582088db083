/** The list of shards: fresh after every change, and no more of it drawn again than has changed. */
import { expect, test } from 'vitest';
import { openLibrary } from '../../../src/lib';
import { Shards } from '../../../src/lib/ui/shards.svelte';

test('a change of one shard leaves the others the objects that they were', async () => {
  const library = await openLibrary({ name: 'shards', storage: 'memory', assetsUrl: '/' });
  const shards = new Shards(library);
  const stop = shards.listen();
  const one = await library.create({ name: 'One' });
  const two = await library.create({ name: 'Two' });
  await expect.poll(() => shards.live.map(({ name }) => name)).toEqual(['One', 'Two']);
  const [before] = shards.live;
  await two.insert(null, 'Wings lift.');
  await expect.poll(() => shards.find(two.id)?.chunks).toBe(1);
  expect(shards.find(one.id)).toBe(before);
  await one.rename('Uno');
  await expect.poll(() => shards.live.map(({ name }) => name)).toEqual(['Two', 'Uno']);
  await library.remove(two.id);
  await expect.poll(() => [shards.live.length, shards.removed.length]).toEqual([1, 1]);
  expect(shards.find(one.id)?.name).toBe('Uno');
  stop();
  await library.close();
});
