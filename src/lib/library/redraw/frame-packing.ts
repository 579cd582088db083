/**
 * Chunks into encoded frames: parts are packed, drawn and encoded side by side as chunks come in.
 * Neither files nor records are made here, and nothing is verified: `verified-video.ts` does that.
 */
import type { ProfileName } from '../../api';
import type { ChunkUuid, Lineage } from '../../shard/ids';
import type { SegmentEntry } from '../../shard/objects';
import { compareOrder } from '../../shard/order';
import type { FrameChunk } from '../../shard/payload';
import type { EncodedFrames } from '../../video/encode';
import type { Engines } from '../engines';
import type { Gate } from '../gate';
import type { EncodedPart } from '../protocol';

/**
 * UTF-8 bytes of text in a part: one step of work for one encoder. H.264's parts are larger, for
 * each one starts an ffmpeg run.
 */
export const PART_BYTES: Record<ProfileName, number> = {
  compact: 96 * 1024,
  universal: 128 * 1024,
};

/**
 * What a part leaves because it would not fill a frame goes into the part so many later: far enough
 * for that one not to wait, near enough for little to be left at the end, where nothing else runs.
 */
const RELAY = 6;

/** UTF-8 bytes of text that are worth an encoder of their own at the end: two frames and more. */
const SHARE_BYTES = 24 * 1024;

export interface FramesContext {
  readonly engines: Engines;
  readonly profile: ProfileName;
  readonly lineage: Lineage;
  readonly signal: AbortSignal;
  /** Bounds the parts under way, over all segments. */
  readonly gate: Gate;
  /** So many frames more are done. */
  progress(stage: 'encode' | 'verify', frames: number): void;
}

/** What packing has to know of a chunk; the rest is up to who made it. */
export interface PackedChunk {
  readonly order: string;
  /** UTF-8 bytes of the text. */
  readonly bytes: number;
}

/** Where a chunk came to lie; frames are counted from the first one that was drawn. */
export interface DrawnPlace {
  readonly uuid: ChunkUuid;
  readonly frame: number;
  readonly slot: number;
}

/** Frames of all parts in one row, and who lies where. */
export interface DrawnFrames<T> {
  readonly encoded: EncodedFrames[];
  /** The payload of each frame. */
  readonly payloads: Uint8Array[];
  /** How the payloads' bytes divide. */
  readonly payload: SegmentEntry['payload'];
  readonly places: ReadonlyMap<T, DrawnPlace>;
}

interface Part<T> {
  readonly chunks: Promise<readonly T[]>;
  readonly encoded: Promise<EncodedPart>;
}

export interface FramePackerOptions<T> {
  frameChunk(chunk: T): FrameChunk;
  /** Told of the chunks of each part before it is packed. */
  onPart?(chunks: readonly T[]): void;
}

export class FramePacker<T extends PackedChunk> {
  readonly #context: FramesContext;
  readonly #options: FramePackerOptions<T>;
  readonly #parts: Part<T>[] = [];
  #open: T[] = [];
  #openBytes = 0;

  constructor(context: FramesContext, options: FramePackerOptions<T>) {
    this.#context = context;
    this.#options = options;
  }

