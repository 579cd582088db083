/**
 * Opens MP4s of one video track without fragments: where its samples lie and what decodes them.
 * The file is untrusted: walked strictly (`box-walk.ts`), and nothing is allocated that the file's
 * own length does not pay for. Writes nothing, decodes nothing.
 */
import { CorruptError, UnsupportedError } from '../errors';
import {
  childBoxes,
  fourCharactersAt,
  onlyBox,
  readHeader,
  tableOf,
  viewOf,
  type Box,
} from './box-walk';
import { av1Codec, avcCodec } from './codec-config';
import { METADATA_OWNER, type Track } from './mp4';

/** Boxes at the top level: more is no file of one track without fragments. */
const MAX_TOP_LEVEL = 1024;
/** The largest `moov` that is read: enough for ten times the frames that times can count. */
const MAX_MOOV_BYTES = 2 ** 28;
/** What a file that was cut off may have been. */
const MAX_PART_BYTES = 2 ** 48;
/**
 * A table of constant sizes names any number of samples in 20 bytes. No picture of a symbol is
 * smaller than this, so that tables stay within a quarter of the file.
 */
const MIN_CONSTANT_SIZE = 64;

/** An open MP4. Holds its tables (12 bytes a frame) and what it was opened from. */
export interface Mp4 extends Track {
  readonly frames: number;
  /** The metadata's own keys, as `writeMp4` took them. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Bytes of each sample. */
  readonly sizes: Uint32Array;
  /** Byte ranges of the file that hold all samples in order: one in a file of ours. */
  readonly runs: readonly { readonly start: number; readonly end: number }[];
  /** Whether every frame can be decoded by itself. */
  readonly isIntra: boolean;
  /** Frames whose samples lie beyond the file's end: none unless it was opened as a part. */
  readonly missing: readonly number[];
  /** @throws RangeError for a frame that is not there */
  sample(index: number): Promise<Uint8Array>;
  /** Samples `from` up to but not including `to`; neighbours are read in one go. @throws RangeError */
  samples(from: number, to: number): Promise<Uint8Array[]>;
}

/**
 * @param file bytes in memory are not copied: samples are views of them
 * @param options.isPart takes a file whose samples were cut off at its end
 * @throws CorruptError for anything that is not a whole MP4
 * @throws UnsupportedError for a sound one of another codec, or with fragments
 */
export async function openMp4(file: Blob | Uint8Array, { isPart = false } = {}): Promise<Mp4> {
  const source = file instanceof Uint8Array ? inMemory(file) : inFile(file);
  const { moov, data } = await readTopLevel(source, isPart);
  const trak = videoTrack(moov);
  const media = childBoxes(onlyBox(childBoxes(trak), 'mdia'));
  const table = childBoxes(onlyBox(childBoxes(onlyBox(media, 'minf')), 'stbl'));
  const track = readTrack(onlyBox(table, 'stsd'));
  const isCut = data.end > source.size;
  const sizes = readSizes(onlyBox(table, 'stsz'), data.end - data.start, isCut);
  checkTimes(onlyBox(table, 'stts'), sizes.length);
  const offsets = readOffsets(table, sizes, data);
  const parts = { sizes, offsets, isIntra: isIntra(table, sizes.length) };
  return new OpenMp4(source, track, parts, readMetadata(moov));
}

/** Without a table of them all samples are key frames (14496-12, 8.6.2). */
function isIntra(table: readonly Box[], frames: number): boolean {
  const keys = table.find(({ type }) => type === 'stss');
  return !keys || tableOf(keys, 4).count === frames;
}

class OpenMp4 implements Mp4 {
  readonly codec: string;
  readonly decoderConfig: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly sizes: Uint32Array;
  readonly isIntra: boolean;
  readonly #source: Source;
  readonly #offsets: Float64Array;

