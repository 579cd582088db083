/**
 * JSON Lines: one object per line, each a ready-made chunk of its text, with its line. Not JSON
 * documents: those are `json.ts`.
 */

import { UnsupportedError } from '../../errors';
import { type Block, type ExtractContext, extensionOf, type Extractor } from '../document';
import { decodeHead, decodeText, isTextual } from '../encoding';

/** Fields that hold a record's text, the best first, as data sets and exports name them. */
const TEXT_FIELDS = ['text', 'content', 'body'] as const;
/** UTF-16 units of one line: a bound on memory. */
const MAX_LINE = 16_777_216;

export const jsonl: Extractor = {
  type: 'application/jsonl',
  extensions: ['jsonl', 'ndjson'],
  recognise: recogniseLines,
  extract: extractLines,
};

function recogniseLines(head: Uint8Array, name: string): number {
  if (!isTextual(head)) return 0;
  const named = jsonl.extensions.includes(extensionOf(name));
  const [first = '', second, ...more] = decodeHead(head).split('\n');
  // A first line longer than the head cannot be parsed: there the name decides.
  if (second === undefined && parseRecord(first) === undefined) {
    return named && first.trimStart().startsWith('{"') ? 0.6 : 0;
  }
  if (parseRecord(first) === undefined) return 0;
  if (named) return 0.9;
  // By content alone, two whole lines must parse: one could be any JSON document.
  return second !== undefined && more.length > 0 && parseRecord(second) !== undefined ? 0.8 : 0;
}

async function* extractLines(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  let line = 0;
  let odd = 0;
  let firstOdd = 0;
  const record = (source: string): Block => {
    line++;
    const text = textOf(parseRecord(source));
    if (text === undefined && source.trim() !== '') {
      odd++;
      firstOdd ||= line;
    }
    // A record ends in one line end, so that the joined text keeps them apart.
    return { text: (text ?? source).trimEnd() + '\n', kind: 'record', place: { line } };
  };
  let rest = '';
  for await (const piece of decodeText(file, context.signal, context)) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE) {
      throw new UnsupportedError(
        `Line ${line + lines.length + 1} of ${context.name} is longer than 16 million characters.`,
        { subject: context.name },
      );
    }
    for (const source of lines) yield record(source);
  }
  if (rest.trim() !== '') yield record(rest);
  if (odd > 0) {
    context.warn(
      `${context.name}: ${odd} line(s), the first of them ${firstOdd}, are no JSON objects with text; kept as they stand.`,
    );
  }
}

type JsonObject = Record<string, unknown>;

function parseRecord(line: string): JsonObject | undefined {
  if (!line.trimStart().startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) && textOf(value) !== undefined ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Title and text; where no field is known to hold the text, every string, so that none is lost. */
function textOf(record: JsonObject | undefined): string | undefined {
  if (record === undefined) return undefined;
  const field = TEXT_FIELDS.find((name) => isText(record[name]));
  const parts = field === undefined ? Object.values(record) : [record['title'], record[field]];
  const text = parts.filter(isText).map(unifyLineEnds);
  return text.length === 0 ? undefined : text.join('\n');
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function unifyLineEnds(text: string): string {
  return text.replace(/\r\n?/g, '\n');
}
