/**
 * One slide, or its notes, to blocks (DrawingML in PresentationML, ECMA-376 part 1, 19 and 21.1):
 * the title first, then the shapes in their order, which is back to front. Dates, footers and
 * slide numbers, which are on every slide, are left out; so are pictures and charts.
 */

import type { OfficeBlocks, OfficeItem } from './office-blocks';
import { attributeOf, localName } from './ooxml';
import type { XmlHandler } from './xml';

type Attributes = Readonly<Record<string, string>>;

const TITLES = new Set(['title', 'ctrTitle']);
/** Placeholders that are the same on every slide, and the picture of the slide on its notes. */
const MARGINS = new Set(['sldNum', 'dt', 'ftr', 'hdr', 'sldImg']);

export class SlideReader implements XmlHandler {
  readonly #blocks: OfficeBlocks;
  /** What the slide's title says; empty where it has none. */
  title = '';
  /** Depth of elements inside dropped ones; 0 where text counts. */
  #dropped = 0;
  #isText = false;
  /** The paragraph that is open. */
  #paragraph: string | undefined;
  /** The kind of placeholder that the open shape is; empty of a shape of its own. */
  #placeholder = '';
  readonly #choices: boolean[] = [];
  /** Whether the open table's first row is a header; tables hold no tables here. */
  #firstRow = false;

  constructor(blocks: OfficeBlocks) {
    this.#blocks = blocks;
    blocks.openAside();
  }

  open(element: string, attributes: Attributes): void {
    const name = localName(element);
    if (this.#dropped > 0 || (name === 'Fallback' && this.#choices.at(-1) === true)) {
      this.#dropped++;
      return;
    }
    switch (name) {
      case 'sp':
        this.#placeholder = '';
        return;
      case 'ph':
        this.#placeholder = attributeOf(attributes, 'type') ?? 'obj';
        return;
      case 'AlternateContent':
        this.#choices.push(false);
        return;
      case 'Choice':
        this.#choices[this.#choices.length - 1] = true;
        return;
      case 'p':
        this.#paragraph = '';
        return;
      case 't':
        this.#isText = this.#paragraph !== undefined;
        return;
      case 'br':
        if (this.#paragraph !== undefined) this.#paragraph += '\n';
        return;
    }
    this.#openTablePart(name, attributes);
  }

  text(text: string): void {
    if (this.#isText && this.#dropped === 0) {
      this.#paragraph = this.#blocks.extend(this.#paragraph ?? '', text);
    }
  }

  close(element: string): void {
    if (this.#dropped > 0) {
      this.#dropped--;
      return;
    }
    switch (localName(element)) {
      case 'sp':
        this.#placeholder = '';
        return;
      case 'AlternateContent':
        this.#choices.pop();
        return;
      case 'p':
        this.#closeParagraph();
        return;
      case 't':
        this.#isText = false;
        return;
      case 'tc':
        // What a merged cell lies over has empty cells of its own.
        this.#blocks.closeCell();
        return;
      case 'tr':
        this.#blocks.closeRow();
        return;
      case 'tbl':
        this.#blocks.closeTable();
    }
  }

  /** Ends the slide: what it holds below its title, which goes before it. */
  finish(): readonly OfficeItem[] {
    return this.#blocks.closeAside();
  }

  #openTablePart(name: string, attributes: Attributes): void {
    switch (name) {
      case 'tbl':
        this.#blocks.openTable();
        return;
      case 'tblPr':
        this.#firstRow = /^(1|true)$/.test(attributes['firstRow'] ?? '');
        return;
      case 'tr':
        this.#blocks.openRow();
        if (this.#firstRow) this.#blocks.markHeader();
        return;
      case 'tc':
        this.#blocks.openCell();
    }
  }

  #closeParagraph(): void {
    const text = this.#paragraph ?? '';
    this.#paragraph = undefined;
    if (MARGINS.has(this.#placeholder)) return;
    if (TITLES.has(this.#placeholder)) this.title = `${this.title} ${text}`.trim();
    // Lines of a shape stand together; empty ones part them.
    else this.#blocks.paragraph(text, true);
  }
}
