import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import type { Source } from '../../../src/lib/api';
import { parseQuery } from '../../../src/lib/search/query-text';
import {
  apiFilter,
  countFilters,
  isAmiss,
  isOnlyExclusions,
  NO_FILTER,
  parseRange,
} from '../../../src/lib/ui/search-filter';
import { searchStrings } from '../../../src/lib/ui/strings/search';
import '../../../src/app.css';
import SearchFilters from '../../../src/routes/shard/SearchFilters.svelte';

test('a filter that says nothing asks everything', () => {
  expect(apiFilter(NO_FILTER, [])).toBeUndefined();
  expect(countFilters(NO_FILTER, [])).toBe(0);
  const blank = { ...NO_FILTER, place: { page: '', heading: '  ' } };
  expect(apiFilter(blank, [])).toBeUndefined();
  expect(countFilters(blank, [])).toBe(0);
});

test('days are whole days here, both included', () => {
  const filter = apiFilter({ ...NO_FILTER, from: '2026-03-29', to: '2026-03-29' }, []);
  const added = (...at: [number, number, number, number, number, number, number]): boolean => {
    const time = new Date(...at).toISOString();
    return time > (filter?.addedAfter ?? 'z') && time < (filter?.addedBefore ?? '');
  };
  expect(added(2026, 2, 29, 0, 0, 0, 0)).toBe(true);
  expect(added(2026, 2, 29, 23, 59, 59, 999)).toBe(true);
  expect(added(2026, 2, 28, 23, 59, 59, 999)).toBe(false);
  expect(added(2026, 2, 30, 0, 0, 0, 0)).toBe(false);
  expect(apiFilter({ ...NO_FILTER, from: 'soon', to: '999999-01-01' }, [])).toBeUndefined();
});

test('places are numbers, ranges and parts of names; what is amiss narrows nothing', () => {
  const place = { page: '3', row: ' 5 – 9 ', line: 'x', heading: ' lift ' };
  expect(apiFilter({ ...NO_FILTER, place }, ['a'])).toEqual({
    sources: ['a'],
    place: { page: 3, row: [5, 9], heading: 'lift' },
  });
  expect(isAmiss('line', 'x')).toBe(true);
  expect(isAmiss('heading', 'x')).toBe(false);
  expect(isAmiss('page', ' ')).toBe(false);
  fc.assert(
    fc.property(fc.nat(1e6), fc.nat(1e6), (from, to) => {
      expect(parseRange(String(from))).toBe(from);
      expect(parseRange(`${String(from)}-${String(to)}`)).toEqual([from, to]);
    }),
  );
});

test('the screen knows of a question that only leaves out, as the search does', () => {
  const out = ['-x', '-"x y"', '−“x y”', '-「x」', '-«x y»', '-well-known'];
  const part = fc.constantFrom(...out, 'x', '"x y"', 'x-y', '-', '--x', '?');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      const { words } = parseQuery(parts.join(' '));
      const asksNothing = parts.length > 0 && !/\p{L}/u.test(words);
      expect(isOnlyExclusions(parts.join(' '))).toBe(asksNothing);
    }),
  );
  expect(isOnlyExclusions('  ')).toBe(false);
});

const source = (id: string, type: string): Source => ({
  ...{ id, name: `${id}.txt`, type, sha256: '', addedAt: '', chunks: 3 },
});

test('all filters are reached by the keyboard, under their names, and told at once', async () => {
  const change = vi.fn();
  const screen = await render(SearchFilters, {
    sources: [source('a', 'application/pdf'), source('b', 'text/plain')],
    chosen: [],
    filter: { ...NO_FILTER, place: { page: 'x' } },
    change,
  });
  const summary = screen.getByText(searchStrings.filtersOn(1));
  summary.element().closest('summary')?.focus();
  expect(document.activeElement?.tagName).toBe('SUMMARY');
  await summary.click();
  const group = (name: string) => screen.getByRole('group', { name, exact: true });
  await group(searchStrings.sources)
    .getByRole('checkbox', { name: /a\.txt/ })
    .click();
  expect(change).toHaveBeenLastCalledWith({ sources: ['a'] });
  await group(searchStrings.kinds).getByRole('checkbox', { name: 'PDF' }).click();
  expect(change.mock.lastCall?.[0]).toMatchObject({ filter: { types: ['application/pdf'] } });
  await screen.getByLabelText(searchStrings.from).fill('2026-11-22');
  expect(change.mock.lastCall?.[0]).toMatchObject({ filter: { from: '2026-11-22' } });
  await screen.getByRole('textbox', { name: 'Heading' }).fill('lift');
  expect(change.mock.lastCall?.[0]).toMatchObject({
    filter: { place: { page: 'x', heading: 'lift' } },
  });
  const page = screen.getByRole('textbox', { name: /^Page/ });
  await expect.element(page).toHaveAttribute('aria-invalid', 'true');
  await expect.element(page).toHaveAccessibleDescription(searchStrings.amiss);
  await screen.getByRole('button', { name: searchStrings.clear }).click();
  expect(change).toHaveBeenLastCalledWith({ sources: [], filter: NO_FILTER });
});

test('on a narrow screen nothing sticks out', async () => {
  const screen = await render(SearchFilters, {
    sources: [source('a'.repeat(90), 'application/pdf'), source('b', 'text/plain')],
    chosen: [],
    filter: NO_FILTER,
    change: () => undefined,
  });
  screen.container.style.width = '350px';
  await screen.getByText(searchStrings.filters).click();
  expect(screen.container.scrollWidth).toBeLessThanOrEqual(350);
});
