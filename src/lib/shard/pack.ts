/**
 * Chunks into frames: whole chunks, as many as fit, best fit among the next few. Pure but for the
 * compressor. Each frame is compressed about once (compressing is four fifths of the cost): what fits
 * is guessed from the ratio of the frames before, corrected by what really came out.
 */
import type { Place } from '../api';
import { InvalidError } from '../errors';
import { encodeFrame, textBytesOf, type Frame, type FrameChunk, type FrameSource } from './payload';
import { newSeed, type ChunkUuid, type Lineage } from './ids';

/** Best fit looks this far ahead; the order keys keep the order (docs/FORMAT.md). */
const WINDOW = 16;

/** Payload over JSON bytes, and over the estimate, to begin with: brotli 10 over abstracts. */
const FIRST_RATIO = 0.33;
const FIRST_CORRECTION = 0.66;

/**
 * Share of the capacity that the estimate aims at. Brotli 10 over brotli 1 varies by 1.6 % (one
 * standard deviation, 80 blocks of abstracts): 0.97 is too much for one frame in nine, 0.96 for one
 * in ninety, and both make 175 frames of 1.55 MB of abstracts.
 */
const AIM = 0.96;

/** What one frame changes of the running correction: one frame alone is noise. */
const MEMORY = 0.2;

/** A last frame that is filled to here is not left for later. */
const NEARLY = 0.94;

/** How often a frame's content is estimated anew before it is compressed. */
const ESTIMATES = 3;

export interface PackedFrame {
  /** Compressed, with its first byte; at most the capacity. */
  readonly payload: Uint8Array;
  /** Positions of this frame's chunks in the list that was packed, in slot order. */
  readonly chunks: readonly number[];
  readonly seed: Uint8Array;
  /** The payload's bytes as shares: texts, everything else, and what stayed empty. */
  readonly bytes: { readonly text: number; readonly metadata: number; readonly unfilled: number };
}

export interface PackOptions {
  readonly lineage: Lineage;
  /** Bytes a frame holds. */
  readonly capacity: number;
  compress(content: Uint8Array): Uint8Array;
  /** About proportional to what `compress` makes, at a tenth of its cost; bytes. */
  estimate(content: Uint8Array): number;
  /** Made for each frame; random outside tests. */
  seed?: () => Uint8Array;
  /**
   * Leaves the chunks of the last frame out when it is not full, so that they can go into a frame
   * together with later ones.
   */
  readonly leaveRest?: boolean;
}

export interface Packed {
  readonly frames: PackedFrame[];
  /** Positions of chunks that are in no frame; only with `leaveRest`. */
  readonly rest: number[];
}

/**
 * Packs the chunks of one stretch. The result depends on chunks, options and seeds alone.
 * @throws InvalidError when a chunk alone is too large for a frame: `cutToFit` comes before
 */
export function packChunks(chunks: readonly FrameChunk[], options: PackOptions): Packed {
  const { lineage, capacity, seed = newSeed } = options;
  const sizes = chunks.map(sizeOf);
  const waiting = chunks.map((_, at) => at);
  const frames: PackedFrame[] = [];
  const aim = capacity * AIM;
  let ratio = FIRST_RATIO;
  let correction = FIRST_CORRECTION;

  while (waiting.length > 0) {
    const frameSeed = seed();
    const taken: number[] = [];
    const contentOf = (): { frame: Frame; content: Uint8Array } => {
      const frame = { lineage, seed: frameSeed, chunks: taken.map((at) => elementOf(chunks, at)) };
      return { frame, content: encodeFrame(frame) };
    };

    take();
    let made = contentOf();
    let estimate = 0;
    for (let round = 0; round < ESTIMATES; round++) {
      estimate = options.estimate(made.content);
      ratio = (estimate * correction) / made.content.length;
      const before = taken.length;
      if (estimate * correction > aim && before > 1)
        giveBack((estimate * correction - aim) / ratio);
      else take();
      if (taken.length === before) break;
      made = contentOf();
    }

    if (options.leaveRest && waiting.length === 0 && estimate * correction < capacity * NEARLY) {
      return { frames, rest: taken.sort((a, b) => a - b) };
    }

    let payload = options.compress(made.content);
    while (payload.length > capacity) {
      if (taken.length === 1) throw tooLarge(elementOf(chunks, elementOf(taken, 0)));
      giveBack(((payload.length - capacity) * made.content.length) / payload.length);
      made = contentOf();
      estimate = options.estimate(made.content);
      payload = options.compress(made.content);
    }
    correction += MEMORY * (payload.length / estimate - correction);
    ratio = payload.length / made.content.length;
    frames.push(packed(payload, taken, frameSeed, made.frame, made.content.length));

    /** Moves chunks from the window into the frame until it is guessed to be full. */
    function take(): void {
      let filled = 0;
      for (const one of taken) filled += elementOf(sizes, one);
      for (;;) {
        const room = aim / ratio - filled - FRAME_OVERHEAD;
        let best = -1;
        for (let look = 0; look < Math.min(WINDOW, waiting.length); look++) {
          const size = elementOf(sizes, elementOf(waiting, look));
          if (size > room) continue;
          // In order while there is plenty of room; the largest that fits at the end.
          if (best < 0 || (room < 2 * size && size > elementOf(sizes, elementOf(waiting, best))))
            best = look;
          if (room > 3 * size) break;
        }
        if (best < 0 && taken.length === 0) best = 0;
        if (best < 0) return;
        const [one] = waiting.splice(best, 1);
        if (one === undefined) return;
        taken.push(one);
        filled += elementOf(sizes, one);
      }
    }

    /** Returns the smallest chunk that covers the excess, or the largest where none does. */
    function giveBack(excess: number): void {
      let choice = taken.length - 1;
      for (let at = 0; at < taken.length; at++) {
        const size = elementOf(sizes, elementOf(taken, at));
        const chosen = elementOf(sizes, elementOf(taken, choice));
        if (chosen >= excess ? size >= excess && size < chosen : size > chosen) choice = at;
      }
      const [one] = taken.splice(choice, 1);
      if (one === undefined) return;
      const before = waiting.findIndex((other) => other > one);
      waiting.splice(before < 0 ? waiting.length : before, 0, one);
    }
  }
  return { frames, rest: [] };

  function packed(
    payload: Uint8Array,
    taken: readonly number[],
    frameSeed: Uint8Array,
    frame: Frame,
    content: number,
  ): PackedFrame {
    const text = Math.round((payload.length * textBytesOf(frame)) / content);
    return {
      payload,
      chunks: [...taken],
      seed: frameSeed,
      bytes: { text, metadata: payload.length - text, unfilled: capacity - payload.length },
    };
  }
}

