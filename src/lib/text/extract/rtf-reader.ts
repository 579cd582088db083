/**
 * What RTF's control words mean, as far as text is concerned (specification 1.9.1). Groups that
 * hold no text (fonts, pictures, objects, properties of shapes) are skipped, and so is what is
 * hidden or was deleted in tracked changes. Not a renderer: pages are not known.
 */

import { UnsupportedError } from '../../errors';
import { type OfficeBlocks, textOf } from './office-blocks';
import { RtfDecoder, SYMBOLS } from './rtf-charsets';
import { RtfFlow, type RtfParagraph } from './rtf-flow';
import { RtfFonts, RtfStyles } from './rtf-tables';
import type { RtfHandler } from './rtf-tokens';
import { CHARACTERS, CODE_PAGES, type Destination, DESTINATIONS, WANTED } from './rtf-words';

/** Groups inside each other: Word writes some 30. */
const MAX_DEPTH = 512;

/** What a group takes over from the one around it, and gives up at its end. */
interface Group {
  destination: Destination;
  /** What it opened itself; undefined where it only takes over. */
  opened: Destination | undefined;
  /** Bytes that stand for a `\u` character in readers that do not know it. */
  skip: number;
  font: number | undefined;
  rtlFont: number | undefined;
  isRtl: boolean;
  hidden: boolean;
  deleted: boolean;
  inTable: boolean;
  inList: boolean;
  style: number;
  level: number | undefined;
}

/** Where fonts of signs have theirs in Unicode: U+F0xx is their byte xx. */
const SIGNS = 0xf000;

