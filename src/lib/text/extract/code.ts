/**
 * Source code and plain configuration: cut where definitions begin, with their names and lines.
 * The text stays as it is written. Not a parser: one look at each line, by the habits of its
 * family of languages (`code-languages.ts`), so that code which does not compile is read as well.
 */

import { type Block, type ExtractContext, extensionOf, type Extractor } from '../document';
import { decodeHead, decodeText, isTextual } from '../encoding';
import { CodeReader } from './code-blocks';
import { LANGUAGES, languageOf } from './code-languages';

/** UTF-16 units of a line that are looked at whole: a longer one is data, and is handed over in pieces. */
const MAX_LINE = 16_384;

export const code: Extractor = {
  type: 'text/x-source',
  extensions: LANGUAGES.flatMap((language) => language.extensions),
  recognise: recogniseCode,
  extract: extractCode,
};

function recogniseCode(head: Uint8Array, name: string): number {
  if (!isTextual(head)) return 0;
  const text = decodeHead(head);
  // A page that is written in PHP begins as one, and may hold a whole page of HTML.
  if (/^\s*<\?php\b/.test(text)) return 0.97;
  if (languageOf(name, '') !== undefined) return head.length > 0 ? 0.6 : 0;
  // A name that says something else, such as `.txt` or `.md`, is believed.
  return extensionOf(name) === '' && languageOf(name, text) !== undefined ? 0.6 : 0;
}

async function* extractCode(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const head = decodeHead(new Uint8Array(await file.slice(0, 4096).arrayBuffer()));
  const reader = new CodeReader(languageOf(context.name, head));
  let rest = '';
  for await (const piece of decodeText(file, context.signal, context)) {
    const text = rest + piece;
    let at = 0;
    for (let end = text.indexOf('\n') + 1; end > 0; end = text.indexOf('\n', at) + 1) {
      yield* parts(text.slice(at, end), reader);
      at = end;
    }
    const whole = Math.floor((text.length - at) / MAX_LINE) * MAX_LINE;
    yield* parts(text.slice(at, at + whole), reader);
    rest = text.slice(at + whole);
  }
  if (rest !== '') yield* reader.line(rest);
  yield* reader.finish();
}

function* parts(line: string, reader: CodeReader): Generator<Block> {
  for (let at = 0; at < line.length; at += MAX_LINE) {
    yield* reader.line(line.slice(at, at + MAX_LINE));
  }
}
