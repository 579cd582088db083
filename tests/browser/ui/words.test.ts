import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatAgo, formatBytes, formatDuration } from '../../../src/lib/ui/format';
import { citation, describePlace } from '../../../src/lib/ui/place';

const at = { start: 0, end: 1 };

test('a place says what helps to find it, from the coarse to the fine', () => {
  expect(describePlace({ ...at, page: 3, heading: ['Propellers', 'Interference'] })).toBe(
    'page 3 · Propellers › Interference',
  );
  expect(describePlace({ ...at, sheet: 'Sums', row: 12 })).toBe('sheet Sums · row 12');
  expect(describePlace({ ...at, line: 7 })).toBe('line 7');
  expect(describePlace({ ...at, line: 7, page: 2 })).toBe('page 2');
  expect(describePlace(null)).toBe('');
});

test('a copied passage names its source', () => {
  const source = { id: '1', name: 'a.zip', type: 'text/plain', member: 'b/c.txt' };
  expect(citation({ text: 'Lift. \n', source, place: { ...at, line: 4 } })).toBe(
    'Lift.\n\n— a.zip › b/c.txt, line 4',
  );
});

test('sizes carry a unit and never more than three digits before it', () => {
  fc.assert(
    fc.property(fc.nat({ max: 9e14 }), (bytes) => {
      const words = formatBytes(bytes);
      expect(words).toMatch(/[a-z]/iu);
      expect(words.replaceAll(/[^0-9]/gu, '').length).toBeLessThanOrEqual(3);
    }),
  );
  // Rounding must not carry into a fourth digit.
  expect(formatBytes(999_700)).toBe(formatBytes(1_000_000));
});

test('durations and ages are in the unit that a person would choose', () => {
  expect(formatDuration(8.4)).toBe('8 s');
  expect(formatDuration(125)).toBe('2 min 5 s');
  expect(formatDuration(3600)).toBe('1 h 0 min');
  const now = Date.parse('2026-01-10T12:00:00Z');
  expect(formatAgo('2026-01-10T11:59:40Z', now)).toBe('just now');
  expect(formatAgo('2026-01-10T11:48:00Z', now)).toBe('12 minutes ago');
  expect(formatAgo('2026-01-09T11:00:00Z', now)).toBe('yesterday');
});
