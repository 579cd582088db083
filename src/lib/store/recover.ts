/**
 * Finds the newest whole state in what a crash may have left. Reads only: a writer makes good
 * what is broken afterwards.
 *
 * A base (HEAD and root) of generation g is followed by the records of journal g, and those by the
 * records of journal g + 1: when the newer HEAD's blobs did not reach the disk, the older one
 * still leads to the same state.
 */
import { CorruptError, UnsupportedError } from '../errors';
import type { Blobs } from './blobs';
import { digestOf, isDigest } from './digest';
import type { Digest } from './digest';
import type { FileSystem } from './file-system';
import { decodeHead } from './head';
import type { Head } from './head';
import { decodeRecord } from './journal';
import type { JournalRecord } from './journal';
import { asLibraryId, BLOBS, FORMAT, headPath, journalPath, slotOf } from './layout';
import type { LibraryId, Reference } from './layout';
import { beginsAsRoot, decodeRoot, ROOT_MAGIC_BYTES } from './root';
import { sideBySide, walk } from './walk';
import type { Graph } from './walk';

/** What replay starts from: a root, or the empty library before its first checkpoint. */
export interface Base {
  readonly id: LibraryId;
  readonly generation: number;
  readonly sequence: number;
  readonly epoch: number;
  readonly root: Digest | null;
  readonly entries: ReadonlyMap<string, Reference>;
  readonly fresh: ReadonlySet<Digest>;
}

/** Where the base came from, best first. */
export type Origin = 'head' | 'older-head' | 'scan' | 'incomplete' | 'journal';

export interface State {
  base: Base;
  origin: Origin;
  /** The HEADs that check, newest first. */
  heads: readonly Head[];
  /** Of the journal that is written now: the base's, or the next. */
  generation: number;
  /** Where its next record goes. */
  end: number;
  sequence: number;
  epoch: number;
  entries: Map<string, Reference>;
  /** Objects that the journals carry. */
  inline: Map<Digest, Uint8Array>;
  /** Young blobs that records of the journals need, beyond those that the base lists. */
  needed: Set<Digest>;
  /** Every object that an applied record made an entry: replay depends on them all. */
  history: Reference[];
  /** Commits that were not applied, because a blob that they need is gone. */
  skipped: number[];
  /** Of these, what the journal does not rule out yet: a writer does so before all else. */
  unvoided: number[];
  /** The state with which generation base + 1 began, where it has begun. */
  boundary: Boundary | undefined;
}

export interface Boundary {
  readonly entries: ReadonlyMap<string, Reference>;
  readonly sequence: number;
  readonly epoch: number;
}

/** The newest whole state; undefined where there is no library. Writes nothing. */
export async function recover(
  fs: FileSystem,
  blobs: Blobs,
  graph: Graph,
): Promise<State | undefined> {
  // A writer may flip HEADs meanwhile, and reuse a journal after two flips: then look again.
  for (let attempt = 1; ; attempt++) {
    const heads = await readHeads(fs);
    const state = await recoverFrom(fs, blobs, graph, heads);
    if (attempt === 5 || sameHeads(heads, await readHeads(fs))) return state;
  }
}

/** The HEAD slots that check, newest first. */
export async function readHeads(fs: FileSystem): Promise<Head[]> {
  const slots = await Promise.all(
    ([0, 1] as const).map(async (slot) => {
      const bytes = await fs.readBytes(headPath(slot));
      return bytes && decodeHead(bytes);
    }),
  );
  return slots
    .filter((head) => head !== undefined)
    .sort((a, b) => b.generation - a.generation || b.sequence - a.sequence);
}

export function sameHeads(a: readonly Head[], b: readonly Head[]): boolean {
  const key = (heads: readonly Head[]) =>
    heads.map((head) => `${head.generation} ${head.epoch} ${head.root ?? ''}`).join();
  return key(a) === key(b);
}

async function recoverFrom(
  fs: FileSystem,
  blobs: Blobs,
  graph: Graph,
  heads: readonly Head[],
): Promise<State | undefined> {
  const incomplete: Base[] = [];
  for (const [i, head] of heads.entries()) {
    const base = await baseOf(head, fs, blobs);
    if (!base && head.format > FORMAT) {
      throw new UnsupportedError('A newer version of this app wrote the library. Update this one.');
    }
    if (!base) continue;
    if (await isComplete(base, fs, blobs)) {
      return replay(fs, blobs, graph, base, heads, i === 0 ? 'head' : 'older-head');
    }
    incomplete.push(base);
  }
  for (const base of await scanForRoots(fs, blobs)) {
    if (await isComplete(base, fs, blobs)) return replay(fs, blobs, graph, base, heads, 'scan');
    incomplete.push(base);
  }
  const best = incomplete[0];
  if (best) return replay(fs, blobs, graph, best, heads, 'incomplete');
  const id = await idOfFirstRecord(fs);
  return id && replay(fs, blobs, graph, emptyBase(id), heads, 'journal');
}

