/**
 * WordprocessingML (ECMA-376 part 1, 17) to blocks: a document's body, its notes, its headers.
 * What was deleted in tracked changes is left out, what was inserted is text; fields are read as
 * their last result. Not a renderer: pages are not known, and hidden text is not read.
 */

import type { DocxNumbering } from './docx-numbering';
import { type DocxStyles, type ParagraphStyle, readProperty } from './docx-styles';
import { type OfficeBlocks, type OfficeItem, textOf } from './office-blocks';
import { attributeOf, isOn, localName } from './ooxml';
import type { XmlHandler } from './xml';

type Attributes = Readonly<Record<string, string>>;

/** What the body refers to. */
export interface DocxContext {
  readonly styles: DocxStyles;
  readonly numbering: DocxNumbering;
  /** Footnotes and endnotes by their kind and id, such as `footnote 2`. */
  readonly notes: Map<string, string>;
}

interface Paragraph {
  text: string;
  style: string | undefined;
  /** What is said of it directly, before its style. */
  readonly own: ParagraphStyle;
  readonly notes: string[];
  /** What lies in boxes that are anchored in it. */
  readonly boxes: OfficeItem[];
  /** Its end was deleted: the next one goes on with its text. */
  goesOn: boolean;
  inRun: boolean;
  hidden: boolean;
}

/** Left out with all that is in them: deleted, moved away, furigana, settings of form fields. */
const DROPPED = new Set(['del', 'moveFrom', 'rt', 'sdtPr']);
const NOTES = new Set(['footnote', 'endnote']);
/** Symbol fonts put their pictures here: no text. */
const PRIVATE_USE = 0xe000;

export class DocxReader implements XmlHandler {
  readonly #blocks: OfficeBlocks;
  readonly #context: DocxContext;
  /** Depth of elements inside dropped ones; 0 where text counts. */
  #dropped = 0;
  /** Inside `t`, of a run that is seen. */
  #isText = false;
  /** Paragraphs inside each other: a box lies in a paragraph. */
  readonly #paragraphs: Paragraph[] = [];
  /** Text of a paragraph whose end was deleted. */
  #carried = '';
  /** For each `AlternateContent` whether a choice was read. */
  readonly #choices: boolean[] = [];
  readonly #rows: { deleted: boolean }[] = [];
  readonly #spans: number[] = [];
  /** The properties that are open: of a paragraph or of a row. */
  #properties = '';
  #note = '';
  #noteNumber = 0;

  constructor(blocks: OfficeBlocks, context: DocxContext) {
    this.#blocks = blocks;
    this.#context = context;
  }

  open(element: string, attributes: Attributes): void {
    const name = localName(element);
    if (this.#dropped > 0 || this.#isDropped(name, attributes)) {
      this.#dropped++;
      return;
    }
    const paragraph = this.#paragraphs.at(-1);
    switch (name) {
      case 'p':
        this.#openParagraph();
        return;
      case 'txbxContent':
        this.#blocks.openAside();
        return;
      case 'AlternateContent':
        this.#choices.push(false);
        return;
      case 'Choice':
        this.#choices[this.#choices.length - 1] = true;
        return;
      case 'pPr':
      case 'trPr':
        this.#properties = name;
        return;
    }
    if (NOTES.has(name)) {
      this.#note = `${name} ${attributeOf(attributes, 'id')}`;
      this.#blocks.openAside();
    } else if (paragraph?.inRun === false) this.#openInParagraph(name, attributes, paragraph);
    else {
      // In a run there are tables by way of boxes.
      this.#openTablePart(name, attributes);
      if (paragraph !== undefined) this.#openInRun(name, attributes, paragraph);
    }
  }

  text(text: string): void {
    const paragraph = this.#paragraphs.at(-1);
    if (this.#isText && this.#dropped === 0 && paragraph !== undefined) {
      paragraph.text = this.#blocks.extend(paragraph.text, text);
    }
  }

