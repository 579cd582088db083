/**
 * One segment from its chunks, as an ingest makes it: they are embedded and drawn as they come in;
 * `finish` writes the video, verifies it from the store, and puts page and search data beside it.
 * Nothing refers to what it wrote until a commit does.
 */
import { contextOf } from '../../shard/context';
import { segmentIdOf, type SegmentId } from '../../shard/ids';
import type { SegmentEntry } from '../../shard/objects';
import type { FrameChunk, FrameSource } from '../../shard/payload';
import { PAGE_RECORDS, type ChunkRecord, type SourceRecord } from '../../shard/records';
import type { Store } from '../../store/store';
import { FramePacker, type DrawnFrames, type FramesContext } from '../redraw/frame-packing';
import type { DraftChunk } from '../protocol';
import { gzipBytes, storeSegment, type SearchData } from '../redraw/segment-files';
import { storedVideos, writeVerified } from '../redraw/verified-video';

export { PART_BYTES } from '../redraw/frame-packing';

/** UTF-8 bytes of text after which a segment closes: about 512 frames. */
export const SEGMENT_BYTES = 4.5 * 1024 * 1024;

/** A chunk that a segment takes: a draft with its place in the shard. */
export interface SegmentChunk extends DraftChunk {
  readonly order: string;
  readonly source: SourceRecord;
  /** The end of the chunk before, embedded and indexed along, never stored. */
  readonly context: string;
  /** ISO 8601. */
  readonly expiresAt?: string;
}

export interface BuilderContext extends FramesContext {
  readonly store: Store;
  readonly model: string;
  readonly language: 'en' | 'und';
  readonly assetsUrl: string;
  /** UTF-8 bytes of text after which a segment closes; `SEGMENT_BYTES` without it. */
  readonly segmentBytes?: number | undefined;
}

export class SegmentBuilder {
  readonly #context: BuilderContext;
  readonly #packer: FramePacker<SegmentChunk>;
  /** Of each part; null where the model was not here. */
  readonly #vectors: Promise<Float32Array | null>[] = [];
  readonly #chunks: SegmentChunk[] = [];
  #bytes = 0;

  constructor(context: BuilderContext) {
    this.#context = context;
    this.#packer = new FramePacker(context, {
      frameChunk: ({ order, source, place, text }): FrameChunk => ({
        ...{ order, place, text },
        source: frameSource(source),
      }),
      onPart: (chunks) => {
        this.#embed(chunks);
      },
    });
  }

  get isFull(): boolean {
    const { segmentBytes = SEGMENT_BYTES } = this.#context;
    return this.#chunks.length >= PAGE_RECORDS || this.#bytes >= segmentBytes;
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  /** All that it took, in order. */
  get chunks(): readonly SegmentChunk[] {
    return this.#chunks;
  }

  /** Takes one chunk; waits while as many parts are under way as may be. */
  async add(chunk: SegmentChunk): Promise<void> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.bytes;
    await this.#packer.add(chunk);
  }

  /** @throws CorruptError when the segment does not verify at any level of caution */
  async finish(): Promise<SegmentEntry> {
    const { store } = this.#context;
    const drawing = this.#packer.finish(); // hands the last chunks to `#embed` first
    const gzip = gzipBytes(this.#chunks.map(({ text }) => text));
    const search = this.#searchData();
    search.catch(() => undefined); // awaited below
    const drawn = await drawing;
    const target = storedVideos(store);
    const [video] = await writeVerified(null, drawn, { ...this.#context, target });
    if (!video) throw new Error('A segment without chunks was finished.');
    const segment = segmentIdOf(video.digest);
    const facts = {
      video: video.digest,
      frames: drawn.payloads.length,
      chunks: this.#chunks.length,
      bytes: { video: video.size, text: this.#bytes, gzip: await gzip },
      payload: drawn.payload,
    };
    const sources = [...new Map(this.#chunks.map(({ source }) => [source.id, source])).values()];
    const page = { segment, sources, records: this.#records(drawn, segment) };
    return storeSegment(store, facts, page, await search);
  }

  #embed(chunks: readonly SegmentChunk[]): void {
    const { engines, model, assetsUrl, signal } = this.#context;
    const texts = chunks.map(searchedWith);
    const vectors = engines.embed
      .call('embed', { model, texts, kind: 'passage', assetsUrl }, { signal })
      .then((reply) => reply?.vectors ?? null);
    vectors.catch(() => undefined); // awaited in `#searchData`
    this.#vectors.push(vectors);
  }

  async #searchData(): Promise<SearchData> {
    const { engines, language } = this.#context;
    const vectors = joined(await Promise.all(this.#vectors));
    const texts = this.#chunks.map(searchedWith);
    return engines.search.call(
      'build',
      { texts, language, vectors, dimensions: (vectors?.length ?? 0) / this.#chunks.length },
      { transfer: vectors ? [vectors.buffer] : [] },
    );
  }

  #records({ places }: DrawnFrames<SegmentChunk>, segment: SegmentId): ChunkRecord[] {
    return this.#chunks.map((chunk) => {
      const found = places.get(chunk);
      if (!found) throw new Error(`Chunk ${chunk.order} is in no frame.`);
      const { uuid, frame, slot } = found;
      const { order, text, bytes, sha256, source, place, expiresAt } = chunk;
      return {
        uuid,
        order,
        at: { segment, frame, slot },
        length: text.length,
        bytes,
        sha256,
        source: source.id,
        place,
        deleted: false,
        ...(expiresAt === undefined ? {} : { expiresAt }),
      };
    });
  }
}

/** What is embedded and indexed of a chunk. */
function searchedWith({ place, context, text }: SegmentChunk): string {
  return contextOf(place, text) + context + text;
}

/** All vectors of a segment; null where the model was not here for some: a reindexing makes them. */
function joined(parts: readonly (Float32Array | null)[]): Float32Array<ArrayBuffer> | null {
  const found = parts.filter((part) => part !== null);
  if (found.length < parts.length) return null;
  const vectors = new Float32Array(found.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of found) {
    vectors.set(part, at);
    at += part.length;
  }
  return vectors;
}

/** A source as frames name it. */
export function frameSource({ id, name, type, member }: SourceRecord): FrameSource {
  return member === undefined ? { id, name, type } : { id, name, type, member };
}
