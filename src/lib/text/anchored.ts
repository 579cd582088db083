/**
 * A document that is read again into chunks: passages that it had before are cut out as they were
 * where they still stand, and only what lies between is cut anew. Pure, as `chunk.ts`; unlike there
 * the whole text is held.
 *
 * Laws, besides those of `chunk.ts` for what is cut anew:
 * - Each chunk is the text at its place, and what lies between two chunks is white space.
 * - Anchors are found in order, once at most, and never overlap.
 * - In the same text all are found, with the places that the chunker gives.
 * - How the blocks divide the text does not matter.
 */

import { WholeText } from './anchored-blocks';
import { findPassages } from './anchored-search';
import { chunkBlocks, type ChunkOptions, type TextChunk } from './chunk';
import type { Block } from './document';

/** UTF-16 units of the old passages together, and of the new text, that are held to compare them. */
export const MAX_ANCHORED = 1 << 26;

export const TOO_LONG =
  'This text is too long to look for the passages that it had before: only chunks that come out the same are kept.';

export interface AnchoredChunk extends TextChunk {
  /** The position among the anchors of the passage that this is. */
  readonly anchor?: number;
}

/** @throws InvalidError as `chunkBlocks` */
export async function* cutAnchored(
  blocks: Iterable<Block> | AsyncIterable<Block>,
  anchors: readonly string[],
  {
    warn,
    most = MAX_ANCHORED,
    ...cutting
  }: ChunkOptions & {
    /** Tells the person that the text is too long for it. */
    readonly warn?: (message: string) => void;
    /** As `MAX_ANCHORED`. */
    readonly most?: number;
  } = {},
): AsyncGenerator<AnchoredChunk> {
  const held: Block[] = [];
  let length = 0;
  const coming = iterate(blocks);
  try {
    for (let next = await coming.next(); !next.done; next = await coming.next()) {
      held.push(next.value);
      length += next.value.text.length;
      if (length <= most) continue;
      warn?.(TOO_LONG);
      yield* equalChunks(chunkBlocks(follow(held, coming), cutting), anchors);
      return;
    }
  } finally {
    await coming.return?.();
  }
  const whole = new WholeText(held);
  const { offsets } = findPassages(whole.text, anchors, (offset) => whole.isWithinRecord(offset));
  let from = 0;
  for (const [anchor, passage] of anchors.entries()) {
    const start = offsets[anchor] ?? -1;
    if (start < 0) continue;
    yield* cutBetween(whole, from, start, cutting);
    const end = start + passage.length;
    yield { text: passage, place: whole.placeOf(start, end), anchor };
    from = end;
  }
  yield* cutBetween(whole, from, whole.text.length, cutting);
}

async function* cutBetween(
  whole: WholeText,
  from: number,
  to: number,
  cutting: ChunkOptions,
): AsyncGenerator<TextChunk> {
  if (from === to) return;
  for await (const { text, place } of chunkBlocks(whole.parts(from, to), cutting)) {
    yield { text, place: { ...place, start: place.start + from, end: place.end + from } };
  }
}

/** Chunks that are an anchor as they stand; each anchor once, in order. */
async function* equalChunks(
  chunks: AsyncIterable<TextChunk>,
  anchors: readonly string[],
): AsyncGenerator<AnchoredChunk> {
  /** Positions of each text, the first one last. */
  const positions = new Map<string, number[]>();
  for (const [at, text] of [...anchors.entries()].reverse()) {
    const known = positions.get(text);
    if (known) known.push(at);
    else positions.set(text, [at]);
  }
  let last = -1;
  for await (const chunk of chunks) {
    const left = positions.get(chunk.text);
    let anchor = left?.pop();
    while (anchor !== undefined && anchor < last) anchor = left?.pop();
    last = anchor ?? last;
    yield anchor === undefined ? chunk : { ...chunk, anchor };
  }
}

function iterate<T>(
  items: Iterable<T> | AsyncIterable<T>,
): AsyncIterator<T, unknown> | Iterator<T, unknown> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}

/** What was taken from an iterator, and then the rest of it. */
async function* follow<T>(
  taken: readonly T[],
  rest: AsyncIterator<T, unknown> | Iterator<T, unknown>,
): AsyncGenerator<T> {
  yield* taken;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
}
