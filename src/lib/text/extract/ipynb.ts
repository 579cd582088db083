/**
 * Jupyter notebooks (nbformat 3 and 4): cells in their order, Markdown under its headings, code,
 * and what it printed. Not pictures, widgets or interactive plots: their text form, where the
 * notebook has one, is what is read.
 */

import { CorruptError, UnsupportedError } from '../../errors';
import {
  type Block,
  type ExtractContext,
  extensionOf,
  type Extractor,
  MAX_BLOCK,
} from '../document';
import { decodeHead, decodeText, isTextual } from '../encoding';
import { htmlFragment } from './html-fragment';
import { MarkdownReader } from './markdown';

/** A notebook is parsed whole, and takes several times its size; most of a large one is pictures. */
const MAX_BYTES = 64 * 2 ** 20;

export const ipynb: Extractor = {
  type: 'application/x-ipynb+json',
  extensions: ['ipynb'],
  recognise: recogniseNotebook,
  extract: extractNotebook,
};

function recogniseNotebook(head: Uint8Array, name: string): number {
  if (!isTextual(head)) return 0;
  const text = decodeHead(head).trimStart();
  if (!text.startsWith('{')) return 0;
  if (extensionOf(name) === 'ipynb') return 0.95;
  return /"(?:nbformat|cell_type)"\s*:/.test(text) ? 0.9 : 0;
}

async function* extractNotebook(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const { name, signal } = context;
  if (file.size > MAX_BYTES) {
    throw new UnsupportedError(
      `${name} is larger than 64 MiB; clear its outputs in Jupyter, save it, and add it again.`,
      { subject: name },
    );
  }
  let source = '';
  for await (const piece of decodeText(file, signal, context)) source += piece;
  const cells = cellsOf(parse(source, name));
  if (cells === undefined) {
    throw new CorruptError(`${name} is no Jupyter notebook: it has no list of cells.`, {
      subject: name,
    });
  }
  const reader = new MarkdownReader();
  let blocks = 0;
  for (const [i, cell] of cells.entries()) {
    signal.throwIfAborted();
    const path = `cell ${i + 1}`;
    for (const { text, kind, heading } of cellParts(cell, reader)) {
      blocks++;
      yield { text, kind, place: heading === undefined ? { path } : { heading, path } };
    }
  }
  if (blocks === 0) context.warn(`${name} has no cell with anything in it.`);
}

type Part = Pick<Block, 'text' | 'kind'> & { readonly heading: string[] | undefined };
type JsonObject = Readonly<Record<string, unknown>>;

function* cellParts(cell: JsonObject, reader: MarkdownReader): Generator<Part> {
  // Version 3 calls a code cell's source its input, and has headings as cells.
  const source = joined(cell['source'] ?? cell['input']);
  const type = cell['cell_type'];
  if (type === 'markdown' || type === 'heading') {
    const level = Math.min(6, Math.max(1, Math.trunc(Number(cell['level'])) || 1));
    const text = type === 'heading' ? '#'.repeat(level) + ' ' + source : source;
    if (source.trim() === '') return;
    for (const { text: own, kind, place } of reader.blocks(apart(text))) {
      yield { text: own, kind, heading: place.heading };
    }
    return;
  }
  const { heading } = reader;
  // A raw cell is meant for a converter, in whatever language that takes.
  const kind = type === 'code' ? 'code' : 'paragraph';
  for (const text of pieces(source)) yield { text, kind, heading };
  for (const output of objects(cell['outputs'])) {
    for (const text of pieces(printed(output))) yield { text, kind: 'paragraph', heading };
  }
}

/** What an output says as text. */
function printed(output: JsonObject): string {
  const { ename, evalue } = output;
  if (typeof ename === 'string') return `${ename}: ${typeof evalue === 'string' ? evalue : ''}`;
  const data = isObject(output['data']) ? output['data'] : output;
  // Version 3 names what version 4 calls by media type.
  const plain = joined(data['text/plain'] ?? data['text']);
  if (plain.trim() !== '') return asShown(plain);
  const html = joined(data['text/html'] ?? data['html']);
  return [...htmlFragment(html)].map((block) => block.text).join('');
}

/** Output as a terminal would show it: no colours, and a line that was written over once. */
function asShown(text: string): string {
  return text
    .replace(COLOUR, '')
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf('\r') + 1))
    .join('\n');
}

/** ECMA-48, 5.4: control sequences, as tracebacks and progress bars have them. */
const COLOUR = new RegExp(String.raw`\u{1b}\[[0-9;?]*[A-Za-z]`, 'gu');

/** A cell's text with a blank line after it, in pieces that a block can hold. */
function* pieces(text: string): Generator<string> {
  if (text.trim() === '') return;
  const whole = apart(text);
  for (let at = 0; at < whole.length;) {
    const line = whole.lastIndexOf('\n', at + MAX_BLOCK - 1) + 1;
    const end = whole.length - at <= MAX_BLOCK ? whole.length : line > at ? line : at + MAX_BLOCK;
    yield whole.slice(at, end);
    at = end;
  }
}

function apart(text: string): string {
  return text.trimEnd() + '\n\n';
}

/** A multi-line string, which a notebook keeps as a list of lines. */
function joined(value: unknown): string {
  const lines: readonly unknown[] = Array.isArray(value) ? value : [value];
  const text = lines.filter((line) => typeof line === 'string').join('');
  return text.replace(/\r\n/g, '\n');
}

function cellsOf(notebook: unknown): JsonObject[] | undefined {
  if (!isObject(notebook)) return undefined;
  if (Array.isArray(notebook['cells'])) return objects(notebook['cells']);
  if (!Array.isArray(notebook['worksheets'])) return undefined;
  return objects(notebook['worksheets']).flatMap((sheet) => objects(sheet['cells']));
}

function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parse(source: string, name: string): unknown {
  try {
    return JSON.parse(source);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CorruptError(`${name} is damaged or cut off: it is not whole JSON.`, {
      subject: name,
      cause: error,
    });
  }
}
