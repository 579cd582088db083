/** What a writer does beside appending: it starts by making good what a crash left, and it flips. */
import { CorruptError, QuotaError, ReadOnlyError } from '../errors';
import type { Blobs } from './blobs';
import { writeBase } from './checkpoint';
import type { Digest } from './digest';
import type { FileSystem } from './file-system';
import { encodeRecord } from './journal';
import type { JournalRecord } from './journal';
import { FORMAT, STAGING } from './layout';
import { apply, readHeads, recover } from './recover';
import type { Base, State } from './recover';
import { encodeRoot } from './root';
import type { Graph } from './walk';
import { Writer } from './writer';

export interface Session {
  fs: FileSystem;
  blobs: Blobs;
  graph: Graph;
  puts: Set<Digest>;
  writer: Writer;
  state: State;
}

/**
 * Takes over writing; the caller holds the lock. The epoch comes first, so that a writer which does
 * not know it has lost is fenced; then its journal is taken, and only then is the state read.
 */
export async function startWriting(
  fs: FileSystem,
  blobs: Blobs,
  graph: Graph,
  puts: Set<Digest>,
): Promise<Session> {
  const before = await recovered(fs, blobs, graph);
  const epochs = [before.epoch, ...before.heads.map((head) => head.epoch)];
  const writer = await Writer.start(fs, Math.max(...epochs));
  try {
    let generation = before.generation;
    await writer.openJournal(generation);
    let state = await recovered(fs, blobs, graph);
    if (state.generation !== generation) {
      generation = state.generation;
      await writer.openJournal(generation);
      state = await recovered(fs, blobs, graph);
      if (state.generation !== generation) {
        throw new ReadOnlyError('Another writer is still at work on this library.');
      }
    }
    writer.cutJournal(state.end);
    const session = { fs, blobs, graph, puts, writer, state };
    await ruleOut(session);
    await mend(session);
    await writer.takeReserve();
    for (const name of await fs.list(STAGING)) await fs.remove(`${STAGING}/${name}`);
    return session;
  } catch (error) {
    writer.close();
    throw error;
  }
}

/**
 * Moves the state on to a new generation: blobs, root, HEAD, then the other journal.
 * A crash before the HEAD is whole leaves the old generation; after it, the new one.
 */
export async function flip(session: Session): Promise<State> {
  const { state, writer, blobs, puts, graph, fs } = session;
  const { entries, sequence } = state;
  const from = { entries, sequence, epoch: writer.epoch };
  const base = await writeBase(state, from, puts, blobs, graph);
  try {
    await writer.writeHead({ ...base, format: FORMAT });
    await writer.openJournal(base.generation);
    writer.cutJournal(0);
  } catch (error) {
    writer.close(); // which generation the disk is in, only a new start can tell
    throw error;
  }
  for (const digest of base.fresh) puts.delete(digest);
  return {
    ...{ base, origin: 'head', heads: await readHeads(fs), generation: base.generation, end: 0 },
    ...{ sequence, epoch: writer.epoch, entries: new Map(entries), inline: new Map() },
    ...{
      needed: new Set(),
      history: [],
      skipped: state.skipped,
      unvoided: [],
      boundary: undefined,
    },
  };
}

/**
 * Flips, and repeats in the new journal what the flip has made files of, its root included: for
 * flips that come before those of the last one have settled. What the directories lose, the HEAD's
 * own journal then still has.
 */
export async function flipCarrying(session: Session): Promise<State> {
  const moving = session.state.inline;
  const state = await flip(session);
  const { base } = state;
  const inline = rootOf(base);
  for (const digest of base.fresh) {
    const bytes = moving.get(digest);
    if (bytes) inline.push([digest, bytes]);
  }
  try {
    await repeatInline(state, session.writer, inline);
  } catch (error) {
    session.state = state; // the flip is made all the same
    throw error;
  }
  return state;
}

/** Objects up to this size are repeated on a full disk too. */
const SMALL_BYTES = 1 << 20;

/**
 * Repeats objects in the journal. Where there is no room for all, the large ones are left out: they
 * are files, whose names alone a power loss could take, and making room is what this is for.
 * @throws QuotaError where there is none for the small ones either
 */
export async function repeatInline(
  state: State,
  writer: Writer,
  inline: JournalRecord['inline'],
): Promise<void> {
  try {
    await appendAside(state, writer, { inline });
  } catch (error) {
    const small = inline.filter(([, bytes]) => bytes.length <= SMALL_BYTES);
    const isFull = error instanceof QuotaError && !writer.lost;
    if (!isFull || small.length === inline.length) throw error;
    await appendAside(state, writer, { inline: small });
  }
}

/** The root of a base as the object that it is; none before the first checkpoint. */
export function rootOf(base: Base): [digest: Digest, bytes: Uint8Array][] {
  return base.root ? [[base.root, encodeRoot({ ...base, format: FORMAT })]] : [];
}

/**
 * Says in the journal which records are never to be applied, before any blob is put: with the blob
 * there again they would be, and the commits since would have lost their ground.
 */
async function ruleOut({ state, writer }: Session): Promise<void> {
  const voids = state.unvoided;
  if (voids.length === 0) return;
  await appendAside(state, writer, { voids });
  state.unvoided = [];
}

/** Appends a record that changes no entry. Nothing can be freed before it: the reserve may go. */
export async function appendAside(
  state: State,
  writer: Writer,
  content: Partial<Pick<JournalRecord, 'voids' | 'inline'>>,
): Promise<void> {
  const { bytes, record } = encodeRecord(state.base.id, {
    ...{ generation: state.generation, sequence: state.sequence + 1, epoch: writer.epoch },
    ...{ changes: [], was: [], needs: [], voids: [], inline: [], ...content },
  });
  await writer.append(bytes, true);
  apply(record, state);
  state.sequence = record.sequence;
  state.epoch = record.epoch;
  state.end = writer.journalBytes;
}

/** Writes again what recovery had to do without. Never touches the base that it stands on. */
async function mend({ state, writer, blobs, puts, graph, fs }: Session): Promise<void> {
  const { base, boundary, heads } = state;
  if (boundary) {
    // The newer HEAD or its blobs are lost, but its generation has begun: make it good. First it
    // goes, so that nobody takes a blob for whole that is just being written again.
    if (heads.some((head) => head.generation === base.generation + 1)) {
      await writer.eraseHead(base.generation + 1);
    }
    state.base = await writeBase(state, boundary, puts, blobs, graph);
    state.boundary = undefined;
    await writer.writeHead({ ...state.base, format: FORMAT });
  } else if (
    !heads.some((head) => head.generation === base.generation && head.root === base.root)
  ) {
    await writer.writeHead({ ...base, format: FORMAT });
  }
  state.heads = await readHeads(fs);
}

async function recovered(fs: FileSystem, blobs: Blobs, graph: Graph): Promise<State> {
  const state = await recover(fs, blobs, graph);
  if (state) return state;
  throw new CorruptError('The library is gone: its files were removed.');
}
