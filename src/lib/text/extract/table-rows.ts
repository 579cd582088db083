/**
 * Rows of a table to blocks: one line a row, with the header as `columns`, for every format that
 * has rows (CSV, XLSX, ODS). Decides whether the first row is the header. Knows no file format.
 *
 * Cells are parted by ` | `. Empty ones are kept between others, so that a row can be read under
 * its header, but for those at the end, and for columns at the left that the table's first rows
 * leave empty.
 */

import { UnsupportedError } from '../../errors';
import { type Block, type BlockPlace, MAX_BLOCK } from '../document';

/** A cell that holds something. */
export interface Cell {
  /** 0-based. */
  readonly column: number;
  /** One line, trimmed, not empty. */
  readonly text: string;
}

/** A row, with its cells from left to right. */
export interface Row {
  /** 1-based, as a spreadsheet counts. */
  readonly row: number;
  readonly cells: readonly Cell[];
}

/** Rows that are looked at before the first block: what a header is told by. */
const SAMPLE_ROWS = 30;
/** UTF-16 units of the same: a bound on memory where cells are long. */
const SAMPLE_UNITS = 262_144;
/** UTF-16 units of a header in all. A longer one stays a row: each chunk would carry it. */
const MAX_HEADER = 2_000;
/** UTF-16 units of one title. A longer cell is a sentence. */
const MAX_TITLE = 120;
/** Empty cells between two others: a cell in column XFD would cost 50 kB of separators. */
const MAX_GAP = 16;
const SEPARATOR = ' | ';

/** UTF-16 units of one row, or of a text that cells share: a bound on memory. */
const MAX_ROW = 16_777_216;
/** UTF-16 units of all tables of a file. */
const MAX_TEXT = 1_073_741_824;
/** What a cell costs besides its text. */
const CELL_COST = 16;

/**
 * Text that the tables of one file may give. Sheets say a text once and refer to it from any
 * number of cells, so that a small file can hold more than any disk.
 */
export class TextBudget {
  readonly #name: string;
  #row = 0;
  #all = 0;

  /** @param name of the file, for messages */
  constructor(name: string) {
    this.#name = name;
  }

