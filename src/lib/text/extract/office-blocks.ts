/**
 * What a text document or a slide is made of (headings, paragraphs, lists, tables) to blocks: rows
 * of a table become a block each, and what lies inside a paragraph follows it. No parsing: the
 * readers of DOCX, PPTX, ODF and RTF say what begins and ends.
 */

import { UnsupportedError } from '../../errors';
import { type Block, type BlockPlace, MAX_BLOCK } from '../document';
import { HeadingPath } from '../headings';

/**
 * A block in the making. `level` of a heading is 1 for the outermost; 0 for a title above all. Its
 * `label` is the number that the program puts before it, and no part of the path.
 */
export type OfficeItem =
  | {
      readonly kind: 'heading';
      readonly text: string;
      readonly level: number;
      readonly label: string;
    }
  | { readonly kind: 'paragraph'; readonly text: string; readonly tight: boolean }
  | {
      readonly kind: 'table';
      readonly text: string;
      readonly row: number;
      readonly columns?: string[];
    };

interface Table {
  row: number;
  columns: string[] | undefined;
  /** The header row as it is written where no other row follows. */
  header: string;
  readonly cells: OfficeItem[][];
  isHeader: boolean;
}

/** Word's tables have 63 columns at most; a declared span is only a number. */
const MAX_SPAN = 63;
/** Between the cells of a row. */
const BETWEEN = ' | ';
/** UTF-16 units of one paragraph: a shelf of books, and a bomb beyond it. */
const MAX_PARAGRAPH = 2 ** 24;
/** UTF-16 units of what is not in its place yet: a row of a table, the boxes of a paragraph. */
const MAX_HELD = 2 ** 26;
/** Names of columns longer than this are text, and would be repeated in every chunk. */
const MAX_COLUMN = 120;

/** Collects blocks; `take` hands over the ones that are complete. */
export class OfficeBlocks {
  /** Blocks so far. */
  count = 0;
  readonly #done: Block[] = [];
  /** Waits for what follows, because that says how far apart they stand. */
  #last: { item: OfficeItem; place: BlockPlace } | undefined;
  #place: BlockPlace = {};
  #headings = new HeadingPath();
  readonly #tables: Table[] = [];
  readonly #name: string;
  #held = 0;
  /** Where items go: the document, or cells and boxes inside each other; the last is open. */
  readonly #open: OfficeItem[][] = [];

  /** @param name of the file, for messages */
  constructor(name: string) {
    this.#name = name;
  }

