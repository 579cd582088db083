/**
 * Blocks to pieces: cuts blocks that are too long, joins those that go on in the next block, and
 * counts offsets and lines. Not the packing of pieces into chunks, which is `chunk.ts`.
 */

import type { ChunkSize } from './chunk-size';
import { cutOffset, LOOK_AHEAD } from './cut';
import type { Block, BlockPlace } from './document';

/** A part of a block that takes up a chunk's size at most. */
export interface Piece {
  readonly text: string;
  /** How much of a chunk's size it takes up. */
  readonly takes: number;
  readonly place: BlockPlace;
  /** In the extracted text. */
  readonly start: number;
  /** Counts pages, headings, tables, definitions and records: pieces of one section share it. */
  readonly section: number;
  readonly record: boolean;
  /** Whether it is of a table with a header. */
  readonly table: boolean;
}

/** UTF-16 units that are never cut further: both halves of a surrogate pair. */
const LEAST = 2;

/** Cuts a stream of blocks. Holds at most a chunk's widest text and `LOOK_AHEAD` between two calls. */
export class BlockCutter {
  readonly #size: ChunkSize;
  #start = 0;
  #section = 0;
  #last: Block | undefined;
  /** The end of the last block, where it may go on in the next one. */
  #rest = '';
  /** Where in `#rest` what blocks begin, in order; the first at 0. */
  #places: { at: number; place: BlockPlace }[] = [];

  constructor(size: ChunkSize) {
    this.#size = size;
  }

  /** The pieces that are certain with this block. */
  *add(block: Block): Generator<Piece> {
    if (block.text === '') return;
    const last = this.#last;
    if (last !== undefined && !goesOn(last, block)) {
      yield* this.finish();
      if (opensSection(last, block)) this.#section++;
    }
    this.#last = block;
    this.#places.push({ at: this.#rest.length, place: block.place });
    this.#rest += block.text;
    const mayGoOn = !block.text.endsWith('\n') && block.kind !== 'record';
    yield* this.#cut(block.kind, mayGoOn ? this.#size.widest + LOOK_AHEAD : 0);
  }

  /** The last pieces, of what is held. */
  *finish(): Generator<Piece> {
    yield* this.#cut(this.#last?.kind ?? 'paragraph', 0);
  }

  /** Cuts what is held into pieces, but for so many units. */
  *#cut(kind: Block['kind'], held: number): Generator<Piece> {
    const text = this.#rest;
    let at = 0;
    while (text.length - at > held) {
      const window = text.slice(at, at + this.#size.widest + LOOK_AHEAD);
      const isRest = at + window.length === text.length;
      const takes = isRest ? this.#size.of(window) : Infinity;
      const piece =
        takes <= this.#size.size ? { text: window, takes } : this.#beginning(window, kind);
      const place = this.#places[0]?.place ?? {};
      yield { ...piece, place, ...this.#where(piece.text.length, kind) };
      const next = at + piece.text.length;
      this.#advance(text, next, kind);
      at = next;
    }
    this.#rest = text.slice(at);
    if (this.#rest === '') this.#places = [];
    else for (const mark of this.#places) mark.at -= at;
  }

  /** The first piece of a window that takes up more than a chunk's size. */
  #beginning(window: string, kind: Block['kind']): { text: string; takes: number } {
    const { size } = this.#size;
    for (let reach = this.#size.reach(window); ; reach = (reach * 3) >> 2) {
      const units = Math.max(LEAST, reach);
      const text = window.slice(0, cutOffset(window.slice(0, units + LOOK_AHEAD), kind, units));
      const takes = this.#size.of(text);
      // The beginning of a word may have more tokens than the word.
      if (takes <= size || units === LEAST) return { text, takes };
    }
  }

  #where(length: number, kind: Block['kind']): Omit<Piece, 'text' | 'takes' | 'place'> {
    const start = this.#start;
    this.#start += length;
    const table = this.#places[0]?.place.columns !== undefined;
    return { start, section: this.#section, record: kind === 'record', table };
  }

  /** Moves the first place on to `text[to]`. */
  #advance(text: string, to: number, kind: Block['kind']): void {
    const places = this.#places;
    while ((places[1]?.at ?? Infinity) <= to) places.shift();
    const first = places[0];
    if (first === undefined) return;
    first.place = advance(first.place, kind, text, first.at, to);
    first.at = to;
  }
}

function goesOn(last: Block, next: Block): boolean {
  return (
    !last.text.endsWith('\n') &&
    last.kind === next.kind &&
    next.kind !== 'record' &&
    sameSection(last.place, next.place)
  );
}

function opensSection(last: Block, next: Block): boolean {
  return (
    next.kind === 'heading' ||
    next.kind === 'record' ||
    last.kind === 'record' ||
    !sameSection(last.place, next.place)
  );
}

/** Lines, rows, times and paths are steps within a section: a chunk may hold several. */
function sameSection(a: BlockPlace, b: BlockPlace): boolean {
  return (
    a.page === b.page &&
    a.slide === b.slide &&
    a.sheet === b.sheet &&
    a.chapter === b.chapter &&
    a.notes === b.notes &&
    outermost(a.definition) === outermost(b.definition) &&
    samePath(a.columns, b.columns) &&
    // Rows that begin anew are of another table, even under the same header.
    (b.row ?? Infinity) >= (a.row ?? 0) &&
    samePath(a.heading, b.heading)
  );
}

/** The class of a method: `Lexer` of `Lexer.next`. */
function outermost(definition: string | undefined): string | undefined {
  return definition?.split('.', 1)[0];
}

function samePath(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (a === b) return true;
  return a?.length === b?.length && a?.every((title, level) => title === b?.[level]) === true;
}

/** The place `text[to]`, for a place that is `text[from]`'s. A record's lines are not its source's. */
export function advance(
  place: BlockPlace,
  kind: Block['kind'],
  text: string,
  from: number,
  to: number,
): BlockPlace {
  if (place.line === undefined || kind === 'record') return place;
  let lines = 0;
  let newline = text.indexOf('\n', from);
  while (newline >= 0 && newline < to) {
    lines++;
    newline = text.indexOf('\n', newline + 1);
  }
  return lines === 0 ? place : { ...place, line: place.line + lines };
}
