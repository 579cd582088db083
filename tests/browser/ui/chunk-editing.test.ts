import { expect, test } from 'vitest';
import { ChunkDraft } from '../../../src/lib/ui/chunk-draft.svelte';
import { Editing } from '../../../src/lib/ui/editing.svelte';
import { Notices } from '../../../src/lib/ui/notices.svelte';
import { strings } from '../../../src/lib/ui/strings';
import { editingStrings as words } from '../../../src/lib/ui/strings/editing';
import { chunkOf, HandShard } from './chunk-rows';

function setUp(texts: Record<string, string>) {
  const shard = new HandShard(Object.entries(texts).map(([uuid, text]) => chunkOf(uuid, { text })));
  const notices = new Notices();
  const editing = new Editing(() => Promise.resolve(shard), notices);
  /** Opens a chunk and types a text. */
  const type = async (uuid: string, text?: string): Promise<ChunkDraft> => {
    const draft = new ChunkDraft(await shard.chunk(uuid));
    if (text !== undefined) draft.text = text;
    editing.draft = draft;
    return draft;
  };
  const texts_ = (): string[] => shard.list.filter((one) => !one.deleted).map((one) => one.text);
  return { shard, notices, editing, type, texts: texts_ };
}

test('saving writes once, closes the editor, and leaves the way back at hand', async () => {
  const { shard, notices, editing, type, texts } = setUp({ a: 'one', b: 'two' });
  await type('a', 'uno');
  expect(await editing.save()).toBe(true);
  expect(shard.calls).toEqual([['edit', 'a', 'uno']]);
  expect(editing.draft).toBeNull();
  expect(notices.list.map(({ text }) => text)).toEqual([words.done.edit]);
  notices.list[0]?.action?.run();
  await expect.poll(texts).toEqual(['one', 'two']);
  await expect.poll(() => notices.list.map(({ text }) => text)).toEqual([words.done.undo]);
});

test('two saves at once are one: the second waits for nobody and does nothing', async () => {
  const { shard, editing, type } = setUp({ a: 'one' });
  await type('a', 'uno');
  expect(await Promise.all([editing.save(), editing.save()])).toEqual([true, false]);
  expect(shard.calls).toHaveLength(1);
});

test('a text that changed while it was typed over is shown, not lost, though a list read it', async () => {
  const { shard, editing, type, texts } = setUp({ a: 'one' });
  const draft = await type('a', 'mine');
  shard.elsewhere('a', { text: 'theirs' });
  await shard.chunk('a'); // The list behind the editor: the shard no longer calls it a conflict.
  expect(await editing.save()).toBe(false);
  expect([draft.text, draft.theirs?.text, draft.error]).toEqual(['mine', 'theirs', null]);
  expect(texts()).toEqual(['theirs']);
  expect(await editing.saveOver()).toBe(true);
  expect(texts()).toEqual(['mine']);
});

test('a change that comes between reading and writing is a conflict, too', async () => {
  const { shard, editing, type } = setUp({ a: 'one' });
  const draft = await type('a', 'mine');
  const edit = shard.edit.bind(shard);
  shard.edit = (uuid, text) => {
    shard.elsewhere(uuid, { text: 'theirs' });
    shard.edit = edit;
    return edit(uuid, text);
  };
  expect(await editing.save()).toBe(false);
  expect([draft.text, draft.theirs?.text, draft.error]).toEqual(['mine', 'theirs', null]);
  expect(editing.busy).toBe(false);
});

test('a chunk that was deleted meanwhile is restored only when mine is saved over it', async () => {
  const { shard, editing, type, texts } = setUp({ a: 'one' });
  const draft = await type('a', 'mine');
  shard.elsewhere('a', { deleted: true });
  expect(await editing.save()).toBe(false);
  expect(draft.theirs?.deleted).toBe(true);
  expect(await editing.saveOver()).toBe(true);
  expect(texts()).toEqual(['mine']);
});

test('a chunk that is gone leaves the text in the editor, and says why', async () => {
  const { shard, editing, type } = setUp({ a: 'one' });
  const draft = await type('a', 'mine');
  shard.list = [];
  expect(await editing.save()).toBe(false);
  expect(editing.draft).toBe(draft);
  expect([draft.text, draft.error]).toMatchObject(['mine', { code: 'not-found' }]);
});

test('a cut is made where the cursor stands in what was stored, after saving what was typed', async () => {
  const { shard, editing, type, texts } = setUp({ a: 'one\r\ntwo' });
  await type('a');
  expect(await editing.split(4)).toBe(true);
  expect(texts()).toEqual(['one\r\n', 'two']);
  await type('a', 'uno\ntwo');
  expect(await editing.split(4)).toBe(true);
  expect(texts()).toEqual(['uno\r\n', 'two', 'two']);
  expect(shard.calls.map(([name]) => name)).toEqual(['split', 'edit', 'split']);
});

test('a chunk is inserted where it was begun', async () => {
  const { editing, texts } = setUp({ a: 'one', b: 'two' });
  for (const after of [chunkOf('a'), null]) {
    const draft = new ChunkDraft(null, after);
    draft.text = after ? 'between' : 'first';
    editing.draft = draft;
    expect(await editing.save()).toBe(true);
  }
  expect(texts()).toEqual(['first', 'one', 'between', 'two']);
});

test('several at once are one call and one notice, and undo waits for what is under way', async () => {
  const { shard, notices, editing, texts } = setUp({ a: 'one', b: 'two', c: 'three' });
  const deleted = editing.delete(['a', 'c']);
  await editing.undo();
  expect(await deleted).toBe(true);
  expect(shard.calls).toEqual([['delete', ['a', 'c']], ['undo']]);
  expect(texts()).toEqual(['one', 'two', 'three']);
  await editing.redo();
  expect(texts()).toEqual(['two']);
  await editing.join(['b', 'c']);
  expect(notices.list.filter(({ action }) => action).map(({ text }) => text)).toEqual([
    words.done.join(2),
  ]);
});

test('with nothing to take back, that is what is said', async () => {
  const { notices, editing } = setUp({ a: 'one' });
  await editing.undo();
  await editing.redo();
  expect(notices.list.map(({ text }) => text)).toEqual([words.nothingToUndo, words.nothingToRedo]);
});

test('a failed act is said in words and leaves the editor free', async () => {
  const { shard, notices, editing } = setUp({ a: 'one' });
  shard.delete = () => Promise.reject(new Error('lost'));
  expect(await editing.delete(['a'])).toBe(false);
  expect(notices.list[0]).toMatchObject({ tone: 'bad' });
  expect(notices.list[0]?.text).toContain(strings.error.unknown.what);
  expect(editing.busy).toBe(false);
});

test('the editor follows the shard, and closes over a chunk that was deleted from the list', async () => {
  const { shard, editing, type } = setUp({ a: 'one' });
  const draft = await type('a');
  shard.elsewhere('a', { text: 'theirs' });
  await editing.follow();
  expect(draft.text).toBe('theirs');
  await editing.delete(['a']);
  expect(editing.draft).toBeNull();
  await type('a', 'typed');
  await editing.restore(['a']);
  expect(editing.draft).toMatchObject({ text: 'typed', changed: true });
});
