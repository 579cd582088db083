/**
 * Windows of an old text that stand exactly once in it and once in a new one: where the two surely say
 * the same. By hashes (Karp and Rabin's rolling one), in time linear in both; who uses a pair compares
 * the texts, for two windows may have one hash.
 */

/** UTF-16 units of a window: less is found by chance, more is missed between two changes. */
export const WINDOW = 32;

/**
 * One window in so many units of the old text, at the finest: a passage of 47 units or more has one in
 * it then.
 */
export const FINEST = 16;

/** Windows at a time: their table stays in the processor's cache, which is most of the speed. */
const WINDOWS = 1 << 15;

/** An odd number with bits all over; modulo 2³². */
const BASE = 0x01000193;
/** What the unit that leaves a window has been multiplied by. */
const LEAVING = power(BASE, WINDOW);

/** 2³² over the golden ratio: spreads neighbouring hashes over the table (Knuth). */
const SPREAD = 0x9e3779b1;

const NOWHERE = -1;
const REPEATED = -2;

/** A part of a text: from, to. */
export type Range = readonly [from: number, to: number];

/** A stride, a power of two, that parts a text of a length into windows that can be held. */
export function strideOf(length: number): number {
  let stride = FINEST;
  while (stride * WINDOWS < length) stride *= 2;
  return stride;
}

/**
 * Pairs of offsets at which both texts have the same window, ascending in the old one. Nearly surely
 * the same: hashes are compared, not texts.
 */
export function uniqueWindows(
  old: string,
  within: Range,
  text: string,
  among: Range,
  stride: number,
): { old: number; text: number }[] {
  const count = Math.floor((within[1] - within[0] - WINDOW) / stride) + 1;
  if (count <= 0 || among[1] - among[0] < WINDOW) return [];
  const table = new WindowTable(count);
  const starts = new Int32Array(count);
  let windows = 0;
  let next = within[0];
  roll(old, within, (hash, at) => {
    if (at !== next) return;
    next += stride;
    starts[windows] = at;
    table.add(hash, windows++);
  });
  // Two windows of one hash are one in the table, and repeated here.
  const inOld = new Int32Array(count).fill(NOWHERE);
  const inText = new Int32Array(count).fill(NOWHERE);
  const note = (places: Int32Array) => (hash: number, at: number) => {
    const window = table.find(hash);
    if (window >= 0) places[window] = places[window] === NOWHERE ? at : REPEATED;
  };
  roll(old, within, note(inOld));
  roll(text, among, note(inText));
  const pairs: { old: number; text: number }[] = [];
  for (let window = 0; window < windows; window++) {
    const at = inText[window] ?? NOWHERE;
    if (at >= 0 && inOld[window] === starts[window]) {
      pairs.push({ old: starts[window] ?? 0, text: at });
    }
  }
  return pairs;
}

/** Hashes of windows, with open addressing: nothing but two typed arrays, however many there are. */
class WindowTable {
  readonly #slots: Int32Array;
  readonly #hashes: Int32Array;
  readonly #shift: number;

  constructor(count: number) {
    const bits = 33 - Math.clz32(count); // at most half full
    this.#slots = new Int32Array(2 ** bits);
    this.#hashes = new Int32Array(count);
    this.#shift = 32 - bits;
  }

  add(hash: number, window: number): void {
    const slot = this.#slotOf(hash);
    if (this.#slots[slot] !== 0) return; // known
    this.#slots[slot] = window + 1;
    this.#hashes[window] = hash;
  }

  /** -1 where there is none. */
  find(hash: number): number {
    return (this.#slots[this.#slotOf(hash)] ?? 0) - 1;
  }

  #slotOf(hash: number): number {
    let slot = Math.imul(hash, SPREAD) >>> this.#shift;
    for (;;) {
      const window = (this.#slots[slot] ?? 0) - 1;
      if (window < 0 || this.#hashes[window] === hash) return slot;
      slot = slot + 1 === this.#slots.length ? 0 : slot + 1;
    }
  }
}

/** Visits the hash of every window of a range. */
function roll(text: string, [from, to]: Range, visit: (hash: number, at: number) => void): void {
  let hash = 0;
  for (let end = from; end < to; end++) {
    hash = (Math.imul(hash, BASE) + text.charCodeAt(end)) | 0;
    const at = end + 1 - WINDOW;
    if (at < from) continue;
    if (at > from) hash = (hash - Math.imul(text.charCodeAt(at - 1), LEAVING)) | 0;
    visit(hash, at);
  }
}

function power(base: number, exponent: number): number {
  let result = 1;
  for (let times = 0; times < exponent; times++) result = Math.imul(result, base);
  return result;
}
