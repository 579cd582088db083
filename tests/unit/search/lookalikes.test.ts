import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lookalikes, type Look } from '../../../src/lib/search/lookalikes';
import { unitVector } from './arbitraries';

const same = Float32Array.of(0.6, 0.8);
const look = (part: Partial<Look> = {}): Look => ({
  ...{ vector: same, terms: 100, lexical: 0.8 },
  ...part,
});

it('takes rows for the same only where all that is known is', () => {
  const alike = (part: Partial<Look>): boolean => lookalikes([look(), look(part)])[1] === 0;
  expect(alike({})).toBe(true);
  expect(alike({ terms: 103, lexical: 0.78 })).toBe(true);
  expect(alike({ terms: 110 })).toBe(false);
  expect(alike({ lexical: 0.7 })).toBe(false);
  expect(alike({ vector: Float32Array.of(0.8, 0.6) })).toBe(false);
  expect(alike({ vector: null })).toBe(false);
  // A vector of zeros says nothing of its text, and a short text too little.
  const zero = look({ vector: new Float32Array(2) });
  expect(lookalikes([zero, zero])).toEqual([undefined, undefined]);
  expect(lookalikes([look({ terms: 39 }), look({ terms: 39 })])).toEqual([undefined, undefined]);
});

it('names better rows that look like none themselves', () => {
  const row = fc.record({
    vector: unitVector(2),
    terms: fc.integer({ min: 95, max: 105 }),
    lexical: fc.constant(0.5),
  });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 30 }), (rows) => {
      const likes = lookalikes(rows);
      for (const [at, like] of likes.entries()) {
        if (like === undefined) continue;
        expect(like).toBeLessThan(at);
        expect(likes[like]).toBeUndefined();
      }
    }),
  );
});
