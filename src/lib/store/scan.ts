/**
 * Looks for bytes in everything that is stored, whatever it is: the proof that something is gone
 * must not rely on what the store believes of its own files.
 */
import type { Progress } from '../api';
import { InvalidError } from '../errors';
import { PIECE_BYTES } from './file-system';
import type { FileSystem } from './file-system';

const LONGEST_NEEDLE = 1 << 20;
/** How much of each needle steers the search: longer steps are not faster any more. */
const WINDOW = 64;

export interface ScanOptions {
  /** Looked at before each piece of 4 MiB. */
  signal?: AbortSignal;
  /** In bytes. */
  onProgress?: (progress: Progress) => void;
}

export interface ScanReport {
  /** How many bytes were searched. */
  bytes: number;
  /** Each file and each needle in it once: the file's path, the needle's place in the list. */
  found: { where: string; needle: number }[];
}

/** @throws InvalidError for a needle of no bytes, or of more than 1 MiB */
export async function scan(
  fs: FileSystem,
  needles: readonly Uint8Array[],
  { signal, onProgress }: ScanOptions = {},
): Promise<ScanReport> {
  for (const { byteLength } of needles) {
    if (byteLength > 0 && byteLength <= LONGEST_NEEDLE) continue;
    throw new InvalidError('What is looked for has 1 byte to 1 MiB.', { subject: 'needles' });
  }
  const search = searchFor(needles);
  const overlap = Math.max(0, ...needles.map(({ byteLength }) => byteLength - 1));
  const step = PIECE_BYTES - overlap;
  const paths = await fs.files();
  let total = 0;
  for (const path of paths) total += (await fs.read(path))?.size ?? 0;
  const report: ScanReport = { bytes: 0, found: [] };
  for (const where of paths) {
    const found = new Set<number>();
    for (let at = 0; ; at += step) {
      signal?.throwIfAborted();
      // As it stands now: a snapshot of a file that grows meanwhile cannot be read on.
      const piece = await fs.readBytes(where, at, PIECE_BYTES);
      if (!piece || piece.byteLength === 0) break;
      search(piece, found);
      const last = piece.byteLength < PIECE_BYTES;
      report.bytes += last ? piece.byteLength : step;
      onProgress?.({ stage: 'scan', done: report.bytes, total: Math.max(total, report.bytes) });
      if (last) break;
    }
    for (const needle of [...found].sort((a, b) => a - b)) report.found.push({ where, needle });
  }
  return report;
}

/** Adds the needles that occur in `bytes` to `found`; those that are there already it may pass over. */
type Search = (bytes: Uint8Array, found: Set<number>) => void;

/**
 * All needles in one pass (S. Wu, U. Manber, A fast algorithm for multi-pattern searching, 1994):
 * the last two bytes of the window under the text say how far it can move without missing one.
 */
function searchFor(needles: readonly Uint8Array[]): Search {
  const singles = [...needles.keys()].filter((i) => needles[i]?.byteLength === 1);
  const longer = [...needles.keys()].filter((i) => !singles.includes(i));
  const window = Math.min(WINDOW, ...longer.map((i) => needles[i]?.byteLength ?? WINDOW));
  const shifts = new Uint8Array(65_536).fill(window - 1);
  const ending = new Map<number, number[]>();
  for (const i of longer) {
    const needle = needles[i] ?? new Uint8Array(0);
    for (let end = 1; end < window; end++) {
      const pair = pairAt(needle, end);
      shifts[pair] = Math.min(shifts[pair] ?? 0, window - 1 - end);
    }
    const pair = pairAt(needle, window - 1);
    ending.set(pair, [...(ending.get(pair) ?? []), i]);
  }
  return (bytes, found) => {
    for (const i of singles) if (bytes.includes(needles[i]?.[0] ?? 0)) found.add(i);
    if (longer.length === 0) return;
    for (let end = window - 1; end < bytes.length;) {
      const pair = pairAt(bytes, end);
      const shift = shifts[pair] ?? 0;
      if (shift > 0) {
        end += shift;
        continue;
      }
      for (const i of ending.get(pair) ?? []) {
        const needle = needles[i];
        if (needle && !found.has(i) && standsAt(bytes, end - window + 1, needle)) found.add(i);
      }
      end++;
    }
  };
}

/** The byte at `end` and the one before it, as one number. */
function pairAt(bytes: Uint8Array, end: number): number {
  return ((bytes[end - 1] ?? 0) << 8) | (bytes[end] ?? 0);
}

function standsAt(bytes: Uint8Array, at: number, needle: Uint8Array): boolean {
  if (at + needle.byteLength > bytes.byteLength) return false;
  for (let i = 0; i < needle.byteLength; i++) if (bytes[at + i] !== needle[i]) return false;
  return true;
}
