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

/**
 * Letters of one sound that are typed one way and printed another: Greek's final sigma; alef wasla,
 * alef maqsura, teh marbuta, and Persian's yeh and kaf (as Lucene's normalisers of Arabic and
 * Persian have it); the digits of both.
 */
const SAME_LETTERS: Readonly<Record<string, string>> = {
  ς: 'σ',
  ٱ: 'ا',
  ى: 'ي',
  ی: 'ي',
  ک: 'ك',
  ة: 'ه',
  ...Object.fromEntries(Array.from('٠١٢٣٤٥٦٧٨٩', (digit, value) => [digit, String(value)])),
  ...Object.fromEntries(Array.from('۰۱۲۳۴۵۶۷۸۹', (digit, value) => [digit, String(value)])),
};

/**
 * Accents (Combining Diacritical Marks), Hebrew's points, Arabic's vowel signs, hamzas and Quranic
 * marks: writers leave them out. Vowel signs of other scripts are letters: they stay.
 */
const ACCENTS =
  /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]+/g;
/** Arabic's lengthening stroke. */
const TATWEEL = /\u0640+/g;
/** Soft hyphen, (non-)joiners, word joiner and byte order mark: they only steer line breaks. */
const INVISIBLE = /[\u00ad\u200c\u2060\ufeff\u200d]+/g;
const SPECIAL = /[ßæœøđðþłı]/g;
const VARIANTS = /[ςٱىیکة٠-٩۰-۹]/g;
const APOSTROPHES = /[\u2019\u02bc\uff07]/g;

/**
 * Compatibility forms opened (`ﬁ` to `fi`, full width to ASCII: UAX #15, NFKD), lower case, accents
 * and invisible characters dropped, variants of a letter made one, what is left composed again (NFC).
 */
export function fold(word: string): string {
  return word
    .normalize('NFKD')
    .toLowerCase()
    .replace(ACCENTS, '')
    .replace(INVISIBLE, '')
    .replace(TATWEEL, '')
    .replace(APOSTROPHES, "'")
    .replace(SPECIAL, (letter) => UNDECOMPOSED[letter] ?? letter)
    .replace(VARIANTS, (letter) => SAME_LETTERS[letter] ?? letter)
    .normalize('NFC');
}