  close(element: string): void {
    if (this.#dropped > 0) {
      this.#dropped--;
      return;
    }
    const name = localName(element);
    const paragraph = this.#paragraphs.at(-1);
    switch (name) {
      case 'p':
        this.#closeParagraph();
        return;
      case 'r':
        if (paragraph !== undefined) paragraph.inRun = false;
        return;
      case 't':
        this.#isText = false;
        return;
      case 'txbxContent':
        if (paragraph === undefined) this.#blocks.put(this.#blocks.closeAside());
        else paragraph.boxes.push(...this.#blocks.closeAside());
        return;
      case 'AlternateContent':
        this.#choices.pop();
        return;
      case 'pPr':
      case 'trPr':
        this.#properties = '';
        return;
      case 'tc':
        this.#blocks.closeCell(this.#spans.pop());
        return;
      case 'tr':
        this.#blocks.closeRow(this.#rows.pop()?.deleted);
        return;
      case 'tbl':
        this.#blocks.closeTable();
        return;
    }
    if (NOTES.has(name)) this.#context.notes.set(this.#note, textOf(this.#blocks.closeAside()));
  }

  #isDropped(name: string, attributes: Attributes): boolean {
    if (name === 'del' || name === 'moveFrom') this.#markDeleted();
    if (name === 'Fallback') return this.#choices.at(-1) === true;
    // The lines that part text from notes are notes of another type.
    if (NOTES.has(name)) return (attributeOf(attributes, 'type') ?? 'normal') !== 'normal';
    // `…PrChange` says how properties were before a change.
    return DROPPED.has(name) || name.endsWith('PrChange');
  }

  /** Among the properties of a row, or of a paragraph's end, `del` says that it was deleted. */
  #markDeleted(): void {
    const row = this.#rows.at(-1);
    const paragraph = this.#paragraphs.at(-1);
    if (this.#properties === 'trPr' && row !== undefined) row.deleted = true;
    if (this.#properties === 'pPr' && paragraph !== undefined) paragraph.goesOn = true;
  }

  #openTablePart(name: string, attributes: Attributes): void {
    switch (name) {
      case 'tbl':
        this.#blocks.openTable();
        return;
      case 'tr':
        this.#rows.push({ deleted: false });
        this.#blocks.openRow();
        return;
      case 'tblHeader':
        if (isOn(attributes)) this.#blocks.markHeader();
        return;
      case 'tc':
        this.#spans.push(1);
        this.#blocks.openCell();
        return;
      case 'gridSpan':
        this.#spans[this.#spans.length - 1] = Number(attributeOf(attributes, 'val')) || 1;
    }
  }

  #openInParagraph(name: string, attributes: Attributes, paragraph: Paragraph): void {
    if (name === 'r') {
      paragraph.inRun = true;
      paragraph.hidden = false;
    } else if (this.#properties === 'pPr') {
      const value = attributeOf(attributes, 'val') ?? '';
      if (name === 'pStyle') paragraph.style = value;
      else readProperty(paragraph.own, name, value);
    }
  }

  #openInRun(name: string, attributes: Attributes, paragraph: Paragraph): void {
    if (name === 'vanish') paragraph.hidden = isOn(attributes);
    if (paragraph.hidden) return;
    switch (name) {
      case 't':
        this.#isText = true;
        return;
      case 'tab':
      case 'ptab':
        paragraph.text += '\t';
        return;
      case 'br':
      case 'cr':
        paragraph.text += '\n';
        return;
      case 'noBreakHyphen':
        paragraph.text += '\u2011';
        return;
      case 'sym': {
        const code = Number.parseInt(attributeOf(attributes, 'char') ?? '', 16);
        if (code > 0 && code < PRIVATE_USE) paragraph.text += String.fromCharCode(code);
        return;
      }
      case 'footnoteReference':
      case 'endnoteReference':
        this.#refer(`${name.slice(0, -'Reference'.length)} ${attributeOf(attributes, 'id')}`);
    }
  }

  /** Notes are numbered as they are referred to, and stand at the end of the paragraph. */
  #refer(id: string): void {
    const note = this.#context.notes.get(id);
    const paragraph = this.#paragraphs.at(-1);
    if (note === undefined || note === '' || paragraph === undefined) return;
    const mark = `[${++this.#noteNumber}]`;
    paragraph.text += mark;
    paragraph.notes.push(`${mark} ${note}`);
  }

  #openParagraph(): void {
    this.#paragraphs.push({
      text: this.#carried,
      style: undefined,
      own: {},
      notes: [],
      boxes: [],
      goesOn: false,
      inRun: false,
      hidden: false,
    });
    this.#carried = '';
  }

  #closeParagraph(): void {
    const paragraph = this.#paragraphs.pop();
    if (paragraph === undefined) return;
    if (paragraph.goesOn) this.#carried = paragraph.text;
    else this.#addParagraph(paragraph);
    for (const note of paragraph.notes) this.#blocks.paragraph(note, true);
    this.#blocks.put(paragraph.boxes);
  }

  #addParagraph({ text, style, own, notes }: Paragraph): void {
    if (text.trim() === '') return;
    const { level = -1, list = '0', depth } = { ...this.#context.styles.of(style), ...own };
    const label = this.#context.numbering.next(list, depth);
    if (level >= 0) this.#blocks.heading(level, text, label);
    else {
      const labelled = label === '' ? text : `${label} ${text.trimStart()}`;
      this.#blocks.paragraph(labelled, list !== '0' || notes.length > 0);
    }
  }
}
