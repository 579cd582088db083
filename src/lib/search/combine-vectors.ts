/**
 * Writes vectors anew from rows of others, packed as they are: nothing is rounded twice, so that
 * every cosine stays what it was. Beside `combine-postings.ts`.
 */
import { InvalidError } from '../errors';
import { checkPicks, type RowPick } from './row-picks';
import { newPackedVectors, Vectors } from './vectors';

/**
 * The picked rows in this order, as `quantise` would have packed them. Rows of a part without
 * vectors become zero; without vectors in any part there is nothing to write: null.
 * @throws InvalidError for a pick of a row that is not there, and parts of different dimensions
 */
export function combineVectors(
  parts: readonly (Vectors | null)[],
  picks: readonly RowPick[],
): Uint8Array<ArrayBuffer> | null {
  const dimensions = parts.find((part) => part !== null)?.dimensions;
  if (dimensions === undefined) return null;
  for (const part of parts)
    if (part !== null && part.dimensions !== dimensions)
      throw new InvalidError(
        `Vectors of ${part.dimensions} and of ${dimensions} dimensions do not become one.`,
        { subject: 'vectors' },
      );
  // How many rows a part without vectors has is not known here.
  checkPicks(picks, (part) => {
    const vectors = parts[part];
    return vectors === null ? Infinity : vectors?.rows;
  });
  const packed = newPackedVectors(picks.length, dimensions);
  let to = 0;
  for (const { part, row } of picks) {
    parts[part]?.copyRow(row, packed, to);
    to++;
  }
  return packed.bytes;
}

/** The same from packed bytes. @throws InvalidError as `combineVectors`; CorruptError for damaged bytes */
export function selectVectorBytes(
  parts: readonly (Uint8Array | null)[],
  picks: readonly RowPick[],
): Uint8Array<ArrayBuffer> | null {
  return combineVectors(
    parts.map((bytes) => bytes && Vectors.open(bytes)),
    picks,
  );
}
