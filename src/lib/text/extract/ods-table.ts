/**
 * The tables of an OpenDocument spreadsheet's `content.xml` as rows, while it inflates: what cells
 * show, as the program that saved them wrote it. Of merged cells the first has the text. Comments,
 * drawings, charts and what a change took out are left out.
 *
 * Rows and cells that repeat stand once with a number: empty ones, up to a million at the end of
 * each sheet, only count; others are written out as far as `MAX_REPEATED` goes. Thousands are not
 * parted, as in XLSX.
 */

import { CorruptError } from '../../errors';
import { localName } from './ooxml';
import { type Cell, cellText, type Row, type TextBudget } from './table-rows';
import type { XmlHandler } from './xml';

/** What is told of a table: it begins, or has rows. */
export type TablePart = { readonly sheet: string } | Row;

/** UTF-16 units of a sheet's name. */
const MAX_NAME = 120;
/** Columns and rows of LibreOffice's largest sheets. */
const MAX_COLUMN = 16_384;
const MAX_ROW = 1_048_576;
/** UTF-16 units that repetition may add to a file: a few hundred bytes could say a terabyte. */
const MAX_REPEATED = 4_194_304;
/** Of what an element in a cell holds, text that the cell does not show. */
const ASIDE = new Set(['annotation', 'ruby-text', 'object', 'tracked-changes']);

interface OpenCell {
  readonly times: number;
  /** Under another cell that reaches over it: what it holds is not shown. */
  readonly covered: boolean;
  /** Of a number. */
  readonly value: string | undefined;
  /** What programs write that do not say what the cell shows. */
  readonly otherwise: string;
  text: string;
}

/** Collects the tables of a spreadsheet. */
export class OdsTables implements XmlHandler {
  readonly #budget: TextBudget;
  readonly #name: string;
  #parts: TablePart[] = [];
  /** Tables inside each other: only the outermost is a sheet. */
  #depth = 0;
  #row = 0;
  #column = 0;
  #cells: Cell[] = [];
  #rowTimes = 1;
  #cell: OpenCell | undefined;
  #paragraphs = 0;
  #aside = 0;
  #repeated = 0;

  /** @param name of the file, for messages */
  constructor(budget: TextBudget, name: string) {
    this.#budget = budget;
    this.#name = name;
  }

  /** Whether repetitions were left out. */
  get cut(): boolean {
    return this.#repeated > MAX_REPEATED;
  }

  /** What ended since the last call. */
  take(): TablePart[] {
    const parts = this.#parts;
    this.#parts = [];
    return parts;
  }

  open(tag: string, attributes: Readonly<Record<string, string>>): void {
    const element = localName(tag);
    if (this.#aside > 0 || ASIDE.has(element)) {
      this.#aside++;
      return;
    }
    if (element === 'table' && tag.startsWith('table:')) this.#depth++;
    if (this.#depth > 1 && this.#cell === undefined) return;
    if (this.#cell !== undefined) {
      this.#openInCell(element);
      return;
    }
    switch (element) {
      case 'table':
        this.#row = 0;
        this.#parts.push({
          sheet: (attributes['table:name'] ?? '').slice(0, MAX_NAME).toWellFormed(),
        });
        break;
      case 'table-row':
        this.#rowTimes = this.#times(attributes['table:number-rows-repeated'], MAX_ROW);
        this.#column = 0;
        break;
      case 'table-cell':
      case 'covered-table-cell':
        this.#cell = {
          times: this.#times(attributes['table:number-columns-repeated'], MAX_COLUMN),
          covered: element === 'covered-table-cell',
          value: attributes['office:value'],
          otherwise: this.#valueOf(attributes),
          text: '',
        };
        break;
    }
  }

  text(piece: string): void {
    if (this.#cell === undefined || this.#paragraphs === 0 || this.#aside > 0) return;
    this.#budget.spend(piece.length);
    this.#cell.text += piece;
  }

  close(tag: string): void {
    if (this.#aside > 0) {
      this.#aside--;
      return;
    }
    const element = localName(tag);
    if (element === 'table' && tag.startsWith('table:')) this.#depth--;
    else if (element === 'p' || element === 'h')
      this.#paragraphs = Math.max(0, this.#paragraphs - 1);
    else if (this.#depth !== 1) return;
    else if (element === 'table-cell' || element === 'covered-table-cell') this.#closeCell();
    else if (element === 'table-row') this.#closeRow();
  }

  #openInCell(element: string): void {
    const cell = this.#cell;
    if (cell === undefined) return;
    switch (element) {
      case 'p':
      case 'h':
        // A cell's paragraphs are its lines.
        if (cell.text !== '') cell.text += '\n';
        this.#paragraphs++;
        break;
      case 's':
      case 'tab':
      case 'line-break':
        cell.text += ' ';
        break;
    }
  }

  #closeCell(): void {
    const cell = this.#cell;
    this.#cell = undefined;
    this.#paragraphs = 0;
    if (cell === undefined) return;
    const shown = cellText(cell.text);
    const text = shown === '' ? cellText(cell.otherwise) : withoutGroups(shown, cell.value);
    if (text !== '' && !cell.covered) {
      const times = this.#affordable(cell.times, text.length);
      for (let at = 0; at < times; at++) this.#cells.push({ column: this.#column + at, text });
    }
    this.#column += cell.times;
    if (this.#column > MAX_COLUMN) throw this.#wrong(`more than ${MAX_COLUMN} columns`);
  }

  #closeRow(): void {
    const cells = this.#cells;
    this.#cells = [];
    this.#budget.endRow();
    if (cells.length > 0) {
      const units = cells.reduce((sum, { text }) => sum + text.length, 0);
      const times = this.#affordable(this.#rowTimes, units);
      for (let at = 1; at <= times; at++) this.#parts.push({ row: this.#row + at, cells });
    }
    this.#row += this.#rowTimes;
    if (this.#row > MAX_ROW) throw this.#wrong(`more than ${MAX_ROW} rows`);
  }

  /** How often something is written out: once in any case. */
  #affordable(times: number, units: number): number {
    if (times === 1) return 1;
    // A row costs something besides its text.
    this.#repeated += (times - 1) * (units + 16);
    return this.cut ? 1 : times;
  }

  /** A cell's value, where it is of a type that has one. */
  #valueOf(attributes: Readonly<Record<string, string>>): string {
    const types = ['office:string-value', 'office:date-value', 'office:time-value'] as const;
    const type = types.find((name) => attributes[name] !== undefined);
    const value = attributes[type ?? 'office:boolean-value'] ?? attributes['office:value'] ?? '';
    this.#budget.spend(value.length);
    return value;
  }

  #times(written: string | undefined, most: number): number {
    if (written === undefined) return 1;
    const times = Number(written);
    if (!Number.isInteger(times) || times < 1 || times > most) {
      throw this.#wrong(`${written} repetitions`);
    }
    return times;
  }

  #wrong(what: string): CorruptError {
    return new CorruptError(`${this.#name} is damaged: a sheet in it has ${what}.`, {
      subject: this.#name,
    });
  }
}

/** The text without marks between thousands, where it shows the number `value` with them. */
function withoutGroups(text: string, value: string | undefined): string {
  if (value === undefined) return text;
  return text.replace(/\d{1,3}(?:[.,'’\s]\d{3})+(?!\d)/, (grouped) => {
    const digits = grouped.replace(/\D/g, '');
    const whole = Math.trunc(Math.abs(Number(value)));
    return digits === String(whole) || digits === String(Math.round(Math.abs(Number(value))))
      ? digits
      : grouped;
  });
}
