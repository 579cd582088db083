/**
 * MP4 of one track of key frames of any codec: what ffmpeg made of one run is taken apart, and runs
 * are put behind one movie header, for a video that is too long for ffmpeg's memory. Our own videos
 * are written by `mp4.ts`, and files from elsewhere are never read here.
 */
import { childBoxes, onlyBox, tableOf, type Box } from './box-walk';
import { box, byteLength, concatenate, fullBox, integers, utf8, type Pieces } from './boxes';

/** What every sample of a video has in common. */
export interface ForeignTrack {
  /** The content of `stsd` behind its count: one sample entry, as its encoder wrote it. */
  readonly entry: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

/** What memvid writes by default. */
export const FOREIGN_FRAMES_PER_SECOND = 30;
/** Units of time that a frame takes. */
const FRAME_DURATION = 512;
const TIMESCALE = FOREIGN_FRAMES_PER_SECOND * FRAME_DURATION;
/** Samples a chunk of the table. */
const CHUNK_SAMPLES = 128;
const MATRIX = integers(4, 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

/** What ffmpeg wrote in one run: samples one behind the other, all key frames. @throws CorruptError */
export function openForeignMp4(file: Uint8Array): {
  readonly track: ForeignTrack;
  readonly samples: Uint8Array<ArrayBuffer>[];
} {
  const top = childBoxes({ type: 'file', bytes: file, start: 0, end: file.length });
  const track = onlyBox(childBoxes(onlyBox(top, 'moov')), 'trak');
  const media = childBoxes(onlyBox(childBoxes(track), 'mdia'));
  const table = childBoxes(onlyBox(childBoxes(onlyBox(media, 'minf')), 'stbl'));
  const description = onlyBox(table, 'stsd');
  const entry = file.slice(description.start + 8, description.end);
  const view = new DataView(entry.buffer);
  const samples: Uint8Array<ArrayBuffer>[] = [];
  let at = onlyBox(top, 'mdat').start;
  for (const size of sizesOf(onlyBox(table, 'stsz'))) {
    samples.push(file.slice(at, at + size));
    at += size;
  }
  // Width and height stand 24 bytes behind the entry's own head (14496-12, 12.1.3.2).
  return { track: { entry, width: view.getUint16(32), height: view.getUint16(34) }, samples };
}

/** `stsz`: the size of all samples, or 0 and a table. */
function sizesOf(stsz: Box): number[] {
  const { view, count, start } = tableOf(stsz, 0, 4);
  const same = view.getUint32(stsz.start + 4);
  return Array.from({ length: count }, (_, at) => same || view.getUint32(start + at * 4));
}

/**
 * All of a file that comes before its samples, `mdat`'s header included; they follow in order.
 * Offsets take 64 bits throughout.
 */
export function layoutForeignMp4(track: ForeignTrack, sizes: Uint32Array): Uint8Array<ArrayBuffer> {
  const { entry, width, height } = track;
  const frames = sizes.length;
  const duration = frames * FRAME_DURATION;
  const sizeTable = new DataView(new ArrayBuffer(frames * 4));
  const chunks = Math.ceil(frames / CHUNK_SAMPLES);
  const offsets = new DataView(new ArrayBuffer(chunks * 8));
  const full = Math.floor(frames / CHUNK_SAMPLES);
  const rest = frames % CHUNK_SAMPLES;
  const plan = [
    ...(full > 0 ? [1, CHUNK_SAMPLES, 1] : []),
    ...(rest > 0 ? [full + 1, rest, 1] : []),
  ];
  let sampleBytes = 0;
  for (const [frame, size] of sizes.entries()) {
    sizeTable.setUint32(frame * 4, size);
    if (frame % CHUNK_SAMPLES === 0) {
      offsets.setBigUint64((frame / CHUNK_SAMPLES) * 8, BigInt(sampleBytes));
    }
    sampleBytes += size;
  }
  const dataBytes = sampleBytes + 16;
  const head: Pieces = [
    ...box('ftyp', utf8('isom'), integers(4, 512), utf8('isomiso2mp41')),
    ...box(
      'moov',
      fullBox(
        'mvhd',
        0,
        integers(4, 0, 0, TIMESCALE, duration, 0x10000),
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
          fullBox('mdhd', 0, integers(4, 0, 0, TIMESCALE, duration), integers(2, 0x55c4, 0)), // und
          fullBox('hdlr', 0, integers(4, 0), utf8('vide'), new Uint8Array(12), utf8('Video\0')),
          box(
            'minf',
            fullBox('vmhd', 1, new Uint8Array(8)),
            box('dinf', fullBox('dref', 0, integers(4, 1), fullBox('url ', 1))),
            box(
              'stbl',
              fullBox('stsd', 0, integers(4, 1), entry),
              fullBox('stts', 0, integers(4, 1, frames, FRAME_DURATION)),
              fullBox('stsc', 0, integers(4, plan.length / 3, ...plan)),
              fullBox('stsz', 0, integers(4, 0, frames), new Uint8Array(sizeTable.buffer)),
              fullBox('co64', 0, integers(4, chunks), new Uint8Array(offsets.buffer)),
            ),
          ),
        ),
      ),
    ),
    integers(4, 1),
    utf8('mdat'),
    integers(4, Math.floor(dataBytes / 2 ** 32), dataBytes % 2 ** 32),
  ];
  // Offsets were counted from the first sample; how long the head is does not depend on them.
  const length = BigInt(byteLength(head));
  for (let at = 0; at < chunks; at++) {
    offsets.setBigUint64(at * 8, offsets.getBigUint64(at * 8) + length);
  }
  return concatenate(head);
}
