/**
 * Folding of words: what makes two spellings of one word the same term.
 * It is not stemming (`analyse.ts` adds that), and it never splits a word.
 */

/** Latin letters that Unicode does not decompose, and what they are written as without accents. */
const UNDECOMPOSED: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ı: 'i',
};

/** Accents (Combining Diacritical Marks). Vowel signs of other scripts are letters: they stay. */
const ACCENTS = /[\u0300-\u036f]+/g;
/** Soft hyphen, (non-)joiners, word joiner and byte order mark: they only steer line breaks. */
const INVISIBLE = /[\u00ad\u200c\u2060\ufeff\u200d]+/g;
const SPECIAL = /[ßæœøđðþłı]/g;
const APOSTROPHES = /[\u2019\u02bc\uff07]/g;

/**
 * Compatibility forms opened (`ﬁ` to `fi`, full width to ASCII: UAX #15, NFKD), lower case, accents
 * and invisible characters dropped, what is left composed again (NFC).
 */
export function fold(word: string): string {
  return word
    .normalize('NFKD')
    .toLowerCase()
    .replace(ACCENTS, '')
    .replace(INVISIBLE, '')
    .replace(APOSTROPHES, "'")
    .replace(SPECIAL, (letter) => UNDECOMPOSED[letter] ?? letter)
    .normalize('NFC');
}
