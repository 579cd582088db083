import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyserFor, tellingTerms } from '../../../src/lib/search/analyse';
import { wordsOf } from '../../../src/lib/search/words';

const english = analyserFor('en');
const plain = analyserFor('und');

describe('words', () => {
  it('are the same whether ASCII is scanned or matched as Unicode', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary-ascii', maxLength: 200 }),
        fc.boolean(),
        (ascii, apostrophes) => {
          const matched = wordsOf(`${ascii} é`, apostrophes).slice(0, -1);
          expect(wordsOf(ascii, apostrophes)).toEqual(matched);
        },
      ),
    );
  });

  it('stand where they say, in order', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (text) => {
        let end = 0;
        for (const token of english.tokens(text)) {
          expect(token.start).toBeGreaterThanOrEqual(end);
          expect(token.end).toBeGreaterThan(token.start);
          expect(english.terms(text.slice(token.start, token.end))).toContain(token.term);
          end = token.end;
        }
        expect(end).toBeLessThanOrEqual(text.length);
        expect(english.terms(text)).toEqual(english.tokens(text).map(({ term }) => term));
      }),
    );
  });

  it('are one term however they are spelt', () => {
    for (const [a, b] of [
      ['Café', 'cafe\u0301'],
      ['ÉCOLE', 'ecole'],
      ['ﬁnite', 'finite'],
      ['ＷＩＮＧ', 'wing'],
      ['Straße', 'STRASSE'],
      ['Ærø', 'aero'],
      ['docu\u00adment', 'document'],
      ['don’t', "don't"],
      ['İstanbul', 'istanbul'],
      ['한글', '한글'.normalize('NFD')],
      // Vowel signs, hamzas and the lengthening stroke; letters and digits that vary by country.
      ['الْعَرَبِيَّة', 'العربية'],
      ['كتـــاب', 'كتاب'],
      ['أحمد', 'احمد'],
      ['مدرسة', 'مدرسه'],
      ['ایران', 'ايران'],
      ['۲۰۲۴', '2024'],
      ['٢٠٢٤', '2024'],
      ['שָׁלוֹם', 'שלום'],
      ['ΟΔΟΣ', 'οδός'],
      ['ΟΔΟΣ', 'οδοσ'],
      ['Ещё', 'еще'],
      ['ｶﾞﾗｽ', 'ガラス'],
    ] as const)
      expect(english.terms(a), a).toEqual(english.terms(b));
  });

  it('keep the vowel signs of scripts where they are letters', () => {
    expect(plain.terms('किताब')).toEqual(['किताब']);
    expect(plain.terms('कताब')).not.toEqual(plain.terms('किताब'));
  });

  it('of scripts without spaces are found by the segmenter', () => {
    const tokens = plain.tokens('東京に住んでいます。ภาษาไทย');
    expect(tokens.map(({ term }) => term)).toEqual(expect.arrayContaining(['東京', 'ภาษา']));
    expect(tokens.length).toBeGreaterThan(4);
  });

  it('are the same alone as behind another one, where the segmenter differs', () => {
    for (const mark of ['々', '𖿣']) expect(plain.terms(`𠀀${mark}`), mark).toContain(mark);
    for (const mark of ['々', '𖿣']) expect(plain.terms(mark), mark).toEqual([mark]);
  });

  it('of encoded data are cut, never inside a surrogate pair', () => {
    expect(plain.terms('a'.repeat(1000))).toEqual(['a'.repeat(64)]);
    const [term] = plain.terms('a' + '𝒳'.normalize('NFC').replace('𝒳', '𐐨').repeat(100));
    expect(term).toHaveLength(63);
    expect(term).not.toMatch(/\p{Surrogate}/u);
  });
});

describe('stems', () => {
  it("are Snowball's for its own examples", () => {
    // The vocabulary sample on the page of the English stemmer, snowballstem.org.
    const sample = {
      consist: ['consist', 'consisted', 'consistency', 'consistent', 'consisting', 'consists'],
      consol: ['consolation', 'consolations', 'console', 'consoled', 'consoles', 'consoling'],
      conspir: ['conspire', 'conspired', 'conspiring', 'conspirator', 'conspirators'],
      constabl: ['constable', 'constables'],
      constanc: ['constancy', 'constance'],
      knight: ['knightly', 'knights', 'knight'],
      knot: ['knot', 'knots', 'knotted'],
      knock: ['knocked', 'knocking', 'knocks'],
      die: ['dying'],
      sky: ['skies', 'sky'],
      absorpt: ['absorption'],
      alway: ['always'],
    };
    for (const [stem, words] of Object.entries(sample))
      for (const word of words) expect(english.terms(word), word).toEqual([stem]);
  });

  it('of Arabic words lose the article and the endings, whatever the language of the shard', () => {
    for (const [a, b] of [
      ['العناصر', 'عناصر'],
      ['والبيانات', 'بيانات'],
      ['الثلاثة', 'ثلاثة'],
      ['معلمون', 'المعلمين'],
    ] as const)
      for (const analyser of [english, plain])
        expect(analyser.terms(a), a).toEqual(analyser.terms(b));
    expect(plain.terms('ال ولد ماء')).toEqual(['ال', 'ولد', 'ماء']);
    expect(plain.terms('وال')).toEqual(['وال']);
  });

  it('leave other languages, numbers and names with digits alone', () => {
    expect(plain.terms('flows flowing')).toEqual(['flows', 'flowing']);
    expect(english.terms('mp4s 1950s naïve-наука')).toEqual(['mp4s', '1950s', 'naiv', 'наука']);
  });

  it('come out the same from the cache, and after it was emptied', () => {
    const words = Array.from({ length: 50_100 }, (_, i) => `n${i}`).join(' ');
    expect(english.terms('flowing flowing')).toEqual(['flow', 'flow']);
    english.terms(words);
    expect(english.terms('flowing')).toEqual(['flow']);
  });
});

describe('common words', () => {
  it('of a question are dropped only where others tell something', () => {
    expect(tellingTerms('what is the flow of heat', english)).toEqual(['flow', 'heat']);
    expect(tellingTerms('To be, or not to be', english)).toHaveLength(6);
    expect(tellingTerms('die Wirkung von was', plain)).toEqual(['die', 'wirkung', 'von', 'was']);
  });
});