  constructor(
    source: Source,
    track: Track,
    { sizes, offsets, isIntra }: { sizes: Uint32Array; offsets: Float64Array; isIntra: boolean },
    metadata: Readonly<Record<string, string>>,
  ) {
    this.codec = track.codec;
    this.decoderConfig = track.decoderConfig;
    this.width = track.width;
    this.height = track.height;
    this.frames = sizes.length;
    this.sizes = sizes;
    this.isIntra = isIntra;
    this.metadata = metadata;
    this.#source = source;
    this.#offsets = offsets;
  }

  get runs(): { start: number; end: number }[] {
    const runs: { start: number; end: number }[] = [];
    let at = 0;
    while (at < this.frames) {
      const next = this.#runEnd(at, this.frames);
      runs.push({ start: this.#offset(at), end: this.#offset(next - 1) + this.#size(next - 1) });
      at = next;
    }
    return runs;
  }

  get missing(): number[] {
    const missing: number[] = [];
    for (let index = 0; index < this.frames; index++) {
      if (this.#offset(index) + this.#size(index) > this.#source.size) missing.push(index);
    }
    return missing;
  }

  async sample(index: number): Promise<Uint8Array> {
    this.#check(index, index + 1);
    return this.#read(this.#offset(index), this.#offset(index) + this.#size(index));
  }

  async samples(from: number, to: number): Promise<Uint8Array[]> {
    this.#check(from, to);
    const samples: Uint8Array[] = [];
    let at = from;
    while (at < to) {
      const next = this.#runEnd(at, to);
      const start = this.#offset(at);
      const bytes = await this.#read(start, this.#offset(next - 1) + this.#size(next - 1));
      for (; at < next; at++) {
        const begin = this.#offset(at) - start;
        samples.push(bytes.subarray(begin, begin + this.#size(at)));
      }
    }
    return samples;
  }

  #check(from: number, to: number): void {
    if (!(Number.isInteger(from) && from >= 0 && from <= to && to <= this.frames)) {
      throw new RangeError(`Frames ${from} to ${to} of ${this.frames}`);
    }
  }

  /** The first sample from `at` on that does not follow the one before it in the file, or `to`. */
  #runEnd(at: number, to: number): number {
    let next = at + 1;
    while (next < to && this.#offset(next) === this.#offset(next - 1) + this.#size(next - 1))
      next++;
    return next;
  }

  #offset(index: number): number {
    return this.#offsets[index] ?? 0;
  }

  #size(index: number): number {
    return this.sizes[index] ?? 0;
  }

  #read(start: number, end: number): Promise<Uint8Array> {
    return readWhole(this.#source, start, end);
  }
}

/** Where the bytes of a file are. */
interface Source {
  readonly size: number;
  /** Fewer bytes where the file ends before. */
  read(start: number, end: number): Promise<Uint8Array>;
}

function inMemory(bytes: Uint8Array): Source {
  return {
    size: bytes.length,
    read: (start, end) => Promise.resolve(bytes.subarray(start, end)),
  };
}

function inFile(blob: Blob): Source {
  return {
    size: blob.size,
    read: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
  };
}

async function readWhole(source: Source, start: number, end: number): Promise<Uint8Array> {
  const bytes = await source.read(start, end);
  if (bytes.length !== end - start) throw new CorruptError('MP4: the file got shorter');
  return bytes;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Reads `moov` and the place of `mdat`; each exactly once. */
async function readTopLevel(source: Source, isPart: boolean): Promise<{ moov: Box; data: Range }> {
  const found = new Map<string, Range>();
  let at = 0;
  for (let count = 0; at < source.size; count++) {
    if (count === MAX_TOP_LEVEL) throw new CorruptError('MP4: too many boxes');
    const head = await source.read(at, at + 16);
    const isData = head.length >= 8 && fourCharactersAt(head, 4) === 'mdat';
    const room = isPart && isData ? MAX_PART_BYTES : source.size - at;
    const { type, headerLength, length } = readHeader(head, 0, room, !isPart || !isData);
    if (type === 'moof') throw new UnsupportedError('MP4: fragmented');
    if (type === 'moov' || type === 'mdat') {
      if (found.has(type)) throw new CorruptError(`MP4: more than one ${type}`);
      found.set(type, { start: at + headerLength, end: at + length });
    }
    if (count === 0 && type !== 'ftyp') throw new CorruptError('Not an MP4');
    at += length;
  }
  const moov = found.get('moov');
  const data = found.get('mdat');
  if (!moov || !data) throw new CorruptError('MP4: no moov or no mdat');
  if (moov.end - moov.start > MAX_MOOV_BYTES) throw new CorruptError('MP4: moov is too large');
  const bytes = await readWhole(source, moov.start, moov.end);
  return { moov: { type: 'moov', bytes, start: 0, end: bytes.length }, data };
}

/** The one track whose handler is `vide`; others are left alone. */
function videoTrack(moov: Box): Box {
  const children = childBoxes(moov);
  if (children.some(({ type }) => type === 'mvex')) throw new UnsupportedError('MP4: fragmented');
  const tracks = children.filter((box) => {
    if (box.type !== 'trak') return false;
    const handler = onlyBox(childBoxes(onlyBox(childBoxes(box), 'mdia')), 'hdlr');
    if (handler.end - handler.start < 12) throw new CorruptError('MP4: hdlr is cut off');
    return fourCharactersAt(handler.bytes, handler.start + 8) === 'vide';
  });
  const track = tracks[0];
  if (!track || tracks.length > 1) throw new CorruptError(`MP4: ${tracks.length} video tracks`);
  return track;
}

/** Bytes of a visual sample entry before its own boxes (14496-12, 12.1.3.2). */
const VISUAL_ENTRY_BYTES = 78;

function readTrack(stsd: Box): Track {
  const { count } = tableOf(stsd, 8);
  const entry = childBoxes(stsd, 8)[0];
  if (!entry || count !== 1) throw new CorruptError('MP4: not one sample description');
  if (entry.type !== 'av01' && entry.type !== 'avc1') {
    throw new UnsupportedError(`MP4: codec ${entry.type}`);
  }
  const configuration = onlyBox(
    childBoxes(entry, VISUAL_ENTRY_BYTES),
    entry.type === 'av01' ? 'av1C' : 'avcC',
  );
  const decoderConfig = configuration.bytes.slice(configuration.start, configuration.end);
  const view = viewOf(entry.bytes);
  return {
    codec: entry.type === 'av01' ? av1Codec(decoderConfig) : avcCodec(decoderConfig),
    decoderConfig,
    width: view.getUint16(entry.start + 24),
    height: view.getUint16(entry.start + 26),
  };
}

/** Sizes of all samples; together no more than `mdat` holds, so that none is there twice. */
function readSizes(stsz: Box, dataBytes: number, isCut: boolean): Uint32Array {
  const view = viewOf(stsz.bytes);
  if (stsz.end - stsz.start < 12) throw new CorruptError('MP4: stsz is cut off');
  const constant = view.getUint32(stsz.start + 4);
  if (constant !== 0) {
    // The bytes that would pay for the table are not there.
    if (isCut)
      throw new CorruptError('MP4: the samples are cut off, and their sizes are not listed');
    const count = view.getUint32(stsz.start + 8);
    if (constant < MIN_CONSTANT_SIZE || count === 0 || count * constant > dataBytes) {
      throw new CorruptError('MP4: sample sizes do not fit the file');
    }
    return new Uint32Array(count).fill(constant);
  }
  const table = tableOf(stsz, 4, 4);
  if (table.count === 0) throw new CorruptError('MP4: no samples');
  const sizes = new Uint32Array(table.count);
  let sum = 0;
  for (let i = 0; i < sizes.length; i++) {
    const size = view.getUint32(table.start + i * 4);
    sizes[i] = size;
    sum += size;
    if (size === 0 || sum > dataBytes) {
      throw new CorruptError('MP4: sample sizes do not fit the file');
    }
  }
  return sizes;
}

/** The times cover each frame; what they are does not matter here. */
function checkTimes(stts: Box, frames: number): void {
  const { view, count, start } = tableOf(stts, 8);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += view.getUint32(start + i * 8);
  if (sum !== frames) throw new CorruptError('MP4: times and frames differ in number');
}

/** Offsets of all samples in the file, from the chunks' (14496-12, 8.7.4, 8.7.5). */
function readOffsets(table: readonly Box[], sizes: Uint32Array, data: Range): Float64Array {
  const wide = table.some(({ type }) => type === 'co64');
  const chunks = tableOf(onlyBox(table, wide ? 'co64' : 'stco'), wide ? 8 : 4);
  const plan = tableOf(onlyBox(table, 'stsc'), 12);
  const planAt = (entry: number, field: number): number =>
    plan.view.getUint32(plan.start + entry * 12 + field * 4);
  if (plan.count === 0 || planAt(0, 0) !== 1) throw new CorruptError('MP4: stsc has no beginning');

  const offsets = new Float64Array(sizes.length);
  let sample = 0;
  let entry = 0;
  for (let chunk = 1; chunk <= chunks.count; chunk++) {
    if (entry + 1 < plan.count && planAt(entry + 1, 0) === chunk) entry++;
    const samples = planAt(entry, 1);
    if (samples > sizes.length - sample)
      throw new CorruptError('MP4: chunks hold too many samples');
    let at = wide
      ? Number(chunks.view.getBigUint64(chunks.start + (chunk - 1) * 8))
      : chunks.view.getUint32(chunks.start + (chunk - 1) * 4);
    if (at < data.start) throw new CorruptError('MP4: a chunk lies outside mdat');
    for (const last = sample + samples; sample < last; sample++) {
      offsets[sample] = at;
      at += sizes[sample] ?? 0;
    }
    if (at > data.end) throw new CorruptError('MP4: a chunk lies outside mdat');
  }
  if (sample !== sizes.length) throw new CorruptError('MP4: chunks hold too few samples');
  if (entry !== plan.count - 1) throw new CorruptError('MP4: stsc names chunks that are not there');
  return offsets;
}

const TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textAt(box: Box, skip: number): string {
  if (box.start + skip > box.end) throw new CorruptError(`MP4: box ${box.type} is cut off`);
  try {
    return TEXT.decode(box.bytes.subarray(box.start + skip, box.end));
  } catch (cause) {
    throw new CorruptError(`MP4: box ${box.type} is not UTF-8`, { cause });
  }
}

/** Own keys of `udta/meta/ilst`; other people's items are left alone. */
function readMetadata(moov: Box): Record<string, string> {
  const metadata = new Map<string, string>();
  const lists = childBoxes(moov)
    .filter(({ type }) => type === 'udta')
    .flatMap((udta) => childBoxes(udta))
    // A `meta` that is a plain box (QuickTime) begins with its first child's size, not with 0.
    .filter((box) => box.type === 'meta' && box.end - box.start >= 4)
    .filter((meta) => viewOf(meta.bytes).getUint32(meta.start) === 0)
    .flatMap((meta) => childBoxes(meta, 4))
    .filter(({ type }) => type === 'ilst');
  for (const item of lists.flatMap((list) => childBoxes(list))) {
    if (item.type !== '----') continue;
    const parts = childBoxes(item);
    if (textAt(onlyBox(parts, 'mean'), 4) !== METADATA_OWNER) continue;
    const key = textAt(onlyBox(parts, 'name'), 4);
    const value = textAt(onlyBox(parts, 'data'), 8);
    metadata.set(key, value);
  }
  return Object.fromEntries(metadata); // makes plain keys even of `__proto__`
}
