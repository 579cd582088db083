/**
 * The cells of one sheet as rows, in the order of the file, while it inflates. Values are those
 * that Excel last computed; formulas themselves are left out. Of merged cells the first has the
 * text, as it is stored.
 */

import { CorruptError } from '../../errors';
import { type Cell, cellText, type Row, type TextBudget } from './table-rows';
import { localName } from './ooxml';
import { isTrue, RichText, unescapeText, type Workbook } from './xlsx-workbook';
import type { XmlHandler } from './xml';

/** The last column, XFD, and the last row of a sheet (Excel's limits). */
const MAX_COLUMN = 16_383;
const MAX_ROW = 1_048_576;

/** Collects the rows of a sheet's XML. */
export class SheetRows implements XmlHandler {
  readonly #book: Workbook;
  readonly #budget: TextBudget;
  readonly #name: string;
  #rows: Row[] = [];
  #row = 0;
  #cells: Cell[] = [];
  #column = -1;
  #type = 'n';
  #style = 0;
  #value = '';
  #inValue = false;
  #inString = false;
  readonly #string = new RichText();

  /** @param name of the file, for messages */
  constructor(book: Workbook, budget: TextBudget, name: string) {
    this.#book = book;
    this.#budget = budget;
    this.#name = name;
  }

  /** The rows that ended since the last call. */
  take(): Row[] {
    const rows = this.#rows;
    this.#rows = [];
    return rows;
  }

  open(tag: string, attributes: Readonly<Record<string, string>>): void {
    const element = localName(tag);
    switch (element) {
      case 'row':
        this.#row = attributes['r'] === undefined ? this.#row + 1 : Number(attributes['r']);
        if (!(this.#row >= 1 && this.#row <= MAX_ROW)) throw this.#wrong(`row ${attributes['r']}`);
        this.#column = -1;
        break;
      case 'c':
        this.#column = this.#columnOf(attributes['r']);
        this.#type = attributes['t'] ?? 'n';
        this.#style = Number(attributes['s'] ?? 0);
        this.#value = '';
        break;
      case 'v':
        this.#inValue = true;
        break;
      case 'is':
        this.#inString = true;
        break;
      default:
        if (this.#inString) this.#string.open(element);
    }
  }

  text(piece: string): void {
    if (!this.#inValue && !this.#inString) return;
    this.#budget.spend(piece.length);
    if (this.#inValue) this.#value += piece;
    else this.#string.add(piece);
  }

  close(tag: string): void {
    const element = localName(tag);
    switch (element) {
      case 'row':
        // Cells may stand in any order, if seldom; text is read from left to right.
        this.#cells.sort((a, b) => a.column - b.column);
        this.#rows.push({ row: this.#row, cells: this.#cells });
        this.#cells = [];
        this.#budget.endRow();
        break;
      case 'c': {
        const text = cellText(this.#shown());
        if (text !== '') this.#cells.push({ column: this.#column, text });
        break;
      }
      case 'v':
        this.#inValue = false;
        break;
      case 'is':
        this.#inString = false;
        this.#value = this.#string.take();
        break;
      default:
        if (this.#inString) this.#string.close(element);
    }
  }

  /** The cell's value as Excel shows it. */
  #shown(): string {
    const value = this.#value;
    if (value === '') return '';
    switch (this.#type) {
      case 's': {
        const text = this.#book.strings[Number(value)];
        if (text === undefined) throw this.#wrong(`text ${value}`);
        this.#budget.spend(text.length);
        return text;
      }
      case 'b':
        return isTrue(value) ? 'TRUE' : 'FALSE';
      case 'n': {
        const number = Number(value);
        return Number.isFinite(number) ? this.#book.numbers.show(number, this.#style) : value;
      }
      case 'str':
        return unescapeText(value);
      default:
        // An inline string, an error such as #N/A, a date in ISO 8601.
        return value;
    }
  }

  /** `C5` is 2; without a reference it is the next one. */
  #columnOf(reference: string | undefined): number {
    if (reference === undefined) return this.#column + 1;
    let column = 0;
    for (let at = 0; at < reference.length; at++) {
      const letter = reference.charCodeAt(at) - 64;
      if (letter < 1 || letter > 26) break;
      column = column * 26 + letter;
    }
    if (column < 1 || column - 1 > MAX_COLUMN) throw this.#wrong(`cell ${reference}`);
    return column - 1;
  }

  #wrong(what: string): CorruptError {
    return new CorruptError(`${this.#name} is damaged: a sheet refers to ${what}.`, {
      subject: this.#name,
    });
  }
}
