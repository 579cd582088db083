/**
 * One segment from its chunks: parts are packed, drawn and encoded side by side as chunks come in;
 * `finish` joins them into an MP4, verifies it from the store, and writes its page and search data.
 * Nothing refers to what it wrote until a commit does.
 */
import { CorruptError } from '../errors';
import type { ProfileName } from '../api';
import { segmentIdOf, type ChunkUuid, type Lineage } from '../shard/ids';
import type { SegmentEntry } from '../shard/objects';
import { compareOrder } from '../shard/order';
import type { FrameChunk, FrameSource } from '../shard/payload';
import { encodePage, PAGE_RECORDS, type ChunkRecord, type SourceRecord } from '../shard/records';
import type { Digest } from '../store/digest';
import type { Store } from '../store/store';
import type { EncodedFrames } from '../video/encode';
import { writeMp4 } from '../video/mp4';
import type { Engines } from './engines';
import type { Gate } from './gate';
import { hex } from './hex';
import type { Caution, DraftChunk, EncodedPart } from './protocol';

/** UTF-8 bytes of text after which a segment closes: about 512 frames. */
const SEGMENT_BYTES = 4.5 * 1024 * 1024;

/**
 * UTF-8 bytes of text in a part: one step of work for one encoder. H.264's parts are larger, for
 * each one starts an ffmpeg run.
 */
const PART_BYTES: Record<ProfileName, number> = { compact: 96 * 1024, universal: 128 * 1024 };

/**
 * What a part leaves because it would not fill a frame goes into the part so many later: far enough
 * for that one not to wait, near enough for little to be left at the end, where nothing else runs.
 */
const RELAY = 6;

/** A chunk that a segment takes: a draft with its place in the shard. */
export interface SegmentChunk extends DraftChunk {
  readonly order: string;
  readonly source: SourceRecord;
  /** The end of the chunk before, embedded and indexed along, never stored. */
  readonly context: string;
}

export interface BuilderContext {
  readonly engines: Engines;
  readonly store: Store;
  readonly profile: ProfileName;
  readonly lineage: Lineage;
  readonly model: string;
  readonly language: 'en' | 'und';
  readonly assetsUrl: string;
  readonly signal: AbortSignal;
  /** Bounds the parts under way, over all segments. */
  readonly gate: Gate;
  progress(stage: 'encode' | 'verify', frames: number): void;
}

interface Part {
  readonly chunks: Promise<readonly SegmentChunk[]>;
  readonly encoded: Promise<EncodedPart>;
}

/** A part whose left chunks another one has taken. */
function withoutRest({ chunks, encoded }: Part): Part {
  const done = encoded.then((part) => ({ ...part, rest: [] }));
  done.catch(() => undefined);
  return { chunks, encoded: done };
}

/** Frames of the parts in one row, and who lies where. */
interface Assembled {
  readonly encoded: EncodedFrames[];
  readonly payloads: Uint8Array[];
  readonly payload: { text: number; metadata: number; unfilled: number };
  readonly places: Map<SegmentChunk, { uuid: ChunkUuid; frame: number; slot: number }>;
}

export class SegmentBuilder {
  readonly #context: BuilderContext;
  readonly #parts: Part[] = [];
  readonly #vectors: Promise<Float32Array>[] = [];
  #chunks: SegmentChunk[] = [];
  #open: SegmentChunk[] = [];
  #openBytes = 0;
  #bytes = 0;

  constructor(context: BuilderContext) {
    this.#context = context;
  }

