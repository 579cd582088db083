import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Place } from '../../../src/lib/api';
import { contextOf, searchedText } from '../../../src/lib/shard/context';

const titles = fc.array(fc.string({ minLength: 1, maxLength: 130 }), { maxLength: 6 });
const place: fc.Arbitrary<Place> = fc
  .record(
    { columns: titles, heading: titles, start: fc.nat(), end: fc.nat(), row: fc.nat() },
    { requiredKeys: ['start', 'end'] },
  )
  .map((fields) => fields as Place);

it('is one line of 200 units at most, of whole titles, the columns and the nearest headings first', () => {
  fc.assert(
    fc.property(place, (place) => {
      const context = contextOf(place);
      expect(context.length).toBeLessThanOrEqual(200);
      const titles = [...(place.columns ?? []), ...(place.heading ?? []).toReversed()];
      if (titles.length === 0) expect(context).toBe('');
      else expect(context.length).toBeGreaterThan(titles[0]?.length ?? 0);
      if (context !== '')
        expect(`${titles.join(', ')}\n`.startsWith(context.slice(0, -1))).toBe(true);
    }),
  );
});

it('depends on nothing but columns and headings', () => {
  fc.assert(
    fc.property(place, fc.nat(), (place, n) => {
      expect(contextOf({ ...place, page: n, line: n, start: n, end: n, row: n })).toBe(
        contextOf(place),
      );
    }),
  );
  expect(contextOf(null)).toBe('');
  expect(contextOf({ start: 0, end: 1 })).toBe('');
});

it('stands in front of the text', () => {
  const place = { columns: ['City', 'People'], heading: ['Europe', 'South'], start: 0, end: 8 };
  expect(searchedText({ text: 'Rome | 3', place })).toBe('City, People, South, Europe\nRome | 3');
  expect(searchedText({ text: 'Rome | 3', place: null })).toBe('Rome | 3');
});

it('does not say a heading twice that the text says itself', () => {
  const place = { start: 0, end: 9, heading: ['Time off', 'Paid leave'] };
  const text = '## Paid leave\n\nTwelve weeks.';
  expect(searchedText({ text, place })).toBe(`Time off\n${text}`);
  expect(searchedText({ text: 'Twelve weeks.', place })).toBe(
    'Paid leave, Time off\nTwelve weeks.',
  );
});
