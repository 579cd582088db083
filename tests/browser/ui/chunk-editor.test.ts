import { expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { ChunkDraft } from '../../../src/lib/ui/chunk-draft.svelte';
import { strings } from '../../../src/lib/ui/strings';
import { editingStrings as words } from '../../../src/lib/ui/strings/editing';
import { QuotaError } from '../../../src/lib/errors';
import type { Chunk } from '../../../src/lib/api';
import ChunkEditor from '../../../src/routes/shard/ChunkEditor.svelte';
import { chunkOf } from './chunk-rows';

async function open(chunk: Chunk | null, after: Chunk | null = null) {
  const draft = new ChunkDraft(chunk, after);
  const acts = {
    save: vi.fn(),
    saveOver: vi.fn(),
    split: vi.fn(),
    insertAfter: vi.fn(),
    remove: vi.fn(),
    restore: vi.fn(),
    purge: vi.fn(),
    close: vi.fn(),
  };
  const stills = { still: () => Promise.reject(new Error('no frame is asked for here')) };
  const screen = await render(ChunkEditor, { stills, shard: 's', draft, busy: false, acts });
  const press = (name: string) => screen.getByRole('button', { name, exact: true });
  const field = screen.getByRole('textbox', { name: words.text });
  return { screen, draft, acts, press, field };
}

test('the editor takes the focus, and shows which words an edit would change', async () => {
  const { screen, field, press } = await open(chunkOf('a', { text: 'The wing was 412 feet.' }));
  await expect.element(field).toHaveFocus();
  await expect.element(press(words.save)).toBeDisabled();
  await expect.element(screen.getByText(words.noChange)).toBeVisible();
  await field.fill('The wing was 421 feet long.');
  await expect.element(press(words.save)).toBeEnabled();
  await expect.element(screen.getByText(words.changes(2, 1))).toBeVisible();
  const texts = (name: string): (string | null)[] =>
    [...screen.container.querySelectorAll(name)].map((piece) => piece.textContent);
  expect(texts('del')).toEqual([`${words.removed} 412 ${words.end}`]);
  expect(texts('ins').join()).toContain('421');
});

test('a text that its source no longer has says so above it', async () => {
  const { screen } = await open(chunkOf('a', { edited: true, drift: true }));
  await expect.element(screen.getByText(words.drift)).toBeVisible();
});

test('markup in a text is text', async () => {
  const { screen, field } = await open(chunkOf('a', { text: 'a' }));
  await field.fill('<img src=x onerror=alert(1)>');
  await expect.element(screen.getByText(words.changes(6, 1))).toBeVisible();
  expect(screen.container.querySelector('img')).toBeNull();
});

test('Ctrl Enter saves what was changed, and Escape closes', async () => {
  const { acts, field } = await open(chunkOf('a', { text: 'one' }));
  await userEvent.keyboard('{Control>}{Enter}{/Control}');
  expect(acts.save).not.toHaveBeenCalled();
  await field.fill('   ');
  await userEvent.keyboard('{Control>}{Enter}{/Control}');
  expect(acts.save).not.toHaveBeenCalled();
  await field.fill('two');
  await userEvent.keyboard('{Control>}{Enter}{/Control}');
  expect(acts.save).toHaveBeenCalledOnce();
  await userEvent.keyboard('{Escape}');
  expect(acts.close).toHaveBeenCalledOnce();
});

test('a chunk is split where the cursor stands, and only where both parts have words', async () => {
  const { acts, field, press } = await open(chunkOf('a', { text: 'one two ' }));
  await expect.element(press(words.split)).toBeDisabled();
  await userEvent.keyboard('{ArrowRight}{ArrowRight}{ArrowRight}{ArrowRight}');
  await press(words.split).click();
  expect(acts.split).toHaveBeenCalledExactlyOnceWith(4);
  await field.click();
  await userEvent.keyboard('{Control>}{End}{/Control}');
  await expect.element(press(words.split)).toBeDisabled();
});

test('two texts of one chunk stand side by side until one is chosen', async () => {
  const { screen, draft, acts, field, press } = await open(chunkOf('a', { text: 'one' }));
  await field.fill('mine');
  draft.meet(chunkOf('a', { text: 'theirs' }));
  const sides = screen.getByRole('region', { name: words.conflict });
  await expect.element(sides).toHaveTextContent('mine');
  await expect.element(sides).toHaveTextContent('theirs');
  await expect.element(press(words.save)).toBeDisabled();
  await press(words.saveOver).click();
  expect(acts.saveOver).toHaveBeenCalledOnce();
  await press(words.takeTheirs).click();
  await expect.element(field).toHaveValue('theirs');
  await expect.element(field).toHaveFocus();
  await expect.element(sides).not.toBeInTheDocument();
});

test('a tombstone is read and restored, not typed in', async () => {
  const { screen, acts, press, field } = await open(chunkOf('a', { text: 'gone', deleted: true }));
  await expect.element(screen.getByText('gone')).toBeVisible();
  await expect.element(field).not.toBeInTheDocument();
  await press(words.restore).click();
  expect(acts.restore).toHaveBeenCalledOnce();
});

test('a new chunk says where it will stand', async () => {
  const { screen, press } = await open(null, chunkOf('a', { text: 'The one before' }));
  await expect.element(screen.getByRole('heading', { name: words.inserting })).toBeVisible();
  await expect.element(screen.getByText('The one before')).toBeVisible();
  await expect.element(press(words.split)).not.toBeInTheDocument();
});

test('why it was not saved stands beside the text that was typed', async () => {
  const { screen, draft, field } = await open(chunkOf('a', { text: 'one' }));
  await field.fill('mine');
  draft.error = new QuotaError('3 MB short');
  await expect.element(screen.getByRole('alert')).toHaveTextContent(strings.error.codes.quota.what);
  await expect.element(field).toHaveValue('mine');
});
