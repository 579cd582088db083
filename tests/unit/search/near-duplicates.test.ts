import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isNearlyTheSame, shinglesOf } from '../../../src/lib/search/near-duplicates';
import { spellingOf } from '../../../src/lib/search/words';
import { text } from './arbitraries';

const isSame = (a: string, b: string): boolean => isNearlyTheSame(shinglesOf(a), shinglesOf(b));

/** Runs of three words as strings, and their Jaccard index, as the definition says it. */
function jaccard(a: string, b: string): number {
  const runs = (said: string): Set<string> => {
    const words = spellingOf(said, 'en').trim().split(' ').filter(Boolean);
    if (words.length < 3) return new Set(words.length > 0 ? [words.join(' ')] : []);
    return new Set(words.slice(2).map((_, at) => words.slice(at, at + 3).join(' ')));
  };
  const [x, y] = [runs(a), runs(b)];
  const shared = [...x].filter((run) => y.has(run)).length;
  return shared === 0 ? 0 : shared / (x.size + y.size - shared);
}

const few = fc.constantFrom('a', 'b', 'c');
const long = fc.array(few, { minLength: 20, maxLength: 60 });

it('is what the definition says', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(isSame(a, b)).toBe(jaccard(a, b) >= 0.9);
    }),
  );
  const edited = fc.record({ words: long, at: fc.nat({ max: 59 }), word: few });
  fc.assert(
    fc.property(edited, ({ words, at, word }) => {
      const [a, b] = [words.join(' '), words.with(at % words.length, word).join(' ')];
      expect(isSame(a, b)).toBe(jaccard(a, b) >= 0.9);
      expect(isSame(b, a)).toBe(isSame(a, b));
    }),
  );
});

it('sees through spelling, spaces and punctuation, and not through other words', () => {
  const said = 'The flow of heat in a plate of copper is steady after an hour or two';
  expect(isSame(said, said.toUpperCase().replaceAll(' ', ',\n '))).toBe(true);
  expect(isSame(said, said.replace('copper', 'iron'))).toBe(false);
  expect(isSame('', '')).toBe(false);
  expect(isSame('…', '?')).toBe(false);
  expect(isSame('Yes.', 'yes')).toBe(true);
  expect(isSame('営業秘密：保護具價值的', '営業秘密 保護具價值的')).toBe(true);
});
