/**
 * Writing of ISO base media boxes (ISO/IEC 14496-12, 4.2). A box is a flat list of byte pieces, so
 * that nesting copies nothing and big tables and samples are never moved. Reading: `mp4-index.ts`.
 */

/** Pieces of bytes that follow each other. */
export type Pieces = readonly Uint8Array[];

const ENCODER = new TextEncoder();

/** Big-endian integers of `width` bytes each. */
export function integers(width: 1 | 2 | 4, ...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(width * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    if (width === 4) view.setUint32(index * 4, value);
    else if (width === 2) view.setUint16(index * 2, value);
    else bytes[index] = value;
  });
  return bytes;
}

/** Text as UTF-8, without a terminating zero. */
export function utf8(text: string): Uint8Array {
  return ENCODER.encode(text);
}

/** Box types are four Latin-1 characters, not UTF-8: `©nam` is four bytes. */
function fourCharacters(type: string): Uint8Array {
  return Uint8Array.from(type, (character) => character.charCodeAt(0));
}

/** Bytes of all pieces together. */
export function byteLength(pieces: Pieces): number {
  return pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
}

/** A box with its 32-bit size and type. */
export function box(type: string, ...content: readonly (Uint8Array | Pieces)[]): Pieces {
  const pieces = content.flat();
  return [integers(4, byteLength(pieces) + 8), fourCharacters(type), ...pieces];
}

/** A box that begins with version and 24 bits of flags (14496-12, 4.2). */
export function fullBox(
  type: string,
  versionAndFlags: number,
  ...content: readonly (Uint8Array | Pieces)[]
): Pieces {
  return box(type, integers(4, versionAndFlags), ...content);
}

/** All pieces in one array. */
export function concatenate(pieces: Pieces): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(byteLength(pieces));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}
