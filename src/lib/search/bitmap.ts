/**
 * Bitmaps of rows: bit `row & 7` (lowest first) of byte `row >> 3`. They say which rows of a
 * segment are live in a version, or allowed by a filter. Not compressed: 4,096 rows are 512 bytes.
 */
import { InvalidError } from '../errors';

/** A bitmap of `rows` rows, none of them set. */
export function newBitmap(rows: number): Uint8Array {
  return new Uint8Array((rows + 7) >> 3);
}

export function setBit(bitmap: Uint8Array, row: number): void {
  const at = row >> 3;
  bitmap[at] = (bitmap[at] ?? 0) | (1 << (row & 7));
}

export function hasBit(bitmap: Uint8Array, row: number): boolean {
  return (((bitmap[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;
}

/**
 * Writes a byte of 0 or 1 per row to `out`, from `offset` on; rows that already are 0 there stay 0.
 * @throws InvalidError where the bitmap is not of that many rows
 */
export function intersect(
  out: Uint8Array,
  offset: number,
  rows: number,
  bitmap: Uint8Array,
  subject: string,
): void {
  if (bitmap.length !== (rows + 7) >> 3)
    throw new InvalidError(`A bitmap of ${bitmap.length} bytes is not of ${rows} rows.`, {
      subject,
    });
  for (let at = 0; at < bitmap.length; at++) {
    const byte = bitmap[at] ?? 0;
    if (byte === 255) continue; // most rows live: eight at a step
    const end = Math.min(8, rows - at * 8);
    for (let bit = 0; bit < end; bit++)
      if (((byte >> bit) & 1) === 0) out[offset + at * 8 + bit] = 0;
  }
}
