import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseQuery, type Exclusion } from '../../../src/lib/search/query-text';

const word = (text: string) => ({ text, isPhrase: false });
const phrase = (text: string) => ({ text, isPhrase: true });

describe('a question', () => {
  it.each<[query: string, words: string, phrases: string[], excluded: Exclusion[]]>([
    ['how does lift work?', 'how does lift work?', [], []],
    ['the "heat flow" of wings', 'the heat flow of wings', ['heat flow'], []],
    ['wing -flap -"boundary layer"', 'wing', [], [word('flap'), phrase('boundary layer')]],
    ['-flap', '', [], [word('flap')]],
    // A hyphen inside a word, alone, or doubled leaves nothing out.
    ['well-known re-entry', 'well-known re-entry', [], []],
    ['drag - lift', 'drag - lift', [], []],
    ['--verbose', '--verbose', [], []],
    ['-well-known', '', [], [word('well-known')]],
    ['wing −flap －rudder', 'wing', [], [word('flap'), word('rudder')]],
    // Each language's marks.
    ['„heat flow“', 'heat flow', ['heat flow'], []],
    ['“heat flow” ”x y”', 'heat flow x y', ['heat flow', 'x y'], []],
    ['«flux de chaleur» »x y«', 'flux de chaleur x y', ['flux de chaleur', 'x y'], []],
    ['東京「営業秘密」-大阪', '東京 営業秘密 -大阪', ['営業秘密'], []],
    ['『契約』 -「大阪」', '契約', ['契約'], [phrase('大阪')]],
    // No quotation: not closed yet, inches, an acronym, apostrophes.
    ['"heat fl', '"heat fl', [], []],
    ['a 5" gun and a 6" one', 'a 5" gun and a 6" one', [], []],
    ['צה"ל או ארה"ב', 'צה"ל או ארה"ב', [], []],
    ["the 'heat flow'", "the 'heat flow'", [], []],
    ['"" -"" "?!" wing', '?! wing', [], []],
  ])('%s', (query, ...expected) => {
    const { words, phrases, excluded } = parseQuery(query);
    expect([words, phrases, excluded]).toEqual(expected);
  });

  it('without marks and minus signs is all words', () => {
    const plain = fc
      .string({ unit: 'grapheme', maxLength: 60 })
      .map((text) => text.replace(/["“”„‟〝〞〟＂«»‹›「」｢｣『』《》−－-]/gu, ''));
    fc.assert(
      fc.property(plain, (query) => {
        expect(parseQuery(query)).toEqual({ words: query.trim(), phrases: [], excluded: [] });
      }),
    );
  });

  it('is put together of parts that come back', () => {
    const name = fc.stringMatching(/^[a-zé]{1,8}$/);
    const part = fc.record({
      text: fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join(' ')),
      isPhrase: fc.boolean(),
      isOut: fc.boolean(),
      marks: fc.constantFrom('""', '“”', '„“', '«»', '「」'),
    });
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const query = parts
          .map(({ text, isPhrase, isOut, marks }) => {
            const said = isPhrase ? `${marks.charAt(0)}${text}${marks.charAt(1)}` : text;
            return isOut ? `-${isPhrase ? said : said.replaceAll(' ', '-')}` : said;
          })
          .join(' ');
        const wanted = parts.filter(({ isOut }) => !isOut);
        expect(parseQuery(query)).toEqual({
          words: wanted.map(({ text }) => text).join(' '),
          phrases: wanted.filter(({ isPhrase }) => isPhrase).map(({ text }) => text),
          excluded: parts
            .filter(({ isOut }) => isOut)
            .map(({ text, isPhrase }) => ({
              text: isPhrase ? text : text.replaceAll(' ', '-'),
              isPhrase,
            })),
        });
      }),
    );
  });
});
