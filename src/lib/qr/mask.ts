/** The eight data masks of ISO/IEC 18004, table 10. Not the search for the best one: it is fixed. */
import { assertNever } from '../errors';

type Mask = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** 1 where the mask inverts the module at `row`, `column`; `mask` is 0 to 7. */
export function maskBit(mask: number, row: number, column: number): 0 | 1 {
  return inverts(mask as Mask, row, column) ? 1 : 0; // `checkShape` has proved the range
}

function inverts(mask: Mask, i: number, j: number): boolean {
  switch (mask) {
    case 0:
      return (i + j) % 2 === 0;
    case 1:
      return i % 2 === 0;
    case 2:
      return j % 3 === 0;
    case 3:
      return (i + j) % 3 === 0;
    case 4:
      return (Math.floor(i / 2) + Math.floor(j / 3)) % 2 === 0;
    case 5:
      return ((i * j) % 2) + ((i * j) % 3) === 0;
    case 6:
      return (((i * j) % 2) + ((i * j) % 3)) % 2 === 0;
    case 7:
      return (((i + j) % 2) + ((i * j) % 3)) % 2 === 0;
    default:
      return assertNever(mask);
  }
}
