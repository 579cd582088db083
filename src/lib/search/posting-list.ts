/** The rows that hold one term, decoded. It knows the layout of one list, not where lists lie. */

/** The rows that hold one term, and how often each; its arrays are used again from term to term. */
export class PostingList {
  /** Ascending as read, but for renumbered ones; only the first `length` count. */
  rows = new Uint32Array(256);
  counts = new Uint32Array(256);
  length = 0;
  readonly numbers: Int32Array | null;

  /** @param numbers what each row is called when it is read; rows of a negative one are left out */
  constructor(numbers: Int32Array | null = null) {
    this.numbers = numbers;
  }

  /** Empties the list and makes room for `size` rows. */
  reset(size: number): void {
    this.length = 0;
    if (size > this.rows.length) this.#grow(size);
  }

  /** Takes another list's rows behind its own. */
  append({ rows, counts, length }: PostingList): void {
    const all = this.length + length;
    if (all > this.rows.length) this.#grow(all);
    this.rows.set(rows.subarray(0, length), this.length);
    this.counts.set(counts.subarray(0, length), this.length);
    this.length = all;
  }

  push(row: number, count: number): void {
    if (this.length === this.rows.length) this.#grow(this.length + 1);
    this.rows[this.length] = row;
    this.counts[this.length++] = count;
  }

  #grow(size: number): void {
    const room = Math.max(size, this.rows.length * 2);
    const [rows, counts] = [new Uint32Array(room), new Uint32Array(room)];
    rows.set(this.rows.subarray(0, this.length));
    counts.set(this.counts.subarray(0, this.length));
    this.rows = rows;
    this.counts = counts;
  }
}

/**
 * Fills `list` with the rows of a term; returns the offset behind the last byte read. Nothing is
 * checked here: `Postings.open` does that, once, on what this gives.
 */
export function readPostingList(
  bytes: Uint8Array,
  start: number,
  documentFrequency: number,
  list: PostingList,
): number {
  list.reset(documentFrequency);
  const { rows, counts, numbers } = list;
  if (numbers) return readRenumbered(bytes, start, documentFrequency, list, numbers);
  let at = start;
  let row = -1;
  for (let i = 0; i < documentFrequency; i++) {
    let byte = bytes[at++] ?? 0;
    let gap = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = bytes[at++] ?? 0;
      gap |= (byte & 0x7f) << shift;
    }
    let count = 1;
    if ((gap & 1) === 1) {
      byte = bytes[at++] ?? 0;
      count = byte & 0x7f;
      for (let shift = 7; byte >= 0x80; shift += 7) {
        byte = bytes[at++] ?? 0;
        count |= (byte & 0x7f) << shift;
      }
    }
    row += gap >>> 1;
    rows[i] = row;
    counts[i] = count;
  }
  list.length = documentFrequency;
  return at;
}

/** The same for a list with other numbers: the loop that a compaction spends its time in. */
function readRenumbered(
  bytes: Uint8Array,
  start: number,
  documentFrequency: number,
  list: PostingList,
  numbers: Int32Array,
): number {
  const { rows, counts } = list;
  let at = start;
  let row = -1;
  let length = 0;
  for (let i = 0; i < documentFrequency; i++) {
    let byte = bytes[at++] ?? 0;
    let gap = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = bytes[at++] ?? 0;
      gap |= (byte & 0x7f) << shift;
    }
    let count = 1;
    if ((gap & 1) === 1) {
      byte = bytes[at++] ?? 0;
      count = byte & 0x7f;
      for (let shift = 7; byte >= 0x80; shift += 7) {
        byte = bytes[at++] ?? 0;
        count |= (byte & 0x7f) << shift;
      }
    }
    row += gap >>> 1;
    const number = numbers[row] ?? -1;
    if (number < 0) continue;
    rows[length] = number;
    counts[length++] = count;
  }
  list.length = length;
  return at;
}
