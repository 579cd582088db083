/**
 * HTML as text: streamed through a tokeniser in the worker, never executed, never shown. Keeps
 * what a reader sees (headings, paragraphs, lists, tables as tab-separated rows, preformatted
 * text) and drops scripts, styles and what is marked hidden. Not a renderer: style sheets are
 * not read.
 */

import { Parser } from 'htmlparser2';
import { type Block, type ExtractContext, extensionOf, type Extractor } from '../document';
import { decodeHead, decodeText, isTextual } from '../encoding';
import { HtmlBlocks } from './html-blocks';

/** Bytes in which a document declares its encoding (WHATWG HTML, 13.2.3.2, asks for 1,024). */
const HEAD = 4096;
const META = /<meta[^>]+charset\s*=\s*["']?\s*([\w:.-]+)/i;
const XML_DECLARATION = /^\s*<\?xml[^>]*encoding\s*=\s*["']([\w:.-]+)["']/i;

export const html: Extractor = {
  type: 'text/html',
  extensions: ['html', 'htm', 'xhtml', 'xht'],
  recognise: recogniseHtml,
  extract: extractHtml,
};

function recogniseHtml(head: Uint8Array, name: string): number {
  if (!isTextual(head)) return 0;
  const text = decodeHead(head);
  if (!text.trimStart().startsWith('<')) {
    return html.extensions.includes(extensionOf(name)) && /<[a-z]/i.test(text) ? 0.75 : 0;
  }
  if (/<!doctype\s+html|<html[\s>]/i.test(text)) return 0.95;
  return html.extensions.includes(extensionOf(name)) ? 0.8 : 0;
}

async function* extractHtml(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const head = decodeHead(new Uint8Array(await file.slice(0, HEAD).arrayBuffer()));
  const declared = META.exec(head)?.[1] ?? XML_DECLARATION.exec(head)?.[1];
  const blocks = new HtmlBlocks();
  const parser = new Parser(
    {
      onopentag: (name, attributes) => blocks.open(name, attributes),
      onclosetag: (name) => blocks.close(name),
      ontext: (text) => blocks.text(text),
    },
    // In XHTML `<script/>` is whole; in HTML it swallows the rest of the page.
    { decodeEntities: true, recognizeSelfClosing: XML_DECLARATION.test(head) },
  );
  const { name, signal } = context;
  const options = {
    name,
    warn: (message: string) => context.warn(message),
    progress: (bytes: number) => context.progress(bytes),
    ...(declared === undefined ? {} : { declared }),
  };
  for await (const piece of decodeText(file, signal, options)) {
    parser.write(piece);
    yield* blocks.take();
  }
  parser.end();
  yield* blocks.finish();
  if (blocks.count === 0) context.warn(`${name} holds no text; its scripts may make it.`);
}
