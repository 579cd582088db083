/**
 * Lines of code to blocks: one for each definition, comments and decorators with what they stand
 * above. Depth is told by indentation, which people keep in every language. No file, no encoding.
 */

import { type Block, MAX_BLOCK } from '../document';
import type { Language } from './code-languages';
import { countLineEnds } from './plain';

/** UTF-16 units of a line that patterns look at: a definition begins within. */
const LOOKED_AT = 400;
/** UTF-16 units of a definition's name. */
const MAX_NAME = 120;
/** A tab's width: what counts is that it is the same in all lines. */
const TAB = 4;
/** Containers inside each other that a name tells. */
const MAX_LEVELS = 6;
/** Beginnings of lines that go on with a definition, or end it, at its own indentation. */
const GOES_ON =
  /^(?:[(){}[\]|&:.,=*+\-?\\]|(?:where|then|begin|do|end|else|elsif|rescue|ensure|catch|except|finally)\b)/i;
/** Labels of C, and `public:` in a class. */
const LABEL = /^[A-Za-z_]\w*(?:[ \t]+slots)?[ \t]*:$/;

interface Definition {
  readonly name: string;
  readonly indent: number;
  /** Whether definitions inside it are blocks of their own. */
  readonly holds: boolean;
}

/** Collects the blocks of one file. */
export class CodeReader {
  readonly #language: Language | undefined;
  /** Definitions that are open, outermost first; each is indented further than the one before. */
  readonly #open: Definition[] = [];
  /** The block in the making, its first line, and whose it is. */
  #text = '';
  #line = 1;
  #name: string | undefined;
  /** Lines that may belong to what follows: comments, decorators, and blank lines among them. */
  #above = '';
  /** What ends the comment or quote of several lines that is open. */
  #inside: { end: string; comment: boolean } | undefined;
  /** Whether the line before had no end: what follows goes on with it. */
  #within = false;

  /** @param language undefined: no definitions are known, and text is cut by its length alone */
  constructor(language: Language | undefined) {
    this.#language = language;
  }

  /** A line with its line end, or a piece of a long one; no longer than a block. */
  *line(line: string): Generator<Block> {
    const within = this.#within;
    this.#within = !line.endsWith('\n');
    if (this.#language === undefined || within) yield* this.#add(line);
    else yield* this.#read(line, this.#language);
  }

  /** The last block. */
  *finish(): Generator<Block> {
    yield* this.#add('');
    if (this.#text !== '') yield this.#take();
  }

  *#read(line: string, language: Language): Generator<Block> {
    const inside = this.#inside;
    if (inside !== undefined) {
      if (line.includes(inside.end)) this.#inside = undefined;
      yield* inside.comment ? this.#hold(line) : this.#add(line);
      return;
    }
    const looked = line.slice(0, LOOKED_AT);
    const own = looked.trim();
    if (own === '') {
      yield* this.#above === '' ? this.#add(line) : this.#hold(line);
      return;
    }
    const indent = widthOf(looked);
    const comment = language.comment.test(own);
    this.#inside = comment ? openComment(own) : openQuote(line, language.quotes);
    const definition = comment ? undefined : this.#define(own, indent, language);
    if (definition !== undefined) {
      this.#leave(indent);
      this.#open.push(definition);
      yield* this.#begin();
      yield* this.#add(line);
    } else if (comment || language.prelude?.test(own) === true) {
      yield* this.#hold(line);
    } else {
      const goesOn = language.lasting === true || GOES_ON.test(own) || LABEL.test(own);
      if (!goesOn && this.#leave(indent)) yield* this.#begin();
      yield* this.#add(line);
    }
  }

  #define(own: string, indent: number, language: Language): Definition | undefined {
    const holder = this.#open.findLast((definition) => definition.indent < indent);
    // What a function defines inside is its own matter.
    if (indent > 0 && holder?.holds !== true) return undefined;
    const container = language.containers?.exec(own) ?? null;
    const found =
      container ??
      language.functions?.exec(own) ??
      (holder === undefined ? null : language.methods?.exec(own));
    const name = found?.slice(1).filter(Boolean).join('.').trim().slice(0, MAX_NAME);
    return name ? { name, indent, holds: container !== null } : undefined;
  }

  /** Closes what a line at this indentation stands outside of; whether there was anything. */
  #leave(indent: number): boolean {
    const before = this.#open.length;
    while ((this.#open.at(-1)?.indent ?? -1) >= indent) this.#open.pop();
    return this.#open.length < before;
  }

  /** Begins a block with the lines that are held; blank lines alone are none. */
  *#begin(): Generator<Block> {
    if (this.#text.trim() !== '') yield this.#take();
    const names = this.#open.slice(-MAX_LEVELS).map(({ name }) => name);
    this.#name = names.length === 0 ? undefined : names.join('.');
  }

  *#hold(line: string): Generator<Block> {
    if (this.#above.length + line.length > MAX_BLOCK) yield* this.#add('');
    this.#above += line;
  }

  *#add(line: string): Generator<Block> {
    const above = this.#above;
    this.#above = '';
    for (const part of [above, line]) {
      if (this.#text.length + part.length > MAX_BLOCK && this.#text !== '') yield this.#take();
      this.#text += part;
    }
  }

  #take(): Block {
    const text = this.#text;
    const line = this.#line;
    this.#text = '';
    this.#line += countLineEnds(text);
    const definition = this.#name;
    return {
      text,
      kind: 'code',
      place: definition === undefined ? { line } : { line, definition },
    };
  }
}

/** What ends a comment that goes on beyond its line. */
function openComment(own: string): { end: string; comment: true } | undefined {
  const end = own.startsWith('/*') ? '*/' : own.startsWith('{-') ? '-}' : undefined;
  if (end === undefined || own.includes(end, 2)) return undefined;
  return { end, comment: true };
}

/** What ends a quote that goes on beyond its line. */
function openQuote(
  line: string,
  quotes: readonly string[] = [],
): { end: string; comment: false } | undefined {
  const end = quotes.find((quote) => countOf(line, quote) % 2 === 1);
  return end === undefined ? undefined : { end, comment: false };
}

function widthOf(line: string): number {
  let width = 0;
  for (const character of line) {
    if (character === '\t') width += TAB;
    else if (character === ' ') width++;
    else break;
  }
  return width;
}

function countOf(line: string, part: string): number {
  let count = 0;
  for (let at = line.indexOf(part); at >= 0; at = line.indexOf(part, at + part.length)) count++;
  return count;
}