/** JSON around the chunks: format, lineage, seed and brackets, with one source of usual length. */
const FRAME_OVERHEAD = 140;

function sizeOf(chunk: FrameChunk): number {
  // UTF-8 bytes of the text, near enough: JSON's escapes and the place are a few more.
  let bytes = 30 + chunk.text.length;
  for (let at = 0; at < chunk.text.length; at++) {
    const code = chunk.text.charCodeAt(at);
    if (code > 0x7f) bytes += code > 0x7ff ? 2 : 1;
  }
  const heading = chunk.place?.heading;
  if (heading) for (const part of heading) bytes += part.length + 3;
  return bytes;
}

function elementOf<T>(list: readonly T[], at: number): T {
  const value = list[at];
  if (value === undefined) throw new Error(`No element ${String(at)}.`);
  return value;
}

function tooLarge(chunk: FrameChunk): InvalidError {
  return new InvalidError('A chunk is too large for a frame.', { subject: chunk.order });
}

/** UTF-8 bytes that always fit, whatever they are: brotli adds a handful of bytes to noise. */
const ALWAYS_FITS = 2400;

/**
 * A chunk is born without one in its frame, but carries it once it is drawn anew; then its UUID, its
 * order key and the seed are of other characters than the ones tried with, which compress otherwise.
 */
const REDRAWN_BYTES = 48;
const ANY_UUID = '5f2c81d0-9a3e-8b47-a6d1-0e7c94b3f218' as ChunkUuid;

/**
 * Cuts a text that a frame cannot hold into pieces that it can, at graphemes, near equal in length.
 * @returns UTF-16 offsets where to cut, ascending, without 0 and the end; empty where it fits
 */
export function cutToFit(
  text: string,
  source: FrameSource,
  place: Place | null,
  options: Pick<PackOptions, 'lineage' | 'capacity' | 'compress'>,
): number[] {
  const fits = (part: string): boolean => {
    const chunk = { order: 'a00000V', source, place, text: part, uuid: ANY_UUID };
    if (part.length * 3 < ALWAYS_FITS && sizeOf(chunk) < ALWAYS_FITS) return true;
    const frame = { lineage: options.lineage, seed: newSeed(), chunks: [chunk] };
    const content = encodeFrame(frame);
    if (content.length < ALWAYS_FITS) return true;
    return options.compress(content).length <= options.capacity - REDRAWN_BYTES;
  };
  if (fits(text)) return [];
  const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' }).segment(text);
  for (let pieces = 2; pieces <= text.length; pieces *= 2) {
    const cuts = new Set<number>();
    for (let piece = 1; piece < pieces; piece++) {
      const segment = graphemes.containing(Math.round((piece * text.length) / pieces));
      if (segment && segment.index > 0) cuts.add(segment.index);
    }
    const ends = [...cuts, text.length];
    if (ends.every((end, at) => fits(text.slice(at === 0 ? 0 : ends[at - 1], end)))) {
      return [...cuts];
    }
  }
  throw new InvalidError('A single grapheme is too large for a frame.', { subject: source.name });
}