/**
 * The base that a HEAD names: its root is a blob, or carried by the HEAD's own journal. Undefined
 * when it is in neither, or does not verify.
 */
export async function baseOf(head: Head, fs: FileSystem, blobs: Blobs): Promise<Base | undefined> {
  if (head.root === null) return { ...emptyBase(head.id), ...head, root: null };
  const root = (await rootAt(head.root, blobs)) ?? (await carriedRoot(head.root, head, fs));
  return root && { ...root, root: head.root };
}

async function carriedRoot(digest: Digest, head: Head, fs: FileSystem) {
  const bytes = (await carriedBy(fs, head)).get(digest);
  return bytes && (await digestOf(bytes)) === digest ? decodeRoot(bytes) : undefined;
}

/** What the journal of a HEAD repeats of the blobs that were made with it: see `repeated`. */
async function carriedBy(
  fs: FileSystem,
  head: Head | Base,
): Promise<ReadonlyMap<Digest, Uint8Array>> {
  const { id, generation, sequence, epoch } = head;
  const { records } = await readRecords(fs, id, { generation, sequence, epoch, end: 0 });
  return new Map(repeated(records));
}

/**
 * Records that change no entry repeat objects whose blobs may not have settled (`appendAside`). These
 * belong to the base: the records before them may need them already.
 */
function repeated(records: readonly JournalRecord[]): JournalRecord['inline'] {
  return records.flatMap(({ changes, inline }) => (changes.length === 0 ? inline : []));
}

async function rootAt(digest: Digest, blobs: Blobs) {
  const blob = await blobs.get(digest);
  if (!blob) return undefined;
  return (await blobs.verifies(digest, blob))
    ? decodeRoot(new Uint8Array(await blob.arrayBuffer()))
    : undefined;
}

function emptyBase(id: LibraryId): Base {
  const nothing = { root: null, entries: new Map<string, Reference>(), fresh: new Set<Digest>() };
  return { id, generation: 0, sequence: 0, epoch: 0, ...nothing };
}

async function isComplete(base: Base, fs: FileSystem, blobs: Blobs): Promise<boolean> {
  const missing: Digest[] = [];
  await sideBySide([...base.fresh], async (digest) => {
    if (!(await blobs.has(digest))) missing.push(digest);
  });
  if (missing.length === 0) return true;
  const carried = await carriedBy(fs, base);
  return missing.every((digest) => carried.has(digest));
}

/** All roots among the blobs, newest first: when no HEAD leads anywhere. */
async function scanForRoots(fs: FileSystem, blobs: Blobs): Promise<Base[]> {
  const found: Base[] = [];
  for (const directory of await fs.list(BLOBS)) {
    await sideBySide(await fs.list(`${BLOBS}/${directory}`), async (name) => {
      if (!isDigest(name)) return;
      const blob = await blobs.get(name);
      const start = await blob?.slice(0, ROOT_MAGIC_BYTES).arrayBuffer();
      if (!start || !beginsAsRoot(new Uint8Array(start))) return;
      const root = await rootAt(name, blobs);
      if (root) found.push({ ...root, root: name });
    });
  }
  return found.sort((a, b) => b.generation - a.generation);
}

/** Of a library that has never been checkpointed, when its HEAD is lost. */
async function idOfFirstRecord(fs: FileSystem): Promise<LibraryId | undefined> {
  const bytes = await fs.readBytes(journalPath(slotOf(0)));
  if (!bytes) return undefined;
  const first = { generation: 0, sequence: 1, id: undefined, epoch: 0 };
  const found = decodeRecord(bytes, 0, first);
  return found && asLibraryId(found.id);
}

/**
 * Whether no record of either journal changes an entry: both HEADs then stand for the present
 * entries, and neither journal holds anything of earlier ones.
 */
export async function isStill(fs: FileSystem, heads: readonly Head[]): Promise<boolean> {
  const [newest, older] = heads;
  if (!newest || (!older && newest.root !== null)) return false;
  for (const head of heads) {
    const { generation, sequence, epoch, id } = head;
    const { records } = await readRecords(fs, id, { generation, sequence, epoch, end: 0 });
    if (records.some(({ changes }) => changes.length > 0)) return false;
  }
  return true;
}

/** Applies the records that follow a base, in its own journal and in the next one. */
export async function replay(
  fs: FileSystem,
  blobs: Blobs,
  graph: Graph,
  base: Base,
  heads: readonly Head[],
  origin: Origin,
): Promise<State> {
  const { generation, sequence, epoch } = base;
  const own = await readRecords(fs, base.id, { generation, sequence, epoch, end: 0 });
  const begun = { ...own.last, generation: generation + 1, end: 0 };
  const next = await readRecords(fs, base.id, begun);
  const state: State = {
    ...{ base, origin, heads, generation, sequence, epoch, end: 0 },
    ...{ entries: new Map(base.entries), inline: new Map(repeated(own.records)) },
    needed: new Set(),
    ...{ history: [], skipped: [], unvoided: [], boundary: undefined },
  };
  const voids = new Set([...own.records, ...next.records].flatMap((record) => record.voids));
  await applyAll(own, voids, state, blobs, graph);
  if (next.records.length > 0 || heads.some((head) => head.generation === generation + 1)) {
    const { entries, sequence, epoch } = state;
    state.boundary = { entries: new Map(entries), sequence, epoch };
    await applyAll(next, voids, state, blobs, graph);
  }
  state.unvoided = state.skipped.filter((skipped) => !voids.has(skipped));
  return state;
}

