/**
 * The events of an HTML tokeniser to blocks: which elements begin a line, what is dropped, how
 * white space collapses (CSS Text 3, 4.1.1, as far as it needs no style sheet). No parsing.
 */

import { type Block, MAX_BLOCK } from '../document';
import { HeadingPath } from '../headings';

const DROPPED = new Set(['script', 'style', 'template', 'noscript', 'iframe', 'object', 'svg']);
const HEADINGS = new Map([1, 2, 3, 4, 5, 6].map((level) => [`h${level}`, level]));
/** Elements with a blank line after them. */
const PARAGRAPHS = new Set(
  'title p blockquote pre table ul ol dl figure hr form fieldset details h1 h2 h3 h4 h5 h6'.split(
    ' ',
  ),
);
/** Elements that stand on lines of their own. */
const LINES = new Set(
  (
    'html head body div section article header footer main nav aside address center hgroup search ' +
    'li dt dd tr thead tbody tfoot caption colgroup figcaption legend summary option optgroup'
  ).split(' '),
);

/** Collects blocks; `take` hands over the ones that are complete. */
export class HtmlBlocks {
  /** Blocks so far. */
  count = 0;
  readonly #done: Block[] = [];
  #text = '';
  #kind: Block['kind'] = 'paragraph';
  readonly #headings = new HeadingPath();
  /** The level of the heading that is open, and what it says so far. */
  #heading: { level: number; text: string } | undefined;
  /** Depth of elements inside dropped ones; 0 where text counts. */
  #dropped = 0;
  #preformatted = 0;
  #cells = 0;
  /** Whether the block before is a part of the one that is open. */
  #goesOn = false;
  /** The first newline in `pre` is markup (WHATWG HTML, 13.2.6.4.7). */
  #freshPre = false;

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    if (this.#dropped > 0 || isDropped(name, attributes)) {
      this.#dropped++;
      return;
    }
    if (name === 'br') this.#lineBreak();
    if (name === 'td' || name === 'th') this.#openCell();
    if (this.#breaks(name)) this.#flush(false);
    if (name === 'pre') {
      this.#preformatted++;
      this.#freshPre = true;
    }
    if (name === 'tr') this.#cells = 0;
    const level = HEADINGS.get(name);
    if (level !== undefined) this.#heading = { level, text: '' };
    if (this.#text === '') this.#kind = this.#kindOf(name);
  }

  close(name: string): void {
    if (this.#dropped > 0) {
      this.#dropped--;
      return;
    }
    if (this.#heading !== undefined && HEADINGS.has(name)) {
      this.#headings.enter(this.#heading.level, this.#heading.text);
      this.#heading = undefined;
    }
    if (name === 'pre') this.#preformatted = Math.max(0, this.#preformatted - 1);
    if (name === 'tr') this.#cells = 0;
    if (this.#breaks(name)) this.#flush(PARAGRAPHS.has(name));
  }

  text(text: string): void {
    if (this.#dropped > 0) return;
    if (this.#heading !== undefined) this.#heading.text += text;
    if (this.#preformatted > 0) {
      this.#text += this.#freshPre && text.startsWith('\n') ? text.slice(1) : text;
      this.#freshPre = false;
    } else {
      const collapsed = text.replace(/[ \t\n\f\r]+/g, ' ');
      this.#text += this.#isParted() && collapsed.startsWith(' ') ? collapsed.slice(1) : collapsed;
    }
    if (this.#text.length > MAX_BLOCK) {
      this.#push(this.#text);
      this.#goesOn = true;
    }
  }

  /** The blocks that are complete; the last is kept, because a blank line may follow it. */
  *take(): Generator<Block> {
    yield* this.#done.splice(0, this.#done.length - 1);
  }

  /** Ends what is open, and hands over the rest. */
  *finish(): Generator<Block> {
    this.#flush(false);
    yield* this.#done.splice(0);
  }

  /** In a cell, paragraphs are parted by spaces, so that a row stays one line. */
  #breaks(name: string): boolean {
    if (!PARAGRAPHS.has(name) && !LINES.has(name)) return false;
    if (this.#cells === 0 || name === 'tr' || name === 'table' || name === 'pre') return true;
    if (HEADINGS.has(name)) return true;
    this.#space();
    return false;
  }

  #openCell(): void {
    if (this.#cells++ > 0) this.#text = withoutSpace(this.#text) + '\t';
  }

  #lineBreak(): void {
    if (this.#cells > 0) this.#space();
    else this.#text = withoutSpace(this.#text) + '\n';
  }

  #space(): void {
    if (!this.#isParted()) this.#text += ' ';
  }

  /** Whether a space here would be the first of its line, or the second in a row. */
  #isParted(): boolean {
    const last = this.#text.at(-1);
    return last === undefined ? !this.#goesOn : last === ' ' || last === '\t' || last === '\n';
  }

  #kindOf(name: string): Block['kind'] {
    if (HEADINGS.has(name) || this.#heading !== undefined) return 'heading';
    if (this.#preformatted > 0) return 'code';
    return this.#cells > 0 || name === 'tr' ? 'table' : 'paragraph';
  }

  /** Closes the block that is open. `apart` puts a blank line after it. */
  #flush(apart: boolean): void {
    const text = this.#preformatted > 0 ? this.#text : this.#text.trimEnd();
    if (text.trim() !== '') this.#push(text);
    this.#text = '';
    this.#goesOn = false;
    this.#end(apart ? '\n\n' : '\n');
    this.#kind = this.#kindOf('');
  }

  /** Gives the last block at least that end: a list's is asked for after its last item's. */
  #end(end: string): void {
    const last = this.#done.pop();
    if (last === undefined) return;
    const ends = last.text.endsWith('\n\n') ? 2 : last.text.endsWith('\n') ? 1 : 0;
    const missing = end.length - ends;
    this.#done.push(missing > 0 ? { ...last, text: last.text + end.slice(-missing) } : last);
  }

  #push(text: string): void {
    this.count++;
    const heading = this.#headings.path;
    this.#done.push({ text, kind: this.#kind, place: heading === undefined ? {} : { heading } });
    this.#text = '';
  }
}

/** `hidden` is boolean but for `until-found`, which readers can reach. */
function isDropped(name: string, attributes: Readonly<Record<string, string>>): boolean {
  const { hidden, style } = attributes;
  if (hidden !== undefined && hidden !== 'until-found') return true;
  if (style !== undefined && /display\s*:\s*none|visibility\s*:\s*hidden/i.test(style)) return true;
  return DROPPED.has(name);
}

/** Collapsed white space is one space at most. */
function withoutSpace(text: string): string {
  return text.endsWith(' ') ? text.slice(0, -1) : text;
}
