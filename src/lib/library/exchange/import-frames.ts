/**
 * Frames that were read into what can be committed: everything a frame says is taken from the frames
 * alone. Where they come from, and how the videos of the new segments are made, is the caller's.
 */
import { createSHA256 } from 'hash-wasm';
import type { ProfileName } from '../../api';
import { CorruptError, UnsupportedError } from '../../errors';
import { isOrderKey, isUuid } from '../../archive/index-json';
import { isId } from '../../archive/manifest';
import { BUILT_IN } from '../../embedding/registry';
import type { ChunkUuid, Lineage, SourceId } from '../../shard/ids';
import { segmentIdOf } from '../../shard/ids';
import { placeOf } from '../../shard/index-document-fields';
import type { SegmentEntry } from '../../shard/objects';
import { compareOrder } from '../../shard/order';
import type { DecodedFrame, FrameSource } from '../../shard/payload';
import {
  PAGE_RECORDS,
  type ChunkRecord,
  type IndexPage,
  type SourceRecord,
} from '../../shard/records';
import type { Digest } from '../../store/digest';
import { sourcesNamed } from '../redraw/compaction';
import type { PreparedImport } from './import-commit';
import type { ImportContext } from './unpacked';
import { storeKnownSegment } from './known-segment';

/** Frames of a segment: about 4 MB of text. */
export const SEGMENT_FRAMES = 512;

/** What stands for the digest of a file that nobody has: frames do not say it. */
export const UNKNOWN_DIGEST = '0'.repeat(64);

/** A video with frames of ours, as far as they could be read. */
export interface ReadVideo {
  readonly found: Found;
  /** Of the new shard. */
  readonly profile: ProfileName;
  /** Frames that the file has, by its own account. */
  readonly frames: number;
  /** Numbers of those that are not in it. */
  readonly missing: readonly number[];
  /** What the MP4 says of itself; empty where nothing is known. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Stores a video of these frames, in their order. */
  write(
    frames: readonly number[],
    model: string,
  ): Promise<{ readonly video: Digest; readonly videoBytes: number }>;
}

/** @throws UnsupportedError for a video without a frame of ours */
export async function preparedFromFrames(
  file: File,
  video: ReadVideo,
  context: ImportContext,
): Promise<PreparedImport> {
  const { found, profile, frames, metadata } = video;
  if (found.frames.size === 0) throw foreign(file);
  const missing = new Set(video.missing);
  const facts = factsOf(file, metadata, found);
  const made = await storeFrames(video, facts.model, context);
  const unread = Array.from({ length: frames }, (_, frame) => frame).filter(
    (frame) => !missing.has(frame) && !found.frames.has(frame),
  );
  const chunks = [...found.frames.values()].reduce((sum, { records }) => sum + records.length, 0);
  const warnings = [...found.warnings];
  if (facts.promised !== null && chunks < facts.promised) {
    const lost = String(facts.promised - chunks);
    warnings.push(
      `${lost} of ${String(facts.promised)} passages were in frames that cannot be read.`,
    );
  }
  return {
    shard: {
      id: null,
      ...{ name: facts.name, lineage: found.lineage, profile, model: facts.model },
      language: 'en', // frames do not say it
    },
    ...made,
    delta: null,
    message: `Rebuilt from ${file.name}`,
    report: {
      kind: 'mp4',
      frames: { found: frames, unread, missing: [...missing] },
      texts: { fromVideo: chunks, fromIndex: 0 },
      warnings,
    },
  };
}

export function foreign({ name }: File): UnsupportedError {
  return new UnsupportedError(`${name} is a video without a frame that Memreel wrote.`, {
    subject: name,
  });
}

/** A frame that was read: where its sample lies, and what it says, without the texts. */
export interface FoundFrame {
  readonly records: ChunkRecord[];
  /** Bytes of capacity, as far as they can be told apart. */
  readonly textBytes: number;
}

export interface Found {
  readonly lineage: Lineage | null;
  /** By their numbers in the file. */
  readonly frames: Map<number, FoundFrame>;
  readonly sources: ReadonlyMap<SourceId, SourceRecord>;
  readonly warnings: readonly string[];
}

/** Puts together what frames say. */
export class Collector {
  readonly #addedAt: string;
  readonly #frames = new Map<number, FoundFrame>();
  readonly #sources = new Map<SourceId, SourceRecord>();
  /** The frame that a chunk was found in last. */
  readonly #where = new Map<ChunkUuid, number>();
  readonly #hash = createSHA256();
  readonly #encoder = new TextEncoder();
  #lineage: Lineage | null = null;
  #strangers = 0;

  constructor(addedAt: string) {
    this.#addedAt = addedAt;
  }

