import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TopRows } from '../../../src/lib/search/top-rows';

it('keeps what sorting everything would, lower rows first among equals', () => {
  const scores = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 60 });
  fc.assert(
    fc.property(scores, fc.nat({ max: 70 }), (all, size) => {
      const best = new TopRows(size);
      for (const [row, score] of all.entries()) best.offer(row, score);
      const sorted = [...all.keys()].sort((a, b) => (all[b] ?? 0) - (all[a] ?? 0) || a - b);
      expect([...best.take()]).toEqual(sorted.slice(0, size));
      expect([...best.take()]).toEqual([]);
    }),
  );
});
