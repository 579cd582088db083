/**
 * Old passages in a new text: where each stands as it was, in order and without overlap. Compares
 * texts alone, in steps linear in both; what is done with what was found is for `anchored.ts`.
 *
 * Laws:
 * - In the text that the passages were cut from, all are found.
 * - After one stretch of it was replaced, removed or inserted, as many are found as do not touch it.
 * - A passage that is found begins and ends at a word where it did before.
 */

import { heaviestChain, type Candidate } from './anchored-chain';
import { FINEST, strideOf, uniqueWindows, WINDOW, type Range } from './anchored-windows';

/** Rounds of looking closer, and into what is left between the passages found: each is linear. */
const ROUNDS = 6;
/** How much closer the next round looks where one has found nothing. */
const CLOSER = 8;

/** Comparisons of a round at most, for each unit of both texts: only periodic texts come near. */
const COMPARISONS = 4;

/** UTF-16 units of a passage that may have no window of its own in it. */
const SHORT = 2 * WINDOW;
const REPEATED = -1;
const LINE_FEED = 0x0a;

const WORDS = new Intl.Segmenter('und', { granularity: 'word' });
/** Units on both sides of a boundary that are looked at: longer words do not matter here. */
const AROUND = 32;

export interface FoundPassages {
  /** For each passage its offset in the text, or -1. */
  readonly offsets: Int32Array;
  /** Units compared or hashed: the measure of the work. */
  readonly steps: number;
}

/**
 * @param passages in order
 * @param isWithinRecord whether an offset of the text lies inside a record, at neither of its ends
 */
export function findPassages(
  text: string,
  passages: readonly string[],
  isWithinRecord: (offset: number) => boolean = () => false,
): FoundPassages {
  const search = new PassageSearch(text, passages);
  search.run();
  search.loosen(isWithinRecord);
  return { offsets: search.offsets, steps: search.steps };
}

/** Passages from `first` to before `end`, in the text from `from` to `to`. */
interface Gap {
  readonly first: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
  /** As `strideOf` says without it. */
  readonly stride?: number;
}

class PassageSearch {
  readonly offsets: Int32Array;
  steps = 0;
  readonly #text: string;
  readonly #old: string;
  /** Where each passage begins in the old text, and the end of the last. */
  readonly #starts: Int32Array;

  constructor(text: string, passages: readonly string[]) {
    this.#text = text;
    this.#old = passages.join('');
    this.offsets = new Int32Array(passages.length).fill(-1);
    this.#starts = new Int32Array(passages.length + 1);
    passages.forEach((passage, at) => {
      this.#starts[at + 1] = this.#start(at) + passage.length;
    });
  }