  /** All that follows stands there; headings begin anew but for these. */
  enter(place: BlockPlace, headings: readonly string[] = []): void {
    this.#place = place;
    this.#headings = new HeadingPath();
    headings.forEach((title, index) => this.#headings.enter(index + 1, title));
  }

  /** `level` 1 is outermost; 0 is a title that nothing stands under. */
  heading(level: number, text: string, label = ''): void {
    const own = text.replace(/\s+/g, ' ').trim();
    if (own !== '') this.#add({ kind: 'heading', text: own, level, label });
  }

  /** `tight` ones, items of a list, stand together without a blank line. */
  paragraph(text: string, tight = false): void {
    const own = text.replace(/^\n+|\s+$/g, '');
    if (own.trim() !== '') this.#add({ kind: 'paragraph', text: own, tight });
  }

  /**
   * The text of an open paragraph with more at its end.
   * @throws UnsupportedError where no paragraph is that long
   */
  extend(text: string, more: string): string {
    if (text.length + more.length > MAX_PARAGRAPH) throw this.#tooLong();
    return text + more;
  }

  openTable(): void {
    this.#tables.push({ row: 0, columns: undefined, header: '', cells: [], isHeader: false });
  }

  openRow(): void {
    const table = this.#tables.at(-1);
    if (table === undefined) return;
    table.row++;
    table.isHeader = false;
    table.cells.length = 0;
  }

  /** The open row names the columns; what is not a table's first row cannot. */
  markHeader(): void {
    const table = this.#tables.at(-1);
    if (table !== undefined) table.isHeader = true;
  }

  /** What follows is in the cell, until `closeCell`. */
  openCell(): void {
    this.#open.push([]);
  }

  /** `span`: the columns that it lies over. */
  closeCell(span = 1): void {
    const items = this.#open.pop();
    const cells = this.#tables.at(-1)?.cells;
    if (items === undefined || cells === undefined) return;
    cells.push(items);
    for (let more = Math.min(span, MAX_SPAN) - 1; more > 0; more--) cells.push([]);
  }

  /** `dropped`: the row was deleted, and is not read. */
  closeRow(dropped = false): void {
    const table = this.#tables.at(-1);
    if (table === undefined) return;
    if (dropped) table.row--;
    else this.#addRow(table);
    table.cells.length = 0;
  }

  closeTable(): void {
    const table = this.#tables.pop();
    if (table?.columns === undefined || table.header === '') return;
    this.#add({ kind: 'table', text: table.header, row: 1 });
  }

  /** What follows is not in its place yet: `closeAside` says what it was. */
  openAside(): void {
    this.#open.push([]);
  }

  closeAside(): readonly OfficeItem[] {
    return this.#open.pop() ?? [];
  }

  /** Puts in what `closeAside` gave. */
  put(items: readonly OfficeItem[]): void {
    for (const item of items) this.#add(item);
  }

  /** The blocks that are complete. */
  *take(): Generator<Block> {
    yield* this.#done.splice(0);
  }

  /** Ends what is open, and hands over the rest. */
  *finish(): Generator<Block> {
    while (this.#tables.length > 0) {
      if (this.#open.length > 0) this.closeCell();
      this.closeRow();
      this.closeTable();
    }
    while (this.#open.length > 0) this.put(this.closeAside());
    this.#emit('\n');
    yield* this.take();
  }

  #addRow(table: Table): void {
    const cells = table.cells.map(textOf);
    while (cells.at(-1) === '') cells.pop();
    if (cells.length === 0) return;
    const [only] = table.cells;
    // A table of one cell a row is a frame around text.
    if (table.cells.length === 1 && only !== undefined) {
      this.put(only);
      return;
    }
    const text = cells.join(BETWEEN);
    if (table.row === 1 && table.isHeader && namesColumns(cells)) {
      table.columns = cells;
      table.header = text;
      return;
    }
    table.header = '';
    const { row, columns } = table;
    this.#add({ kind: 'table', text, row, ...(columns === undefined ? {} : { columns }) });
  }

  #add(item: OfficeItem): void {
    const target = this.#open.at(-1);
    if (target !== undefined) {
      this.#held += item.text.length;
      if (this.#held > MAX_HELD) throw this.#tooLong();
      target.push(item);
      return;
    }
    this.#held = 0;
    this.#emit(this.#last !== undefined && together(this.#last.item, item) ? '\n' : '\n\n');
    if (item.kind === 'heading' && item.level > 0) this.#headings.enter(item.level, item.text);
    const heading = this.#headings.path;
    const place: BlockPlace = {
      ...this.#place,
      ...(heading === undefined ? {} : { heading }),
      ...(item.kind === 'table' ? { row: item.row } : {}),
      ...(item.kind === 'table' && item.columns !== undefined ? { columns: item.columns } : {}),
    };
    this.#last = { item, place };
  }

  #tooLong(): UnsupportedError {
    return new UnsupportedError(`${this.#name} was not read: its paragraphs are far too long.`, {
      subject: this.#name,
    });
  }

  /** Hands the last block over, with that end. */
  #emit(end: string): void {
    if (this.#last === undefined) return;
    const { item, place } = this.#last;
    this.#last = undefined;
    const label = item.kind === 'heading' && item.label !== '' ? item.label + ' ' : '';
    const text = label + item.text + end;
    for (let at = 0; at < text.length; at += MAX_BLOCK) {
      this.count++;
      this.#done.push({ text: text.slice(at, at + MAX_BLOCK), kind: item.kind, place });
    }
  }
}

/** Rows of a table, and items of a list. */
function together(last: OfficeItem, next: OfficeItem): boolean {
  if (last.kind === 'table') return next.kind === 'table' && next.row > last.row;
  return last.kind === 'paragraph' && next.kind === 'paragraph' && last.tight && next.tight;
}

function namesColumns(cells: readonly string[]): boolean {
  return (
    cells.filter((cell) => cell !== '').length > 1 &&
    cells.every((cell) => cell.length <= MAX_COLUMN)
  );
}

/** What a cell or a note says, on one line. */
export function textOf(items: readonly OfficeItem[]): string {
  return items
    .map((item) => item.text)
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim();
}