/**
 * Applies what others have appended since; the number of commits. Undefined when that takes a whole
 * recovery.
 */
export async function follow(
  fs: FileSystem,
  blobs: Blobs,
  graph: Graph,
  state: State,
): Promise<number | undefined> {
  const tail = await readRecords(fs, state.base.id, state);
  if (tail.records.some((record) => record.voids.length > 0)) return undefined;
  await applyAll(tail, new Set(), state, blobs, graph);
  return state.skipped.length > 0 ? undefined : tail.records.length;
}

/** A place in a journal: what the record that follows there must continue. */
interface JournalPlace {
  generation: number;
  sequence: number;
  epoch: number;
  /** Bytes from the start of the journal. */
  end: number;
}

interface Records {
  records: JournalRecord[];
  /** Behind the last of them. */
  last: JournalPlace;
}

async function readRecords(fs: FileSystem, id: LibraryId, from: JournalPlace): Promise<Records> {
  const { generation, sequence, epoch, end } = from;
  const last = { generation, sequence, epoch, end };
  const records: JournalRecord[] = [];
  const bytes = await fs.readBytes(journalPath(slotOf(generation)), end);
  while (bytes) {
    const expected = { generation, id, sequence: last.sequence + 1, epoch: last.epoch };
    const found = decodeRecord(bytes, last.end - end, expected);
    if (!found) break;
    records.push(found.record);
    last.sequence = found.record.sequence;
    last.epoch = found.record.epoch;
    last.end = end + found.end;
  }
  return { records, last };
}

async function applyAll(
  { records, last }: Records,
  voids: ReadonlySet<number>,
  state: State,
  blobs: Blobs,
  graph: Graph,
): Promise<void> {
  const whole = new Set<Digest>();
  for (const record of records) {
    const { sequence } = record;
    let stands = !voids.has(sequence) && (await hasGround(record, state, blobs));
    // What a skipped record carried may be there as a blob of a later checkpoint, without the blob
    // that it lacks: from here on, only a look at everything underneath tells. It is rare.
    if (stands && state.skipped.length > 0)
      stands = await isWhole(record, state, blobs, graph, whole);
    if (stands) apply(record, state);
    else state.skipped.push(sequence);
  }
  Object.assign(state, last);
}

/** Whether a record can be applied: its ground is as it was, and what it refers to is there. */
async function hasGround(record: JournalRecord, state: State, blobs: Blobs): Promise<boolean> {
  for (const [key, was] of record.was) {
    if ((state.entries.get(key)?.digest ?? null) !== was) return false;
  }
  for (const digest of record.needs) {
    if (!state.inline.has(digest) && !(await blobs.has(digest))) return false;
  }
  return true;
}

/** Whether everything that a record's objects reach is there. `whole` is what is known to be. */
async function isWhole(
  record: JournalRecord,
  state: State,
  blobs: Blobs,
  graph: Graph,
  whole: Set<Digest>,
): Promise<boolean> {
  const carried = new Map(record.inline);
  const seen: Digest[] = [];
  let missing = 0;
  const targets = record.changes.flatMap(({ to }) => to ?? []);
  await walk(targets, graph.references, async ({ kind, digest }) => {
    if (whole.has(digest)) return undefined;
    seen.push(digest);
    const inline = carried.get(digest) ?? state.inline.get(digest);
    if (!inline && !(await blobs.has(digest))) missing++;
    if (graph.leaves.has(kind)) return undefined;
    return inline ?? readable(digest, blobs);
  });
  if (missing === 0) for (const digest of seen) whole.add(digest);
  return missing === 0;
}

/** Damage is for `check` to tell and to be repaired: the object is there. */
async function readable(digest: Digest, blobs: Blobs): Promise<Uint8Array | undefined> {
  try {
    return await blobs.read(digest);
  } catch (error) {
    if (error instanceof CorruptError) return undefined;
    throw error;
  }
}

/** Makes a record part of a state, but for its place in the journal. */
export function apply(record: JournalRecord, state: State): void {
  for (const digest of record.needs) {
    if (!state.inline.has(digest) && !state.base.fresh.has(digest)) state.needed.add(digest);
  }
  for (const [digest, bytes] of record.inline) state.inline.set(digest, bytes);
  for (const { key, to } of record.changes) {
    if (to) {
      state.entries.set(key, to);
      state.history.push(to);
    } else {
      state.entries.delete(key);
    }
  }
}
