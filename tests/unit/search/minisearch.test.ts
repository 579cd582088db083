/**
 * MiniSearch as the independent witness of BM25. It takes a text's distinct words for its length
 * and multiplies a score by the words matched, so texts are made for which the formulas coincide.
 */
import fc from 'fast-check';
import MiniSearch from 'minisearch';
import { expect, it } from 'vitest';
import { analyserFor } from '../../../src/lib/search/analyse';
import { Bm25, countTerms } from '../../../src/lib/search/bm25';
import { buildPostings, Postings } from '../../../src/lib/search/postings';

const plain = analyserFor('und');
const WORDS = ['wing', 'flow', 'heat', 'shock', 'wave', 'plate', 'layer', 'nose', 'cone', 'jet'];

function expectAgreement(texts: string[], asked: string[]): void {
  const witness = new MiniSearch({
    fields: ['text'],
    tokenize: plain.terms,
    processTerm: (x) => x,
  });
  witness.addAll(texts.map((text, id) => ({ id, text })));
  const found = new Map(
    witness
      .search(asked.join(' '), { bm25: { k: 1.2, b: 0.75, d: 0 } })
      .map(({ id, score, terms }) => [Number(id), score / terms.length]),
  );
  const scores = new Float64Array(texts.length);
  new Bm25(
    [Postings.open(buildPostings(texts, plain))],
    new Uint8Array(texts.length).fill(1),
  ).score(countTerms(asked), scores);
  for (const row of texts.keys()) expect(scores[row]).toBeCloseTo(found.get(row) ?? 0, 9);
}

const asked = fc.uniqueArray(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 4 });

it('agrees on texts of any length in which no word stands twice', () => {
  const texts = fc.array(fc.subarray(WORDS, { minLength: 1 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(texts, asked, (all, words) =>
      expectAgreement(
        all.map((text) => text.join(' ')),
        words,
      ),
    ),
  );
});

it('agrees on repeats in texts of one length', () => {
  const repeats = [1, 1, 2, 3, 7];
  const text = fc
    .shuffledSubarray(WORDS, { minLength: repeats.length, maxLength: repeats.length })
    .map((words) => words.map((word, i) => `${word} `.repeat(repeats[i] ?? 0)).join(''));
  fc.assert(fc.property(fc.array(text, { minLength: 1, maxLength: 30 }), asked, expectAgreement));
});
