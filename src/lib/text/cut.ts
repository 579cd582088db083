/**
 * Where a text that is too long is cut: code at blank lines, code and tables at lines, prose at
 * sentences, and below that at words and graphemes. Not the packing of pieces into chunks, which is `chunk.ts`.
 */

import type { Block } from './document';

// UAX #29 boundaries as the engine's ICU has them; `und` keeps them apart from the reader's locale.
const SENTENCES = new Intl.Segmenter('und', { granularity: 'sentence' });
const WORDS = new Intl.Segmenter('und', { granularity: 'word' });
const GRAPHEMES = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** Code units that must follow `size` for the cut to be right: one whole code point. */
export const LOOK_AHEAD = 2;

/**
 * The offset at which to cut a text that is longer than `size`: 1 to `size` UTF-16 units, and a
 * grapheme boundary unless the first grapheme alone is longer than `size`.
 *
 * @param window the text from a grapheme boundary on, `size + LOOK_AHEAD` units or up to its end
 */
export function cutOffset(window: string, kind: Block['kind'], size: number): number {
  const cut = structuralCut(window, kind, size);
  const wanted = cut > 0 ? cut : size;
  if (isPlainBoundary(window, wanted)) return wanted;
  const index = boundary(GRAPHEMES, window, wanted);
  if (index > 0) return index;
  // The first grapheme is too long: cut it, but never between the halves of a surrogate pair.
  return size > 1 && isLowSurrogate(window.charCodeAt(size)) ? size - 1 : size;
}

/** Below a quarter of `size`, the next finer structure serves: it would leave a crumb. */
function structuralCut(window: string, kind: Block['kind'], size: number): number {
  const least = size >> 2;
  const line = window.lastIndexOf('\n', size - 1) + 1;
  // A row that fits is never cut, whatever is left before it.
  if (kind === 'table' && line > 0) return line;
  if (kind === 'code') {
    const block = blockCut(window, least, size);
    if (block > 0) return block;
    // A line of code is a unit; in prose a line end may be only where the page ended.
    if (line > least) return line;
  }
  const sentence = boundary(SENTENCES, line > 0 ? window.replaceAll('\n', ' ') : window, size);
  if (sentence > least) return sentence;
  if (line > least) return line;
  const space = afterLastSpace(window, size);
  return space > least ? space : boundary(WORDS, window, size);
}

/**
 * The last line behind `least` that follows a blank one: rather one that is not indented, where a new
 * definition begins; 0 where there is none.
 */
function blockCut(window: string, least: number, size: number): number {
  let indented = 0;
  let line = window.lastIndexOf('\n', size - 1) + 1;
  while (line > Math.max(least, 1)) {
    const before = window.lastIndexOf('\n', line - 2) + 1;
    if (window.slice(before, line).trim() === '') {
      if (/^\S/u.test(window.slice(line, line + LOOK_AHEAD))) return line;
      indented ||= line;
    }
    line = before;
  }
  return indented;
}

/** The last boundary at or before `offset`; 0 where there is none but the beginning. */
function boundary(segmenter: Intl.Segmenter, text: string, offset: number): number {
  return segmenter.segment(text).containing(offset)?.index ?? offset;
}

function afterLastSpace(text: string, size: number): number {
  for (let end = size; end > 0; end--) if (isSpace(text.charCodeAt(end - 1))) return end;
  return 0;
}

/** White space that parts words in any script: not the no-break ones. */
function isSpace(unit: number): boolean {
  return unit === 0x20 || (unit >= 9 && unit <= 13) || unit === 0x3000;
}

/** After LF, and between two units of Basic Latin, there is always a boundary (GB3: not in CR LF). */
function isPlainBoundary(text: string, offset: number): boolean {
  const before = text.charCodeAt(offset - 1);
  return before === 0x0a || (before < 0x80 && text.charCodeAt(offset) < 0x80 && before !== 0x0d);
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
