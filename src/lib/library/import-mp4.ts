/**
 * A bare MP4 into what can be committed: everything a frame says is taken from the frames alone. A
 * frame that cannot be read costs itself; the rest is kept, as the samples that they are. Commits
 * nothing.
 */
import { createSHA256 } from 'hash-wasm';
import type { ProfileName } from '../api';
import { CorruptError, UnsupportedError } from '../errors';
import { isOrderKey, isUuid } from '../archive/index-json';
import { isId } from '../archive/manifest';
import { BUILT_IN } from '../embedding/registry';
import type { ChunkUuid, Lineage, SourceId } from '../shard/ids';
import { segmentIdOf } from '../shard/ids';
import { placeOf } from '../shard/index-document-fields';
import type { SegmentEntry } from '../shard/objects';
import { compareOrder } from '../shard/order';
import type { DecodedFrame, FrameSource } from '../shard/payload';
import {
  PAGE_RECORDS,
  type ChunkRecord,
  type IndexPage,
  type SourceRecord,
} from '../shard/records';
import { writeMp4 } from '../video/mp4';
import { openMp4, type Mp4 } from '../video/mp4-index';
import { PROFILES } from '../video/profile';
import { sourcesNamed } from './compaction';
import { EXPORTS } from './delivery';
import type { PreparedImport } from './import-commit';
import type { ImportContext } from './import-zip';
import { storeKnownSegment } from './known-segment';

/** Frames of a segment: about 4 MB of text. */
const SEGMENT_FRAMES = 512;

/** What stands for the digest of a file that nobody has: frames do not say it. */
export const UNKNOWN_DIGEST = '0'.repeat(64);

/**
 * @throws UnsupportedError for a video without a frame of ours, or one that this browser cannot decode
 * @throws CorruptError for a file that is no MP4
 */
export async function importMp4(file: File, context: ImportContext): Promise<PreparedImport> {
  const mp4 = await openMp4(file, { isPart: true });
  const profile = profileOf(mp4);
  if (!profile) throw foreign(file);
  const missing = new Set(mp4.missing);
  const present = Array.from({ length: mp4.frames }, (_, frame) => frame).filter(
    (frame) => !missing.has(frame),
  );
  const found = await readFrames(file, mp4, { profile, present }, context);
  if (found.frames.size === 0) throw foreign(file);
  const facts = factsOf(file, mp4, found);
  const made = await storeFrames(mp4, found, { ...facts, profile }, context);
  const unread = present.filter((frame) => !found.frames.has(frame));
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
      frames: { found: mp4.frames, unread, missing: [...missing] },
      texts: { fromVideo: chunks, fromIndex: 0 },
      warnings,
    },
  };
}

function foreign({ name }: File): UnsupportedError {
  return new UnsupportedError(`${name} is a video without a frame that Memreel wrote.`, {
    subject: name,
  });
}

function profileOf({ codec, width, height }: Mp4): ProfileName | null {
  for (const profile of Object.values(PROFILES)) {
    const isCoded = codec.startsWith(profile.codec === 'av1' ? 'av01' : 'avc1');
    if (isCoded && width === profile.framePixels && height === width) return profile.name;
  }
  return null;
}

/** A frame that was read: where its sample lies, and what it says, without the texts. */
interface FoundFrame {
  readonly records: ChunkRecord[];
  /** Bytes of capacity, as far as they can be told apart. */
  readonly textBytes: number;
}

interface Found {
  readonly lineage: Lineage | null;
  /** By their numbers in the file. */
  readonly frames: Map<number, FoundFrame>;
  readonly sources: ReadonlyMap<SourceId, SourceRecord>;
  readonly warnings: readonly string[];
}

