/**
 * Markdown (CommonMark with GitHub's tables), as its source text: headings are places, blocks are
 * the top-level nodes. Markup stays as it was written; nothing is rendered.
 */

import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { type Block, type ExtractContext, extensionOf, type Extractor } from '../document';
import { decodeText, isTextual } from '../encoding';
import { HeadingPath } from '../headings';
import { countLineEnds } from './plain';

type Node = ReturnType<typeof fromMarkdown>['children'][number];
/** What heading text is read from: nodes of any depth. */
interface TreeNode {
  readonly type: string;
  readonly value?: string;
  readonly alt?: string | null | undefined;
  readonly children?: readonly TreeNode[];
}

/** UTF-16 units parsed at once: the parser's tree is many times as large as its text. */
const PART = 262_144;
/** YAML between dashes at the very beginning; Markdown would read it as a heading. */
const FRONT_MATTER = /^---[ \t]*\n(?:[^]*?\n)?(?:---|\.\.\.)[ \t]*(?:\n\s*|$)/;
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
class MarkdownReader {
  #line = 1;
  readonly #headings = new HeadingPath();

  /** Yields the front matter, if there is one, and returns the text after it. */
  *frontMatter(text: string): Generator<Block, string> {
    const matter = FRONT_MATTER.exec(text)?.[0];
    if (matter === undefined) return text;
    yield this.#block(matter, 'paragraph');
    return text.slice(matter.length);
  }

  *blocks(text: string): Generator<Block> {
    const tree = fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
    // A list's items are blocks of their own: a list may be as long as a document.
    const nodes = tree.children.flatMap((node): Node[] | Listed[] =>
      node.type === 'list' ? node.children : [node],
    );
    let at = 0;
    for (const [i, node] of nodes.entries()) {
      const next = nodes[i + 1];
      const end = next === undefined ? text.length : lineStart(text, offsetOf(next));
      if (end <= at) continue;
      if (node.type === 'heading') this.#headings.enter(node.depth, plainText(node));
      yield this.#block(text.slice(at, end), KINDS[node.type] ?? 'paragraph');
      at = end;
    }
    if (at < text.length) yield this.#block(text.slice(at), 'paragraph');
  }

  #block(text: string, kind: Block['kind']): Block {
    const heading = this.#headings.path;
    const place = heading === undefined ? { line: this.#line } : { line: this.#line, heading };
    this.#line += countLineEnds(text);
    return { text, kind, place };
  }
}

type Listed = Extract<Node, { type: 'list' }>['children'][number];

const KINDS: Partial<Record<string, Block['kind']>> = {
  heading: 'heading',
  code: 'code',
  html: 'code',
  table: 'table',
};

function offsetOf(node: Node | Listed): number {
  // fromMarkdown gives every node its position.
  return node.position?.start.offset ?? 0;
}

/** Indentation belongs to the block that it indents. */
function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

function plainText(node: TreeNode): string {
  if (node.type === 'html') return '';
  if (node.children !== undefined) return node.children.map(plainText).join('');
  return node.type === 'break' ? ' ' : (node.value ?? node.alt ?? '');
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
