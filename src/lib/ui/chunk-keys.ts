/** Which row of a list a key leads to. Pure. */

/** From where: `row` of `count` rows, `page` of which are on the screen. */
interface Standing {
  readonly row: number;
  readonly page: number;
  readonly count: number;
}

/** The row, which may lie outside the list; undefined for a key that does not move. */
export function rowOfKey(key: string, { row, page, count }: Standing): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return row + 1;
    case 'ArrowUp':
      return row - 1;
    case 'PageDown':
      return row + page;
    case 'PageUp':
      return row - page;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}
