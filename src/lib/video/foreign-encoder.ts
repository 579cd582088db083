/**
 * Texts as QR symbols in MPEG-4 pictures, for readers that look for a symbol in any picture. Each
 * symbol fills its picture, whatever its version: such readers want large modules. Writing of the
 * file: `foreign-mp4.ts`.
 */
import { InvalidError } from '../errors';
import { payloadCapacity, SymbolDrawer, symbolSize } from '../qr';
import { runFfmpeg } from './ffmpeg';
import { FOREIGN_FRAMES_PER_SECOND, openForeignMp4, type ForeignTrack } from './foreign-mp4';

/** Frames in their file's order, and what they have in common. */
export interface ForeignFrames {
  readonly track: ForeignTrack;
  readonly samples: readonly Uint8Array<ArrayBuffer>[];
}

/**
 * Pixels of a side. OpenCV (4.14 and 5.0 alike) looks for symbols in a picture shrunk to 512 pixels. Of
 * sides from 512 to 1,280 it reads the most at 640, as long as a text has 1,500 characters at most.
 */
export const FOREIGN_SIDE = 640;
/** The largest version there is. */
export const FOREIGN_VERSION = 40;
/** Light modules on each side; ISO/IEC 18004 asks for them. */
const QUIET = 4;
/** Frames a run: 26 MB of grey. */
export const FOREIGN_FRAMES_PER_RUN = 64;
/** 1 is the finest, 31 the coarsest. A frame is half as large as with 2, and OpenCV reads as many. */
const QUANTISER = 8;

/** Of the masks, OpenCV reads most symbols with this one. */
const shapeOf = (version: number) => ({ version, ecc: 'M', mask: 3 }) as const;

/** Bytes that the largest symbol holds. */
export const FOREIGN_CAPACITY = payloadCapacity(shapeOf(FOREIGN_VERSION));

/**
 * Draws and encodes some texts, one frame each.
 * @throws InvalidError for no text, or one of more than `FOREIGN_CAPACITY` bytes
 */
export async function encodeForeign(
  texts: readonly string[],
  signal?: AbortSignal,
): Promise<ForeignFrames> {
  if (texts.length === 0) throw new InvalidError('Nothing to encode');
  const encoder = new TextEncoder();
  const samples: Uint8Array<ArrayBuffer>[] = [];
  let track: ForeignTrack | undefined;
  for (let at = 0; at < texts.length; at += FOREIGN_FRAMES_PER_RUN) {
    signal?.throwIfAborted();
    const some = texts.slice(at, at + FOREIGN_FRAMES_PER_RUN);
    const grey = new Uint8Array(FOREIGN_SIDE ** 2 * some.length);
    for (const [frame, text] of some.entries()) {
      const from = frame * FOREIGN_SIDE ** 2;
      drawFrame(encoder.encode(text), grey.subarray(from, from + FOREIGN_SIDE ** 2));
    }
    const side = String(FOREIGN_SIDE);
    const mp4 = await runFfmpeg({
      before: [
        ...['-f', 'rawvideo', '-pix_fmt', 'gray', '-video_size', `${side}x${side}`],
        ...['-framerate', String(FOREIGN_FRAMES_PER_SECOND)],
      ],
      input: new Blob([grey]),
      after: [
        ...['-pix_fmt', 'yuv420p', '-c:v', 'mpeg4', '-q:v', String(QUANTISER), '-g', '1'],
        // No names or numbers of the encoder: the same texts give the same bytes.
        ...['-flags', '+bitexact', '-fflags', '+bitexact', '-f', 'mp4'],
      ],
      signal,
    });
    const video = openForeignMp4(mp4);
    if (video.samples.length !== some.length) {
      throw new Error(
        `MPEG-4 made ${String(video.samples.length)} frames of ${String(some.length)}`,
      );
    }
    track ??= video.track;
    samples.push(...video.samples);
  }
  if (!track) throw new Error('Nothing was encoded.');
  return { track, samples };
}

const drawers = new Map<number, SymbolDrawer>();

/** The smallest symbol that holds the payload, enlarged to the whole picture. */
function drawFrame(payload: Uint8Array, target: Uint8Array): void {
  const version = versionFor(payload.length);
  let drawer = drawers.get(version);
  if (!drawer) drawers.set(version, (drawer = new SymbolDrawer(shapeOf(version))));
  const { size } = drawer;
  const modules = new Uint8Array(size * size);
  drawer.draw(payload, modules);
  const across = symbolSize(version) + 2 * QUIET;
  const line = new Uint8Array(FOREIGN_SIDE);
  let drawnRow = -1;
  for (let y = 0; y < FOREIGN_SIDE; y++) {
    const row = Math.floor((y * across) / FOREIGN_SIDE) - QUIET;
    if (row !== drawnRow || y === 0) {
      drawnRow = row;
      for (let x = 0; x < FOREIGN_SIDE; x++) {
        const column = Math.floor((x * across) / FOREIGN_SIDE) - QUIET;
        const isInside = row >= 0 && row < size && column >= 0 && column < size;
        line[x] = isInside && modules[row * size + column] === 1 ? 0 : 255;
      }
    }
    target.set(line, y * FOREIGN_SIDE);
  }
}

/** @throws InvalidError where no symbol holds it */
function versionFor(bytes: number): number {
  for (let version = 1; version <= FOREIGN_VERSION; version++) {
    if (bytes <= payloadCapacity(shapeOf(version))) return version;
  }
  throw new InvalidError(`${String(bytes)} bytes are too much for a symbol`);
}
