/**
 * Blocks to chunks. Pure: no storage, no workers, no clock. Memory is bounded by one block and
 * two chunks, but for white space before the first word, which is held until a word follows.
 *
 * Laws, for a chunk size `size`:
 * - Joined in order, the chunks are the extracted text, unless that is all white space: then
 *   there is no chunk.
 * - No chunk is longer than `size * MAX_STRETCH`.
 * - No chunk is only white space, unless it lies in a run of white space longer than a quarter
 *   of `size`.
 * - No chunk begins inside a grapheme, unless that grapheme is longer than `size`, or a record
 *   or section begins there.
 * - A record shares no chunk with anything but white space.
 * - The same blocks give the same chunks, in the same engine: the boundaries are its ICU's.
 */

import type { Place } from '../api';
import { InvalidError } from '../errors';
import type { Block, BlockPlace } from './document';
import { BlockCutter, type Piece } from './pieces';

/** UTF-16 units; about 150 English words. */
export const DEFAULT_CHUNK_SIZE = 1000;
export const MIN_CHUNK_SIZE = 100;
export const MAX_CHUNK_SIZE = 8000;
/** A chunk may be this many times `size`, so that crumbs find room with a neighbour. */
export const MAX_STRETCH = 1.5;

/** A passage of a document's text, with its place in it. */
export interface TextChunk {
  readonly text: string;
  /** The place of its first block; `start` and `end` in the extracted text. */
  readonly place: Place;
}

/**
 * Cuts a document into chunks of about `size` UTF-16 units. A chunk begins at a heading, page or
 * record where it can, and goes beyond one only where a part would be a crumb (less than a
 * quarter of `size`).
 *
 * @throws InvalidError for a size that is not a whole number from 100 to 8,000
 */
export async function* chunkBlocks(
  blocks: Iterable<Block> | AsyncIterable<Block>,
  options: { size?: number } = {},
): AsyncGenerator<TextChunk> {
  const size = options.size ?? DEFAULT_CHUNK_SIZE;
  if (!Number.isInteger(size) || size < MIN_CHUNK_SIZE || size > MAX_CHUNK_SIZE) {
    throw new InvalidError(
      `A chunk's size is a whole number from ${MIN_CHUNK_SIZE} to ${MAX_CHUNK_SIZE}, not ${size}.`,
      { subject: 'size' },
    );
  }
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
  readonly place: BlockPlace;
  readonly start: number;
  /** The section of its last piece that is not blank. */
  section: number;
  record: boolean;
  blank: boolean;
}

/** Packs pieces into chunks. `#open` still grows; `#held` waits for a crumb that may follow. */
class Packer {
  readonly #size: number;
  readonly #most: number;
  /** Below this a draft is a crumb. */
  readonly #least: number;
  #open: Draft | undefined;
  #held: Draft | undefined;
  /** Blank drafts before the first word: dropped if no word follows. */
  #leading: Draft[] | undefined = [];

  constructor(size: number) {
    this.#size = size;
    this.#most = Math.floor(size * MAX_STRETCH);
    this.#least = size / 4;
  }

  *add(piece: Piece): Generator<TextChunk> {
    const next: Draft = { ...piece, blank: piece.text.trim() === '' };
    if (this.#open === undefined) {
      this.#open = next;
    } else if (this.#takes(this.#open, next)) {
      join(this.#open, next);
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
    const length = open.text.length + next.text.length;
    if (length > this.#most) return false;
    if (open.blank || next.blank) return true;
    if (open.section === next.section) return length <= this.#size || this.#isCrumb(open);
    if (open.record || next.record || !this.#isCrumb(open)) return false;
    // A crumb at a section's end goes back into its own section, else on into the next.
    return this.#held?.section !== open.section || !this.#absorbs(this.#held, open);
  }

  *#close(draft: Draft): Generator<TextChunk> {
    if (this.#held !== undefined && this.#absorbs(this.#held, draft)) {
      join(this.#held, draft);
      return;
    }
    if (this.#held !== undefined) yield* this.#emit(this.#held);
    this.#held = draft;
  }

  #absorbs(held: Draft, draft: Draft): boolean {
    if (held.text.length + draft.text.length > this.#most) return false;
    if (held.blank || draft.blank) return true;
    const apart = held.section !== draft.section && (held.record || draft.record);
    return this.#isCrumb(draft) && !apart;
  }

  #isCrumb(draft: Draft): boolean {
    return draft.text.length < this.#least;
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

function join(draft: Draft, next: Draft): void {
  draft.text += next.text;
  if (next.blank) return;
  draft.section = next.section;
  draft.record = next.record;
  draft.blank = false;
}

function toChunk({ text, place, start }: Draft): TextChunk {
  return { text, place: { ...place, start, end: start + text.length } };
}
