/** Questions asked of a whole library: phrases, exclusions, places, and what is folded. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { SearchOptions } from '../../../src/lib/api';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { file, libraryInNode, shardOf, type Calls } from './library-in-node';

let calls: Calls;
let id: string;

const words = (count: number, from = 0): string =>
  Array.from({ length: count }, (_, i) => `word${i + from}`).join(' ');

const NOTES = `# Wings

## Lift

The flow of heat over a wing gives lift, which has to be more than what the whole aeroplane weighs.

## Drag

Heat flow in the boundary layer of a plate is steady once the plate has been warm for a few hours.

# Ovens

Bread needs the heat of an oven that was lit in time, and flour, water, salt and some patience.
`;

beforeAll(async () => {
  calls = await libraryInNode(new MemoryFileSystem());
  const copies = [`kite ${words(60)}`, `Kite, ${words(60)} too`, `kite ${words(60, 100)}`];
  id = await shardOf(calls, [file('notes.md', NOTES)], { size: 100 });
  await calls.call('ingest', {
    id,
    files: copies.map((text, at) => file(`copy ${at}.txt`, text)),
    chunking: {},
  });
});

const asked = (query: string, options: SearchOptions = {}) =>
  calls.call('search', { id, query, options });
const texts = async (query: string, options: SearchOptions = {}): Promise<string[]> =>
  (await asked(query, options)).map(({ text }) => text.trim());

describe.each(['hybrid', 'lexical', 'semantic'] as const)('by %s', (mode) => {
  test('a phrase has to stand in the text as it is', async () => {
    const found = await texts('“HEAT flow”', { mode });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain('boundary layer');
    expect(await texts('"flow heat"', { mode })).toEqual([]);
  });

  test('what is excluded does not answer, in any form or as a phrase', async () => {
    const found = (await texts('heat -wings -"heat flow"', { mode })).join('\n');
    expect(found).toContain('oven');
    expect(found).not.toMatch(/wing|heat flow/iu);
  });
});

test('exclusions alone ask for nothing', async () => {
  expect(await asked('-wing -"heat flow"')).toEqual([]);
});

test('a place narrows', async () => {
  const found = await texts('heat', { filter: { place: { heading: 'DRAG' } } });
  expect(found).toHaveLength(1);
  expect(found[0]).toContain('boundary layer');
  expect(await asked('heat', { filter: { place: { page: 1 } } })).toEqual([]);
});

test('what says nearly the same is one hit, unless all are wanted', async () => {
  const folded = await asked('kite', { mode: 'lexical' });
  expect(folded).toHaveLength(2);
  const [twins] = folded.filter(({ duplicates }) => duplicates);
  expect(twins?.duplicates).toHaveLength(1);
  const all = await asked('kite', { mode: 'lexical', fold: false });
  expect(all).toHaveLength(3);
  expect(all.every(({ duplicates }) => duplicates === undefined)).toBe(true);
});