export class RtfReader implements RtfHandler {
  /** Headers and footers, each text once. */
  readonly margins = new Set<string>();
  readonly decoder = new RtfDecoder();
  readonly #name: string;
  readonly #blocks: OfficeBlocks;
  readonly #fonts = new RtfFonts();
  readonly #styles = new RtfStyles();
  readonly #groups: Group[] = [];
  #group: Group = {
    destination: 'text',
    opened: undefined,
    skip: 1,
    font: undefined,
    rtlFont: undefined,
    isRtl: false,
    hidden: false,
    deleted: false,
    inTable: false,
    inList: false,
    style: 0,
    level: undefined,
  };
  readonly #flows: RtfFlow[];
  #page = 1252;
  #defaultFont: number | undefined;
  /** The next word says what its group is, and may be unknown. */
  #isOptional = false;
  /** Bytes that still stand for the `\u` character before them. */
  #toSkip = 0;
  #noteNumber = 0;

  constructor(blocks: OfficeBlocks, name: string) {
    this.#blocks = blocks;
    this.#name = name;
    this.#flows = [new RtfFlow(blocks)];
  }

  /** Groups that are open. */
  get depth(): number {
    return this.#groups.length;
  }

  open(): void {
    this.#flush();
    this.#isOptional = false;
    if (this.#groups.length >= MAX_DEPTH) {
      throw new UnsupportedError(
        `${this.#name} was not read: its groups are nested deeper than ${MAX_DEPTH}.`,
        { subject: this.#name },
      );
    }
    this.#groups.push(this.#group);
    this.#group = { ...this.#group, opened: undefined };
    if (this.#group.destination === 'styles') this.#styles.open();
  }

  close(): void {
    this.#flush();
    const { opened, destination } = this.#group;
    if (destination === 'styles' && opened === undefined) this.#styles.close();
    if (opened !== undefined) this.#closeDestination(opened);
    this.#group = this.#groups.pop() ?? this.#group;
  }

  control(word: string, value: number | undefined): void {
    if (word === '*') {
      this.#isOptional = true;
      return;
    }
    const destination = DESTINATIONS.get(word);
    if (this.#isOptional) {
      this.#isOptional = false;
      if (!WANTED.has(word)) {
        this.#group.destination = 'skip';
        return;
      }
    }
    const group = this.#group;
    if (group.destination === 'skip') return;
    if (destination !== undefined) this.#openDestination(destination);
    else if (group.destination === 'fonts') this.#fonts.control(word, value ?? 0);
    else if (group.destination === 'styles') this.#styles.control(word, value ?? 0);
    else this.#format(word, value);
  }

  text(bytes: Uint8Array): void {
    const skipped = Math.min(this.#toSkip, bytes.length);
    this.#toSkip -= skipped;
    const own = skipped === 0 ? bytes : bytes.subarray(skipped);
    const { destination, hidden, deleted, isRtl, rtlFont, font } = this.#group;
    if (destination === 'skip' || destination === 'fonts' || own.length === 0) return;
    if (hidden || deleted) return;
    const page = this.#fonts.pageOf(isRtl ? rtlFont : font) ?? this.#page;
    this.#write(this.decoder.decode(own, page));
  }

  /** Ends the document: the last paragraph often has no end. */
  finish(): void {
    this.#flush();
    while (this.#flows.length > 1) this.#closeDestination('skip');
    const flow = this.#flow;
    if (flow.text !== '') flow.endParagraph(this.#paragraph());
    flow.endTable();
  }

  get #flow(): RtfFlow {
    const flow = this.#flows.at(-1);
    if (flow === undefined) throw new Error('The flow of the document never ends.');
    return flow;
  }

  #openDestination(destination: Destination): void {
    this.#flush();
    this.#group.destination = destination;
    this.#group.opened = destination;
    if (destination !== 'note' && destination !== 'box' && destination !== 'margin') return;
    Object.assign(this.#group, { inTable: false, inList: false, style: 0, level: undefined });
    this.#blocks.openAside();
    this.#flows.push(new RtfFlow(this.#blocks));
  }

  #closeDestination(destination: Destination): void {
    if (destination !== 'note' && destination !== 'box' && destination !== 'margin') return;
    const flow = this.#flow;
    if (flow.text !== '') flow.endParagraph(this.#paragraph());
    flow.endTable();
    this.#flows.pop();
    const items = this.#blocks.closeAside();
    const outer = this.#flow;
    if (destination === 'box') outer.boxes.push(...items);
    else if (destination === 'margin') this.margins.add(textOf(items));
    else if (textOf(items) !== '') {
      // Notes are numbered in their order, and stand at the end of the paragraph.
      const mark = `[${++this.#noteNumber}]`;
      outer.text += mark;
      outer.notes.push(`${mark} ${textOf(items)}`);
    }
  }

  #format(word: string, value: number | undefined): void {
    const group = this.#group;
    const isOn = value !== 0;
    switch (word) {
      case 'u':
        this.#unicode(value ?? 0);
        return;
      case 'par':
      case 'sect':
      case 'page':
        this.#flush();
        this.#flow.endParagraph(this.#paragraph());
        return;
      case 'nestcell':
      case 'nestrow':
        this.#write(' ');
        return;
      case 'cell':
        this.#flush();
        this.#flow.endCell(this.#paragraph());
        return;
      case 'row':
        this.#flow.endRow();
        return;
      case 'trowd':
        this.#flow.isHeader = false;
        return;
      case 'trhdr':
        this.#flow.isHeader = isOn;
        return;
      case 'pard':
        Object.assign(group, { inTable: false, inList: false, style: 0, level: undefined });
        return;
      case 'intbl':
        group.inTable = isOn;
        return;
      case 'ls':
        group.inList = isOn;
        return;
      case 's':
        group.style = value ?? 0;
        return;
      case 'outlinelevel':
        group.level = value;
        return;
      case 'plain':
        Object.assign(group, { hidden: false, deleted: false, isRtl: false });
        group.font = this.#defaultFont;
        return;
      case 'f':
        group.font = value;
        return;
      case 'af':
        group.rtlFont = value;
        return;
      case 'rtlch':
      case 'ltrch':
        group.isRtl = word === 'rtlch';
        return;
      case 'v':
        group.hidden = isOn;
        return;
      case 'deleted':
        group.deleted = isOn;
        return;
      case 'uc':
        group.skip = Math.max(0, value ?? 1);
        return;
      case 'deff':
        this.#defaultFont = group.font = value;
        return;
      case 'ansicpg':
        if (value !== undefined && value > 0) this.#page = value;
        return;
    }
    const page = CODE_PAGES.get(word);
    if (page !== undefined) this.#page = page;
    const character = CHARACTERS.get(word);
    if (character !== undefined) this.#write(character);
  }

  /** A UTF-16 unit, as a signed number; after it stands what other readers show. */
  #unicode(value: number): void {
    this.#toSkip = 0;
    const unit = value & 0xffff;
    const isSign = unit >= SIGNS && unit < SIGNS + 0x100;
    if (isSign) {
      this.#write(this.decoder.decode(Uint8Array.of(unit - SIGNS), SYMBOLS));
    } else this.#write(String.fromCharCode(unit));
    this.#toSkip = this.#group.skip;
  }

  #write(text: string): void {
    const { destination, hidden, deleted } = this.#group;
    if (destination === 'skip' || destination === 'fonts' || hidden || deleted) return;
    if (destination === 'styles') this.#styles.text(text);
    else this.#flow.text = this.#blocks.extend(this.#flow.text, text);
  }

  /** Ends a run of bytes. */
  #flush(): void {
    this.#toSkip = 0;
    const rest = this.decoder.end();
    if (rest !== '') this.#write(rest);
  }

  #paragraph(): RtfParagraph {
    const { level, style, inTable, inList } = this.#group;
    const own =
      level === undefined ? this.#styles.levelOf(style) : level < 9 ? level + 1 : undefined;
    return { level: own, inTable, inList };
  }
}
