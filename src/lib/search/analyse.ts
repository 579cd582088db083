/// <reference path="./snowball-stemmers.d.ts" />
/**
 * Analysers: text to terms, the same way for chunks and for questions.
 * English is stemmed by Snowball (`snowball-stemmers`; MEASURED: worth as much as a model), words in
 * Arabic letters lightly, in every shard; all others are only folded. Every word is indexed; only questions drop their common ones
 * (`tellingTerms`: Cranfield nDCG@10 .514 against .502 without).
 */
import { newStemmer } from 'snowball-stemmers';
import { stemArabic } from './arabic';
import { joinsAtApostrophes, spellingOf, wordsOf } from './words';

/** A term as it stands in a text: UTF-16 range. */
export interface Token {
  readonly term: string;
  readonly start: number;
  readonly end: number;
}

/** Makes terms of text. Postings may only be asked with the analyser that they were built with. */
export interface Analyser {
  /** Names the rules and their revision: postings of another id must be built again. */
  readonly id: string;
  /** Terms of grammar, not of content; empty where the language is not known. */
  readonly common: ReadonlySet<string>;
  /** The terms of a text in order, with repeats. */
  readonly terms: (text: string) => string[];
  /** The same terms with where they stand, for highlighting. */
  readonly tokens: (text: string) => Token[];
  /** The words as they are spelt (`spellingOf`), not stemmed: what phrases are compared by. */
  readonly spelling: (text: string) => string;
}

/** English words of grammar. Needs no care: a question of nothing else keeps them. */
const ENGLISH_COMMON =
  'a about all also an and any are as at be been being but by can could did do does for from had ' +
  'has have how i if in into is it its may more no not of on or our should so some such than that ' +
  'the their them then there these they this those to was we were what when where which who whom ' +
  'whose why will with would you your';

/** Distinct words kept with their stems: more than a shard's usual words (Cranfield has 7,177). */
const CACHED_STEMS = 50_000;

/** What Snowball's English rules apply to; anything else is its own stem. */
const ENGLISH_WORD = /^[a-z][a-z']+$/;

/** Stems words, remembering the latest: one takes Snowball 7.6 µs (Node 20). */
function englishStemmer(): (word: string) => string {
  const snowball = newStemmer('english');
  const stems = new Map<string, string>();
  return (word) => {
    let stem = stems.get(word);
    if (stem === undefined) {
      stem = ENGLISH_WORD.test(word) ? snowball.stem(word) : stemArabic(word);
      if (stems.size >= CACHED_STEMS) stems.clear();
      stems.set(word, stem);
    }
    return stem;
  };
}

function analyser(
  id: string,
  language: 'en' | 'und',
  stem: (word: string) => string,
  common: string,
): Analyser {
  const apostrophes = joinsAtApostrophes(language);
  const terms = (text: string): string[] =>
    wordsOf(text, apostrophes).map((word) => stem(word.text));
  return {
    id,
    common: new Set(terms(common)),
    terms,
    tokens: (text) =>
      wordsOf(text, apostrophes).map(({ text: word, start, end }) => ({
        term: stem(word),
        start,
        end,
      })),
    spelling: (text) => spellingOf(text, language),
  };
}

const ANALYSERS = {
  en: analyser('en-snowball-2', 'en', englishStemmer(), ENGLISH_COMMON),
  und: analyser('und-2', 'und', stemArabic, ''),
};

/** The analyser of a language; `und` for any language but English, and for mixed text. */
export function analyserFor(language: 'en' | 'und'): Analyser {
  return ANALYSERS[language];
}

/** The terms of a question that tell something: without common ones, unless it has no others. */
export function tellingTerms(question: string, analyser: Analyser): string[] {
  const terms = analyser.terms(question);
  const telling = terms.filter((term) => !analyser.common.has(term));
  return telling.length > 0 ? telling : terms;
}
