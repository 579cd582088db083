/**
 * memvid v1's video and index into what can be committed: each text is read from its frame where that
 * can be read, else taken from the index, and drawn anew in frames of ours. Commits nothing.
 */
import { createSHA256 } from 'hash-wasm';
import { parseMemvidIndex, type MemvidEntry, type MemvidIndex } from '../../archive/memvid-index';
import { joinMemvidTexts, type MemvidTexts } from '../../archive/memvid-texts';
import { BUILT_IN } from '../../embedding/registry';
import { CorruptError, UnsupportedError } from '../../errors';
import { loadCompressor } from '../../shard/compression';
import { newLineage, newSourceId, type Lineage } from '../../shard/ids';
import type { SegmentEntry } from '../../shard/objects';
import { cutToFit } from '../../shard/pack';
import { decodePage, type IndexPage, type SourceRecord } from '../../shard/records';
import { framesPerRun, type ForeignVideo } from '../../video/foreign';
import { openMp4 } from '../../video/mp4-index';
import { FRAME_CAPACITY, PROFILES } from '../../video/profile';
import { NewOrders } from '../again/adding-again-orders';
import { Gate } from '../gate';
import type { PreparedImport } from './import-commit';
import type { ImportContext } from './unpacked';
import { SegmentBuilder, type SegmentChunk } from '../ingest/segment-builder';
import { textDigests } from '../editing/text-record';

export interface MemvidFiles {
  readonly video: File;
  readonly index: File | null;
}

/** UTF-8 bytes of an index that are read into one string. */
const MAX_INDEX = 500_000_000;
/** Bytes of copies of the video that all decode workers may hold: each has one. */
const MAX_COPIES = 1 << 30;
/** Bytes that are hashed at a time. */
const HASH_STEP = 8 << 20;

export function isMemvidIndex(name: string): boolean {
  return name.endsWith('_index.json');
}

/**
 * Whether it is a video that is not ours: a Matroska or AVI file, or an MP4 that neither says to be
 * of Memreel nor has frames of its size and codec. An MP4 that does not hold together may be ours.
 */
export async function isMemvidVideo(file: Blob): Promise<boolean> {
  const magic = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  const text = String.fromCharCode(...magic);
  if (text.startsWith('\u001aE\u00df\u00a3')) return true; // EBML, RFC 8794
  if (text.startsWith('RIFF') && text.endsWith('AVI ')) return true;
  return text.slice(4, 8) === 'ftyp' && !(await isOurs(file));
}

async function isOurs(file: Blob): Promise<boolean> {
  try {
    const { metadata, codec, width, height } = await openMp4(file, { isPart: true });
    return (
      metadata['comment']?.startsWith('memreel/') === true ||
      Object.values(PROFILES).some(
        (profile) =>
          codec.startsWith(profile.codec === 'av1' ? 'av01' : 'avc1') &&
          width === profile.framePixels &&
          height === profile.framePixels,
      )
    );
  } catch (error) {
    if (error instanceof CorruptError) return true;
    if (error instanceof UnsupportedError) return false;
    throw error;
  }
}

/**
 * @throws CorruptError for an index that is none of memvid's, or a video without pictures
 * @throws UnsupportedError for a video without a frame of memvid's, or one that cannot be decoded here
 */
export async function importMemvid(
  { video, index }: MemvidFiles,
  context: ImportContext,
): Promise<PreparedImport> {
  const { signal, engines } = context;
  const known = index && (await readIndex(index));
  const foreign = await engines.decode.call('foreign', { file: video }, { signal });
  const read = await readFrames(video, foreign, context);
  const frames = foreign.times.length;
  const joined = joinMemvidTexts(frames, read, known);
  if (joined.texts.length === 0) {
    throw new UnsupportedError(
      index
        ? `${video.name} and ${index.name} have no text in them.`
        : `${video.name} is a video without a frame that can be read, neither Memreel’s nor memvid’s. If it is memvid’s, give its _index.json with it.`,
      { subject: video.name },
    );
  }
  const { fromVideo, fromIndex, unread, missing, warnings } = joined;
  return {
    ...(await drawn(video, joined, context)),
    delta: null,
    message: `Imported from ${video.name}`,
    report: {
      kind: 'memvid',
      frames: { found: frames, unread, missing },
      texts: { fromVideo, fromIndex },
      warnings,
    },
  };
}

async function readIndex(file: File): Promise<MemvidIndex> {
  const subject = file.name;
  if (file.size > MAX_INDEX) {
    throw new UnsupportedError(`${subject} is too large to be read at once.`, { subject });
  }
  try {
    return parseMemvidIndex(await file.text());
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error;
    throw new CorruptError(`${subject}: ${error.message}`, { subject, cause: error });
  }
}

