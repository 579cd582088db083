/**
 * Light stemming of Arabic words: the article with what is written together with it, and the endings
 * of number and gender, are cut off (light10; Larkey, Ballesteros and Connell, 2007). It knows no
 * roots. Words are given folded (`fold.ts`); Persian and Urdu lose next to nothing by it.
 */

/** Longest first; a word keeps at least two letters behind one, three behind `و` (and). */
const PREFIXES = ['وال', 'بال', 'كال', 'فال', 'ال', 'لل', 'و'] as const;
/** One after another, each off once; a word keeps at least two letters. Teh marbuta is folded to heh. */
const SUFFIXES = ['ها', 'ان', 'ات', 'ون', 'ين', 'يه', 'ه', 'ي'] as const;
const AND = 'و';

const ARABIC_WORD = /^[\u0620-\u064a\u066e-\u06d3]+$/;

/** The stem of an Arabic word; anything else as it is. */
export function stemArabic(word: string): string {
  if (!ARABIC_WORD.test(word)) return word;
  const prefix = PREFIXES.find(
    (one) => word.startsWith(one) && word.length >= one.length + (one === AND ? 3 : 2),
  );
  let stem = word.slice(prefix?.length ?? 0);
  for (const suffix of SUFFIXES)
    if (stem.endsWith(suffix) && stem.length >= suffix.length + 2)
      stem = stem.slice(0, -suffix.length);
  return stem;
}
