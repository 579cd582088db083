/** Saved questions say the rank of each expected passage, also of one that another one repeats. */
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { file, libraryInNode, shardOf } from './library-in-node';

test('a passage that says the same as a better one has a rank of its own', async () => {
  const calls = await libraryInNode(new MemoryFileSystem());
  const line = JSON.stringify({ text: 'The panel flutters in supersonic flow at high pressure.' });
  const other = JSON.stringify({ text: 'Cakes rise in an oven.' });
  const id = await shardOf(calls, [file('a.jsonl', [line, other, line].join('\n'))]);
  const chunks = await calls.call('chunks', { id, at: undefined });
  const twins = chunks.filter(({ text }) => text.includes('flutters')).map(({ uuid }) => uuid);
  expect(twins).toHaveLength(2);
  const query = 'supersonic panel flutter';
  const [folded] = await calls.call('search', { id, query, options: {} });
  expect([folded?.uuid, ...(folded?.duplicates ?? [])].sort()).toEqual([...twins].sort());
  await calls.call('saveQuestion', { id, question: { id: 'q', query, expected: twins } });
  const [result] = await calls.call('runQuestions', { id, at: undefined });
  expect(result?.ranks.map(({ rank }) => rank).sort()).toEqual([1, 2]);
});
