import { expect, it } from 'vitest';
import type { Filter, Place } from '../../../src/lib/api';
import { fitsPlace } from '../../../src/lib/library/asking/place-filter';

const at = (place: Partial<Place>): Place => ({ start: 0, end: 1, ...place });

it.each<[what: string, Partial<Place> | null, NonNullable<Filter['place']>, fits: boolean]>([
  ['a number as it is', { page: 3 }, { page: 3 }, true],
  ['another number', { page: 3 }, { page: 4 }, false],
  ['the first of a range', { row: 3 }, { row: [3, 7] }, true],
  ['the last of a range', { row: 7 }, { row: [3, 7] }, true],
  ['one outside of it', { row: 8 }, { row: [3, 7] }, false],
  ['a range the wrong way round', { row: 5 }, { row: [7, 3] }, false],
  ['part of a text, ignoring case', { sheet: 'Umsätze 2024' }, { sheet: 'UMSÄTZE' }, true],
  ['any heading of the path', { heading: ['Leave', 'Annual leave'] }, { heading: 'annual' }, true],
  ['no heading of it', { heading: ['Leave'] }, { heading: 'annual' }, false],
  ['all of several', { page: 2, heading: ['Lift'] }, { page: 2, heading: 'lift' }, true],
  ['only one of several', { page: 2, heading: ['Lift'] }, { page: 2, heading: 'drag' }, false],
  ['a place without the field', { line: 1 }, { page: 1 }, false],
  ['no place', null, { chapter: '' }, false],
  ['no place, and nothing wanted', null, {}, true],
])('%s', (_, place, wanted, fits) => {
  expect(fitsPlace(place && at(place), wanted)).toBe(fits);
});
