/**
 * Rich Text Format: streamed through a tokeniser of our own; text, tables row by row, notes where
 * they are referred to, text boxes, and headers and footers once, at the end.
 */

import { CorruptError } from '../../errors';
import type { Block, ExtractContext, Extractor } from '../document';
import { OfficeBlocks } from './office-blocks';
import { RtfReader } from './rtf-reader';
import { RtfTokenizer } from './rtf-tokens';

/** Bytes per read: one step of memory and of progress. */
const STEP = 262_144;

export const rtf: Extractor = {
  type: 'application/rtf',
  extensions: ['rtf'],
  recognise: (head) => (/^\s*\{\\rtf/.test(latin1(head.subarray(0, 16))) ? 1 : 0),
  extract: extractRtf,
};

async function* extractRtf(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const { name, signal, warn, progress } = context;
  const blocks = new OfficeBlocks(name);
  const reader = new RtfReader(blocks, name);
  const tokens = new RtfTokenizer(reader);
  let isCutOff = true;
  for (let at = 0; at < file.size && isCutOff; at += STEP) {
    signal.throwIfAborted();
    tokens.write(new Uint8Array(await file.slice(at, at + STEP).arrayBuffer()));
    yield* blocks.take();
    progress(Math.min(at + STEP, file.size));
    // After the last group there may be padding, and nothing else.
    isCutOff = reader.depth > 0;
  }
  reader.finish();
  blocks.enter({});
  for (const text of reader.margins) if (/\p{L}/u.test(text)) blocks.paragraph(text);
  yield* blocks.finish();
  progress(file.size);
  if (isCutOff && blocks.count === 0) {
    throw new CorruptError(`${name} is damaged or cut off: no text is left of it.`, {
      subject: name,
    });
  }
  if (isCutOff) warn(`${name} has no end and seems to be cut off: text is missing.`);
  if (blocks.count === 0) warn(`${name} holds no text; pictures in it are not read.`);
  const { unknown } = reader.decoder;
  if (unknown.size > 0) {
    const pages = [...unknown].join(', ');
    warn(`${name} is in an old character set (${pages}); accented letters may be wrong.`);
  }
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}
