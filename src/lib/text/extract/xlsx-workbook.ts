/**
 * What an Excel workbook (ECMA-376, SpreadsheetML) says besides its sheets: their names and order,
 * the texts that cells share, and how numbers are shown. Not the cells: `xlsx-sheet.ts` reads them.
 *
 * A number is written as a person sees it, with two exceptions. Thousands are not parted: shown as
 * 198,905,700 it would be three words to a search, and CSV has it as 198905700. Dates in the
 * format that follows the reader's country are written year-month-day, for a document is read
 * alike everywhere.
 */

import { format, getFormatFromId, isDateFormat } from 'numfmt';
import { CorruptError } from '../../errors';
import type { ExtractContext } from '../document';
import { attributeOf, localName, mainPart, readRelationships, targetsOf } from './ooxml';
import type { TextBudget } from './table-rows';
import { readXml } from './xml';
import type { ZipParts } from './zip-parts';

/** A sheet of cells. */
export interface Sheet {
  readonly name: string;
  /** Where its part is in the zip. */
  readonly path: string;
}

export interface Workbook {
  /** In the order of their tabs, hidden ones too; charts on sheets of their own are none. */
  readonly sheets: readonly Sheet[];
  readonly strings: readonly string[];
  readonly numbers: NumberFormats;
}

/** UTF-16 units of a sheet's name; Excel allows 31. */
const MAX_NAME = 120;
/** Formats that follow the reader's country, by their number. */
const LOCAL_DATES: Partial<Record<number, string>> = {
  14: 'yyyy-mm-dd',
  22: 'yyyy-mm-dd h:mm',
};
/** Days from 1900-01-00 to 1904-01-01, where old workbooks of the Mac begin to count. */
const DAYS_TO_1904 = 1462;
/** Whole numbers up to here have all their digits. */
const MAX_WHOLE = 1e15;

/** Numbers as cells show them. */
export class NumberFormats {
  readonly #from1904: boolean;
  /** Patterns by a cell's style. */
  readonly #styles: readonly string[];

  constructor(styles: readonly string[], from1904: boolean) {
    this.#styles = styles;
    this.#from1904 = from1904;
  }

  show(value: number, style: number): string {
    const pattern = this.#styles[style] ?? 'General';
    // Excel shows long whole numbers as 1.23457E+12, which nobody looks for.
    if (/^general$/i.test(pattern) && Number.isInteger(value) && Math.abs(value) < MAX_WHOLE) {
      return String(value);
    }
    const days = this.#from1904 && isDateFormat(pattern) ? DAYS_TO_1904 : 0;
    try {
      // One group of all digits: none are parted.
      return format(pattern, value + days, { grouping: [400] });
    } catch (error) {
      // numfmt says so of a pattern that is none; the number itself is still known.
      if (error instanceof SyntaxError) return String(value);
      throw error;
    }
  }
}

/** @throws CorruptError where what a workbook needs is missing; what `ZipParts` throws */
export async function readWorkbook(
  parts: ZipParts,
  budget: TextBudget,
  context: ExtractContext,
): Promise<Workbook> {
  const { name, signal } = context;
  const path = await mainPart(parts, 'xl/workbook.xml', 'Excel workbook', context);
  const entries: { name: string; id: string | undefined }[] = [];
  let from1904 = false;
  const open = (tag: string, attributes: Readonly<Record<string, string>>): void => {
    const element = localName(tag);
    if (element === 'workbookPr') from1904 = isTrue(attributes['date1904']);
    if (element !== 'sheet') return;
    const title = (attributes['name'] ?? '').slice(0, MAX_NAME).toWellFormed();
    entries.push({ name: title, id: attributeOf(attributes, 'id') });
  };
  await readXml(await parts.text(path), { open }, signal, name);
  if (entries.length === 0) {
    const message = `${name} is damaged, or no Excel workbook: it lists no sheet.`;
    throw new CorruptError(message, { subject: name });
  }
  const references = await readRelationships(parts, path, context);
  const sheets = entries.flatMap(({ name: title, id }) => {
    const reference = references.find((one) => one.id === id);
    return reference?.type === 'worksheet' ? [{ name: title, path: reference.target }] : [];
  });
  const [styles] = targetsOf(parts, references, 'styles');
  const [strings] = targetsOf(parts, references, 'sharedStrings');
  const patterns = styles === undefined ? [] : await readStyles(parts, styles, context);
  return {
    sheets,
    strings: strings === undefined ? [] : await readStrings(parts, strings, budget, context),
    numbers: new NumberFormats(patterns, from1904),
  };
}

/** The pattern of each cell style. */
async function readStyles(
  parts: ZipParts,
  path: string,
  { name, signal }: ExtractContext,
): Promise<string[]> {
  const patterns = new Map<number, string>();
  const styles: string[] = [];
  let inCells = false;
  const open = (tag: string, attributes: Readonly<Record<string, string>>): void => {
    const element = localName(tag);
    const id = Number(attributes['numFmtId'] ?? 0);
    if (element === 'cellXfs') inCells = true;
    else if (element === 'numFmt') patterns.set(id, attributes['formatCode'] ?? 'General');
    else if (element === 'xf' && inCells) {
      styles.push(patterns.get(id) ?? LOCAL_DATES[id] ?? getFormatFromId(id));
    }
  };
  const close = (tag: string): void => {
    if (localName(tag) === 'cellXfs') inCells = false;
  };
  await readXml(await parts.text(path), { open, close }, signal, name);
  return styles;
}

/** The texts that cells refer to by number. All are held while the sheets are read. */
async function readStrings(
  parts: ZipParts,
  path: string,
  budget: TextBudget,
  { name, signal }: ExtractContext,
): Promise<string[]> {
  const strings: string[] = [];
  const string = new RichText();
  const open = (tag: string): void => string.open(localName(tag));
  const text = (piece: string): void => {
    budget.spend(piece.length);
    string.add(piece);
  };
  const close = (tag: string): void => {
    const element = localName(tag);
    string.close(element);
    if (element !== 'si') return;
    strings.push(string.take());
    budget.endRow();
  };
  await readXml(parts.stream(path), { open, text, close }, signal, name);
  return strings;
}

/** The text of a string (`si`, `is`): its `t` elements, but for the reading aids of Japanese. */
export class RichText {
  #text = '';
  #inText = false;
  #phonetic = false;

  open(element: string): void {
    if (element === 'rPh') this.#phonetic = true;
    this.#inText = element === 't' && !this.#phonetic;
  }

  add(piece: string): void {
    if (this.#inText) this.#text += piece;
  }

  close(element: string): void {
    this.#inText = false;
    if (element === 'rPh') this.#phonetic = false;
  }

  take(): string {
    const text = unescapeText(this.#text);
    this.#text = '';
    return text;
  }
}

/** Characters that XML cannot hold are written `_x000D_` (ECMA-376-1, 22.9.2.19). */
export function unescapeText(text: string): string {
  if (!text.includes('_x')) return text;
  return text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) =>
    String.fromCharCode(parseInt(code, 16)),
  );
}

/** Of an attribute that is a boolean (xsd:boolean). */
export function isTrue(value: string | undefined): boolean {
  return value === '1' || value === 'true';
}
