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
  /** Among the walks, in the order of parts. */
  readonly index: number;
  readonly cursor: TermCursor;
  /** Where rows are read to, under the numbers of their picks. */
  readonly list: PostingList;
  /** Whether those numbers ascend with the rows. */
  readonly isAscending: boolean;
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
  const writer = new PostingsWriter();
  const heap = walksThrough(parts, picks);
  const combined = new PostingList();
  for (let first = heap.pop(); first !== undefined; first = heap.pop()) {
    const { cursor, isAscending } = first;
    let isMore = true;
    // As long as no other walk comes before it; the last one goes its way to the end.
    while (isMore && heap.isAfter(first)) {
      let { list } = first;
      cursor.read(list);
      const isShared = heap.isAt(cursor);
      if (isShared) {
        combined.reset(0);
        combined.append(list);
        while (heap.isAt(cursor)) heap.readTop(combined);
        list = combined;
      }
      if (list.length > 0) {
        if (isShared || !isAscending) sortByRow(list);
        writer.add(cursor.term, list, cursor.length);
      }
      isMore = cursor.next();
    }
    if (isMore) heap.push(first);
  }
  return writer.finish(lengthsOf(parts, picks));
}

function lengthsOf(parts: readonly Postings[], picks: readonly RowPick[]): Uint32Array {
  const lengths = new Uint32Array(picks.length);
  let at = 0;
  for (const { part, row } of picks) lengths[at++] = parts[part]?.lengths[row] ?? 0;
  return lengths;
}

/** A walk through each part that is picked from; where rows are picked again, another one for those. */
function walksThrough(parts: readonly Postings[], picks: readonly RowPick[]): WalkHeap {
  const heap = new WalkHeap();
  /** Of each part, the pick of each row, or -1: the first picks, the second ones and so on. */
  const numbers = parts.map((): Int32Array[] => []);
  let pick = 0;
  for (const { part, row } of picks) {
    const layers = numbers[part] ?? [];
    let layer = 0;
    while ((layers[layer]?.[row] ?? -1) >= 0) layer++;
    (layers[layer] ??= new Int32Array(parts[part]?.rows ?? 0).fill(-1))[row] = pick++;
  }
  let index = 0;
  for (const [part, layers] of numbers.entries())
    for (const layer of layers) {
      const cursor = parts[part]?.cursor();
      if (!cursor?.next()) continue;
      const list = new PostingList(layer);
      heap.push({ index: index++, cursor, list, isAscending: isAscending(layer) });
    }
  return heap;
}

/** Whether what is not -1 ascends. */
function isAscending(numbers: Int32Array): boolean {
  let last = -1;
  for (const number of numbers) {
    if (number < 0) continue;
    if (number < last) return false;
    last = number;
  }
  return true;
}

/** By term, then in the order of parts: lists of parts picked one after another need no sorting. */
function compareWalks(a: Walk, b: Walk): number {
  return a.cursor.compare(b.cursor) || a.index - b.index;
}

/** Walks in order, the first one on top. */
class WalkHeap {
  readonly #walks: Walk[] = [];

  /** Whether all its walks come after another one. */
  isAfter(walk: Walk): boolean {
    const top = this.#walks[0];
    return top === undefined || compareWalks(top, walk) > 0;
  }

  /** Whether its first walk is at a cursor's term. */
  isAt(cursor: TermCursor): boolean {
    return this.#walks[0]?.cursor.compare(cursor) === 0;
  }

  /** Appends the rows of the first term of one walk to `list`, and goes on with that walk. */
  readTop(list: PostingList): void {
    const top = this.#walks[0];
    if (top === undefined) return;
    top.cursor.read(top.list);
    list.append(top.list);
    if (top.cursor.next()) this.#sink(top);
    else this.pop();
  }

  push(walk: Walk): void {
    const walks = this.#walks;
    let at = walks.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = walks[parent];
      if (above === undefined || compareWalks(above, walk) <= 0) break;
      walks[at] = above;
      at = parent;
    }
    walks[at] = walk;
  }

  pop(): Walk | undefined {
    const top = this.#walks[0];
    const last = this.#walks.pop();
    if (last !== undefined && this.#walks.length > 0) this.#sink(last);
    return top;
  }

  /** Puts a walk in the place of the first one, and down from there to where it belongs. */
  #sink(walk: Walk): void {
    const walks = this.#walks;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const [a, b] = [walks[left], walks[left + 1]];
      if (a === undefined) break;
      const isRight = b !== undefined && compareWalks(b, a) < 0;
      const child = isRight ? b : a;
      if (compareWalks(child, walk) >= 0) break;
      walks[at] = child;
      at = isRight ? left + 1 : left;
    }
    walks[at] = walk;
  }
}

/** More than any count: row and count are sorted as one number, exact below 2^53. */
const COUNTS = 2 ** 32;

/** Puts the rows in order; where picks keep the order of parts and rows, they often are. */
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
