import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InsideBudget, shareOf } from '../../../src/lib/library/ingest/inside-budget';

const members = (count: number, size: number): { path: string; size: number }[] =>
  Array.from({ length: count }, (_, at) => ({ path: String(at), size }));

describe('what may be inside one dropped file', () => {
  test('is 10,000 files, those of archives in it included', () => {
    const budget = new InsideBudget();
    expect(budget.take(members(9000, 1))).toBeUndefined();
    expect(budget.take(members(1001, 1))).toContain('1001 files in it were not read');
    expect(budget.take(members(1000, 1))).toBeUndefined(); // what was refused does not count
    expect(budget.take(members(1, 1))).toContain('10,000');
  });

  test('is 4 GiB, those of archives in it included', () => {
    const budget = new InsideBudget();
    expect(budget.take(members(4, 1000 * 2 ** 20))).toBeUndefined();
    expect(budget.take(members(1, 200 * 2 ** 20))).toContain('4 GiB');
    expect(budget.take(members(1, 96 * 2 ** 20))).toBeUndefined();
  });
});

test('a document and its members share out exactly its bytes, whatever the container says', () => {
  const size = fc.nat(2 ** 40);
  fc.assert(
    fc.property(size, size, fc.array(size), fc.boolean(), (own, share, sizes, isText) => {
      const list = sizes.map((one) => ({ path: '', size: one }));
      const shares = shareOf({ size: own, share }, list, isText);
      const parts = [shares.own, ...sizes.map((one) => shares.ofBytes(one))];
      expect(Math.min(...parts)).toBeGreaterThanOrEqual(0);
      const all = parts.reduce((sum, one) => sum + one, 0);
      const isSomething = isText || sizes.some((one) => one > 0);
      expect(all).toBeCloseTo(isSomething ? share : 0, 0);
    }),
  );
});
