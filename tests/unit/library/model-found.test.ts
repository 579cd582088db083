/** Defects that the model found, each as the few steps that show it. */
import { expect, test } from 'vitest';
import type { ChunkEdit } from '../../../src/lib/library/library-protocol';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { file, libraryInNode, shardOf } from './library-in-node';

async function open() {
  const calls = await libraryInNode(new MemoryFileSystem());
  const lines = ['one w1x', 'two w2x'].map((text) => JSON.stringify({ text })).join('\n');
  const id = await shardOf(calls, [file('two.jsonl', lines)]);
  const [first = '', second = ''] = (await calls.call('chunks', { id })).map(({ uuid }) => uuid);
  return {
    ...{ calls, id, first, second },
    change: (shard: string, edit: ChunkEdit) =>
      calls.call('change', { id: shard, edit, message: undefined, seen: {} }),
    clone: async (at?: string) => (await calls.call('clone', { id, name: 'Clone', at })).id,
    merge: async (into: string, from: string) => {
      const args = { id: into, from, pick: undefined, resolve: {}, message: undefined };
      return (await calls.call('merge', args)).report;
    },
    words: async (shard: string) =>
      (await calls.call('chunks', { id: shard })).map(({ text }) => text.trim()),
    release: (shard: string) =>
      calls.call('release', { id: shard, keepLast: 1, newerThan: undefined }),
  };
}

test('a purge of all chunks of the last segment leaves none of them', async () => {
  const { calls, id, first, second, words } = await open();
  const report = await calls.call('purge', { id, uuids: [first, second] });
  expect(report.found).toEqual([]);
  expect(await words(id)).toEqual([]);
});

test('a purge finds texts that are younger than a clone of an old version', async () => {
  const { calls, id, change, clone } = await open();
  const { head } = await calls.call('info', { id });
  const { version } = await change(id, { kind: 'insert', after: null, text: 'A secret w3x.' });
  await clone(head);
  expect(version).not.toBeNull();
  const [inserted] = await calls.call('chunks', { id });
  const report = await calls.call('purge', { id, uuids: [inserted?.uuid ?? ''] });
  expect(report.found).toEqual([]);
});

test('a chunk that is edited to the same text again is found once', async () => {
  const { calls, id, first, change } = await open();
  await change(id, { kind: 'edit', uuid: first, text: 'again w3x' });
  await change(id, { kind: 'delete', what: [first] });
  await change(id, { kind: 'restore', uuids: [first] });
  const options = { mode: 'lexical' } as const;
  expect(await calls.call('search', { id, query: 'w3x', options })).toHaveLength(1);
});

test('a chunk that has expired stays hidden where a merge takes it', async () => {
  const { calls, id, change, clone, merge, words } = await open();
  const other = await clone();
  await change(id, { kind: 'insert', after: null, text: 'late w3x' });
  const [late] = await calls.call('chunks', { id });
  const path = `/chunks/${late?.uuid ?? ''}/expiresAt`;
  const patch = [{ op: 'add' as const, path, value: '2020-01-01T00:00:00.000Z' }];
  await change(id, { kind: 'apply', patch });
  await merge(other, id);
  expect(await words(other)).toEqual(['one w1x', 'two w2x']);
  expect(await calls.call('info', { id: other })).toMatchObject({ due: 1 });
});

test('a merge is remembered when its version is released', async () => {
  const { id, first, change, clone, merge, release, words } = await open();
  const other = await clone();
  await change(other, { kind: 'edit', uuid: first, text: 'theirs w3x' });
  await merge(id, other);
  await change(id, { kind: 'edit', uuid: first, text: 'mine w4x' });
  await release(id);
  expect(await merge(other, id)).toMatchObject({ merged: true, taken: { edited: 1 } });
  expect(await words(other)).toEqual(['mine w4x', 'two w2x']);
});

test('shards that took the same clone can be merged when it has gone', async () => {
  const { calls, id, first, second, change, clone, merge, words } = await open();
  const [gone, other] = [await clone(), await clone()];
  await change(gone, { kind: 'edit', uuid: first, text: 'theirs w3x' });
  await merge(id, gone);
  await merge(other, gone);
  await calls.call('remove', { id: gone });
  await calls.call('gc', null);
  await change(id, { kind: 'edit', uuid: second, text: 'mine w4x' });
  expect(await merge(other, id)).toMatchObject({ merged: true });
  expect(await words(other)).toEqual(['theirs w3x', 'mine w4x']);
});