  /** Takes one chunk; waits while as many parts are under way as may be. */
  async add(chunk: T): Promise<void> {
    this.#open.push(chunk);
    this.#openBytes += chunk.bytes;
    if (this.#openBytes < PART_BYTES[this.#context.profile]) return;
    const chunks = this.#takeOpen();
    const leave = await this.#context.gate.enter();
    const part = this.#relayed(chunks);
    part.encoded.then(leave, leave); // awaited in `finish`, which rejects with it
    this.#parts.push(part);
  }

  /** Waits for the parts, packs what they left, and puts all frames in one row. */
  async finish(): Promise<DrawnFrames<T>> {
    const open = this.#takeOpen();
    const { lanes } = this.#context.engines;
    const parts = await Promise.all(
      this.#parts.map(async ({ chunks, encoded }) => ({
        chunks: await chunks,
        part: await encoded,
      })),
    );
    const left = parts.flatMap(({ chunks, part }) => chunksAt(chunks, part.rest));
    let last = [...left, ...open].sort(byOrder);
    const shares = sharesOf(last, lanes);
    if (shares.length > 1) {
      // Nothing else runs any more: each encoder takes a share, and one what they leave.
      const shared = await Promise.all(
        shares.map(async (chunks) => ({ chunks, part: await this.#pack(chunks, true) })),
      );
      parts.push(...shared);
      last = shared.flatMap(({ chunks, part }) => chunksAt(chunks, part.rest)).sort(byOrder);
    }
    if (last.length > 0) parts.push({ chunks: last, part: await this.#pack(last, false) });
    return inOneRow(parts);
  }

  #takeOpen(): T[] {
    const chunks = this.#open;
    this.#open = [];
    this.#openBytes = 0;
    if (chunks.length > 0) this.#options.onPart?.(chunks);
    return chunks;
  }

  /** Starts a part of these chunks and of those that an earlier part had left. */
  #relayed(own: readonly T[]): Part<T> {
    const earlier = this.#parts.at(-RELAY);
    if (earlier) this.#parts[this.#parts.length - RELAY] = withoutRest(earlier);
    const chunks = (async () => {
      const left = earlier ? chunksAt(await earlier.chunks, (await earlier.encoded).rest) : [];
      return [...left, ...own];
    })();
    const encoded = chunks.then((all) => this.#pack(all, true));
    encoded.catch(() => undefined);
    return { chunks, encoded };
  }

  #pack(chunks: readonly T[], leaveRest: boolean): Promise<EncodedPart> {
    const { engines, profile, lineage, signal, progress } = this.#context;
    let told = 0;
    return engines.encode.call(
      'pack',
      { profile, lineage, leaveRest, chunks: chunks.map(this.#options.frameChunk) },
      {
        signal,
        onProgress: (frames) => {
          progress('encode', frames - told);
          told = frames;
        },
      },
    );
  }
}

/** A part whose left chunks another one has taken. */
function withoutRest<T>({ chunks, encoded }: Part<T>): Part<T> {
  const done = encoded.then((part) => ({ ...part, rest: [] }));
  done.catch(() => undefined);
  return { chunks, encoded: done };
}

function inOneRow<T>(
  parts: readonly { chunks: readonly T[]; part: EncodedPart }[],
): DrawnFrames<T> {
  const encoded: EncodedFrames[] = [];
  const payloads: Uint8Array[] = [];
  const payload = { text: 0, metadata: 0, unfilled: 0 };
  const places = new Map<T, DrawnPlace>();
  for (const { chunks, part } of parts) {
    if (!part.encoded) continue; // all of it was left
    encoded.push(part.encoded);
    part.frames.forEach((frame, at) => {
      const index = payloads.length + at;
      chunksAt(chunks, frame.chunks).forEach((chunk, slot) => {
        const uuid = frame.uuids[slot];
        if (uuid) places.set(chunk, { uuid, frame: index, slot });
      });
      payload.text += frame.bytes.text;
      payload.metadata += frame.bytes.metadata;
      payload.unfilled += frame.bytes.unfilled;
    });
    payloads.push(...part.payloads);
  }
  return { encoded, payloads, payload, places };
}

function chunksAt<T>(chunks: readonly T[], positions: readonly number[]): T[] {
  return positions.map((at) => {
    const chunk = chunks[at];
    if (!chunk) throw new Error(`A part has no chunk ${String(at)}.`);
    return chunk;
  });
}

const byOrder = (a: PackedChunk, b: PackedChunk): number => compareOrder(a.order, b.order);

/** Chunks in up to `most` rows of about the same size, none smaller than `SHARE_BYTES`. */
function sharesOf<T extends PackedChunk>(chunks: readonly T[], most: number): T[][] {
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
  const count = Math.max(1, Math.min(most, Math.floor(bytes / SHARE_BYTES)));
  const shares: T[][] = Array.from({ length: count }, () => []);
  let before = 0;
  for (const chunk of chunks) {
    shares[Math.floor((before / bytes) * count)]?.push(chunk);
    before += chunk.bytes;
  }
  return shares.filter((share) => share.length > 0);
}
