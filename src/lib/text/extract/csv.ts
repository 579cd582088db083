/**
 * Delimited text: CSV and TSV, with the delimiter found in the content. Streamed record by record.
 * What a field means is not interpreted: numbers and dates stay as they are written.
 */

import { UnsupportedError } from '../../errors';
import { type Block, type ExtractContext, extensionOf, type Extractor } from '../document';
import { decodeHead, decodeText, isTextual } from '../encoding';
import { type Delimiter, findDelimiter, RecordReader } from './csv-records';
import { type Cell, cellText, TableBlocks } from './table-rows';

/** UTF-16 units of one record: a bound on memory where a quote is never closed. */
const MAX_RECORD = 16_777_216;
/** UTF-16 units in which the delimiter is looked for. */
const SAMPLE = 65_536;
/** What Excel writes and reads in the first line. */
const SEPARATOR_LINE = /^sep=([,;|\t])\n/i;
/** Bytes that `recognise` is given at most. */
const HEAD = 4096;
/** Extensions of text that may be anything; others say what they are. */
const OPEN_NAMES = new Set(['', 'txt', 'text', 'dat', 'data', 'asc']);
/** A table as Markdown and consoles draw it: text, whose bars part no records. */
const DRAWN_TABLE = /^\s*\|/;

export const csv = delimited('text/csv', ['csv'], ',');
export const tsv = delimited('text/tab-separated-values', ['tsv', 'tab'], '\t');

function delimited(type: string, extensions: readonly string[], usual: Delimiter): Extractor {
  const recognise = (head: Uint8Array, name: string): number => {
    if (!isTextual(head) || head.length === 0) return 0;
    const extension = extensionOf(name);
    if (extensions.includes(extension)) return 0.7;
    if (!OPEN_NAMES.has(extension)) return 0;
    const text = unifyLineEnds(decodeHead(head));
    if (DRAWN_TABLE.test(text)) return 0;
    const found = findDelimiter(text, head.length < HEAD);
    if (found === undefined || found.share < 1 || found.records < 3) return 0;
    if ((found.delimiter === '\t') !== (usual === '\t')) return 0;
    // Prose may have a comma in every line.
    return found.fields >= 3 || found.delimiter === '\t' ? 0.4 : 0;
  };
  return {
    type,
    extensions,
    recognise,
    extract: (file, context) => extractRecords(file, context, usual),
  };
}

async function* extractRecords(
  file: Blob,
  context: ExtractContext,
  usual: Delimiter,
): AsyncGenerator<Block> {
  const { name, signal } = context;
  const table = new TableBlocks();
  let reader: RecordReader | undefined;
  let row = 0;
  const blocks = function* (record: readonly string[]): Generator<Block> {
    row++;
    yield* table.add({ row, cells: cellsOf(record) });
  };
  for await (const piece of decodeText(file, signal, context)) {
    let text = piece;
    if (reader === undefined) {
      const said = SEPARATOR_LINE.exec(piece);
      if (said !== null) text = piece.slice(said[0].length);
      reader = new RecordReader(
        said === null ? delimiterOf(piece, usual) : toDelimiter(said[1], usual),
      );
    }
    // Not `yield*`, which waits for each block as for a promise.
    for (const record of reader.read(text)) for (const block of blocks(record)) yield block;
    if (reader.held > MAX_RECORD) {
      throw new UnsupportedError(
        `Row ${row + 1} of ${name} is longer than 16 million characters; perhaps a quote is never closed.`,
        { subject: name },
      );
    }
  }
  if (reader?.quoted === true) {
    context.warn(`${name} is cut off or damaged: row ${row + 1} opens a quote that never closes.`);
  }
  const last = reader?.finish();
  if (last !== undefined) yield* blocks(last);
  yield* table.finish();
  // Of a file of nothing but white space the decoder has told.
  if (table.blank && reader?.parted === true) {
    context.warn(`${name} holds a table, but all its cells are empty.`);
  }
}

function delimiterOf(sample: string, usual: Delimiter): Delimiter {
  const text = sample.slice(0, SAMPLE);
  return findDelimiter(text, text.length < SAMPLE)?.delimiter ?? usual;
}

function toDelimiter(text: string | undefined, usual: Delimiter): Delimiter {
  return text === ',' || text === ';' || text === '|' || text === '\t' ? text : usual;
}

function cellsOf(record: readonly string[]): Cell[] {
  const cells: Cell[] = [];
  for (let column = 0; column < record.length; column++) {
    const text = cellText(record[column] ?? '');
    if (text !== '') cells.push({ column, text });
  }
  return cells;
}

function unifyLineEnds(text: string): string {
  return text.replace(/\r\n?/g, '\n');
}
