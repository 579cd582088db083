/**
 * The slides of an OpenDocument presentation (ODF 1.3 part 3, 10): which element begins what. The
 * text in them is `odf-body.ts`'s.
 */

import { OdfReader } from './odf-body';
import { type OfficeBlocks, textOf } from './office-blocks';
import type { XmlHandler } from './xml';

type Attributes = Readonly<Record<string, string>>;

/** Frames that are the same on every slide, or show no text. */
const MARGINS = new Set(['header', 'footer', 'date-time', 'page-number', 'page']);

export class OdpReader implements XmlHandler {
  readonly #blocks: OfficeBlocks;
  readonly #text: OdfReader;
  /** Slides so far. */
  slides = 0;
  #title = '';
  /** The slide's own items were put in, before its notes. */
  #put = false;
  /** What the frames are that are open: title, text or margin. */
  readonly #frames: string[] = [];

  constructor(blocks: OfficeBlocks) {
    this.#blocks = blocks;
    this.#text = new OdfReader(blocks);
  }

  open(name: string, attributes: Attributes): void {
    this.#text.open(name, attributes);
    if (name === 'draw:page') {
      this.slides++;
      this.#title = '';
      this.#put = false;
      this.#blocks.openAside();
    } else if (name === 'presentation:notes') {
      this.#putSlide();
      this.#blocks.openAside();
    } else if (name === 'draw:frame') {
      const kind = attributes['presentation:class'] ?? '';
      this.#frames.push(kind);
      if (isApart(kind)) this.#blocks.openAside();
    }
  }

  text(text: string): void {
    this.#text.text(text);
  }

  close(name: string): void {
    this.#text.close(name);
    if (name === 'draw:page') this.#putSlide();
    else if (name === 'presentation:notes') this.#putNotes();
    else if (name === 'draw:frame') {
      const kind = this.#frames.pop() ?? '';
      if (!isApart(kind)) return;
      const text = textOf(this.#blocks.closeAside());
      if (kind === 'title') this.#title = `${this.#title} ${text}`.trim();
    }
  }

  #putSlide(): void {
    if (this.#put) return;
    this.#put = true;
    const items = this.#blocks.closeAside();
    this.#blocks.enter({ slide: this.slides });
    this.#blocks.heading(1, this.#title);
    this.#blocks.put(items);
  }

  #putNotes(): void {
    const items = this.#blocks.closeAside();
    const headings = this.#title === '' ? [] : [this.#title];
    this.#blocks.enter({ slide: this.slides, notes: true }, headings);
    this.#blocks.put(items);
  }
}

/** Whether what a frame holds does not stand where the frame does. */
function isApart(kind: string): boolean {
  return kind === 'title' || MARGINS.has(kind);
}
