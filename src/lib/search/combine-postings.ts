/**
 * Writes a word index anew from rows of others, without their texts: how segments lose their dead
 * and small ones become one. A merge of sorted dictionaries; no term becomes a string.
 */
import { PostingList } from './posting-list';
import type { Postings } from './postings';
import { PostingsWriter } from './postings-writer';
import { checkPicks, type RowPick } from './row-picks';
import type { TermCursor } from './term-cursor';

/** A part on its way through its dictionary. */
interface Walk {
  readonly cursor: TermCursor;
  /** The first pick of each row, or -1. */
  readonly firstPicks: Int32Array;
}

/**
 * The same bytes as `buildPostings` of the picked rows' texts in this order, if all parts were
 * built with the same analyser. A row may be picked several times.
 * @throws InvalidError for a pick of a row that is not there
 */
export function combinePostings(
  parts: readonly Postings[],
  picks: readonly RowPick[],
): Uint8Array<ArrayBuffer> {
  checkPicks(picks, (part) => parts[part]?.rows);
  const lengths = Uint32Array.from(picks, ({ part, row }) => parts[part]?.lengths[row] ?? 0);
  const { firstPicks, nextPicks } = chained(parts, picks);
  const writer = new PostingsWriter();
  const heap = new WalkHeap();
  for (const [part, firsts] of firstPicks) {
    const cursor = parts[part]?.cursor();
    if (cursor?.next()) heap.push({ cursor, firstPicks: firsts });
  }
  const [list, combined] = [new PostingList(), new PostingList()];
  const same: Walk[] = [];
  for (let first = heap.pop(); first !== undefined; first = heap.pop()) {
    same.push(first);
    while (heap.top?.cursor.compare(first.cursor) === 0) {
      const other = heap.pop();
      if (other !== undefined) same.push(other);
    }
    combined.reset(0);
    for (const { cursor, firstPicks: firsts } of same) {
      cursor.read(list);
      const { rows, counts, length } = list;
      for (let i = 0; i < length; i++) {
        let pick = firsts[rows[i] ?? 0] ?? -1;
        for (; pick >= 0; pick = nextPicks[pick] ?? -1) combined.push(pick, counts[i] ?? 0);
      }
    }
    if (combined.length > 0) {
      sortByRow(combined);
      writer.add(first.cursor.term.subarray(0, first.cursor.length), combined);
    }
    for (const walk of same) if (walk.cursor.next()) heap.push(walk);
    same.length = 0;
  }
  return writer.finish(lengths);
}

/** The first pick of each row, by part; and of each pick the next one of the same row, or -1. */
function chained(parts: readonly Postings[], picks: readonly RowPick[]) {
  const firstPicks = new Map<number, Int32Array>();
  const nextPicks = new Int32Array(picks.length);
  // From the end, so that chains ascend.
  for (let pick = picks.length - 1; pick >= 0; pick--) {
    const { part = -1, row = -1 } = picks[pick] ?? {};
    let firsts = firstPicks.get(part);
    if (firsts === undefined) {
      firsts = new Int32Array(parts[part]?.rows ?? 0).fill(-1);
      firstPicks.set(part, firsts);
    }
    nextPicks[pick] = firsts[row] ?? -1;
    firsts[row] = pick;
  }
  return { firstPicks, nextPicks };
}

/** Walks by their terms, the first term on top. */
class WalkHeap {
  readonly #walks: Walk[] = [];

  get top(): Walk | undefined {
    return this.#walks[0];
  }

  push(walk: Walk): void {
    const walks = this.#walks;
    let at = walks.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = walks[parent];
      if (above === undefined || above.cursor.compare(walk.cursor) <= 0) break;
      walks[at] = above;
      at = parent;
    }
    walks[at] = walk;
  }

  pop(): Walk | undefined {
    const walks = this.#walks;
    const top = walks[0];
    const last = walks.pop();
    if (top === undefined || last === undefined || walks.length === 0) return top;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [a, b] = [walks[left], walks[left + 1]];
      if (a === undefined) break;
      const isRight = b !== undefined && b.cursor.compare(a.cursor) < 0;
      const child = isRight ? b : a;
      if (child.cursor.compare(last.cursor) >= 0) break;
      walks[at] = child;
      at = isRight ? left + 1 : left;
    }
    walks[at] = last;
    return top;
  }
}

/** More than any count: row and count are sorted as one number, exact below 2^53. */
const COUNTS = 2 ** 32;

/** Puts the rows in order; where picks keep the order of parts and rows, they are. */
function sortByRow(list: PostingList): void {
  const { rows, counts, length } = list;
  let at = 1;
  while (at < length && (rows[at - 1] ?? 0) < (rows[at] ?? 0)) at++;
  if (at >= length) return;
  const keys = new Float64Array(length);
  for (let i = 0; i < length; i++) keys[i] = (rows[i] ?? 0) * COUNTS + (counts[i] ?? 0);
  keys.sort();
  for (let i = 0; i < length; i++) {
    const key = keys[i] ?? 0;
    rows[i] = Math.floor(key / COUNTS);
    counts[i] = key % COUNTS;
  }
}
