/** Types of what we use of `snowball-stemmers`, which ships none. */
declare module 'snowball-stemmers' {
  export function newStemmer(language: 'english'): { stem(word: string): string };
}
