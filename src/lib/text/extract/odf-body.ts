/**
 * Text of OpenDocument (ODF 1.3 part 3) to blocks, in documents as on slides. What was deleted in
 * tracked changes, comments and furigana are left out. Not a renderer: pages are not known, and
 * numbers of lists and headings are not counted.
 */

import { type OfficeBlocks, type OfficeItem, textOf } from './office-blocks';
import type { XmlHandler } from './xml';

type Attributes = Readonly<Record<string, string>>;

interface Paragraph {
  text: string;
  /** Of a heading; undefined of text. */
  readonly level: number | undefined;
  readonly notes: string[];
  /** What lies in frames that are anchored in it. */
  readonly boxes: OfficeItem[];
  /** Cells, frames and notes that were open where it began. */
  readonly scope: number;
  /** It lies in a shape that is anchored in another paragraph, and follows that. */
  readonly aside: boolean;
}

/** Left out with all that is in them. */
const DROPPED = new Set([
  'text:tracked-changes',
  'text:ruby-text',
  'text:note-citation',
  'office:annotation',
  'office:scripts',
  'office:forms',
  'svg:title',
  'svg:desc',
]);
const SCOPES = new Set([
  'table:table-cell',
  'table:covered-table-cell',
  'draw:text-box',
  'text:note-body',
]);
/** Spaces that one `text:s` stands for: more are layout, and the number is only declared. */
const MAX_SPACES = 100;

export class OdfReader implements XmlHandler {
  readonly #blocks: OfficeBlocks;
  /** Depth of elements inside dropped ones; 0 where text counts. */
  #dropped = 0;
  /** Paragraphs inside each other: a frame or note lies in a paragraph. */
  readonly #paragraphs: Paragraph[] = [];
  #scope = 0;
  #lists = 0;
  #headerRows = 0;
  readonly #spans: number[] = [];
  #noteNumber = 0;

  constructor(blocks: OfficeBlocks) {
    this.#blocks = blocks;
  }

  open(name: string, attributes: Attributes): void {
    if (this.#dropped > 0 || isDropped(name, attributes)) {
      this.#dropped++;
      return;
    }
    if (SCOPES.has(name)) this.#scope++;
    switch (name) {
      case 'text:h':
        this.#openParagraph(Math.max(1, Number(attributes['text:outline-level'] ?? 1) || 1));
        return;
      case 'text:p':
        this.#openParagraph(undefined);
        return;
      case 'text:tab':
        this.#write('\t');
        return;
      case 'text:line-break':
        this.#write('\n');
        return;
      case 'text:s': {
        const count = Number(attributes['text:c'] ?? 1) || 1;
        this.#write(' '.repeat(Math.max(0, Math.min(count, MAX_SPACES))));
        return;
      }
      case 'text:list':
        this.#lists++;
        return;
      case 'text:note-body':
      case 'draw:text-box':
        this.#blocks.openAside();
        return;
    }
    this.#openTablePart(name, attributes);
  }

  text(text: string): void {
    const paragraph = this.#paragraphs.at(-1);
    // Between a paragraph and the ones in its frame there is only layout.
    if (this.#dropped > 0 || paragraph?.scope !== this.#scope) return;
    // White space collapses across elements, and at the start is none (part 3, 6.1.2).
    const own = text.replace(/[ \t\r\n]+/g, ' ');
    const parted = paragraph.text === '' || /[ \n\t]$/.test(paragraph.text);
    const more = parted && own.startsWith(' ') ? own.slice(1) : own;
    paragraph.text = this.#blocks.extend(paragraph.text, more);
  }

  close(name: string): void {
    if (this.#dropped > 0) {
      this.#dropped--;
      return;
    }
    if (SCOPES.has(name)) this.#scope--;
    switch (name) {
      case 'text:h':
      case 'text:p':
        this.#closeParagraph();
        return;
      case 'text:list':
        this.#lists--;
        return;
      case 'text:note-body':
        this.#addNote(textOf(this.#blocks.closeAside()));
        return;
      case 'draw:text-box':
        this.#addBox(this.#blocks.closeAside());
        return;
      case 'table:table-cell':
      case 'table:covered-table-cell':
        this.#blocks.closeCell(this.#spans.pop());
        return;
      case 'table:table-row':
        this.#blocks.closeRow();
        return;
      case 'table:table-header-rows':
        this.#headerRows--;
        return;
      case 'table:table':
        this.#blocks.closeTable();
    }
  }

  #openTablePart(name: string, attributes: Attributes): void {
    switch (name) {
      case 'table:table':
        this.#blocks.openTable();
        return;
      case 'table:table-header-rows':
        this.#headerRows++;
        return;
      case 'table:table-row':
        this.#blocks.openRow();
        if (this.#headerRows > 0) this.#blocks.markHeader();
        return;
      case 'table:table-cell':
      case 'table:covered-table-cell':
        this.#spans.push(Number(attributes['table:number-columns-repeated']) || 1);
        this.#blocks.openCell();
    }
  }

  #write(text: string): void {
    const paragraph = this.#paragraphs.at(-1);
    if (paragraph !== undefined) paragraph.text += text;
  }

  #openParagraph(level: number | undefined): void {
    const aside = this.#paragraphs.at(-1)?.scope === this.#scope;
    if (aside) this.#blocks.openAside();
    const scope = this.#scope;
    this.#paragraphs.push({ text: '', level, notes: [], boxes: [], scope, aside });
  }

  #closeParagraph(): void {
    const paragraph = this.#paragraphs.pop();
    if (paragraph === undefined) return;
    const { text, level, notes, boxes, aside } = paragraph;
    if (level !== undefined) this.#blocks.heading(level, text);
    else this.#blocks.paragraph(text, this.#lists > 0 || notes.length > 0);
    for (const note of notes) this.#blocks.paragraph(note, true);
    this.#blocks.put(boxes);
    if (aside) this.#addBox(this.#blocks.closeAside());
  }

  /** Notes are numbered in their order, and stand at the end of the paragraph. */
  #addNote(note: string): void {
    const paragraph = this.#paragraphs.at(-1);
    if (note === '' || paragraph === undefined) return;
    const mark = `[${++this.#noteNumber}]`;
    paragraph.text += mark;
    paragraph.notes.push(`${mark} ${note}`);
  }

  /** A frame's text follows the paragraph that it is anchored in. */
  #addBox(items: readonly OfficeItem[]): void {
    const paragraph = this.#paragraphs.at(-1);
    if (paragraph?.scope === this.#scope) paragraph.boxes.push(...items);
    else this.#blocks.put(items);
  }
}

function isDropped(name: string, attributes: Attributes): boolean {
  if (name === 'text:section') return attributes['text:display'] === 'none';
  return DROPPED.has(name);
}
