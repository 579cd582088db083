/**
 * Texts that say nearly the same: of their runs of three words, nine tenths are shared (resemblance;
 * Broder, 1997). Exact for what it is given; how many texts are compared is the caller's matter.
 */
import { spellingOf } from './words';

/** Words of a run: fewer find texts alike that only share their words. */
const RUN = 3;
/** Shared runs over all runs of both (Jaccard) from which two texts are nearly the same. */
const NEARLY_THE_SAME = 0.9;

/** The distinct runs of a text, as hashes in ascending order. */
export type Shingles = Uint32Array;

/** The runs of a text; the whole text is one where it is shorter. Empty without a word. */
export function shinglesOf(text: string): Shingles {
  const words = spellingOf(text, 'en').trim();
  if (words === '') return new Uint32Array(0);
  const hashes = words.split(' ').map(hashOf);
  const runs = new Set<number>();
  const last = Math.max(0, hashes.length - RUN);
  for (let at = 0; at <= last; at++) {
    let run = 0;
    for (let i = at; i < Math.min(at + RUN, hashes.length); i++)
      run = (Math.imul(run, 0x9e3779b1) + (hashes[i] ?? 0)) | 0;
    runs.add(run >>> 0);
  }
  return Uint32Array.from(runs).sort();
}

export function isNearlyTheSame(a: Shingles, b: Shingles): boolean {
  const [fewer, more] = a.length < b.length ? [a, b] : [b, a];
  if (fewer.length === 0 || fewer.length < NEARLY_THE_SAME * more.length) return false;
  let shared = 0;
  let other = 0;
  for (const run of fewer) {
    while (other < more.length && (more[other] ?? 0) < run) other++;
    if (more[other] === run) shared++;
  }
  return shared >= NEARLY_THE_SAME * (a.length + b.length - shared);
}

/** FNV-1a over UTF-16 units: 32 bits are plenty for the runs of a few hundred texts. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return hash;
}
