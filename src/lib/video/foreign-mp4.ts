/**
 * MP4 of one track of key frames of any codec: what ffmpeg made of one run is taken apart, and runs
 * are put behind one movie header, for a video that is too long for ffmpeg's memory. The header is
 * laid out by `mp4.ts`; files from elsewhere are never read here.
 */
import { childBoxes, onlyBox, tableOf, type Box } from './box-walk';
import { layoutTrack } from './mp4';

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

/** All of a file that comes before its samples, as `layoutTrack` says. */
export function layoutForeignMp4(track: ForeignTrack, sizes: Uint32Array): Uint8Array<ArrayBuffer> {
  const { entry, width, height } = track;
  const times = { timescale: TIMESCALE, frameDuration: FRAME_DURATION };
  return layoutTrack({ brand: '', entry: [entry], width, height, ...times }, sizes, {});
}
