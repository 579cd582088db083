/**
 * The numbers that Word puts before paragraphs (ECMA-376 part 1, 17.9): `4.2` of a clause, `b)` of
 * an item. They are in no paragraph's text, and people look for them. Bullets have none.
 */

import { attributeOf, localName } from './ooxml';
import type { XmlHandler } from './xml';

interface Level {
  start: number;
  format: string;
  /** Such as `%1.%2.`; empty of bullets. */
  text: string;
}

/** Stands for a number in a format that is not known: half a label would be a wrong one. */
const UNKNOWN = '\ufffd';
/** Levels of a list. */
const DEPTHS = 9;

/** Reads `word/numbering.xml`; afterwards `next` counts. */
export class DocxNumbering implements XmlHandler {
  /** Levels of the definitions that lists are of. */
  readonly #definitions = new Map<string, Level[]>();
  readonly #lists = new Map<string, { definition: string; starts: Map<number, number> }>();
  /** Where each definition stands: lists of one definition go on counting. */
  readonly #counts = new Map<string, number[]>();
  /** Lists whose own start has been taken. */
  readonly #begun = new Set<string>();
  #definition = '';
  #list = '';
  #depth = 0;

  open(element: string, attributes: Readonly<Record<string, string>>): void {
    const value = attributeOf(attributes, 'val') ?? '';
    const list = this.#lists.get(this.#list);
    switch (localName(element)) {
      case 'abstractNum':
        this.#definition = attributeOf(attributes, 'abstractNumId') ?? '';
        this.#definitions.set(this.#definition, []);
        this.#list = '';
        break;
      case 'num':
        this.#list = attributeOf(attributes, 'numId') ?? '';
        this.#lists.set(this.#list, { definition: '', starts: new Map() });
        break;
      case 'abstractNumId':
        if (list !== undefined) list.definition = value;
        break;
      case 'lvl':
      case 'lvlOverride':
        this.#depth = depthOf(attributeOf(attributes, 'ilvl'));
        break;
      case 'startOverride':
        list?.starts.set(this.#depth, Number(value) || 0);
        break;
      case 'start':
        if (list !== undefined) list.starts.set(this.#depth, Number(value) || 0);
        else this.#level().start = Number(value) || 0;
        break;
      case 'numFmt':
        if (list === undefined) this.#level().format = value;
        break;
      case 'lvlText':
        if (list === undefined) this.#level().text = value;
        break;
    }
  }

  /** The number of the next item of a list; empty where it has none that is known here. */
  next(id: string, at: number | undefined): string {
    const list = this.#lists.get(id);
    const levels = this.#definitions.get(list?.definition ?? '');
    const depth = depthOf(String(at ?? 0));
    const level = levels?.[depth];
    if (list === undefined || levels === undefined || level === undefined) return '';
    const counts = this.#counts.get(list.definition) ?? [];
    this.#counts.set(list.definition, counts);
    const own = list.starts.get(depth);
    const key = `${id} ${depth}`;
    if (own !== undefined && !this.#begun.has(key)) counts[depth] = own;
    else counts[depth] = (counts[depth] ?? level.start - 1) + 1;
    this.#begun.add(key);
    // An item begins the levels below it anew.
    counts.length = depth + 1;
    if (level.format === 'bullet' || level.format === 'none') return '';
    const text = level.text.replace(/%([1-9])/g, (_, digit: string) => {
      const index = Number(digit) - 1;
      const { start, format } = levels[index] ?? { start: 1, format: 'decimal' };
      return numberAs(format, counts[index] ?? start) ?? UNKNOWN;
    });
    return text.includes(UNKNOWN) ? '' : text.trim();
  }

  #level(): Level {
    const levels = this.#definitions.get(this.#definition) ?? [];
    this.#definitions.set(this.#definition, levels);
    return (levels[this.#depth] ??= { start: 1, format: 'decimal', text: '' });
  }
}

function depthOf(value: string | undefined): number {
  const depth = Number.parseInt(value ?? '0', 10);
  return depth >= 0 && depth < DEPTHS ? depth : 0;
}

const ROMAN: readonly [string, number][] = [
  ['m', 1000],
  ['cm', 900],
  ['d', 500],
  ['cd', 400],
  ['c', 100],
  ['xc', 90],
  ['l', 50],
  ['xl', 40],
  ['x', 10],
  ['ix', 9],
  ['v', 5],
  ['iv', 4],
  ['i', 1],
];
/** Beyond it Roman numbers and letters only grow. */
const MOST = 3999;

/** A number in a format of ECMA-376 part 1, 17.18.59; undefined in one that is not known here. */
function numberAs(format: string, value: number): string | undefined {
  switch (format) {
    case 'decimal':
      return String(value);
    case 'decimalZero':
      return String(value).padStart(2, '0');
    case 'lowerLetter':
      return letters(value);
    case 'upperLetter':
      return letters(value).toUpperCase();
    case 'lowerRoman':
      return roman(value);
    case 'upperRoman':
      return roman(value).toUpperCase();
    default:
      return undefined;
  }
}

/** a … z, aa … zz, aaa …. */
function letters(value: number): string {
  if (value < 1 || value > MOST) return String(value);
  const letter = String.fromCharCode(97 + ((value - 1) % 26));
  return letter.repeat(Math.ceil(value / 26));
}

function roman(value: number): string {
  if (value < 1 || value > MOST) return String(value);
  let text = '';
  let rest = value;
  for (const [sign, worth] of ROMAN) {
    while (rest >= worth) {
      text += sign;
      rest -= worth;
    }
  }
  return text;
}
