import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyserFor } from '../../../src/lib/search/analyse';
import { countTerms } from '../../../src/lib/search/bm25';
import { expanded, FEWEST_ROWS } from '../../../src/lib/search/feedback';
import { buildPostings, Postings } from '../../../src/lib/search/postings';
import { ShardSearch } from '../../../src/lib/search/shard-search';
import { text } from './arbitraries';

const english = analyserFor('en');
const searchOf = (texts: readonly string[]): ShardSearch =>
  new ShardSearch(
    [
      {
        id: 's',
        postings: Postings.open(buildPostings(texts, english)),
        vectors: null,
        live: null,
      },
    ],
    english,
  );
const plain = { vector: null, topK: 10, mode: 'lexical' } as const;

describe('words that are learnt', () => {
  it('never weigh more than 0.3, are 20 at most, and take nothing of the question', () => {
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 5 }), (question, leads) => {
        const terms = countTerms(english.terms(question));
        const weights = expanded(terms, leads, english, () => 1);
        const added = [...weights].filter(([term]) => !terms.has(term));
        expect(added.length).toBeLessThanOrEqual(20);
        for (const [term, weight] of weights) {
          const before = terms.get(term) ?? 0;
          expect(weight).toBeGreaterThanOrEqual(before);
          expect(weight).toBeLessThanOrEqual(before + 0.3);
          if (before === 0) expect(english.common).not.toContain(term);
        }
        expect([...terms.keys()].every((term) => weights.has(term))).toBe(true);
      }),
    );
  });

  it('find a passage without any word of the question', () => {
    const about = Array.from({ length: 6 }, (_, i) => `turbulence in the boundary layer ${i}`);
    const texts = [...about, 'the boundary layer of a plate', 'bread and butter'];
    const search = searchOf(texts);
    const asked = { ...plain, text: 'turbulence' };
    expect(search.query(asked).map(({ row }) => row)).not.toContain(6);
    const learnt = search.query({ ...asked, learnFrom: about.slice(0, 5) }).map(({ row }) => row);
    expect(learnt).toContain(6);
    expect(learnt).not.toContain(7);
  });
});

describe('leads', () => {
  const texts = [
    ...Array.from({ length: 6 }, (_, i) => `shock wave ${i}`),
    ...Array.from({ length: 6 }, (_, i) => `heat flow ${i}`),
    ...Array.from({ length: FEWEST_ROWS }, (_, i) => `bread and butter ${i}`),
  ];
  const leadsOf = (said: string, more: object = {}, of = texts): number => {
    const search = searchOf(of);
    const asked = { ...plain, text: said, ...more };
    return search.leads(asked, search.query(asked)).length;
  };

  it('are taken where no passage says most of the question', () => {
    expect(leadsOf('shock wave of heat flow')).toBe(5);
    expect(leadsOf('shock wave')).toBe(0);
    // A word that is nowhere, as while it is typed, changes nothing.
    expect(leadsOf('shock wave turbul')).toBe(0);
  });

  it('are not taken for phrases, nor by meaning alone, nor of too few', () => {
    expect(leadsOf('shock wave of heat flow', { phrases: ['shock'] })).toBe(0);
    expect(leadsOf('shock wave of heat flow', { mode: 'semantic' })).toBe(0);
    expect(leadsOf('shock wave of heat flow', { topK: 4 })).toBe(0);
  });

  it('are not taken of a small shard, where five passages are a good part of all', () => {
    expect(leadsOf('shock wave of heat flow', {}, texts.slice(0, 12))).toBe(0);
  });
});
