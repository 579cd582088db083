/**
 * The styles of a Word document, as far as they say what a paragraph is: a heading of a level, a
 * title, an item of a numbered list. Fonts and sizes are not read: a heading that only looks like
 * one is none.
 */

import { attributeOf, localName } from './ooxml';
import type { XmlHandler } from './xml';

/** What a paragraph is by its style; undefined where the style does not say. */
export interface ParagraphStyle {
  /** 1 to 9 of a heading, 0 of a title, -1 of text although its style says otherwise. */
  level?: number;
  /** The list and the level in it that numbers it; list `0` is none. */
  list?: string;
  depth?: number;
}

interface Declared extends ParagraphStyle {
  basedOn?: string;
}

/** Styles are based on each other; real ones some steps deep, and perhaps in a circle. */
const MAX_STEPS = 20;

/** Reads `word/styles.xml`; afterwards `of` answers. */
export class DocxStyles implements XmlHandler {
  readonly #styles = new Map<string, Declared>();
  #default = '';
  #id = '';
  #open: Declared | undefined;

  open(element: string, attributes: Readonly<Record<string, string>>): void {
    const name = localName(element);
    if (name === 'style') {
      this.#id = attributeOf(attributes, 'styleId') ?? '';
      this.#open = {};
      const isDefault = /^(1|true|on)$/.test(attributeOf(attributes, 'default') ?? '');
      if (isDefault && attributeOf(attributes, 'type') === 'paragraph') this.#default = this.#id;
    }
    if (this.#open === undefined) return;
    const value = attributeOf(attributes, 'val') ?? '';
    if (name === 'basedOn') this.#open.basedOn = value;
    else if (name === 'name') readName(this.#open, value);
    else readProperty(this.#open, name, value);
  }

  close(element: string): void {
    if (localName(element) !== 'style' || this.#open === undefined) return;
    this.#styles.set(this.#id, this.#open);
    this.#open = undefined;
  }

  /** The paragraph style of that id, with what it inherits. */
  of(id: string | undefined): ParagraphStyle {
    let found: ParagraphStyle = {};
    let next: string | undefined = id ?? this.#default;
    for (let step = 0; next !== undefined && step < MAX_STEPS; step++) {
      const { basedOn, ...style }: Declared = this.#styles.get(next) ?? {};
      found = { ...style, ...found };
      next = basedOn;
    }
    return found;
  }
}

/** Notes a property that styles and paragraphs share. */
export function readProperty(style: ParagraphStyle, name: string, value: string): void {
  const number = Number.parseInt(value, 10);
  if (name === 'numId') style.list = value;
  else if (Number.isNaN(number)) return;
  else if (name === 'ilvl') style.depth = number;
  // Outline levels count from 0; 9 is text (ECMA-376 part 1, 17.3.1.20).
  else if (name === 'outlineLvl') style.level = number < 9 ? number + 1 : -1;
}

/** The names of built-in styles are English whatever the program's language is. */
function readName(style: Declared, name: string): void {
  const level = /^heading ([1-9])$/i.exec(name)?.[1];
  if (level !== undefined) style.level ??= Number(level);
  else if (/^title$/i.test(name)) style.level ??= 0;
}
