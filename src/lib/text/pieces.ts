/**
 * Blocks to pieces: cuts blocks that are too long, joins those that go on in the next block, and
 * counts offsets and lines. Not the packing of pieces into chunks, which is `chunk.ts`.
 */

import { cutOffset, LOOK_AHEAD } from './cut';
import type { Block, BlockPlace } from './document';

/** A part of a block: 1 to `size` UTF-16 units. */
export interface Piece {
  readonly text: string;
  readonly place: BlockPlace;
  /** In the extracted text. */
  readonly start: number;
  /** Counts pages, headings and records: pieces of one section share it. */
  readonly section: number;
  readonly record: boolean;
}

/** Cuts a stream of blocks. Holds at most `size + LOOK_AHEAD` units between two calls. */
export class BlockCutter {
  readonly #size: number;
  #start = 0;
  #section = 0;
  #last: Block | undefined;
  /** The end of the last block, where it may go on in the next one. */
  #rest: { text: string; place: BlockPlace } | undefined;

  constructor(size: number) {
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
    const rest = this.#rest;
    this.#rest = undefined;
    const text = rest === undefined ? block.text : rest.text + block.text;
    const joint = rest?.text.length ?? 0;
    const open = !block.text.endsWith('\n') && block.kind !== 'record';
    let at = 0;
    let place = rest?.place ?? block.place;
    while (text.length - at > (open ? this.#size + LOOK_AHEAD : this.#size)) {
      const window = text.slice(at, at + this.#size + LOOK_AHEAD);
      const next = at + cutOffset(window, block.kind, this.#size);
      yield this.#piece(text.slice(at, next), place, block.kind);
      place = at < joint && next >= joint ? block.place : place;
      place = advance(place, block.kind, text, at < joint && next >= joint ? joint : at, next);
      at = next;
    }
    this.#rest = { text: text.slice(at), place };
    if (!open) yield* this.finish();
  }

  /** The last piece of what is held. */
  *finish(): Generator<Piece> {
    const rest = this.#rest;
    this.#rest = undefined;
    if (rest === undefined || rest.text === '') return;
    yield this.#piece(rest.text, rest.place, this.#last?.kind ?? 'paragraph');
  }

  #piece(text: string, place: BlockPlace, kind: Block['kind']): Piece {
    const start = this.#start;
    this.#start += text.length;
    return { text, place, start, section: this.#section, record: kind === 'record' };
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
    samePath(a.heading, b.heading)
  );
}

function samePath(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (a === b) return true;
  return a?.length === b?.length && a?.every((title, level) => title === b?.[level]) === true;
}

/** The place `text[to]`, for a place that is `text[from]`'s. A record's lines are not its source's. */
function advance(
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
