/** A document's blocks as one text: parts of it as blocks again, and where its passages stand. */

import type { Place } from '../api';
import { withTable } from './chunk';
import type { Block, BlockPlace } from './document';
import { advance } from './pieces';

export class WholeText {
  readonly text: string;
  readonly #blocks: readonly Block[];
  /** Where each block begins. */
  readonly #starts: Int32Array;

  constructor(blocks: readonly Block[]) {
    this.#blocks = blocks.filter(({ text }) => text !== '');
    this.#starts = new Int32Array(this.#blocks.length);
    let start = 0;
    this.#blocks.forEach(({ text }, at) => {
      this.#starts[at] = start;
      start += text.length;
    });
    this.text = this.#blocks.map(({ text }) => text).join('');
  }

  /** The blocks' parts from one offset to another; a part of a block has its place. */
  *parts(from: number, to: number): Generator<Block> {
    for (let at = this.#blockAt(from); ; at++) {
      const block = this.#blocks[at];
      const start = this.#starts[at] ?? Infinity;
      if (!block || start >= to) return;
      const [first, last] = [Math.max(0, from - start), Math.min(block.text.length, to - start)];
      if (first === 0 && last === block.text.length) yield block;
      else {
        const place = advance(block.place, block.kind, block.text, 0, first);
        yield { ...block, text: block.text.slice(first, last), place };
      }
    }
  }

  /** The place of a passage, as the chunker gives it to a chunk. */
  placeOf(start: number, end: number): Place {
    let place: BlockPlace | undefined;
    for (const part of this.parts(start, end)) {
      if (place === undefined) ({ place } = part);
      else if (part.text.trim() !== '') place = withTable(place, part.place);
      if (place.columns !== undefined) break;
    }
    return { ...place, start, end };
  }

  /** Whether an offset lies inside a record, at neither of its ends. */
  isWithinRecord(offset: number): boolean {
    const at = this.#blockAt(offset);
    return this.#blocks[at]?.kind === 'record' && this.#starts[at] !== offset;
  }

  #blockAt(offset: number): number {
    let low = 0;
    let high = this.#blocks.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low;
  }
}