  /**
   * Counts text as it is read, before it is held.
   * @throws UnsupportedError where a row, or all rows together, are too long
   */
  spend(units: number): void {
    this.#row += units + CELL_COST;
    this.#all += units + CELL_COST;
    if (this.#row <= MAX_ROW && this.#all <= MAX_TEXT) return;
    const what = this.#row > MAX_ROW ? 'a row of a table is' : 'its tables are';
    const message = `${this.#name} was not read: ${what} far longer than a spreadsheet can show.`;
    throw new UnsupportedError(message, { subject: this.#name });
  }

  /** What is counted from now on is the next row's. */
  endRow(): void {
    this.#row = 0;
  }
}

/** The blocks of one table. Holds at most the sample. */
export class TableBlocks {
  readonly #place: Pick<BlockPlace, 'sheet'>;
  #sample: Row[] | undefined = [];
  #units = 0;
  #columns: string[] | undefined;
  #blank = true;
  /** Columns at the left that the table leaves empty. */
  #indent = 0;

  constructor(place: Pick<BlockPlace, 'sheet'> = {}) {
    this.#place = place;
  }

  /** Whether no row held anything so far. */
  get blank(): boolean {
    return this.#blank;
  }

  /** The blocks that are certain with this row. Rows without cells give none. */
  *add(row: Row): Generator<Block> {
    if (row.cells.length === 0) return;
    this.#blank = false;
    if (this.#sample === undefined) {
      yield* this.#blocks(row);
      return;
    }
    this.#sample.push(row);
    for (const { text } of row.cells) this.#units += text.length;
    if (this.#sample.length >= SAMPLE_ROWS || this.#units >= SAMPLE_UNITS) yield* this.finish();
  }

  /** The blocks of the rows that are held. */
  *finish(): Generator<Block> {
    const sample = this.#sample ?? [];
    this.#sample = undefined;
    const [first, ...below] = sample;
    if (first === undefined) return;
    this.#indent = Math.min(...sample.map(({ cells }) => cells[0]?.column ?? 0));
    this.#columns = headerOf(first, below, this.#indent);
    for (const row of this.#columns === undefined ? sample : below) yield* this.#blocks(row);
  }

  *#blocks({ row, cells }: Row): Generator<Block> {
    const columns = this.#columns;
    const place = { ...this.#place, row, ...(columns === undefined ? {} : { columns }) };
    const line = lineOf(cells, this.#indent, Math.max(MAX_GAP, columns?.length ?? 0));
    // A row without an end is handed over in pieces, which the chunker joins.
    for (let at = 0; at < line.length;) {
      const end = wholeCharacters(line, at, at + MAX_BLOCK);
      yield { text: line.slice(at, end), kind: 'table', place };
      at = end;
    }
  }
}

/** Cell text as blocks need it: on one line, trimmed. */
export function cellText(text: string): string {
  return /[\n\r\t\v\f\u2028\u2029]/.test(text)
    ? text.replace(/\s*[\n\r\t\v\f\u2028\u2029]\s*/g, ' ').trim()
    : text.trim();
}

function lineOf(cells: readonly Cell[], indent: number, maxGap: number): string {
  let line = '';
  let next = indent;
  for (const { column, text } of cells) {
    const gap = Math.min(Math.max(column - next, 0), maxGap);
    if (line === '') line = SEPARATOR.repeat(gap) + text;
    else line += SEPARATOR.repeat(gap + 1) + text;
    next = column + 1;
  }
  return line.trimStart() + '\n';
}

/** `to`, or one less where it would part a surrogate pair. */
function wholeCharacters(text: string, from: number, to: number): number {
  const unit = to < text.length ? text.charCodeAt(to) : 0;
  return unit >= 0xdc00 && unit <= 0xdfff && to - 1 > from ? to - 1 : Math.min(to, text.length);
}

/**
 * The titles of the columns, where the first row has them: it is row 1, has a short text of its
 * own for each column, no figures, and is unlike what stands below it. One column of figures (or
 * dates, addresses) under a text proves it; else half of two or more columns must look otherwise. Where in
 * doubt it is a row: a wrong header would stand over every row.
 */
export function headerOf(first: Row, below: readonly Row[], indent: number): string[] | undefined {
  if (first.row !== 1 || below.length === 0) return undefined;
  const last = first.cells.at(-1)?.column ?? 0;
  const wider = below.filter(({ cells }) => (cells.at(-1)?.column ?? 0) > last);
  if (wider.length * 2 > below.length) return undefined;

  const columns = columnsOf(below);
  // Data frames number their rows in a column without a title.
  const numbered = columns.get(indent)?.every(isFigure) === true;
  let next = first.cells[0]?.column === indent + 1 && numbered ? indent + 1 : indent;
  let units = 0;
  let alike = 0;
  let proof = false;
  const seen = new Set<string>();
  for (const { column, text } of first.cells) {
    const title = text.toLowerCase();
    units += text.length;
    if (column !== next || seen.has(title) || isFigure(text) || text.length > MAX_TITLE) {
      return undefined;
    }
    next++;
    seen.add(title);
    const values = columns.get(column) ?? [];
    if (values.some((value) => value.toLowerCase() === title)) return undefined;
    if (values.length === 0) continue;
    proof ||= differsInType(text, values);
    alike += looksOtherwise(text, values) ? -1 : 1;
  }
  if (units > MAX_HEADER) return undefined;
  // A title over a column of paragraphs looks otherwise too.
  const telling = alike <= 0 && first.cells.length > 1 && below.length > 1;
  if (!proof && !telling) return undefined;
  const titles = first.cells.map(({ text }) => text);
  return first.cells[0]?.column === indent ? titles : ['', ...titles];
}

function columnsOf(rows: readonly Row[]): Map<number, string[]> {
  const columns = new Map<number, string[]>();
  for (const { cells } of rows) {
    for (const { column, text } of cells) {
      const values = columns.get(column);
      if (values === undefined) columns.set(column, [text]);
      else values.push(text);
    }
  }
  return columns;
}

/** Numbers, amounts, dates, times, phone numbers: digits and no word. */
function isFigure(text: string): boolean {
  return /\d/.test(text) && (!/\p{L}/u.test(text) || /^\d{4}-\d\d-\d\dT[\d:.+-]+Z?$/.test(text));
}

function isAddress(text: string): boolean {
  return /^\S+@\S+\.\S+$|^[a-z]+:\/\/\S+$/i.test(text);
}

function differsInType(title: string, values: readonly string[]): boolean {
  const most = values.length * 0.8;
  if (values.filter(isFigure).length >= most) return true;
  return !isAddress(title) && values.filter(isAddress).length >= most;
}

/** By letter case, by length, or because what stands below repeats itself. */
function looksOtherwise(title: string, values: readonly string[]): boolean {
  const own = letterCase(title);
  if (own !== 'none' && values.every((value) => letterCase(value) !== own)) return true;
  const mean = values.reduce((sum, { length }) => sum + length, 0) / values.length;
  if (mean > 20 && mean > title.length * 3) return true;
  return values.length >= 4 && new Set(values).size * 2 <= values.length;
}

function letterCase(text: string): 'none' | 'lower' | 'upper' | 'mixed' {
  const lower = text.toLowerCase();
  const upper = text.toUpperCase();
  if (lower === upper) return 'none';
  return text === lower ? 'lower' : text === upper ? 'upper' : 'mixed';
}
