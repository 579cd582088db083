import { tick } from 'svelte';
import { expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import type { Chunk } from '../../../src/lib/api';
import { ChunkPages } from '../../../src/lib/ui/chunk-pages.svelte';
import { ChunkSelection } from '../../../src/lib/ui/chunk-selection.svelte';
import { editingStrings as words } from '../../../src/lib/ui/strings/editing';
import ChunkList from '../../../src/routes/shard/ChunkList.svelte';
import { chunkOf, readerOfList, rowsOfCount } from './chunk-rows';

async function show(rows: Chunk[]) {
  const list = { rows };
  const read = readerOfList(() => list.rows);
  const pages = new ChunkPages('v1', read, rows.length);
  const selection = new ChunkSelection();
  const told = {
    open: vi.fn<(chunk: Chunk) => void>(),
    remove: vi.fn<(chunk: Chunk | undefined) => void>(),
    fail: vi.fn<(error: unknown) => void>(),
  };
  const screen = await render(ChunkList, { pages, selection, opened: null, ...told });
  screen.container.style.height = '460px';
  const renew = (next: Chunk[]): void => {
    list.rows = next;
    pages.renew(`v${String(next.length)}`, read, next.length);
  };
  const focus = async (uuid: string): Promise<void> => {
    await screen.getByRole('button', { name: new RegExp(`${uuid}$`, 'u') }).click();
  };
  const chosen = (): string[] => selection.list.map(({ uuid }) => uuid).sort();
  return { screen, pages, selection, told, renew, focus, chosen };
}

/** The text of the row that has the focus. */
const focused = (): string => document.activeElement?.textContent.trim() ?? '';

/** The row that has the focus, by its chunk's UUID, which is its text. */
const focusedRow = () => expect.poll(() => /c\d+$|new$/u.exec(focused())?.[0]);

test('arrows, pages, Home and End move the focus, also to rows that were not read yet', async () => {
  const { screen, focus } = await show(rowsOfCount(100_000));
  await focus('c0');
  await userEvent.keyboard('{ArrowDown}{ArrowDown}{ArrowUp}');
  await focusedRow().toBe('c1');
  await userEvent.keyboard('{End}');
  await focusedRow().toBe('c99999');
  await userEvent.keyboard('{PageUp}');
  await focusedRow().toBe('c99995');
  await userEvent.keyboard('{Home}{ArrowUp}');
  await focusedRow().toBe('c0');
  expect(screen.getByRole('list', { name: 'Chunks' }).element().childElementCount).toBeLessThan(40);
});

test('the focus survives a scroll that takes its row off the screen', async () => {
  const { screen, focus } = await show(rowsOfCount(5000));
  await focus('c2');
  const viewport = screen.getByRole('group', { name: 'Chunks' }).element();
  viewport.scrollTop = 92 * 3000;
  await expect.element(screen.getByRole('button', { name: /c3002$/u })).toBeVisible();
  await focusedRow().toBe('c2');
  await userEvent.keyboard('{ArrowDown}');
  await focusedRow().toBe('c3');
  await expect.element(screen.getByRole('button', { name: /c3$/u })).toBeInViewport();
});

test('Enter opens, and Space selects without opening', async () => {
  const { told, focus, chosen } = await show(rowsOfCount(10));
  await focus('c0');
  told.open.mockClear();
  await userEvent.keyboard('{ArrowDown} ');
  expect(chosen()).toEqual(['c1']);
  await userEvent.keyboard(' ');
  expect(chosen()).toEqual([]);
  expect(told.open).not.toHaveBeenCalled();
  await userEvent.keyboard('{Enter}');
  expect(told.open.mock.calls.map(([chunk]) => chunk.uuid)).toEqual(['c1']);
});

test('Shift and arrows draw a range that follows its end', async () => {
  const { focus, chosen } = await show(rowsOfCount(250));
  await focus('c3');
  await userEvent.keyboard('{Shift>}{ArrowDown}{ArrowDown}{/Shift}');
  await expect.poll(chosen).toEqual(['c3', 'c4', 'c5']);
  await userEvent.keyboard('{Shift>}{ArrowUp}{ArrowUp}{ArrowUp}{/Shift}');
  await expect.poll(chosen).toEqual(['c2', 'c3']);
  await userEvent.keyboard('{Shift>}{End}{/Shift}');
  await expect.poll(() => chosen().length).toBe(247);
  await userEvent.keyboard('{Escape}');
  expect(chosen()).toEqual([]);
});

test('a press with Shift selects up to it, and a box selects its row alone', async () => {
  const { screen, told, chosen } = await show(rowsOfCount(10));
  await screen.getByRole('checkbox', { name: words.row(2) }).click();
  expect(chosen()).toEqual(['c1']);
  await screen.getByRole('checkbox', { name: words.row(4) }).click({ modifiers: ['Shift'] });
  await expect.poll(chosen).toEqual(['c1', 'c2', 'c3']);
  await expect.element(screen.getByRole('checkbox', { name: words.row(3) })).toBeChecked();
  await screen.getByRole('checkbox', { name: words.row(3) }).click();
  await expect.element(screen.getByRole('checkbox', { name: words.row(3) })).not.toBeChecked();
  expect(chosen()).toEqual(['c1', 'c3']);
  expect(told.open).not.toHaveBeenCalled();
});

test('Delete is about what is selected, or about the row it is pressed on', async () => {
  const { told, focus } = await show(rowsOfCount(10));
  await focus('c4');
  await userEvent.keyboard('{Delete}');
  expect(told.remove.mock.calls).toMatchObject([[{ uuid: 'c4' }]]);
  await userEvent.keyboard(' {Delete}');
  expect(told.remove).toHaveBeenLastCalledWith(undefined);
});

test('keys are about the row that has the focus, however it came there', async () => {
  const { screen, told } = await show(rowsOfCount(10));
  await screen.getByRole('checkbox', { name: words.row(6) }).click();
  const button = screen.getByRole('button', { name: /c3$/u }).element();
  if (button instanceof HTMLElement) button.focus();
  await userEvent.keyboard('{Escape}{Delete}');
  expect(told.remove.mock.calls).toMatchObject([[{ uuid: 'c3' }]]);
});

test('rows that come above keep the list and the focus on the same chunk', async () => {
  const rows = rowsOfCount(1000);
  const { screen, focus, renew } = await show(rows);
  await focus('c0');
  const viewport = screen.getByRole('group', { name: 'Chunks' }).element();
  viewport.scrollTop = 92 * 500;
  await focus('c503');
  const top = (): number =>
    screen.getByRole('button', { name: /c503$/u }).element().getBoundingClientRect().top;
  const before = top();
  renew([chunkOf('new'), ...rows]);
  await expect
    .poll(() => screen.getByRole('button', { name: /c503$/u }).element().dataset['row'])
    .toBe('504');
  await expect.poll(top).toBe(before);
  await userEvent.keyboard('{ArrowDown}');
  await focusedRow().toBe('c504');
});

test('where the chunk with the focus goes, its neighbour takes the place', async () => {
  const rows = rowsOfCount(30);
  const { focus, renew } = await show(rows);
  await focus('c4');
  renew(rows.filter(({ uuid }) => uuid !== 'c4'));
  await focusedRow().toBe('c5');
  renew(rows.slice(0, 3));
  await tick();
  await userEvent.keyboard('{Home}');
});

test('states are said in words', async () => {
  const { screen } = await show([
    chunkOf('a', {
      ...{ deleted: true, edited: true, drift: true },
      expiresAt: '2020-01-01T00:00:00.000Z',
    }),
  ]);
  const row = screen.getByRole('button', { name: /a$/u });
  for (const word of [...Object.values(words.badge), 'expired']) {
    await expect.element(row).toHaveTextContent(word);
  }
});
