/**
 * Joins segments into one MP4 without coding anything again: tables are added up, samples copied.
 * Memory holds four bytes a frame and one block. Writing of the head: `mp4.ts`.
 */
import { InvalidError } from '../errors';
import { sameBytes } from './codec-config';
import { layoutMovie } from './mp4';
import { openMp4, type Mp4 } from './mp4-index';

/** Bytes that are read and passed on at a time. */
const BLOCK_BYTES = 2 ** 20;

/** How joining is watched and stopped. */
export interface JoinOptions {
  /** Looked at before each block; the stream then fails with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes passed on, and bytes of the whole file. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * The joined file as a stream, `moov` first, `co64` from 4 GiB on. Equal samples and metadata give
 * equal bytes, however they were cut into segments.
 * The stream fails with InvalidError where segments differ in codec, size or configuration or there
 * are none, with CorruptError for a segment that is not a whole MP4.
 */
export function joinMp4(
  segments: readonly Blob[],
  metadata: Readonly<Record<string, string>>,
  options: JoinOptions = {},
): ReadableStream<Uint8Array> {
  let blocks: AsyncGenerator<Uint8Array, void> | undefined;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      blocks ??= joinedBlocks(segments, metadata, options);
      const next = await blocks.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await blocks?.return(undefined);
    },
  });
}

async function* joinedBlocks(
  segments: readonly Blob[],
  metadata: Readonly<Record<string, string>>,
  { signal, onProgress }: JoinOptions,
): AsyncGenerator<Uint8Array, void> {
  const plan = await planJoin(segments, signal);
  const head = layoutMovie(plan.track, plan.sizes, metadata);
  const total = head.length + plan.sampleBytes;
  let done = head.length;
  yield head;
  onProgress?.(done, total);
  for (const { blob, start, end } of plan.ranges) {
    for (let at = start; at < end; at += BLOCK_BYTES) {
      signal?.throwIfAborted();
      const block = blob.slice(at, Math.min(end, at + BLOCK_BYTES));
      yield new Uint8Array(await block.arrayBuffer());
      done += block.size;
      onProgress?.(done, total);
    }
  }
}

interface JoinPlan {
  readonly track: Mp4;
  readonly sizes: Uint32Array;
  readonly sampleBytes: number;
  readonly ranges: readonly { readonly blob: Blob; readonly start: number; readonly end: number }[];
}

async function planJoin(
  segments: readonly Blob[],
  signal: AbortSignal | undefined,
): Promise<JoinPlan> {
  let track: Mp4 | undefined;
  let frames = 0;
  let sampleBytes = 0;
  const tables: Uint32Array[] = [];
  const ranges: { blob: Blob; start: number; end: number }[] = [];
  for (const [index, blob] of segments.entries()) {
    signal?.throwIfAborted();
    const segment = await openMp4(blob);
    track ??= segment;
    if (
      segment.codec !== track.codec ||
      segment.width !== track.width ||
      segment.height !== track.height ||
      !sameBytes(segment.decoderConfig, track.decoderConfig)
    ) {
      throw new InvalidError('Segments of different codec settings do not join', {
        subject: String(index),
      });
    }
    frames += segment.frames;
    tables.push(segment.sizes);
    for (const { start, end } of segment.runs) {
      ranges.push({ blob, start, end });
      sampleBytes += end - start;
    }
  }
  if (!track) throw new InvalidError('Nothing to join');
  const sizes = new Uint32Array(frames);
  let at = 0;
  for (const table of tables) {
    sizes.set(table, at);
    at += table.length;
  }
  return { track, sizes, sampleBytes, ranges };
}
