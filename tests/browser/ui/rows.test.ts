import fc from 'fast-check';
import { expect, test } from 'vitest';
import { visibleRows } from '../../../src/lib/ui/rows';

const list = fc.record({
  scrollTop: fc.integer({ min: -200, max: 9_300_000 }),
  height: fc.integer({ min: 0, max: 2_000 }),
  rowHeight: fc.integer({ min: 1, max: 200 }),
  count: fc.integer({ min: 0, max: 100_000 }),
  overscan: fc.integer({ min: 0, max: 20 }),
});

test('every row that touches the viewport is in the window, and the window is in the list', () => {
  fc.assert(
    fc.property(list, ({ scrollTop, height, rowHeight, count, overscan }) => {
      const [first, last] = visibleRows({ scrollTop, height }, rowHeight, count, overscan);
      expect(first).toBeGreaterThanOrEqual(0);
      expect(last).toBeLessThanOrEqual(count);
      expect(first).toBeLessThanOrEqual(last);
      const top = Math.max(0, scrollTop);
      for (const edge of [top, top + height - 1]) {
        const row = Math.floor(edge / rowHeight);
        if (height > 0 && row >= 0 && row < count) {
          expect(first).toBeLessThanOrEqual(row);
          expect(last).toBeGreaterThan(row);
        }
      }
    }),
  );
});

test('the window is as small as the screen, however long the list', () => {
  fc.assert(
    fc.property(list, ({ scrollTop, height, rowHeight, count, overscan }) => {
      const [first, last] = visibleRows({ scrollTop, height }, rowHeight, count, overscan);
      expect(last - first).toBeLessThanOrEqual(Math.ceil(height / rowHeight) + 1 + 2 * overscan);
    }),
  );
});
