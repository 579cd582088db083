/**
 * Which of the places where passages were found go together: in order, without overlap, and with as
 * much text as can be. The longest increasing run of patience diff, weighed by length.
 */

/** A passage at a place in the new text. */
export interface Candidate {
  /** Its position among the passages. */
  readonly passage: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The chain with the most text; each passage stands in it once at most. In time n log n.
 * @returns ascending by passage and by place
 */
export function heaviestChain(candidates: readonly Candidate[]): Candidate[] {
  const sorted = [...candidates].sort((a, b) => a.passage - b.passage || a.from - b.from);
  const ends = [...new Set(sorted.map(({ to }) => to))].sort((a, b) => a - b);
  const best = new PrefixBest(ends.length);
  const weights = new Float64Array(sorted.length);
  const before = new Int32Array(sorted.length).fill(-1);
  let heaviest = -1;
  for (let at = 0; at < sorted.length;) {
    const first = at;
    const passage = sorted[at]?.passage;
    // One passage never comes after itself: all its places are looked at before any counts.
    for (; sorted[at]?.passage === passage && at < sorted.length; at++) {
      const { from = 0, to = 0 } = sorted[at] ?? {};
      const last = best.upTo(countUpTo(ends, from), weights);
      before[at] = last;
      weights[at] = (last < 0 ? 0 : (weights[last] ?? 0)) + to - from;
      if (heaviest < 0 || (weights[at] ?? 0) > (weights[heaviest] ?? 0)) heaviest = at;
    }
    for (let one = first; one < at; one++) {
      best.put(countUpTo(ends, sorted[one]?.to ?? 0), one, weights);
    }
  }
  const chain: Candidate[] = [];
  for (let at = heaviest; at >= 0; at = before[at] ?? -1) {
    const one = sorted[at];
    if (one) chain.push(one);
  }
  return chain.reverse();
}

/** How many of these ascending numbers are at most `most`. */
function countUpTo(numbers: readonly number[], most: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? Infinity) <= most) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The heaviest of all up to a rank (Fenwick's tree, of maxima). */
class PrefixBest {
  readonly #tree: Int32Array;

  constructor(ranks: number) {
    this.#tree = new Int32Array(ranks + 1).fill(-1);
  }

  put(rank: number, item: number, weights: Float64Array): void {
    for (let at = rank; at < this.#tree.length; at += at & -at) {
      const known = this.#tree[at] ?? -1;
      if (known < 0 || (weights[item] ?? 0) > (weights[known] ?? 0)) this.#tree[at] = item;
    }
  }

  /** -1 where there is none. */
  upTo(rank: number, weights: Float64Array): number {
    let found = -1;
    for (let at = rank; at > 0; at -= at & -at) {
      const known = this.#tree[at] ?? -1;
      if (known >= 0 && (found < 0 || (weights[known] ?? 0) > (weights[found] ?? 0))) found = known;
    }
    return found;
  }
}
