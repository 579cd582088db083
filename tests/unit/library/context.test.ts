/** A chunk is searched with the headings above it and its table's header, however it came to be. */
import { beforeEach, expect, test } from 'vitest';
import type { Hit } from '../../../src/lib/api';
import { engines, openAgain, ShardCalls, wordsOf } from './edited-library';
import { file, shardOf } from './library-in-node';
import { MemoryFileSystem } from '../../../src/lib/store/memory';

const FILLER = 'Some plain words that say nothing of it stand here, one after another. ';
const NOTES = `# Airships\n\n${FILLER}${FILLER}\n\n${FILLER}The last one.\n\n# Kites\n\n${FILLER}${FILLER}\n`;

let shard: ShardCalls;

beforeEach(async () => {
  const calls = await openAgain(new MemoryFileSystem());
  engines.embedded.length = 0;
  shard = new ShardCalls(calls, await shardOf(calls, [file('notes.md', NOTES)], { size: 150 }));
});

function ask(query: string): Promise<Hit[]> {
  const options = { mode: 'lexical' } as const;
  return shard.calls.call('search', { id: shard.id, query, options });
}

/** The chunk below the heading that does not say it. */
async function silent() {
  const chunk = (await shard.chunks()).find(({ text }) => text.includes('The last one.'));
  if (!chunk) throw new Error('No chunk is the last one under its heading.');
  expect(chunk.text).not.toContain('Airships');
  expect(chunk.place?.heading).toEqual(['Airships']);
  return chunk;
}

test('a chunk is found by the heading above it, which is no part of its text and not marked', async () => {
  const { uuid } = await silent();
  const hit = (await ask('airships')).find((one) => one.uuid === uuid);
  expect(hit?.marks).toEqual([]);
  expect(hit?.text).not.toContain('Airships');
  expect((await ask('airships')).some(({ place }) => place?.heading?.[0] === 'Kites')).toBe(false);
  // By its own first line, or by its context: each says its heading once.
  expect(engines.embedded.every((text) => /^(?:# )?(?:Airships|Kites)\n/u.test(text))).toBe(true);
});

test('it is found so after an edit, a compaction and a reindexing, too', async () => {
  const { uuid } = await silent();
  await shard.edit(uuid, 'Quite another text.');
  expect(engines.embedded.at(-1)).toBe('Airships\nQuite another text.');
  const found = async (): Promise<boolean> =>
    (await ask('airships')).some((hit) => hit.uuid === uuid);
  expect(await found()).toBe(true);
  await shard.calls.call('reindex', { id: shard.id, model: 'static-en' });
  expect(engines.embedded).toContain('Airships\nQuite another text.');
  expect(await found()).toBe(true);
  await shard.compact();
  expect((await shard.chunk(uuid)).edited).toBe(false);
  expect(await found()).toBe(true);
  expect(wordsOf(await ask('quite'))).toEqual(['Quite another text.']);
});

test('a vector is taken again only where text and context are the same', async () => {
  const { uuid } = await silent();
  await shard.edit(uuid, 'Quite another text.');
  engines.embedded.length = 0;
  await shard.delete(uuid);
  await shard.restore(uuid);
  expect(engines.embedded).toEqual([]);
  await shard.apply({ op: 'replace', path: `/chunks/${uuid}/place/heading`, value: ['Balloons'] });
  expect(engines.embedded).toEqual(['Balloons\nQuite another text.']);
  expect((await ask('balloons')).map((hit) => hit.uuid)).toEqual([uuid]);
  expect((await ask('airships')).some((hit) => hit.uuid === uuid)).toBe(false);
});

test("a table's rows are found by its header, and shown with it", async () => {
  const rows = Array.from({ length: 40 }, (_, i) => `Town ${String(i)},${String(1000 + i)},flat`);
  const table = file('towns.csv', ['Settlement,Inhabitants,Terrain', ...rows].join('\n'));
  await shard.calls.call('ingest', { id: shard.id, files: [table], chunking: { size: 150 } });
  const hits = await ask('inhabitants of town 33');
  expect(hits[0]?.text).toContain('Town 33');
  expect(hits[0]?.text).not.toContain('Inhabitants');
  expect(hits[0]?.place?.columns).toEqual(['Settlement', 'Inhabitants', 'Terrain']);
});
