/**
 * Plain text: paragraphs parted by blank lines, with their line. Also whatever is textual and has
 * no extractor of its own yet: source code, logs, tables.
 */

import {
  type Block,
  type ExtractContext,
  extensionOf,
  type Extractor,
  MAX_BLOCK,
} from '../document';
import { decodeText, isTextual } from '../encoding';

/** Prose by its name; in anything else the line is the unit. */
const PROSE = new Set(['', 'txt', 'text', 'asc', 'rst', 'adoc', 'org', 'tex']);

/** Two or more line ends with nothing but spaces between them. */
const GAP = /\n(?:[ \t\f\v]*\n)+/g;

export const plain: Extractor = {
  type: 'text/plain',
  extensions: ['txt', 'text', 'log'],
  recognise: (head) => (isTextual(head) ? 0.2 : 0),
  extract: extractPlain,
};

async function* extractPlain(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const kind = PROSE.has(extensionOf(context.name)) ? 'paragraph' : 'code';
  let line = 1;
  const block = (text: string): Block => {
    const own: Block = { text, kind, place: { line } };
    line += countLineEnds(text);
    return own;
  };
  let rest = '';
  for await (const piece of decodeText(file, context.signal, context)) {
    const text = rest + piece;
    let at = 0;
    for (const { index, 0: gap } of text.matchAll(GAP)) {
      const end = index + gap.length;
      // A gap that touches the end may go on in the next piece; one at the start is no paragraph.
      if (end === text.length || text.slice(at, index).trim() === '') continue;
      yield block(text.slice(at, end));
      at = end;
    }
    for (; text.length - at > MAX_BLOCK;) {
      const end = text.lastIndexOf('\n', at + MAX_BLOCK - 1) + 1;
      const next = end > at ? end : at + MAX_BLOCK;
      yield block(text.slice(at, next));
      at = next;
    }
    rest = text.slice(at);
  }
  if (rest !== '') yield block(rest);
}

/** Line ends in a text. */
export function countLineEnds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
