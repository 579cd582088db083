/** What an edit would change, word by word, and short enough to be looked at. Pure. */
import { diffWordsWithSpace } from 'diff';
import type { ChunkChange } from '../api';

export type WordPiece = ChunkChange['words'][number];

/**
 * Words that may differ before two texts are taken as having nothing in common: finding the shortest
 * difference takes time and memory of its square, and nobody reads one of that length word by word.
 */
const MOST_CHANGES = 600;

/** The pieces of two texts: without the `added` ones they are `before`, without the `removed` `after`. */
export function diffWords(before: string, after: string): WordPiece[] {
  if (before === after) return before === '' ? [] : [{ kind: 'same', text: before }];
  const changes = diffWordsWithSpace(before, after, { maxEditLength: MOST_CHANGES });
  const pieces: WordPiece[] = changes
    ? changes.map(({ added, removed, value }) => ({
        kind: added ? 'added' : removed ? 'removed' : 'same',
        text: value,
      }))
    : [
        { kind: 'removed', text: before },
        { kind: 'added', text: after },
      ];
  return pieces.filter(({ text }) => text !== '');
}

/** Characters of unchanged text that are shown on either side of a change. */
const AROUND = 80;

/** A piece to show; `cut` says that text was left out at its start, its end, or within it. */
export interface ShownPiece {
  readonly kind: WordPiece['kind'] | 'gap';
  readonly text: string;
}

/** Leaves out what is unchanged and far from any change, with a `gap` in its place. */
export function shortenSame(pieces: readonly WordPiece[]): ShownPiece[] {
  return pieces.flatMap((piece, at): ShownPiece[] => {
    if (piece.kind !== 'same') return [piece];
    const { text } = piece;
    const head = at === 0 ? 0 : AROUND;
    const tail = at === pieces.length - 1 ? 0 : AROUND;
    if (text.length <= head + tail + AROUND) return [piece];
    return [
      { kind: 'same', text: text.slice(0, wordStart(text, head)) },
      { kind: 'gap', text: '' },
      { kind: 'same', text: text.slice(wordStart(text, text.length - tail)) },
    ];
  });
}

/** The next place at or after `at` where a word begins, no more than 40 units on. */
function wordStart(text: string, at: number): number {
  if (at <= 0 || at >= text.length) return Math.max(0, Math.min(at, text.length));
  for (let i = at; i < Math.min(text.length, at + 40); i += 1) {
    if (/\s/u.test(text.charAt(i - 1))) return i;
  }
  // A script without spaces: never between the halves of a surrogate pair.
  const low = text.charCodeAt(at);
  return low >= 0xdc00 && low <= 0xdfff ? at + 1 : at;
}

/** How many words were added and removed. */
export function countWords(pieces: readonly WordPiece[]): { added: number; removed: number } {
  const count = (kind: WordPiece['kind']): number =>
    pieces.reduce(
      (sum, piece) =>
        piece.kind === kind ? sum + (piece.text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0) : sum,
      0,
    );
  return { added: count('added'), removed: count('removed') };
}
