/**
 * A flow of paragraphs in RTF: the document's, or that of a note, box or header. RTF has no
 * beginning of a table, row or cell, only ends: what is open is inferred here.
 */

import { type OfficeBlocks, type OfficeItem } from './office-blocks';

/** What is known of a paragraph when it ends. */
export interface RtfParagraph {
  /** 1 to 9 of a heading, 0 of a title, undefined of text. */
  readonly level: number | undefined;
  readonly inTable: boolean;
  readonly inList: boolean;
}

export class RtfFlow {
  readonly #blocks: OfficeBlocks;
  text = '';
  /** At the end of the open paragraph. */
  readonly notes: string[] = [];
  readonly boxes: OfficeItem[] = [];
  /** The row that is being defined is a header. */
  isHeader = false;
  #table = false;
  #row = false;
  #cell = false;

  constructor(blocks: OfficeBlocks) {
    this.#blocks = blocks;
  }

  endParagraph(paragraph: RtfParagraph): void {
    if (paragraph.inTable) this.#openCell();
    else this.endTable();
    this.#put(paragraph);
  }

  endCell(paragraph: RtfParagraph): void {
    this.#openCell();
    this.#put(paragraph);
    this.#blocks.closeCell();
    this.#cell = false;
  }

  endRow(): void {
    if (!this.#row) return;
    if (this.#cell) this.#blocks.closeCell();
    if (this.isHeader) this.#blocks.markHeader();
    this.#blocks.closeRow();
    this.#row = this.#cell = false;
  }

  endTable(): void {
    this.endRow();
    if (this.#table) this.#blocks.closeTable();
    this.#table = false;
  }

  #openCell(): void {
    if (!this.#table) this.#blocks.openTable();
    if (!this.#row) this.#blocks.openRow();
    if (!this.#cell) this.#blocks.openCell();
    this.#table = this.#row = this.#cell = true;
  }

  #put({ level, inList }: RtfParagraph): void {
    // Half of a surrogate pair would be text that UTF-8 cannot carry.
    const text = this.text.replace(/\p{Surrogate}/gu, '\ufffd');
    if (level !== undefined) this.#blocks.heading(level, text);
    else this.#blocks.paragraph(text, inList || this.notes.length > 0);
    for (const note of this.notes) this.#blocks.paragraph(note, true);
    this.#blocks.put(this.boxes);
    this.text = '';
    this.notes.length = this.boxes.length = 0;
  }
}