/** What all frames say that can be read, on as many lanes as may have a copy of the video. */
async function readFrames(
  file: File,
  video: ForeignVideo,
  { engines, signal, progress }: ImportContext,
): Promise<MemvidEntry[]> {
  const total = video.times.length;
  const copies = Math.max(1, Math.floor(MAX_COPIES / Math.max(1, file.size)));
  // AV1 is decoded from its beginning: in one go.
  const lanes = video.codec === 'av1' ? 1 : Math.min(engines.lanes, copies);
  const share = Math.min(framesPerRun(video), Math.ceil(total / lanes));
  const step = video.codec === 'av1' ? total : share;
  const entries: MemvidEntry[] = [];
  let next = 0;
  let done = 0;
  const lane = async (): Promise<void> => {
    while (next < total) {
      const from = next;
      const to = Math.min(total, from + step);
      next = to;
      let told = 0;
      const tell = (seen: number): void => {
        done += seen - told;
        told = seen;
        progress({ stage: 'read', done, total, file: file.name });
      };
      const args = { file, video, from, to };
      const read = await engines.decode.call('memvid', args, { signal, onProgress: tell });
      for (const entry of read) entries.push(entry);
      tell(to - from); // those that do not decode are not told
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return entries;
}

/** The texts as segments of a new shard, of one source. */
async function drawn(
  video: File,
  { texts }: MemvidTexts,
  context: ImportContext,
): Promise<Pick<PreparedImport, 'shard' | 'segments' | 'pages'>> {
  const { engines, store, assetsUrl, signal, progress } = context;
  const { works } = await engines.decode.call('probe', { profile: 'compact' }, { signal });
  const facts = {
    profile: works ? ('compact' as const) : ('universal' as const),
    lineage: newLineage(),
    model: BUILT_IN,
    language: 'en' as const, // memvid does not say it
  };
  const source: SourceRecord = {
    id: newSourceId(),
    name: video.name,
    type: 'application/x-memvid',
    sha256: await hashOf(video, signal),
    addedAt: new Date().toISOString(),
  };
  const done = { encode: 0, verify: 0 };
  const gate = new Gate(engines.lanes + 1);
  const newBuilder = (): SegmentBuilder =>
    new SegmentBuilder({
      ...{ engines, store, assetsUrl, signal, gate, ...facts },
      progress: (stage, frames) => {
        done[stage] += frames;
        // How many frames there will be is known when all texts are packed.
        progress({ stage, done: done[stage], total: Math.max(done.encode, done.verify) });
      },
    });
  const segments: SegmentEntry[] = [];
  let builder = newBuilder();
  for await (const chunk of chunksOf(texts, source, facts.lineage)) {
    signal.throwIfAborted();
    await builder.add(chunk);
    if (!builder.isFull) continue;
    segments.push(await builder.finish());
    builder = newBuilder();
  }
  if (!builder.isEmpty) segments.push(await builder.finish());
  const pages: IndexPage[] = [];
  for (const { page } of segments) pages.push(decodePage(await store.read(page)));
  const plain = video.name.replace(/\.[^.]*$/u, '').trim();
  return {
    shard: { id: null, name: plain === '' ? 'Imported' : plain.slice(0, 200), ...facts },
    segments,
    pages,
  };
}

async function* chunksOf(
  texts: readonly string[],
  source: SourceRecord,
  lineage: Lineage,
): AsyncGenerator<SegmentChunk> {
  const digest = await textDigests();
  const { compress } = await loadCompressor();
  const encoder = new TextEncoder();
  const orders = new NewOrders(null);
  const fitting = { lineage, capacity: FRAME_CAPACITY, compress };
  let start = 0;
  for (const whole of texts) {
    const place = { start, end: start + whole.length };
    const cuts = cutToFit(whole, source, place, fitting);
    for (const [at, cut] of [0, ...cuts].entries()) {
      const text = whole.slice(cut, cuts[at] ?? whole.length);
      yield {
        ...{ text, source, context: '', order: orders.append() },
        place: { start: start + cut, end: start + cut + text.length },
        bytes: encoder.encode(text).length,
        sha256: digest(text),
      };
    }
    start += whole.length;
  }
}

async function hashOf(file: Blob, signal: AbortSignal): Promise<string> {
  const hash = await createSHA256();
  for (let at = 0; at < file.size; at += HASH_STEP) {
    signal.throwIfAborted();
    hash.update(new Uint8Array(await file.slice(at, at + HASH_STEP).arrayBuffer()));
  }
  return hash.digest('hex');
}
