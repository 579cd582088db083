/**
 * Cutting text into words with their UTF-16 ranges: a fast scan for ASCII, Unicode's letters and
 * digits for the rest, and `Intl.Segmenter` only for scripts that put no space between words.
 * The words are folded (`fold.ts`), not stemmed.
 */
import { fold } from './fold';

/** A word as found in a text: its folded form and its UTF-16 range. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Longer words are cut to this many UTF-16 units: encoded data, not language. */
const LONGEST_WORD = 64;

const NOT_ASCII = /[^\0-\x7f]/;
/** Scripts written without spaces, with the signs that they share: their runs go to the segmenter. */
const UNSPACED =
  /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]/u;
const LETTER = /[\p{L}\p{N}]/u;
/** Letters, digits, marks, and the invisible characters that may stand inside a word. */
const RUN = /[\p{L}\p{N}][\p{L}\p{N}\p{M}\u00ad\u200c\u2060\u200d]*/gu;
const RUN_WITH_APOSTROPHE =
  /[\p{L}\p{N}][\p{L}\p{N}\p{M}\u00ad\u200c\u2060\u200d]*(?:['\u2019\u02bc\uff07][\p{L}\p{N}][\p{L}\p{N}\p{M}\u00ad\u200c\u2060\u200d]*)*/gu;

/** 1 for the ASCII letters and digits. */
const WORD_UNITS = Uint8Array.from({ length: 128 }, (_, unit) =>
  /[0-9A-Za-z]/.test(String.fromCharCode(unit)) ? 1 : 0,
);
const APOSTROPHE = 39;

/** Whether an apostrophe inside a word belongs to it in the texts of a shard. */
export function joinsAtApostrophes(language: 'en' | 'und'): boolean {
  return language === 'en';
}

/**
 * All words of a text in order.
 * @param apostrophes whether one inside a word belongs to it (`don't`, for a stemmer that knows it)
 *   or ends it (`l'avion`)
 */
export function wordsOf(text: string, apostrophes: boolean): Word[] {
  return NOT_ASCII.test(text) ? unicodeWords(text, apostrophes) : asciiWords(text, apostrophes);
}

function asciiWords(text: string, apostrophes: boolean): Word[] {
  const lower = text.toLowerCase(); // keeps every place: ASCII lower case never changes a length
  const length = lower.length;
  const words: Word[] = [];
  let at = 0;
  while (at < length) {
    if (WORD_UNITS[lower.charCodeAt(at)] === 0) {
      at++;
      continue;
    }
    const start = at++;
    for (; at < length; at++) {
      const unit = lower.charCodeAt(at);
      if (WORD_UNITS[unit] === 1) continue;
      const joins = apostrophes && unit === APOSTROPHE && at + 1 < length;
      if (!joins || WORD_UNITS[lower.charCodeAt(at + 1)] === 0) break;
    }
    words.push({ text: lower.slice(start, Math.min(at, start + LONGEST_WORD)), start, end: at });
  }
  return words;
}

function unicodeWords(text: string, apostrophes: boolean): Word[] {
  const words: Word[] = [];
  for (const run of text.matchAll(apostrophes ? RUN_WITH_APOSTROPHE : RUN)) {
    if (UNSPACED.test(run[0])) segmentedWords(run[0], run.index, words);
    else pushFolded(run[0], run.index, words);
  }
  return words;
}

const LETTERS_AND_WORDS = new RegExp(`${UNSPACED.source}|(?:(?!${UNSPACED.source}).)+`, 'gsu');

/**
 * A text as it is spelt, with a space before and behind each folded word; scripts without spaces
 * letter by letter, for where words end there depends on what stands around. A phrase stands in a
 * text exactly where its spelling is part of the text's.
 */
export function spellingOf(text: string, language: 'en' | 'und'): string {
  const apostrophes = joinsAtApostrophes(language);
  if (!NOT_ASCII.test(text)) return spaced(asciiWords(text, apostrophes).map(({ text }) => text));
  const units: string[] = [];
  for (const [run] of text.matchAll(apostrophes ? RUN_WITH_APOSTROPHE : RUN)) {
    const folded = fold(run); // before it is cut: a kana and its voicing mark become one letter
    const parts = UNSPACED.test(run) ? (folded.match(LETTERS_AND_WORDS) ?? []) : [folded];
    for (const part of parts) units.push(cut(part));
  }
  return spaced(units.filter((unit) => unit !== ''));
}

const spaced = (units: readonly string[]): string =>
  units.length === 0 ? '' : ` ${units.join(' ')} `;

/** Whether a text has letters of scripts that put no space between words. */
export function isUnspaced(text: string): boolean {
  return UNSPACED.test(text);
}

let segmenter: Intl.Segmenter | undefined;

function segmentedWords(run: string, offset: number, words: Word[]): void {
  segmenter ??= new Intl.Segmenter('und', { granularity: 'word' });
  // To ICU 々 is a word behind a letter and none alone: a question of it would find nothing.
  for (const { segment, index, isWordLike } of segmenter.segment(run))
    if (isWordLike === true || LETTER.test(segment)) pushFolded(segment, offset + index, words);
}

function pushFolded(found: string, start: number, words: Word[]): void {
  const text = cut(fold(found));
  if (text !== '') words.push({ text, start, end: start + found.length });
}

/** At most LONGEST_WORD units, never ending in half a surrogate pair. */
function cut(word: string): string {
  if (word.length <= LONGEST_WORD) return word;
  const last = word.charCodeAt(LONGEST_WORD - 1);
  return word.slice(0, last >= 0xd800 && last < 0xdc00 ? LONGEST_WORD - 1 : LONGEST_WORD);
}
