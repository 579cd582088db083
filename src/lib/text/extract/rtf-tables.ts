/**
 * The tables in front of an RTF file's text: which encoding each font is in, and which style is a
 * heading. All else in them is left out.
 */

import { codePageOf } from './rtf-charsets';

/** Of a style: 1 to 9 of a heading, 0 of a title. */
const HEADING = /^heading ([1-9])$/i;
/** Outline levels count from 0; 9 is text. */
const TEXT_LEVEL = 9;

/** `{\fonttbl{\f0\fcharset128 …;}…}`, with or without a group for each font. */
export class RtfFonts {
  /** Code pages of fonts; those that are not here are in the file's own. */
  readonly #pages = new Map<number, number>();
  #font = 0;

  control(word: string, value: number): void {
    if (word === 'f') this.#font = value;
    // A code page of its own goes before the charset.
    else if (word === 'cpg') this.#pages.set(this.#font, value);
    else if (word === 'fcharset' && !this.#pages.has(this.#font)) {
      const page = codePageOf(value);
      if (page !== undefined) this.#pages.set(this.#font, page);
    }
  }

  pageOf(font: number | undefined): number | undefined {
    return font === undefined ? undefined : this.#pages.get(font);
  }
}

/** `{\stylesheet{\s1\outlinelevel0 heading 1;}…}`. */
export class RtfStyles {
  readonly #levels = new Map<number, number>();
  #style = 0;
  #name = '';
  #level: number | undefined;

  open(): void {
    this.#style = 0;
    this.#name = '';
    this.#level = undefined;
  }

  control(word: string, value: number): void {
    if (word === 's') this.#style = value;
    else if (word === 'outlinelevel' && value < TEXT_LEVEL) this.#level = value + 1;
  }

  text(text: string): void {
    this.#name += text;
  }

  close(): void {
    const name = this.#name.replace(/;.*$/, '').trim();
    const named = HEADING.exec(name)?.[1];
    const level = this.#level ?? (named === undefined ? undefined : Number(named));
    if (level !== undefined) this.#levels.set(this.#style, level);
    else if (/^title$/i.test(name)) this.#levels.set(this.#style, 0);
  }

  levelOf(style: number): number | undefined {
    return this.#levels.get(style);
  }
}
