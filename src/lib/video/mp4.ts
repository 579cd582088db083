/**
 * Writes MP4 (ISO/IEC 14496-12): one video track of key frames at `FRAMES_PER_SECOND`, `moov` first,
 * no times, no writer's name: the same samples and metadata give the same bytes for ever, so that
 * a video cut and joined again keeps its digest. Reading: `mp4-index.ts`; joining: `join.ts`.
 */
import { InvalidError } from '../errors';
import { box, byteLength, concatenate, fullBox, integers, utf8, type Pieces } from './boxes';
import { sameBytes } from './codec-config';
import type { EncodedFrames } from './encoder';
import { FRAMES_PER_SECOND, PROFILES } from './profile';

/** What every sample of a video has in common. */
export interface Track {
  readonly codec: string;
  /** The content of `av1C` or `avcC`. */
  readonly decoderConfig: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Units a second of all times; QuickTime's own, so that no player stumbles over it. */
const TIMESCALE = 600;
const FRAME_DURATION = TIMESCALE / FRAMES_PER_SECOND;
/** Frames a chunk of the sample table: a minute. The table is one offset a chunk. */
const CHUNK_FRAMES = 120;
/** The owner of the metadata's own keys, as iTunes-style `mean`. */
export const METADATA_OWNER = 'memreel';

const MATRIX = integers(4, 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

/** Visual sample entry (14496-12, 12.1.3) with the codec's configuration box. */
function sampleEntry(track: Track): Pieces {
  const [type, configuration] = track.codec.startsWith('av01')
    ? ['av01', 'av1C']
    : ['avc1', 'avcC'];
  return box(
    type,
    integers(2, 0, 0, 0, 1), // reserved, data reference 1
    new Uint8Array(16),
    integers(2, track.width, track.height),
    integers(4, 0x480000, 0x480000, 0), // 72 dpi, reserved
    integers(2, 1), // frames a sample
    new Uint8Array(32), // no compressor name
    integers(2, 24, 0xffff),
    box(configuration, track.decoderConfig),
  );
}

/** Text metadata the way iTunes keeps it: readable by ffprobe, mutagen, mediabunny. */
function metadataBoxes(metadata: Readonly<Record<string, string>>): Pieces {
  const items = Object.keys(metadata)
    .sort()
    .flatMap((key) =>
      box(
        '----',
        fullBox('mean', 0, utf8(METADATA_OWNER)),
        fullBox('name', 0, utf8(key)),
        box('data', integers(4, 1, 0), utf8(metadata[key] ?? '')), // 1: UTF-8
      ),
    );
  if (items.length === 0) return [];
  const handler = fullBox('hdlr', 0, integers(4, 0), utf8('mdirappl'), new Uint8Array(9));
  return box('udta', fullBox('meta', 0, handler, box('ilst', items)));
}

function sizeTable(sizes: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(sizes.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < sizes.length; i++) view.setUint32(i * 4, sizes[i] ?? 0);
  return bytes;
}

/** `stsc`: all chunks are full but the last. */
function chunkTable(frames: number): Pieces {
  const full = Math.floor(frames / CHUNK_FRAMES);
  const rest = frames % CHUNK_FRAMES;
  const entries: number[] = [];
  if (full > 0) entries.push(1, CHUNK_FRAMES, 1);
  if (rest > 0) entries.push(full + 1, rest, 1);
  return fullBox('stsc', 0, integers(4, entries.length / 3, ...entries));
}

/** Offsets of the chunks, counted from the first sample. */
function chunkOffsets(sizes: Uint32Array): Float64Array {
  const offsets = new Float64Array(Math.ceil(sizes.length / CHUNK_FRAMES));
  let at = 0;
  for (let i = 0; i < sizes.length; i++) {
    if (i % CHUNK_FRAMES === 0) offsets[i / CHUNK_FRAMES] = at;
    at += sizes[i] ?? 0;
  }
  return offsets;
}

/** What the head of a movie says of its samples, whatever they are coded with. */
export interface MovieTrack {
  /** A compatible brand of the codec's own; empty where it has none. */
  readonly brand: string;
  /** The visual sample entry (14496-12, 12.1.3). */
  readonly entry: Pieces;
  readonly width: number;
  readonly height: number;
  /** Units a second of all times, and how many of them each sample takes. */
  readonly timescale: number;
  readonly frameDuration: number;
}

/** `layoutTrack` of one of our own videos. */
export function layoutMovie(
  track: Track,
  sizes: Uint32Array,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const brand = track.codec.startsWith('av01') ? 'av01' : 'avc1';
  const { width, height } = track;
  const times = { timescale: TIMESCALE, frameDuration: FRAME_DURATION };
  return layoutTrack(
    { brand, entry: sampleEntry(track), width, height, ...times },
    sizes,
    metadata,
  );
}

/**
 * Everything of a file that comes before its samples, `mdat`'s header included. The samples follow
 * one after another, in order, each a key frame. Offsets and sizes take 64 bits from 4 GiB on
 * (`co64`, large `mdat`).
 * @throws InvalidError for no frames, or more than times in 32 bits can hold
 */
export function layoutTrack(
  { brand, entry, width, height, timescale, frameDuration }: MovieTrack,
  sizes: Uint32Array,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const frames = sizes.length;
  if (frames === 0) throw new InvalidError('A video needs at least one frame');
  // Durations are written in 32 bits: of our own videos 14 million frames, about 60 GB of compact.
  if (frames * frameDuration > 0xffff_ffff) {
    throw new InvalidError(`${frames} frames are too many for one MP4`);
  }
  const duration = frames * frameDuration;
  const offsets = chunkOffsets(sizes);
  let sampleBytes = 0;
  for (const size of sizes) sampleBytes += size;

  const ftyp = box('ftyp', utf8('isom'), integers(4, 512), utf8(`isomiso2mp41${brand}`));
  const headWith = (large: boolean, offsetTable: Uint8Array): Pieces => [
    ...ftyp,
    ...box(
      'moov',
      fullBox(
        'mvhd',
        0,
        integers(4, 0, 0, timescale, duration, 0x10000),
        integers(2, 0x100, 0, 0, 0, 0, 0),
        MATRIX,
        new Uint8Array(24),
        integers(4, 2),
      ),
      box(
        'trak',
        fullBox(
          'tkhd',
          3, // enabled, in movie
          integers(4, 0, 0, 1, 0, duration, 0, 0),
          integers(2, 0, 0, 0, 0),
          MATRIX,
          integers(4, width * 0x10000, height * 0x10000),
        ),
        box(
          'mdia',
          fullBox('mdhd', 0, integers(4, 0, 0, timescale, duration), integers(2, 0x55c4, 0)), // und
          fullBox('hdlr', 0, integers(4, 0), utf8('vide'), new Uint8Array(12), utf8('Video\0')),
          box(
            'minf',
            fullBox('vmhd', 1, new Uint8Array(8)),
            box('dinf', fullBox('dref', 0, integers(4, 1), fullBox('url ', 1))),
            // No `stss`: without one every sample is a sync sample (14496-12, 8.6.2).
            box(
              'stbl',
              fullBox('stsd', 0, integers(4, 1), entry),
              fullBox('stts', 0, integers(4, 1, frames, frameDuration)),
              chunkTable(frames),
              fullBox('stsz', 0, integers(4, 0, frames), sizeTable(sizes)),
              fullBox(large ? 'co64' : 'stco', 0, integers(4, offsets.length), offsetTable),
            ),
          ),
        ),
      ),
      metadataBoxes(metadata),
    ),
    ...(large
      ? [integers(4, 1), utf8('mdat'), integers(4, ...words(sampleBytes + 16))]
      : [integers(4, sampleBytes + 8), utf8('mdat')]),
  ];

  // The head's length does not depend on the offsets in it, so it is laid out once with zeros.
  const narrow = new Uint8Array(offsets.length * 4);
  const narrowHead = headWith(false, narrow);
  const narrowLength = byteLength(narrowHead);
  if (narrowLength + sampleBytes <= 0xffff_ffff) {
    const view = new DataView(narrow.buffer);
    offsets.forEach((offset, i) => view.setUint32(i * 4, narrowLength + offset));
    return concatenate(narrowHead);
  }
  const wide = new Uint8Array(offsets.length * 8);
  const wideHead = headWith(true, wide);
  const wideLength = byteLength(wideHead);
  const view = new DataView(wide.buffer);
  offsets.forEach((offset, i) => view.setBigUint64(i * 8, BigInt(wideLength + offset)));
  return concatenate(wideHead);
}

/** A number as two 32-bit words, high first. */
function words(value: number): [high: number, low: number] {
  return [Math.floor(value / 0x1_0000_0000), value % 0x1_0000_0000];
}

/**
 * Writes one segment: all parts' frames in order.
 * @throws InvalidError for no frames, or parts that differ in profile, codec or configuration
 */
export function writeMp4(
  parts: readonly EncodedFrames[],
  metadata: Readonly<Record<string, string>>,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve) => {
    resolve(composeMp4(parts, metadata));
  });
}

function composeMp4(
  parts: readonly EncodedFrames[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const first = parts[0];
  if (!first) throw new InvalidError('A video needs at least one part');
  for (const part of parts) {
    if (
      part.profile !== first.profile ||
      part.codec !== first.codec ||
      !sameBytes(part.decoderConfig, first.decoderConfig)
    ) {
      throw new InvalidError('Parts of one video differ in their codec configuration');
    }
  }
  const samples = parts.flatMap((part) => part.samples);
  const side = PROFILES[first.profile].framePixels;
  const track = {
    codec: first.codec,
    decoderConfig: first.decoderConfig,
    width: side,
    height: side,
  };
  const sizes = Uint32Array.from(samples, (sample) => sample.byteLength);
  return concatenate([layoutMovie(track, sizes, metadata), ...samples]);
}