  run(): void {
    let gaps: Gap[] = [{ first: 0, end: this.offsets.length, from: 0, to: this.#text.length }];
    for (let round = 0; round < ROUNDS && gaps.length > 0; round++) {
      gaps = gaps.flatMap((gap) => this.#look(gap));
    }
  }

  /** Looks into one gap. @returns what is left between what it found; none where there is no more to be found */
  #look(gap: Gap): Gap[] {
    const inner = this.#trim(gap);
    if (inner.first === inner.end || inner.from === inner.to) return [];
    const length = this.#start(inner.end) - this.#start(inner.first);
    const stride = Math.min(gap.stride ?? Infinity, strideOf(length));
    const chain = heaviestChain([...this.#candidates(inner, stride), ...this.#shortOnes(inner)]);
    if (chain.length === 0) {
      return stride > FINEST ? [{ ...inner, stride: Math.max(FINEST, stride / CLOSER) }] : [];
    }
    const left: Gap[] = [];
    let { first, from } = inner;
    for (const one of chain) {
      this.offsets[one.passage] = one.from;
      if (one.passage > first && one.from > from) {
        left.push({ first, end: one.passage, from, to: one.from });
      }
      first = one.passage + 1;
      from = one.to;
    }
    if (inner.end > first && inner.to > from) {
      left.push({ first, end: inner.end, from, to: inner.to });
    }
    return left;
  }

  /** Finds what both ends of the gap have in common with the text. */
  #trim({ first, end, from, to }: Gap): Gap {
    const [begin, stop] = [this.#start(first), this.#start(end)];
    const most = Math.min(stop - begin, to - from);
    const ahead = this.#same(begin, from, most);
    const back = this.#sameBefore(stop, to, most);
    let taken = first;
    while (taken < end && this.#start(taken + 1) - begin <= ahead) taken++;
    let rest = end;
    while (rest > taken && stop - this.#start(rest - 1) <= back) rest--;
    const textEnd = (passage: number): number => from + this.#start(passage) - begin;
    const textStart = (passage: number): number => to - (stop - this.#start(passage));
    let [bestTaken, bestRest] = [taken, rest];
    if (textStart(rest) < textEnd(taken)) {
      // Both ends lay claim to the same text: as many passages as can be are found.
      while (textStart(bestRest) < textEnd(taken)) bestRest++;
      rest = bestRest;
      this.steps += taken - first;
      while (taken > first) {
        taken--;
        while (
          rest > taken &&
          stop - this.#start(rest - 1) <= back &&
          textStart(rest - 1) >= textEnd(taken)
        ) {
          rest--;
        }
        if (taken - rest > bestTaken - bestRest) [bestTaken, bestRest] = [taken, rest];
      }
    }
    for (let at = first; at < bestTaken; at++) this.offsets[at] = textEnd(at);
    for (let at = bestRest; at < end; at++) this.offsets[at] = textStart(at);
    return {
      first: bestTaken,
      end: bestRest,
      from: textEnd(bestTaken),
      to: textStart(bestRest),
    };
  }

  /** The passages that lie in stretches which surely are the same. */
  #candidates({ first, end, from, to }: Gap, stride: number): Candidate[] {
    const within: Range = [this.#start(first), this.#start(end)];
    const among: Range = [from, to];
    this.steps += 2 * (within[1] - within[0]) + to - from;
    const candidates: Candidate[] = [];
    const limit = this.steps + COMPARISONS * (within[1] - within[0] + to - from);
    let reached = within[0];
    for (const pair of uniqueWindows(this.#old, within, this.#text, among, stride)) {
      // What lies in a stretch and stands once in both texts is at its place there.
      if (pair.old + WINDOW <= reached || this.steps > limit) continue;
      const most = Math.min(within[1] - pair.old, to - pair.text);
      const right = this.#same(pair.old, pair.text, most);
      if (right < WINDOW) continue; // another text of the same hash
      const left = this.#sameBefore(
        pair.old,
        pair.text,
        Math.min(pair.old - within[0], pair.text - from),
      );
      reached = pair.old + right;
      const shift = pair.text - pair.old;
      for (let at = this.#firstFrom(pair.old - left); this.#start(at + 1) <= reached; at++) {
        if (at >= end) break;
        candidates.push({
          passage: at,
          from: this.#start(at) + shift,
          to: this.#start(at + 1) + shift,
        });
      }
    }
    return candidates;
  }

  /**
   * Passages too short for a window, such as rows of a table: where one of them, once in the gap, is a
   * whole line there, once too, or fills the gap.
   */
  #shortOnes({ first, end, from, to }: Gap): Candidate[] {
    const passages = new Map<string, number>();
    for (let at = first; at < end; at++) {
      const [start, stop] = [this.#start(at), this.#start(at + 1)];
      if (stop - start > SHORT || stop === start) continue;
      const passage = this.#old.slice(start, stop);
      passages.set(passage, passages.has(passage) ? REPEATED : at);
      this.steps += stop - start;
    }
    if (passages.size === 0) return [];
    const candidates = new Map<number, Candidate | null>();
    const look = (start: number, stop: number): void => {
      if (stop - start > SHORT + 1) return;
      // The last line of a document may have no end, and get one when another follows.
      const isLine = this.#text.charCodeAt(stop - 1) === LINE_FEED;
      for (const end of isLine ? [stop, stop - 1] : [stop]) {
        const passage = passages.get(this.#text.slice(start, end)) ?? REPEATED;
        if (passage === REPEATED) continue;
        const known = candidates.has(passage);
        candidates.set(passage, known ? null : { passage, from: start, to: end });
        return;
      }
    };
    this.steps += to - from;
    let lineStart = from;
    for (let at = from; at < to; at++) {
      if (this.#text.charCodeAt(at) !== LINE_FEED && at + 1 < to) continue;
      look(lineStart, at + 1);
      lineStart = at + 1;
    }
    if (candidates.size === 0) look(from, to);
    return [...candidates.values()].filter((one) => one !== null);
  }

  /** Gives passages up that now begin or end within a word or a record, which they did not. */
  loosen(isWithinRecord: (offset: number) => boolean): void {
    const lost: number[] = [];
    let reached = 0;
    let last = -1;
    const isTorn = (offset: number, before: number): boolean =>
      (isWithinRecord(offset) && isLineStart(this.#old, before)) ||
      (!isWordBoundary(this.#text, offset) && isWordBoundary(this.#old, before));
    this.offsets.forEach((offset, at) => {
      if (offset < 0) return;
      if (offset > reached) {
        if (isTorn(offset, this.#start(at))) lost.push(at);
        if (last >= 0 && isTorn(reached, this.#start(last + 1))) lost.push(last);
      }
      reached = offset + this.#start(at + 1) - this.#start(at);
      last = at;
    });
    if (last >= 0 && reached < this.#text.length && isTorn(reached, this.#start(last + 1))) {
      lost.push(last);
    }
    for (const at of lost) this.offsets[at] = -1;
  }

  #start(passage: number): number {
    return this.#starts[passage] ?? 0;
  }

  /** The first passage that begins at an offset of the old text or after it. */
  #firstFrom(offset: number): number {
    let low = 0;
    let high = this.offsets.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#start(middle) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #same(old: number, at: number, most: number): number {
    let same = 0;
    while (same < most && this.#old.charCodeAt(old + same) === this.#text.charCodeAt(at + same)) {
      same++;
    }
    this.steps += same + 1;
    return same;
  }

  #sameBefore(old: number, at: number, most: number): number {
    let same = 0;
    while (
      same < most &&
      this.#old.charCodeAt(old - same - 1) === this.#text.charCodeAt(at - same - 1)
    ) {
      same++;
    }
    this.steps += same + 1;
    return same;
  }
}

function isLineStart(text: string, offset: number): boolean {
  return offset === 0 || text.charCodeAt(offset - 1) === LINE_FEED;
}

function isWordBoundary(text: string, offset: number): boolean {
  if (offset === 0 || offset >= text.length) return true;
  const [before, after] = [text.charCodeAt(offset - 1), text.charCodeAt(offset)];
  if (before < 0x80 && after < 0x80 && (before <= 0x20 || after <= 0x20)) return true;
  const from = Math.max(0, offset - AROUND);
  const window = text.slice(from, offset + AROUND);
  return WORDS.segment(window).containing(offset - from)?.index === offset - from;
}
