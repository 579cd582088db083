/**
 * Blocks to chunks. Pure: no storage, no workers, no clock. Memory is bounded by one block and
 * two chunks, but for white space before the first word, which is held until a word follows.
 *
 * Laws, for a chunk size `size` that counts UTF-16 units, or tokens (`ChunkSize.of` a text):
 * - Joined in order, the chunks are the extracted text, unless that is all white space: then
 *   there is no chunk.
 * - No chunk takes up more than `size * MAX_STRETCH`.
 * - No chunk is only white space, unless it lies in a run of white space that takes up more than a
 *   quarter of `size`.
 * - No chunk begins inside a grapheme, unless that takes up more than `size` (of tokens: more than
 *   half of it), or a record or section begins there.
 * - A record shares no chunk with anything but white space.
 * - Rows of two tables with headers share no chunk.
 * - The same blocks give the same chunks, in the same engine: the boundaries are its ICU's.
 */

import type { Place } from '../api';
import { ChunkSize, type CountTokens } from './chunk-size';
import type { Block, BlockPlace } from './document';
import { BlockCutter, type Piece } from './pieces';

/** A chunk may be this many times `size`, so that crumbs find room with a neighbour. */
export const MAX_STRETCH = 1.5;

/** A passage of a document's text, with its place in it. */
export interface TextChunk {
  readonly text: string;
  /**
   * The place of its first block, with the header of the table that it has rows of; `start` and `end`
   * in the extracted text.
   */
  readonly place: Place;
}

/** What a chunk aims at. */
export interface ChunkOptions {
  /** Default 1,000 UTF-16 units, or 200 tokens. */
  readonly size?: number | undefined;
  /** Counts the tokens that `size` is in; without it, that is UTF-16 units. */
  readonly count?: CountTokens | undefined;
}

/**
 * Cuts a document into chunks of about `size`. A chunk begins at a heading, page, record, table or
 * outermost definition where it can, and goes beyond one only where a part would be a crumb (less
 * than a quarter of `size`).
 *
 * @throws InvalidError for a size that is out of range, see `ChunkSize`
 */
export async function* chunkBlocks(
  blocks: Iterable<Block> | AsyncIterable<Block>,
  options: ChunkOptions = {},
): AsyncGenerator<TextChunk> {
  const size = new ChunkSize(options.size, options.count);
  const cutter = new BlockCutter(size);
  const packer = new Packer(size);
  for await (const block of blocks) {
    for (const piece of cutter.add(block)) yield* packer.add(piece);
  }
  for (const piece of cutter.finish()) yield* packer.add(piece);
  yield* packer.finish();
}

/** A chunk in the making. */
interface Draft {
  text: string;
  /** How much of the size it takes up, at most. */
  takes: number;
  place: BlockPlace;
  readonly start: number;
  /** The section of its last piece that is not blank. */
  section: number;
  record: boolean;
  /** Whether it holds rows of a table with a header. */
  table: boolean;
  blank: boolean;
}

/** Packs pieces into chunks. `#open` still grows; `#held` waits for a crumb that may follow. */
class Packer {
  readonly #size: ChunkSize;
  readonly #most: number;
  /** Below this a draft is a crumb. */
  readonly #least: number;
  #open: Draft | undefined;
  #held: Draft | undefined;
  /** Blank drafts before the first word: dropped if no word follows. */
  #leading: Draft[] | undefined = [];

  constructor(size: ChunkSize) {
    this.#size = size;
    this.#most = size.size * MAX_STRETCH;
    this.#least = size.size / 4;
  }

  *add(piece: Piece): Generator<TextChunk> {
    const next: Draft = { ...piece, blank: piece.text.trim() === '' };
    if (this.#open === undefined) {
      this.#open = next;
    } else if (this.#takes(this.#open, next)) {
      this.#join(this.#open, next);
    } else {
      yield* this.#close(this.#open);
      this.#open = next;
    }
  }

  *finish(): Generator<TextChunk> {
    if (this.#open !== undefined) yield* this.#close(this.#open);
    if (this.#held !== undefined) yield* this.#emit(this.#held);
    this.#open = this.#held = undefined;
  }

  #takes(open: Draft, next: Draft): boolean {
    const takes = this.#together(open, next);
    if (takes > this.#most) return false;
    if (open.blank || next.blank) return true;
    if (open.section === next.section) return takes <= this.#size.size || this.#isCrumb(open);
    if (areApart(open, next) || !this.#isCrumb(open)) return false;
    // A crumb at a section's end goes back into its own section, else on into the next.
    return this.#held?.section !== open.section || !this.#absorbs(this.#held, open);
  }

  *#close(draft: Draft): Generator<TextChunk> {
    if (this.#held !== undefined && this.#absorbs(this.#held, draft)) {
      this.#join(this.#held, draft);
      return;
    }
    if (this.#held !== undefined) yield* this.#emit(this.#held);
    this.#held = draft;
  }

  #absorbs(held: Draft, draft: Draft): boolean {
    if (this.#together(held, draft) > this.#most) return false;
    if (held.blank || draft.blank) return true;
    return this.#isCrumb(draft) && !areApart(held, draft);
  }

  #isCrumb(draft: Draft): boolean {
    return draft.takes < this.#least;
  }

  #together(draft: Draft, next: Draft): number {
    return this.#size.ofBoth(draft.text, draft.takes, next.text, next.takes);
  }

  #join(draft: Draft, next: Draft): void {
    draft.takes = this.#together(draft, next);
    draft.text += next.text;
    if (next.blank) return;
    draft.place = withTable(draft.place, next.place);
    draft.section = next.section;
    draft.record = next.record;
    draft.table ||= next.table;
    draft.blank = false;
  }

  *#emit(draft: Draft): Generator<TextChunk> {
    if (this.#leading !== undefined) {
      if (draft.blank) {
        this.#leading.push(draft);
        return;
      }
      yield* this.#leading.map(toChunk);
      this.#leading = undefined;
    }
    yield toChunk(draft);
  }
}

/** What may not share a chunk, however small it is. */
function areApart(a: Draft, b: Draft): boolean {
  return a.section !== b.section && (a.record || b.record || (a.table && b.table));
}

/** A heading before a table takes its header and row: the chunk is of that table. */
export function withTable(place: BlockPlace, next: BlockPlace): BlockPlace {
  const { columns, row } = next;
  if (columns === undefined || place.columns !== undefined) return place;
  return { ...place, columns, ...(row === undefined ? {} : { row }) };
}

function toChunk({ text, place, start }: Draft): TextChunk {
  return { text, place: { ...place, start, end: start + text.length } };
}
