/** Phrases and exclusions: what the index lets through, and what the texts decide. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyserFor } from '../../../src/lib/search/analyse';
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
const plain = { vector: null, topK: 1000, mode: 'lexical' } as const;
const says = (said: string, phrase: string): boolean =>
  english.spelling(said).includes(english.spelling(phrase));

describe('a phrase', () => {
  it('lets every row through that says it', () => {
    const shard = fc.array(text, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(shard, fc.nat(), fc.nat(), fc.nat(), (texts, row, from, length) => {
        // A phrase that is somewhere in the texts: some words of a row.
        const words = (texts[row % texts.length] ?? '').split(' ');
        const start = from % words.length;
        const phrase = words.slice(start, start + 1 + (length % 4)).join(' ');
        fc.pre(phrase !== '');
        const asked = { ...plain, text: phrase, phrases: [phrase] };
        const rows = new Set(
          searchOf(texts)
            .query(asked)
            .map((hit) => hit.row),
        );
        for (const [at, said] of texts.entries())
          if (says(said, phrase)) expect(rows).toContain(at);
      }),
    );
  });

  it('narrows to rows with all its words, also the common ones', () => {
    const texts = ['to be or not to be', 'the wing', 'to fly is to be', 'or not'];
    const found = searchOf(texts).query({ ...plain, text: 'wing to be', phrases: ['to be'] });
    expect(found.map(({ row }) => row).sort()).toEqual([0, 2]);
  });

  it('is found where words are cut otherwise by what stands around', () => {
    const texts = ['東京都に住む', 'スーパーライセンス契約', '京都の東に住む'];
    const rows = (phrase: string): number[] =>
      searchOf(texts)
        .query({ ...plain, text: phrase, phrases: [phrase] })
        .map(({ row }) => row)
        .filter((row) => says(texts[row] ?? '', phrase));
    expect(rows('東京')).toEqual([0]);
    expect(rows('京都に')).toEqual([0]);
    expect(rows('パーライ')).toEqual([1]);
  });
});

it('an excluded word takes all its forms out, and nothing else', () => {
  fc.assert(
    fc.property(
      fc.array(text, { maxLength: 8 }),
      fc.constantFrom('flow', 'wings', 'cafe'),
      (texts, word) => {
        const [term = ''] = english.terms(word);
        const search = searchOf(texts);
        const all = search.query({ ...plain, text: 'wing flow heat the' });
        const left = search.query({ ...plain, text: 'wing flow heat the', without: [word] });
        const kept = all.filter(({ row }) => !english.terms(texts[row] ?? '').includes(term));
        expect(left.map(({ row }) => row)).toEqual(kept.map(({ row }) => row));
      },
    ),
  );
});

describe('spelling', () => {
  it('does not stem, and minds neither case, accents, spaces nor punctuation', () => {
    expect(says('The heat-flow,  of plates', 'HEAT flow')).toBe(true);
    expect(says('heat flows', 'heat flow')).toBe(false);
    expect(says('preheat flow', 'heat flow')).toBe(false);
    expect(says('Nul ne peut être arrêté', 'peut etre')).toBe(true);
    expect(says('ｶﾞﾗｽの', 'ガラス')).toBe(true);
  });
});