/** Reads all frames that are there, on all lanes. A chunk in two frames counts where it comes last. */
async function readFrames(
  file: File,
  mp4: Mp4,
  { profile, present }: { profile: ProfileName; present: readonly number[] },
  context: ImportContext,
): Promise<Found> {
  const { engines, signal, progress } = context;
  const collected = new Collector(new Date().toISOString());
  let done = 0;
  for (let from = 0; from < present.length; from += SEGMENT_FRAMES) {
    signal.throwIfAborted();
    const some = present.slice(from, from + SEGMENT_FRAMES);
    const video = await writeMp4(
      [{ profile, ...coded(mp4), samples: await samplesOf(mp4, some) }],
      {},
    );
    const share = Math.ceil(some.length / engines.lanes);
    const parts = Array.from({ length: Math.ceil(some.length / share) }, (_, at) => at * share);
    await withTemporary(context, video, async (temporary) => {
      const read = await Promise.all(
        parts.map(async (start) => {
          const frames = some.slice(start, start + share).map((_, at) => start + at);
          const segment = { id: `${file.name} ${String(from)} ${String(start)}`, file: temporary };
          let told = 0;
          const reply = await engines.decode.call(
            'recover',
            { segment, frames },
            {
              signal,
              onProgress: (count) => {
                done += count - told;
                told = count;
                progress({ stage: 'verify', done, total: present.length, file: file.name });
              },
            },
          );
          return reply;
        }),
      );
      for (const { index, frame } of read.flat()) {
        const number = some[index];
        if (frame && isSane(frame) && number !== undefined) await collected.add(number, frame);
      }
    });
  }
  return collected.finish();
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

const coded = ({ codec, decoderConfig }: Mp4): Pick<Mp4, 'codec' | 'decoderConfig'> => ({
  codec,
  decoderConfig,
});

/** Samples of frames in ascending order; neighbours are read in one go. */
async function samplesOf(mp4: Mp4, frames: readonly number[]): Promise<Uint8Array[]> {
  const samples: Uint8Array[] = [];
  for (let at = 0; at < frames.length;) {
    const first = frames[at] ?? 0;
    let count = 1;
    while (frames[at + count] === first + count) count++;
    samples.push(...(await mp4.samples(first, first + count)));
    at += count;
  }
  return samples;
}

async function withTemporary(
  { fs }: ImportContext,
  bytes: Uint8Array,
  work: (file: Blob) => Promise<void>,
): Promise<void> {
  const path = `${EXPORTS}/${crypto.randomUUID()}.part`;
  const file = await fs.open(path, { create: true });
  try {
    file.write(0, bytes);
    file.flush();
  } finally {
    file.close();
  }
  try {
    const written = await fs.read(path);
    if (!written) throw new Error('What was written for an import is gone.');
    await work(written);
  } finally {
    await fs.remove(path);
  }
}

/** Puts together what frames say. */
class Collector {
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

  async add(number: number, { lineage, chunks }: DecodedFrame): Promise<void> {
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

interface Facts {
  readonly name: string;
  readonly model: string;
  /** Passages that the file says to have; null where it does not say. */
  readonly promised: number | null;
}

function factsOf(file: File, { metadata }: Mp4, found: Found): Facts {
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

/** Writes what was read as segments: the samples as they are. */
async function storeFrames(
  mp4: Mp4,
  { frames, sources }: Found,
  { profile, model }: Facts & { profile: ProfileName },
  context: ImportContext,
): Promise<{ segments: SegmentEntry[]; pages: IndexPage[] }> {
  const segments: SegmentEntry[] = [];
  const pages: IndexPage[] = [];
  for (const group of groupsOf(frames)) {
    context.signal.throwIfAborted();
    const comment = `memreel/1 ${profile} model=${model} frames=${String(group.length)}`;
    const samples = await samplesOf(
      mp4,
      group.map(([number]) => number),
    );
    const bytes = await writeMp4([{ profile, ...coded(mp4), samples }], { comment });
    const video = await context.store.putBlob(bytes);
    const segment = segmentIdOf(video);
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
      ...{ video, model, language: 'en' as const, vectors: null },
      ...{ videoBytes: bytes.length, frames: group.length, chunks: records.length },
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
