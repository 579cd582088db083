import { createRawSnippet } from 'svelte';
import { expect, test, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import ErrorNote from '../../../src/lib/ui/ErrorNote.svelte';
import Passage from '../../../src/lib/ui/Passage.svelte';
import SearchBox from '../../../src/lib/ui/SearchBox.svelte';
import VirtualList from '../../../src/lib/ui/VirtualList.svelte';
import { QuotaError } from '../../../src/lib/errors';
import { strings } from '../../../src/lib/ui/strings';

test('a passage is text, whatever stands in it, and its marks are marked', async () => {
  const text = '<img src=x onerror=alert(1)> & <b>lift</b>';
  const at = text.indexOf('lift');
  const screen = await render(Passage, { text, marks: [[at, at + 4]] });
  const passage = screen.container.querySelector('p');
  expect(passage?.textContent).toBe(text);
  expect(screen.container.querySelector('img, b')).toBeNull();
  expect([...screen.container.querySelectorAll('mark')].map((mark) => mark.textContent)).toEqual([
    'lift',
  ]);
});

test('the search box is a searchbox named Search; typing and clearing are told', async () => {
  const input = vi.fn();
  const down = vi.fn();
  const screen = await render(SearchBox, { value: 'wing', placeholder: '', input, down });
  const box = screen.getByRole('searchbox', { name: 'Search', exact: true });
  await box.fill('wings');
  expect(input).toHaveBeenLastCalledWith('wings');
  box.element().dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', bubbles: true }));
  expect(down).toHaveBeenCalledOnce();
  await screen.getByRole('button', { name: strings.search.clear }).click();
  expect(input).toHaveBeenLastCalledWith('');
  await expect.element(box).toHaveFocus();
});

test('a list of 100,000 rows has only the ones on the screen in the page', async () => {
  const row = createRawSnippet<[number]>((index) => ({
    render: () => `<span>row ${String(index())}</span>`,
  }));
  const show = vi.fn();
  const screen = await render(VirtualList, {
    props: { count: 100_000, rowHeight: 50, label: 'Chunks', row, show },
  });
  const list = screen.getByRole('list', { name: 'Chunks' });
  const viewport = list.element().parentElement;
  if (!viewport) throw new Error('The list stands in its viewport');
  viewport.style.height = '500px';
  await expect.element(screen.getByText('row 5', { exact: true })).toBeVisible();
  viewport.scrollTop = 50 * 70_000;
  await expect.element(screen.getByText('row 70005', { exact: true })).toBeVisible();
  expect(list.element().childElementCount).toBeLessThan(60);
  const item = screen.getByText('row 70005', { exact: true }).element().closest('li');
  expect(item?.getAttribute('aria-posinset')).toBe('70006');
  expect(item?.getAttribute('aria-setsize')).toBe('100000');
  expect(show.mock.lastCall?.[0]).toBeGreaterThan(69_000);
});

test('an error says what happened, what is safe, and what to do next', async () => {
  const again = vi.fn();
  const screen = await render(ErrorNote, { error: new QuotaError('3 MB short'), again });
  const { what, safe, next } = strings.error.codes.quota;
  for (const words of [what, safe, next, '3 MB short']) {
    await expect.element(screen.getByRole('alert')).toHaveTextContent(words);
  }
  await screen.getByRole('button', { name: strings.app.tryAgain }).click();
  expect(again).toHaveBeenCalledOnce();
});