  get isFull(): boolean {
    return this.#chunks.length >= PAGE_RECORDS || this.#bytes >= SEGMENT_BYTES;
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  /** Takes one chunk; waits while as many parts are under way as may be. */
  async add(chunk: SegmentChunk): Promise<void> {
    this.#chunks.push(chunk);
    this.#open.push(chunk);
    this.#openBytes += chunk.bytes;
    this.#bytes += chunk.bytes;
    if (this.#openBytes < PART_BYTES[this.#context.profile]) return;
    const chunks = this.#open;
    this.#open = [];
    this.#openBytes = 0;
    this.#embed(chunks);
    const leave = await this.#context.gate.enter();
    const part = this.#relayed(chunks);
    part.encoded.then(leave, leave); // awaited in `finish`, which rejects with it
    this.#parts.push(part);
  }

  /** @throws CorruptError when the segment does not verify at any level of caution */
  async finish(): Promise<SegmentEntry> {
    const { store } = this.#context;
    this.#embed(this.#open);
    const texts = this.#chunks.map(({ text }) => text);
    const gzip = gzipBytes(texts);
    const search = this.#searchData();
    search.catch(() => undefined); // awaited below
    const assembled = await this.#assemble();
    const { digest, size } = await this.#writeVerified(assembled);
    const id = segmentIdOf(digest);
    const page = encodePage({
      segment: id,
      sources: this.#sources(),
      records: this.#records(assembled, id),
    });
    const { postings, vectors } = await search;
    const sizes = {
      page: page.length,
      postings: postings.length,
      vectors: vectors?.length ?? 0,
    };
    const [pageDigest, postingsDigest, vectorsDigest] = await Promise.all([
      store.putBlob(page),
      store.putBlob(postings),
      vectors ? store.putBlob(vectors) : null,
    ]);
    return {
      id,
      video: digest,
      page: pageDigest,
      postings: postingsDigest,
      vectors: vectorsDigest,
      frames: assembled.payloads.length,
      chunks: this.#chunks.length,
      bytes: { ...sizes, video: size, text: this.#bytes, gzip: await gzip },
      payload: assembled.payload,
    };
  }

  /** Starts a part of these chunks and of those that an earlier part had left. */
  #relayed(own: readonly SegmentChunk[]): Part {
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

  #pack(chunks: readonly SegmentChunk[], leaveRest: boolean): Promise<EncodedPart> {
    const { engines, profile, lineage, signal, progress } = this.#context;
    let told = 0;
    return engines.encode.call(
      'pack',
      { profile, lineage, leaveRest, chunks: chunks.map(frameChunkOf) },
      {
        signal,
        onProgress: (frames) => {
          progress('encode', frames - told);
          told = frames;
        },
      },
    );
  }

  #embed(chunks: readonly SegmentChunk[]): void {
    if (chunks.length === 0) return;
    const { engines, model, assetsUrl, signal } = this.#context;
    const texts = chunks.map(({ context, text }) => context + text);
    const vectors = engines.embed
      .call('embed', { model, texts, kind: 'passage', assetsUrl }, { signal })
      .then((reply) => reply.vectors);
    vectors.catch(() => undefined); // awaited in `#searchData`
    this.#vectors.push(vectors);
  }

  async #searchData(): Promise<{ postings: Uint8Array; vectors: Uint8Array | null }> {
    const { engines, language } = this.#context;
    const parts = await Promise.all(this.#vectors);
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const vectors = new Float32Array(length);
    let at = 0;
    for (const part of parts) {
      vectors.set(part, at);
      at += part.length;
    }
    const texts = this.#chunks.map(({ context, text }) => context + text);
    return engines.search.call(
      'build',
      { texts, language, vectors, dimensions: length / this.#chunks.length },
      { transfer: [vectors.buffer] },
    );
  }

  /** Waits for the parts, packs what they left, and puts all frames in one row. */
  async #assemble(): Promise<Assembled> {
    const parts = await Promise.all(
      this.#parts.map(async ({ chunks, encoded }) => ({
        chunks: await chunks,
        part: await encoded,
      })),
    );
    const left = parts.flatMap(({ chunks, part }) => chunksAt(chunks, part.rest));
    const last = [...left, ...this.#open].sort((a, b) => compareOrder(a.order, b.order));
    if (last.length > 0) parts.push({ chunks: last, part: await this.#pack(last, false) });

    const assembled: Assembled = {
      encoded: [],
      payloads: [],
      payload: { text: 0, metadata: 0, unfilled: 0 },
      places: new Map(),
    };
    for (const { chunks, part } of parts) {
      if (part.frames.length === 0) continue; // all of it was left for the last part
      assembled.encoded.push(part.encoded);
      part.frames.forEach((frame, at) => {
        const index = assembled.payloads.length + at;
        chunksAt(chunks, frame.chunks).forEach((chunk, slot) => {
          const uuid = frame.uuids[slot];
          if (uuid) assembled.places.set(chunk, { uuid, frame: index, slot });
        });
        assembled.payload.text += frame.bytes.text;
        assembled.payload.metadata += frame.bytes.metadata;
        assembled.payload.unfilled += frame.bytes.unfilled;
      });
      assembled.payloads.push(...part.payloads);
    }
    return assembled;
  }

  /** Writes the MP4 and reads every frame back out of the store; encodes anew where one differs. */
  async #writeVerified({
    encoded,
    payloads,
  }: Assembled): Promise<{ digest: Digest; size: number }> {
    const { engines, store, profile, signal, model } = this.#context;
    const digests = await Promise.all(payloads.map(sha256));
    const metadata = {
      comment: `memreel/1 ${profile} model=${model} frames=${String(payloads.length)}`,
    };
    let problem = '';
    for (const caution of [0, 1, 2] satisfies Caution[]) {
      const frames =
        caution === 0
          ? encoded
          : [await engines.encode.call('again', { profile, payloads, caution }, { signal })];
      signal.throwIfAborted();
      const mp4 = await writeMp4(frames, metadata);
      const digest = await store.putBlob(mp4);
      const bad = await this.#verify(digest, digests);
      if (!bad) return { digest, size: mp4.length };
      problem = `frame ${String(bad.frame)}: ${bad.message}`;
    }
    throw new CorruptError(`A segment does not read back as it was drawn (${problem}).`);
  }

  async #verify(
    digest: Digest,
    digests: readonly string[],
  ): Promise<{ frame: number; message: string } | undefined> {
    const { engines, store, signal, progress } = this.#context;
    const segment = { id: segmentIdOf(digest), file: await store.get(digest) };
    const share = Math.ceil(digests.length / engines.lanes);
    const ranges = Array.from({ length: Math.ceil(digests.length / share) }, (_, at) => at * share);
    const found = await Promise.all(
      ranges.map(async (from) => {
        const some = digests.slice(from, from + share);
        let told = 0;
        const bad = await engines.decode.call(
          'verify',
          { segment, from, digests: some },
          {
            signal,
            onProgress: (frames) => {
              progress('verify', frames - told);
              told = frames;
            },
          },
        );
        progress('verify', some.length - told);
        return bad;
      }),
    );
    return found.flat()[0];
  }

  #sources(): SourceRecord[] {
    return [...new Map(this.#chunks.map(({ source }) => [source.id, source])).values()];
  }

  #records({ places }: Assembled, segment: ReturnType<typeof segmentIdOf>): ChunkRecord[] {
    return this.#chunks.map((chunk) => {
      const found = places.get(chunk);
      if (!found) throw new Error(`Chunk ${chunk.order} is in no frame.`);
      const { uuid, frame, slot } = found;
      return {
        uuid,
        order: chunk.order,
        at: { segment, frame, slot },
        length: chunk.text.length,
        sha256: chunk.sha256,
        source: chunk.source.id,
        place: chunk.place,
        deleted: false,
      };
    });
  }
}

function frameChunkOf({ order, source, place, text }: SegmentChunk): FrameChunk {
  const { id, name, type, member } = source;
  const shown: FrameSource = member === undefined ? { id, name, type } : { id, name, type, member };
  return { order, source: shown, place, text };
}

function chunksAt(chunks: readonly SegmentChunk[], positions: readonly number[]): SegmentChunk[] {
  return positions.map((at) => {
    const chunk = chunks[at];
    if (!chunk) throw new Error(`A part has no chunk ${String(at)}.`);
    return chunk;
  });
}

async function sha256(bytes: Uint8Array): Promise<string> {
  return hex(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
}

/** What gzip makes of texts: the honest comparison that the app shows. */
async function gzipBytes(texts: readonly string[]): Promise<number> {
  const stream = new Blob([...texts]).stream().pipeThrough(new CompressionStream('gzip'));
  const reader = stream.getReader();
  for (let bytes = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return bytes;
    bytes += value.length;
  }
}