  /** Takes what a frame says, unless it is odd: it becomes parts of records. */
  async add(number: number, frame: DecodedFrame): Promise<void> {
    if (!isSane(frame)) return;
    const { lineage, chunks } = frame;
    this.#lineage ??= lineage;
    if (lineage !== this.#lineage) {
      this.#strangers++;
      return;
    }
    const hash = await this.#hash;
    const records: ChunkRecord[] = [];
    let textBytes = 0;
    for (const [slot, { uuid, order, source, place, text }] of chunks.entries()) {
      const earlier = this.#where.get(uuid);
      if (earlier !== undefined) this.#forget(uuid, earlier);
      this.#where.set(uuid, number);
      if (source) this.#name(source);
      const bytes = this.#encoder.encode(text);
      textBytes += bytes.length;
      records.push({
        ...{ uuid, order, place },
        // The segment is known when it is written; the frame is the file's till then.
        at: { segment: segmentIdOf(UNKNOWN_DIGEST), frame: number, slot },
        length: text.length,
        bytes: bytes.length,
        sha256: hash.init().update(bytes).digest('hex'),
        source: source?.id ?? null,
        deleted: false,
      });
    }
    this.#frames.set(number, { records, textBytes });
  }

  finish(): Found {
    const warnings =
      this.#strangers > 0
        ? [`${String(this.#strangers)} frames are of another shard, and were left out.`]
        : [];
    // Frames come in from several lanes: they count as they stand in the file.
    const frames = new Map([...this.#frames].sort(([a], [b]) => a - b));
    return { lineage: this.#lineage, frames, sources: this.#sources, warnings };
  }

  #forget(uuid: ChunkUuid, frame: number): void {
    const records = this.#frames.get(frame)?.records;
    const at = records?.findIndex((record) => record.uuid === uuid) ?? -1;
    if (at >= 0) records?.splice(at, 1);
  }

  #name({ id, name, type, member }: FrameSource): void {
    if (this.#sources.has(id)) return;
    const known = { id, name, type, sha256: UNKNOWN_DIGEST, addedAt: this.#addedAt };
    this.#sources.set(id, member === undefined ? known : { ...known, member });
  }
}

/** Whether ids, keys and places are such as Memreel writes: they become parts of records. */
function isSane({ lineage, chunks }: DecodedFrame): boolean {
  return (
    isId(lineage) &&
    chunks.every(
      ({ uuid, order, place, source, text }) =>
        isUuid(uuid) &&
        isOrderKey(order) &&
        (place === null || placeOf(place) !== undefined) &&
        (source === null || isId(source.id)) &&
        text !== '',
    )
  );
}

interface Facts {
  readonly name: string;
  readonly model: string;
  /** Passages that the file says to have; null where it does not say. */
  readonly promised: number | null;
}

function factsOf(file: File, metadata: ReadVideo['metadata'], found: Found): Facts {
  const { title = '', comment = '' } = metadata;
  const model = /^memreel\/1 \S+ model=(\S+)/u.exec(comment)?.[1];
  const promised = /\bchunks=(\d{1,9})\b/u.exec(comment)?.[1];
  const plain = title.trim() === '' ? file.name.replace(/\.[^.]*$/u, '') : title;
  if (found.lineage === null) throw new CorruptError('No frame says which shard it is of.');
  return {
    name: plain.trim() === '' ? 'Imported' : plain.slice(0, 200),
    model: model ?? BUILT_IN,
    promised: promised === undefined ? null : Number(promised),
  };
}

/** Writes what was read as segments. */
async function storeFrames(
  { found: { frames, sources }, write }: ReadVideo,
  model: string,
  context: ImportContext,
): Promise<{ segments: SegmentEntry[]; pages: IndexPage[] }> {
  const segments: SegmentEntry[] = [];
  const pages: IndexPage[] = [];
  for (const group of groupsOf(frames)) {
    context.signal.throwIfAborted();
    const stored = await write(
      group.map(([number]) => number),
      model,
    );
    const segment = segmentIdOf(stored.video);
    const records = group
      .flatMap(([, found], frame) =>
        found.records.map((record): ChunkRecord => ({
          ...record,
          at: { segment, frame, slot: record.at?.slot ?? 0 },
        })),
      )
      .sort((a, b) => compareOrder(a.order, b.order) || compareOrder(a.uuid, b.uuid));
    const page = { sources: sourcesNamed(records, sources), records };
    const text = group.reduce((sum, [, found]) => sum + found.textBytes, 0);
    const known = {
      ...{ ...stored, model, language: 'en' as const, vectors: null },
      ...{ frames: group.length, chunks: records.length },
      // How the capacity of frames divides is not said in them.
      payload: { text, metadata: 0, unfilled: 0 },
    };
    segments.push(await storeKnownSegment(known, page, context));
    pages.push({ segment, ...page });
  }
  return { segments, pages };
}

/** Frames in segments: of so many frames and records at most. Frames without a chunk left are none. */
function* groupsOf(frames: ReadonlyMap<number, FoundFrame>): Generator<[number, FoundFrame][]> {
  let group: [number, FoundFrame][] = [];
  let records = 0;
  for (const [number, frame] of frames) {
    const count = frame.records.length;
    if (count === 0) continue;
    if (group.length === SEGMENT_FRAMES || (group.length > 0 && records + count > PAGE_RECORDS)) {
      yield group;
      group = [];
      records = 0;
    }
    group.push([number, frame]);
    records += count;
  }
  if (group.length > 0) yield group;
}
