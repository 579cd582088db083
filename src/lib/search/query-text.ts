/**
 * The language of a question: words, phrases in quotation marks, and what is left out by a minus.
 * It takes a question apart and knows nothing of what is searched. Nothing that can be typed is an
 * error: what is no phrase and no exclusion is words.
 */
import { isUnspaced } from './words';

/** What a passage must not say. */
export interface Exclusion {
  readonly text: string;
  /** In quotation marks: as it is spelt. Else in any form of the word. */
  readonly isPhrase: boolean;
}

export interface QueryText {
  /** What is looked for: words and phrases as they were typed, without marks and exclusions. */
  readonly words: string;
  /** Each must stand in a passage that answers. Part of `words` too. */
  readonly phrases: readonly string[];
  readonly excluded: readonly Exclusion[];
}

/**
 * Quotation marks by what closes them. Languages differ in which of a pair comes first („x“, “x”,
 * ”x”, «x», »x«), so that any mark of a kind closes any other. Apostrophes are none.
 */
const KINDS = ['"“”„‟〝〞〟＂', '«»‹›', '「」｢｣', '『』', '《》'] as const;

/** Hyphen, minus sign, full-width hyphen: at the beginning of a word they leave it out. */
const MINUS = /[-−－]/u;
const SPACE = /\s/u;
/** What a quotation mark must not follow to open: 5" and צה"ל are words. */
const LETTER = /[\p{L}\p{N}\p{M}]/u;

export function parseQuery(query: string): QueryText {
  const words: string[] = [];
  const phrases: string[] = [];
  const excluded: Exclusion[] = [];
  let plain = '';
  for (let at = 0; at < query.length;) {
    const isOut = beginsExclusion(query, at);
    const phrase = phraseAt(query, isOut ? at + 1 : at);
    if (!isOut && !phrase) {
      plain += query.charAt(at++);
      continue;
    }
    words.push(plain);
    plain = '';
    const end = phrase?.end ?? wordEnd(query, at);
    const text = phrase?.text ?? query.slice(at + 1, end);
    if (isOut) excluded.push({ text, isPhrase: phrase !== null });
    else {
      words.push(text);
      phrases.push(text);
    }
    at = end;
  }
  words.push(plain);
  return {
    words: words
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .join(' '),
    phrases: phrases.filter((phrase) => LETTER.test(phrase)),
    excluded: excluded.filter(({ text }) => LETTER.test(text)),
  };
}

/** A minus before a word or a quotation; not one inside a word, alone, or doubled. */
function beginsExclusion(query: string, at: number): boolean {
  if (!MINUS.test(query.charAt(at))) return false;
  if (at > 0 && !SPACE.test(query.charAt(at - 1))) return false;
  const next = query.charAt(at + 1);
  return next !== '' && !SPACE.test(next) && !MINUS.test(next);
}

/** The quotation that opens at a place, if it is closed too; an open one is words, while it is typed. */
function phraseAt(query: string, at: number): { text: string; end: number } | null {
  const kind = KINDS.find((marks) => marks.includes(query.charAt(at)));
  if (at >= query.length || kind === undefined) return null;
  const before = query.charAt(at - 1);
  if (LETTER.test(before) && !isUnspaced(before)) return null; // 東京「大阪」 has no space before
  for (let end = at + 1; end < query.length; end++) {
    if (!kind.includes(query.charAt(end))) continue;
    const after = query.charAt(end + 1);
    const isInWord = LETTER.test(query.charAt(end - 1)) && LETTER.test(after);
    if (isInWord && !isUnspaced(after)) continue;
    return { text: query.slice(at + 1, end).trim(), end: end + 1 };
  }
  return null;
}

function wordEnd(query: string, at: number): number {
  let end = at;
  while (end < query.length && !SPACE.test(query.charAt(end))) end++;
  return end;
}
