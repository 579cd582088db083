/**
 * Texts of chunks, read back out of the video: one decoded sample a frame, a small cache of frames,
 * and every text held against the digest in its record before anyone sees it.
 */
import { createSHA256 } from 'hash-wasm';
import { CorruptError } from '../../errors';
import type { Caller } from '../../rpc/protocol';
import type { SegmentEntry } from '../../shard/objects';
import type { ChunkRecord } from '../../shard/records';
import type { Store } from '../../store/store';
import type { DecodeProtocol, SegmentFile } from '../protocol';

/** Not WebCrypto: each of its digests waits for another thread. */
const hashing = createSHA256();

/** Frames kept: about 10 KB of text each. */
const KEPT_FRAMES = 512;

/** Frames of one segment asked of one worker at a time. */
const BATCH = 32;

type FrameText = ReadonlyMap<string, string>;

export class FrameTexts {
  readonly #store: Store;
  readonly #decode: Caller<DecodeProtocol>;
  readonly #kept = new Map<string, Promise<FrameText>>();
  readonly #files = new Map<string, Promise<Blob>>();

  constructor(store: Store, decode: Caller<DecodeProtocol>) {
    this.#store = store;
    this.#decode = decode;
  }

  /**
   * The texts of records, in their order. An overlay is its own text.
   * @throws CorruptError when a frame cannot be read or holds another text
   */
  async read(
    view: { segment(id: string): SegmentEntry },
    records: readonly ChunkRecord[],
    signal?: AbortSignal,
  ): Promise<string[]> {
    const wanted = new Map<string, Set<number>>();
    for (const { at, text } of records) {
      if (text !== undefined || !at || this.#kept.has(keyOf(at.segment, at.frame))) continue;
      const frames = wanted.get(at.segment) ?? new Set();
      wanted.set(at.segment, frames.add(at.frame));
    }
    for (const [segment, frames] of wanted) this.#fetch(view.segment(segment), [...frames], signal);
    const read = await Promise.all(records.map((record) => this.#textOf(record)));
    this.#forgetOldest();
    return read;
  }

  picture(segment: SegmentEntry, frame: number): Promise<ImageBitmap> {
    return this.#file(segment).then((file) =>
      this.#decode.call('picture', { segment: file, frame }),
    );
  }

  async #textOf(record: ChunkRecord): Promise<string> {
    if (record.text !== undefined) return record.text;
    const { at, uuid, sha256 } = record;
    if (!at) throw new CorruptError('A record has neither a frame nor a text.', { subject: uuid });
    const frame = await this.#kept.get(keyOf(at.segment, at.frame));
    const text = frame?.get(uuid);
    if (text === undefined) {
      throw new CorruptError(
        `Frame ${String(at.frame)} of segment ${at.segment} does not hold the chunk.`,
        { subject: uuid },
      );
    }
    const digest = (await hashing).init().update(text).digest('hex');
    if (digest !== sha256) {
      throw new CorruptError(
        `Frame ${String(at.frame)} of segment ${at.segment} holds another text than was written.`,
        { subject: uuid },
      );
    }
    return text;
  }

  /** Asks for frames at once and remembers the promises, so that nothing is decoded twice. */
  #fetch(segment: SegmentEntry, frames: number[], signal?: AbortSignal): void {
    frames.sort((a, b) => a - b);
    for (let from = 0; from < frames.length; from += BATCH) {
      const some = frames.slice(from, from + BATCH);
      const reading = this.#file(segment).then((file) =>
        this.#decode.call('read', { segment: file, frames: some }, { signal }),
      );
      for (const index of some) {
        const key = keyOf(segment.id, index);
        const text = reading.then((read) => {
          const frame = read.find((one) => one.index === index);
          return new Map(frame?.chunks.map((chunk) => [chunk.uuid, chunk.text]));
        });
        this.#kept.set(key, text);
        text.catch(() => {
          if (this.#kept.get(key) === text) this.#kept.delete(key);
        });
      }
      // Whatever was wrong, the next reading begins with the file as the store has it then.
      reading.catch(() => this.#files.delete(segment.id));
    }
  }

  /** Files do not change and are kept open: finding one anew costs as much as decoding a frame. */
  async #file(segment: SegmentEntry): Promise<SegmentFile> {
    const known = this.#files.get(segment.id);
    const finding = known ?? this.#store.get(segment.video);
    if (!known) {
      this.#files.set(segment.id, finding);
      finding.catch(() => this.#files.delete(segment.id));
    }
    return { id: segment.id, file: await finding };
  }

  /** Drops all texts and files that are kept. */
  forget(): void {
    this.#kept.clear();
    this.#files.clear();
  }

  #forgetOldest(): void {
    for (const key of this.#kept.keys()) {
      if (this.#kept.size <= KEPT_FRAMES) return;
      this.#kept.delete(key);
    }
  }
}

const keyOf = (segment: string, frame: number): string => `${segment}:${String(frame)}`;
