/**
 * The texts of a memvid video and its index, each from its frame where that says the same as the
 * index, else from the index. Reads no pictures.
 */
import type { MemvidEntry, MemvidIndex } from './memvid-index';

export interface MemvidTexts {
  /** Well-formed and not blank, in the order of their ids. */
  readonly texts: readonly string[];
  readonly fromVideo: number;
  readonly fromIndex: number;
  /** Numbers of frames that said nothing, or something else than the index. */
  readonly unread: number[];
  /** Numbers of frames that the index names and the video does not have. */
  readonly missing: number[];
  /** For people. */
  readonly warnings: string[];
}

/**
 * @param frames how many the video has
 * @param read what those said that could be read, in any order, some perhaps twice
 * @param index null where there is the video alone
 */
export function joinMemvidTexts(
  frames: number,
  read: readonly MemvidEntry[],
  index: MemvidIndex | null,
): MemvidTexts {
  const { said, strange } = index ? heldAgainst(index, read) : eachOnce(read);
  const entries = index?.entries ?? [...said.values()].sort((a, b) => a.id - b.id);
  const told = new Set([...said.values()].map(({ frame }) => frame));
  const kept = entries.filter(({ text }) => text.trim() !== '');
  const fromVideo = kept.filter(({ id }) => said.has(id)).length;
  const named = new Set(entries.map(({ frame }) => frame));
  const warnings: string[] = [];
  if (strange > 0) {
    const what = index ? 'than the index, which is believed' : 'of a text than one before';
    warnings.push(`Frames that say something else ${what}: ${String(strange)}.`);
  }
  const blank = entries.length - kept.length;
  if (blank > 0) warnings.push(`Blank texts, which were left out: ${String(blank)}.`);
  return {
    texts: kept.map(({ text }) => text.toWellFormed()),
    fromVideo,
    fromIndex: kept.length - fromVideo,
    unread: Array.from({ length: frames }, (_, frame) => frame).filter((one) => !told.has(one)),
    missing: index ? [...named].filter((frame) => frame >= frames).sort((a, b) => a - b) : [],
    warnings,
  };
}

/** What frames said, by id, and how many of them said something that does not hold. */
interface Said {
  readonly said: ReadonlyMap<number, MemvidEntry>;
  readonly strange: number;
}

function heldAgainst({ entries }: MemvidIndex, read: readonly MemvidEntry[]): Said {
  const known = new Map(entries.map((entry) => [entry.id, entry]));
  const said = new Map<number, MemvidEntry>();
  const strange = new Set<number>();
  for (const entry of read) {
    const right = known.get(entry.id);
    if (right?.text === entry.text && right.frame === entry.frame) said.set(entry.id, entry);
    else strange.add(entry.frame);
  }
  return { said, strange: strange.size };
}

function eachOnce(read: readonly MemvidEntry[]): Said {
  const said = new Map<number, MemvidEntry>();
  const strange = new Set<number>();
  for (const entry of read) {
    const before = said.get(entry.id);
    if (!before) said.set(entry.id, entry);
    else if (before.text !== entry.text || before.frame !== entry.frame) strange.add(entry.frame);
  }
  return { said, strange: strange.size };
}
