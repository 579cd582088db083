import fc from 'fast-check';
import { expect, it } from 'vitest';
import { analyserFor } from '../../../src/lib/search/analyse';
import { marks } from '../../../src/lib/search/highlight';
import { text } from './arbitraries';

const english = analyserFor('en');
const marked = (text: string, query: string): string[] =>
  marks(text, query, english).map(([start, end]) => text.slice(start, end));

it('marks other forms of the question’s words where they stand', () => {
  expect(marked('Flows of heat, the Flow’s end; flowing', 'what is heat flow?')).toEqual([
    'Flows',
    'heat',
    'Flow’s',
    'flowing',
  ]);
});

it('marks common words only where nothing else matched', () => {
  expect(marked('what the heat is', 'what is the flow')).toEqual(['what', 'the', 'is']);
  expect(marked('what the flow is', 'what is the flow')).toEqual(['flow']);
  expect(marked('to be or not', 'to be')).toEqual(['to', 'be']);
});

it('keeps places in text with letters of other lengths', () => {
  expect(marked('𝒳 ﬁn İSTANBUL x', 'fin istanbul')).toEqual(['ﬁn', 'İSTANBUL']);
});

it.each<[text: string, query: string, ...string[]]>([
  ['قرأتُ الْكِتَابَ في المدرســة', 'كتاب مدرسة', 'الْكِتَابَ', 'المدرســة'],
  ['אמר שָׁלוֹם לכולם', 'שלום', 'שָׁלוֹם'],
  ['Nul ne peut être ARRÊTÉ', 'arrete etre', 'être', 'ARRÊTÉ'],
  ['cafe\u0301 noir', 'café', 'cafe\u0301'],
  ['ΟΔΟΣ 5', 'οδός', 'ΟΔΟΣ'],
  ['東京に住む。', '東京', '東京'],
  ['ภาษาไทยง่าย', 'ภาษา', 'ภาษา'],
])('marks “%s” for “%s” in the letters of the text', (said, query, ...expected) => {
  expect(marked(said, query)).toEqual(expected);
});

it('marks exactly words of the question', () => {
  fc.assert(
    fc.property(text, text, (chunk, question) => {
      const wanted = new Set(english.terms(question));
      const ranges = marks(chunk, question, english);
      for (const [start, end] of ranges)
        expect(english.terms(chunk.slice(start, end)).some((term) => wanted.has(term))).toBe(true);
      expect(ranges.length > 0).toBe(english.terms(chunk).some((term) => wanted.has(term)));
    }),
  );
});
