/**
 * The chunks of an ingest into segments: one takes chunks while the one before it is being finished.
 * What an interrupted ingest has finished is taken as it is, once the same chunks have come by and
 * its blobs are proved. Commits nothing.
 */
import { CorruptError, NotFoundError } from '../../errors';
import type { SourceId } from '../../shard/ids';
import type { SegmentEntry, ShardEntry } from '../../shard/objects';
import { placeToWire } from '../../shard/payload';
import { sourceToWire } from '../../shard/records';
import { digestOf, type Digest } from '../../store/digest';
import type { Store } from '../../store/store';
import type { Engines } from '../engines';
import { Gate } from '../gate';
import { blobsOf, type IngestNotes, type NotedSource, type SegmentNote } from './quarantine';
import { SegmentBuilder, type SegmentChunk } from './segment-builder';

export interface QueueContext {
  readonly engines: Engines;
  readonly store: Store;
  readonly entry: ShardEntry;
  readonly assetsUrl: string;
  readonly signal: AbortSignal;
  /** UTF-8 bytes of text after which a segment closes; `SEGMENT_BYTES` without it. */
  readonly segmentBytes?: number | undefined;
  /** Null where nothing is noted, nor taken from an earlier try. */
  readonly notes: IngestNotes | null;
  /** So many frames more are done. */
  progress(stage: 'encode' | 'verify', frames: number): void;
}

export class SegmentQueue {
  readonly #context: QueueContext;
  readonly #gate: Gate;
  readonly #made: SegmentEntry[] = [];
  /** The positions of the sources' files among those of the ingest. */
  readonly #files = new Map<SourceId, number>();
  /** What an earlier try has finished and may be taken yet. */
  #noted: readonly SegmentNote[];
  /** Chunks that lie in the next noted segment, if that is of the same stream. */
  #held: SegmentChunk[] = [];
  /** How many chunks the made segments have, and what `SegmentNote.through` says of the last. */
  #covered = 0;
  #through: Digest | null;
  #builder: SegmentBuilder;
  #finishing: Promise<void> = Promise.resolve();
  #failure: { readonly error: unknown } | undefined;

  constructor(context: QueueContext) {
    this.#context = context;
    this.#noted = context.notes?.noted ?? [];
    this.#through = context.notes?.key ?? null;
    // One part more than there are encoders: the next is at hand when one is done.
    this.#gate = new Gate(context.engines.lanes + 1);
    this.#builder = this.#newBuilder();
  }

  /** @param file the position of the chunk's file among those of the ingest */
  async add(chunk: SegmentChunk, file: number): Promise<void> {
    this.throwIfFailed();
    this.#files.set(chunk.source.id, file);
    const [note] = this.#noted;
    if (!note) {
      await this.#build(chunk);
      return;
    }
    this.#held.push(chunk);
    if (this.#covered + this.#held.length === note.to) await this.#take(note);
  }

  async finish(): Promise<SegmentEntry[]> {
    await this.#buildHeld(); // the stream ends before the noted segment does
    if (!this.#builder.isEmpty) await this.#close();
    await this.#finishing;
    this.throwIfFailed();
    return this.#made;
  }

  throwIfFailed(): void {
    if (this.#failure) throw this.#failure.error;
  }

  /** Resolves when nothing is being finished or noted any more, in whatever way it ended. */
  settled(): Promise<void> {
    return this.#finishing;
  }

  /** Takes the noted segment, whose chunks are held, or makes it and all after it anew. */
  async #take(note: SegmentNote): Promise<void> {
    const { store, progress } = this.#context;
    const through = this.#through && (await digestAfter(this.#through, this.#held));
    if (through !== note.through || !(await putAgain(store, note.segment))) {
      await this.#buildHeld();
      return;
    }
    this.#noted = this.#noted.slice(1);
    this.#held = [];
    this.#made.push(note.segment);
    this.#covered = note.to;
    this.#through = through;
    progress('encode', note.segment.frames);
    progress('verify', note.segment.frames);
  }

  async #buildHeld(): Promise<void> {
    const held = this.#held;
    this.#held = [];
    this.#noted = [];
    for (const chunk of held) await this.#build(chunk);
  }

  async #build(chunk: SegmentChunk): Promise<void> {
    await this.#builder.add(chunk);
    if (this.#builder.isFull) await this.#close();
  }

  async #close(): Promise<void> {
    const builder = this.#builder;
    this.#builder = this.#newBuilder();
    await this.#finishing;
    this.throwIfFailed(); // a segment after one that is missing is of no use
    this.#finishing = this.#finish(builder).catch((error: unknown) => {
      this.#failure ??= { error };
    });
  }

  async #finish(builder: SegmentBuilder): Promise<void> {
    const segment = await builder.finish();
    const at = this.#made.push(segment) - 1;
    const { notes } = this.#context;
    if (!notes || !this.#through) return;
    const { chunks } = builder;
    const from = this.#covered;
    const to = from + chunks.length;
    const through = await digestAfter(this.#through, chunks);
    this.#covered = to;
    this.#through = through;
    await notes.put(at, { from, to, through, sources: this.#sourcesOf(chunks), segment });
  }

  #sourcesOf(chunks: readonly SegmentChunk[]): NotedSource[] {
    const sources = new Map<SourceId, NotedSource>();
    for (const { source } of chunks) {
      const file = this.#files.get(source.id);
      if (file !== undefined) sources.set(source.id, { file, source });
    }
    return [...sources.values()];
  }

  #newBuilder(): SegmentBuilder {
    const { engines, store, entry, assetsUrl, signal, segmentBytes, progress } = this.#context;
    const { profile, lineage, model, language } = entry;
    return new SegmentBuilder({
      ...{ engines, store, profile, lineage, model, language, assetsUrl, signal },
      ...{ segmentBytes, progress, gate: this.#gate },
    });
  }
}

/** A digest over what came before and these chunks: all of them that frames and pages tell. */
function digestAfter(before: Digest, chunks: readonly SegmentChunk[]): Promise<Digest> {
  const lines = chunks.map(({ order, sha256, source, place }) =>
    JSON.stringify([order, sha256, sourceToWire(source), placeToWire(place)]),
  );
  return digestOf(new TextEncoder().encode([before, ...lines].join('\n')));
}

/**
 * Whether all blobs of a segment are there and whole. They are put again, which costs a reading: the
 * store has to know that they are young, and that a commit is to come for them.
 */
async function putAgain(store: Store, segment: SegmentEntry): Promise<boolean> {
  for (const digest of blobsOf(segment)) {
    const bytes = await readWhole(store, digest);
    if (!bytes) return false;
    await store.putBlob(bytes);
  }
  return true;
}

async function readWhole(store: Store, digest: Digest): Promise<Uint8Array | undefined> {
  try {
    return await store.read(digest);
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof CorruptError) return undefined;
    throw error;
  }
}
