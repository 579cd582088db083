import fc from 'fast-check';
import { expect, it } from 'vitest';
import { knownShare } from '../../../src/lib/embedding/script';

it.each<[number, string[]]>([
  [1, ['Hello, world', 'Zürich façade œuvre']],
  [0, ['Привет', '你好']],
  [0.5, ['abcd', 'дома']],
  [0.25, ['a дом']],
  [0, ['д Ⅳ']], // a Roman numeral is of Latin script, and no letter
  [1, ['12 34', '']],
  [1, []],
])('is %d of %j', (share, texts) => {
  expect(knownShare(texts)).toBe(share);
});

it('counts letters, however they are shared out between texts', () => {
  const texts = fc.array(fc.string({ unit: 'grapheme' }));
  fc.assert(
    fc.property(texts, (parts) => {
      const known = knownShare(parts);
      expect(known).toBeGreaterThanOrEqual(0);
      expect(known).toBeLessThanOrEqual(1);
      expect(knownShare([parts.join(' ')])).toBe(known);
    }),
  );
});

it('counts a letter of another script as unknown, and a Latin one as known', () => {
  const [latin, other] = ['é', 'ж'];
  fc.assert(
    fc.property(fc.nat(50), fc.nat(50), (n, m) => {
      fc.pre(n + m > 0);
      expect(knownShare([latin.repeat(n) + other.repeat(m)])).toBeCloseTo(n / (n + m), 12);
    }),
  );
});
