/**
 * Markdown (CommonMark with GitHub's tables), as its source text: headings are places, blocks are
 * the top-level ones. Markup stays as it was written; nothing is rendered.
 */

import MarkdownIt, { type Env, type Token } from 'markdown-it';
import { type Block, type ExtractContext, extensionOf, type Extractor } from '../document';
import { decodeText, isTextual } from '../encoding';
import { HeadingPath } from '../headings';
import { countLineEnds } from './plain';

/**
 * Its block rules alone read a document; inline rules read headings only. HTML is recognised, so
 * that tags stay out of heading paths.
 */
const parser = new MarkdownIt({ html: true });
// No link is followed: one that it would refuse to render is still a link, not a heading's text.
parser.validateLink = () => true;
parser.normalizeLink = asWritten;
parser.normalizeLinkText = asWritten;

/** UTF-16 units parsed at once: the parser's tokens are many times as large as its text. */
const PART = 262_144;
/**
 * YAML between dashes, or TOML between pluses, at the very beginning; Markdown would read it as a
 * heading. What stands between is text, a title above all; the fences are not.
 */
const FRONT_MATTER =
  /^(?:---[ \t]*\n((?:[^]*?\n)?)(?:---|\.\.\.)|\+\+\+[ \t]*\n((?:[^]*?\n)?)\+\+\+)[ \t]*(?:\n\s*|$)/;
const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;

export const markdown: Extractor = {
  type: 'text/markdown',
  extensions: ['md', 'markdown', 'mdown', 'mkd', 'mdx'],
  recognise: (head, name) =>
    markdown.extensions.includes(extensionOf(name)) && isTextual(head) ? 0.7 : 0,
  extract: extractMarkdown,
};

async function* extractMarkdown(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const reader = new MarkdownReader();
  let text = '';
  let first = true;
  for await (const piece of decodeText(file, context.signal, context)) {
    text += piece;
    if (text.length < PART) continue;
    if (first) text = yield* reader.frontMatter(text);
    first = false;
    const end = partEnd(text);
    yield* reader.blocks(text.slice(0, end));
    text = text.slice(end);
  }
  if (first) text = yield* reader.frontMatter(text);
  yield* reader.blocks(text);
}

/** Reads a document part by part; keeps the line and the path of headings between them. */
export class MarkdownReader {
  #line = 1;
  readonly #headings = new HeadingPath();

  /** The headings that stand above what comes next. */
  get heading(): string[] | undefined {
    return this.#headings.path;
  }

  /** Yields the front matter, if there is one, and returns the text after it. */
  *frontMatter(text: string): Generator<Block, string> {
    const matter = FRONT_MATTER.exec(text);
    if (matter === null) return text;
    const content = matter[1] ?? matter[2] ?? '';
    const place = { line: this.#line + 1 };
    if (content.trim() !== '') yield { text: content + '\n', kind: 'paragraph', place };
    this.#line += countLineEnds(matter[0]);
    return text.slice(matter[0].length);
  }

  *blocks(text: string): Generator<Block> {
    const tokens: Token[] = [];
    const env: Env = {};
    parser.block.parse(text, parser, env, tokens);
    let kind: Block['kind'] | undefined;
    let start = 0;
    let at = 0;
    let line = 0;
    for (const [i, token] of tokens.entries()) {
      if (token.map === null || !beginsBlock(token)) continue;
      // Blocks are whole lines: indentation belongs to the block that it indents.
      for (; line < token.map[0]; line++) at = text.indexOf('\n', at) + 1;
      // Blank lines above the first block are its own.
      if (kind !== undefined) {
        yield this.#block(text.slice(start, at), kind);
        start = at;
      }
      kind = KINDS[token.type] ?? 'paragraph';
      if (kind === 'heading') this.#headings.enter(levelOf(token), title(tokens[i + 1], env));
    }
    if (start < text.length) yield this.#block(text.slice(start), kind ?? 'paragraph');
  }

  #block(text: string, kind: Block['kind']): Block {
    const heading = this.#headings.path;
    const place = heading === undefined ? { line: this.#line } : { line: this.#line, heading };
    this.#line += countLineEnds(text);
    return { text, kind, place };
  }
}

/** By the type of a block's first token. */
const KINDS: Partial<Record<string, Block['kind']>> = {
  heading_open: 'heading',
  fence: 'code',
  code_block: 'code',
  html_block: 'code',
  table_open: 'table',
};

function beginsBlock({ type, level }: Token): boolean {
  // A list's items are blocks of their own: a list may be as long as a document.
  if (type === 'list_item_open') return level === 1;
  return level === 0 && type !== 'bullet_list_open' && type !== 'ordered_list_open';
}

/** Of a heading's first token, whose tag is `h1` to `h6`. */
function levelOf(heading: Token): number {
  return Number(heading.tag.slice(1));
}

/** The text of a heading without its markup; `env` holds the link definitions around it. */
function title(content: Token | undefined, env: Env): string {
  const tokens: Token[] = [];
  parser.inline.parse(content?.content ?? '', parser, env, tokens);
  return plainText(tokens);
}

function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if (token.type === 'html_inline') return '';
      if (token.type === 'softbreak' || token.type === 'hardbreak') return ' ';
      // An image's children are its description.
      return token.children === null ? token.content : plainText(token.children);
    })
    .join('');
}

function asWritten(url: string): string {
  return url;
}

/** Where a part may end: before the last heading outside fenced code, else at a blank line. */
function partEnd(text: string): number {
  let fence: string | undefined;
  let heading = 0;
  let blank = 0;
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at);
    if (end < 0) break;
    const line = text.slice(at, end);
    const [, mark = '', info = ''] = FENCE.exec(line) ?? [];
    if (fence !== undefined) {
      if (mark.startsWith(fence) && info.trim() === '') fence = undefined;
    } else if (mark !== '') {
      fence = mark;
    } else if (/^#{1,6}[ \t]/.test(line)) {
      heading = at;
    } else if (line.trim() === '') {
      blank = end + 1;
    }
    at = end + 1;
  }
  // Text without either, such as one endless fence, is parted at a line or wherever it is.
  return heading || blank || text.lastIndexOf('\n') + 1 || text.length;
}
