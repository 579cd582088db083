import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestOfEach, measureQuality, ndcgAt, recallAt } from '../../bench/quality/quality';

const documents = fc.uniqueArray(fc.constantFrom<string[]>('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'));
const k = fc.integer({ min: 1, max: 12 });

describe('ndcgAt', () => {
  it('is what it is by hand', () => {
    // Relevant at ranks 1 and 3 of three: (1 + 1/2) / (1 + 1/log2(3)).
    expect(ndcgAt(3, ['a', 'x', 'b'], new Set(['a', 'b']))).toBeCloseTo(
      1.5 / (1 + 1 / Math.log2(3)),
    );
    expect(ndcgAt(2, ['x', 'y', 'a'], new Set(['a']))).toBe(0);
    expect(ndcgAt(10, ['a', 'a'], new Set(['a', 'b']))).toBeCloseTo(1 / (1 + 1 / Math.log2(3)));
  });

  it('is 1 exactly for rankings that begin with what is relevant', () => {
    fc.assert(
      fc.property(documents, documents, k, (ranking, some, size) => {
        const relevant = new Set(some);
        fc.pre(relevant.size > 0);
        const value = ndcgAt(size, ranking, relevant);
        const head = ranking.slice(0, Math.min(size, relevant.size));
        const perfect =
          head.length === Math.min(size, relevant.size) && head.every((id) => relevant.has(id));
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1 + 1e-12);
        expect(value > 1 - 1e-12).toBe(perfect);
      }),
    );
  });

  it('never falls when a relevant document moves up', () => {
    fc.assert(
      fc.property(documents, documents, k, (ranking, some, size) => {
        const relevant = new Set(some);
        for (let at = 1; at < ranking.length; at++) {
          const [above = '', here = ''] = ranking.slice(at - 1, at + 1);
          if (!relevant.has(here)) continue;
          const better = [...ranking.slice(0, at - 1), here, above, ...ranking.slice(at + 1)];
          expect(ndcgAt(size, better, relevant)).toBeGreaterThanOrEqual(
            ndcgAt(size, ranking, relevant) - 1e-12,
          );
        }
      }),
    );
  });
});

it('recallAt counts each relevant document once', () => {
  expect(recallAt(3, ['a', 'a', 'x', 'b'], new Set(['a', 'b']))).toBe(0.5);
  expect(recallAt(4, ['a', 'a', 'x', 'b'], new Set(['a', 'b']))).toBe(1);
});

it('measureQuality is the mean over the questions that have an answer', async () => {
  const judged = [
    { question: 'a', relevant: new Set(['a']) },
    { question: 'b', relevant: new Set(['a']) },
    { question: 'c', relevant: new Set<string>() },
  ];
  expect(await measureQuality((question) => [question], judged)).toEqual({
    ndcg: 0.5,
    recall: 0.5,
    questions: 2,
  });
  await expect(measureQuality(() => [], judged.slice(2))).rejects.toThrow('No question');
});

it('bestOfEach keeps each document at its first place', () => {
  expect(bestOfEach(['b', 'a', 'b', 'c', 'a'])).toEqual(['b', 'a', 'c']);
});
