/**
 * JSON documents, streamed: strings, numbers, `true` and `false` as lines under their path, with
 * the name that stands over them. Strict as RFC 8259 is: comments and trailing commas are errors
 * with their line and column. Not JSON Lines, and no format that is JSON inside, such as a notebook.
 */

import { CorruptError, UnsupportedError } from '../../errors';
import { type Block, type ExtractContext, extensionOf, type Extractor } from '../document';
import { decodeHead, decodeText, isTextual } from '../encoding';
import { JsonBlocks } from './json-blocks';
import { countLineEnds } from './plain';

/** UTF-16 units of one string: a bound on memory. */
const MAX_STRING = 16_777_216;
/** Bytes that `recognise` is given at most. */
const HEAD = 4096;
/** An object with a first member, alone or first in a list. */
const OBJECT = /^\s*(?:\[\s*)?\{\s*"(?:[^"\\\n]|\\.)*"\s*:/;

export const json: Extractor = {
  type: 'application/json',
  extensions: ['json', 'geojson', 'topojson', 'har', 'webmanifest'],
  recognise: recogniseJson,
  extract: extractJson,
};

function recogniseJson(head: Uint8Array, name: string): number {
  if (!isTextual(head)) return 0;
  const text = decodeHead(head).replace(/^\ufeff|^ï»¿/, '');
  if (json.extensions.includes(extensionOf(name))) return /^\s*[{[]/.test(text) ? 0.75 : 0.3;
  if (!/^\s*[{[]/.test(text)) return 0;
  if (head.length < HEAD) return parses(text) ? 0.6 : 0;
  // A log may have a whole object in each line.
  const [first = ''] = text.trimStart().split('\n');
  return OBJECT.test(text) && !parses(first) ? 0.6 : 0;
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

async function* extractJson(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const { name, signal } = context;
  const { JsonDepthError, JsonSyntaxError, JsonValues, MAX_JSON_DEPTH } =
    await import('./json-values');
  const blocks = new JsonBlocks();
  const values = new JsonValues(blocks);
  const refuse = async (error: unknown, piece: number): Promise<unknown> => {
    if (error instanceof JsonDepthError) {
      const message = `${name} was not read: it is nested deeper than ${MAX_JSON_DEPTH} levels.`;
      return new UnsupportedError(message, { subject: name });
    }
    if (!(error instanceof JsonSyntaxError)) return error;
    const { line, column } = await findError(file, context, piece);
    const message = `${name} is no valid JSON: see line ${line}, column ${column}. Comments and commas before an end are not allowed.`;
    return new CorruptError(message, { cause: error, subject: name });
  };
  let piece = 0;
  for await (const text of decodeText(file, signal, context)) {
    try {
      values.write(text);
    } catch (error) {
      yield* blocks.finish();
      throw await refuse(error, piece);
    }
    if (values.held > MAX_STRING) {
      const message = `${name} has a string longer than 16 million characters at ${values.path}.`;
      throw new UnsupportedError(message, { subject: name });
    }
    // Not `yield*`, which waits for each block as for a promise.
    for (const block of blocks.take()) yield block;
    piece++;
  }
  if (values.blank) return;
  try {
    values.end();
  } catch (error) {
    throw await refuse(error, piece);
  }
  yield* blocks.finish();
  if (!values.whole) {
    throw new CorruptError(`${name} is cut off: it ends inside ${values.path}.`, { subject: name });
  }
  if (blocks.blank) context.warn(`${name} holds no text: there is no value in it.`);
  else if (blocks.figures) {
    context.warn(`${name} holds hardly anything but numbers; a search by words will not find it.`);
  }
}

/**
 * Where a document stops being JSON, counted from 1: reads it once more, and the piece of the
 * error character by character, for tokens do not know their line.
 */
async function findError(
  file: Blob,
  { signal }: ExtractContext,
  wrong: number,
): Promise<{ line: number; column: number }> {
  const { JsonSyntaxError, JsonValues } = await import('./json-values');
  const values = new JsonValues({
    open: () => undefined,
    close: () => undefined,
    value: () => undefined,
  });
  let line = 1;
  let column = 1;
  let piece = 0;
  for await (const text of decodeText(file, signal)) {
    const steps = piece++ < wrong ? [text] : text;
    for (const step of steps) {
      try {
        values.write(step);
      } catch (error) {
        if (error instanceof JsonSyntaxError) return { line, column };
        throw error;
      }
      const end = step.lastIndexOf('\n');
      column = end < 0 ? column + step.length : step.length - end;
      if (end >= 0) line += countLineEnds(step);
    }
  }
  return { line, column };
}
