/**
 * The size that a picture declares, read out of its first bytes: a small file may unpack to gigabytes,
 * and browsers tell a size only once they have. PNG, JPEG, GIF, WebP, BMP.
 */

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Bytes of a JPEG in which its size is looked for: colour profiles and previews come before it. */
const LONGEST_JPEG_HEAD = 1 << 20;

export type PictureFormat = 'png' | 'jpeg' | 'gif' | 'webp' | 'bmp';

/** What a file begins like. */
export function pictureFormat(head: Uint8Array): PictureFormat | undefined {
  const text = latin1(head.subarray(0, 16));
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'gif';
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return 'webp';
  // Two letters could begin any text: the size of its second header must be one that there is.
  if (text.startsWith('BM') && head.length >= 18) {
    return BMP_HEADERS.has(view(head).getUint32(14, true)) ? 'bmp' : undefined;
  }
  return undefined;
}

/** Sizes of the header behind the file's own (BITMAPCOREHEADER to BITMAPV5HEADER). */
const BMP_HEADERS: ReadonlySet<number> = new Set([12, 40, 52, 56, 64, 108, 124]);

/** Undefined where the file ends before its size, or says none. */
export async function pictureSize(
  file: Blob,
  format: PictureFormat,
): Promise<PictureSize | undefined> {
  const length = format === 'jpeg' ? LONGEST_JPEG_HEAD : 64;
  const bytes = new Uint8Array(await file.slice(0, length).arrayBuffer());
  try {
    const size = SIZES[format](view(bytes), bytes);
    return size && size.width > 0 && size.height > 0 ? size : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined; // it ends too early
    throw error;
  }
}

type SizeOf = (data: DataView, bytes: Uint8Array) => PictureSize | undefined;

const SIZES: Readonly<Record<PictureFormat, SizeOf>> = {
  // IHDR comes first (PNG, 11.2.1).
  png: (data) => ({ width: data.getUint32(16), height: data.getUint32(20) }),
  gif: (data) => ({ width: data.getUint16(6, true), height: data.getUint16(8, true) }),
  bmp: (data) =>
    data.getUint32(14, true) === 12
      ? { width: data.getUint16(18, true), height: data.getUint16(20, true) }
      : // A negative height counts rows from the top.
        { width: Math.abs(data.getInt32(18, true)), height: Math.abs(data.getInt32(22, true)) },
  webp: webpSize,
  jpeg: jpegSize,
};

/** RFC 9649: the canvas of an extended file, else that of its one picture. */
function webpSize(data: DataView, bytes: Uint8Array): PictureSize | undefined {
  const uint24 = (at: number): number => data.getUint16(at, true) | (data.getUint8(at + 2) << 16);
  switch (latin1(bytes.subarray(12, 16))) {
    case 'VP8X':
      return { width: uint24(24) + 1, height: uint24(27) + 1 };
    case 'VP8L': {
      const bits = data.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
    }
    case 'VP8 ':
      return {
        width: data.getUint16(26, true) & 0x3fff,
        height: data.getUint16(28, true) & 0x3fff,
      };
    default:
      return undefined;
  }
}

/** Segments up to the frame header, whose marker is C0–CF but for C4, C8 and CC (ITU T.81, B.2.2). */
function jpegSize(data: DataView): PictureSize | undefined {
  for (let at = 2; ;) {
    if (data.getUint8(at) !== 0xff) return undefined;
    const marker = data.getUint8(at + 1);
    if (marker === 0xff) {
      at++; // a fill byte
      continue;
    }
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { width: data.getUint16(at + 7), height: data.getUint16(at + 5) };
    }
    const isAlone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
    at += isAlone ? 2 : 2 + data.getUint16(at + 2);
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A character a byte. (A decoder called `latin1` is windows-1252.) */
function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
