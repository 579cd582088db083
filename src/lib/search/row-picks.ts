/** Which rows of some parts new search data is made of, in what order. Plain data. */
import { InvalidError } from '../errors';

/** Row `row` of part `part`; its place in the list of picks is its row in the result. */
export interface RowPick {
  readonly part: number;
  readonly row: number;
}

/** @throws InvalidError where a pick names a row that is not there */
export function checkPicks(
  picks: readonly RowPick[],
  rowsOf: (part: number) => number | undefined,
): void {
  for (const { part, row } of picks) {
    const rows = rowsOf(part) ?? 0;
    if (!Number.isInteger(row) || row < 0 || row >= rows)
      throw new InvalidError(`Part ${part} of ${rows} rows has no row ${row}.`, {
        subject: 'picks',
      });
  }
}
