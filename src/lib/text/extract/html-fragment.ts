/**
 * HTML that lies inside another format, as text: a mail's body, a chapter, a notebook's table.
 * Held whole by that format already. A file of HTML is read by `html.ts`, as a stream.
 */

import { Parser } from 'htmlparser2';
import type { Block } from '../document';
import { HtmlBlocks } from './html-blocks';

/** UTF-16 units handed to the tokeniser at once: between two the signal is looked at. */
const STEP = 65_536;

/**
 * Its blocks, without what its `head` says: that names the document, and is none of its text.
 *
 * @param xhtml whether `<script/>` is whole; in HTML it swallows the rest of the page
 */
export function* htmlFragment(
  source: string,
  { xhtml = false, signal }: { xhtml?: boolean; signal?: AbortSignal } = {},
): Generator<Block> {
  const blocks = new HtmlBlocks();
  let heads = 0;
  const parser = new Parser(
    {
      onopentag: (name, attributes) => {
        // A page without `</head>` begins its text with `body`.
        if (name === 'body') heads = 0;
        if (name === 'head') heads++;
        else if (heads === 0) blocks.open(name, attributes);
      },
      onclosetag: (name) => {
        if (name === 'head') heads = Math.max(0, heads - 1);
        else if (heads === 0) blocks.close(name);
      },
      ontext: (text) => {
        if (heads === 0) blocks.text(text);
      },
    },
    { decodeEntities: true, recognizeSelfClosing: xhtml },
  );
  for (let at = 0; at < source.length; at += STEP) {
    signal?.throwIfAborted();
    parser.write(source.slice(at, at + STEP));
    yield* blocks.take();
  }
  parser.end();
  yield* blocks.finish();
}
