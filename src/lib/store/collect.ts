/**
 * Lets go of what nothing reaches any more. It decides on what is stored, HEADs and journals, and on
 * nothing else; who is to be forgotten was decided by a commit before.
 */
import { QuotaError } from '../errors';
import type { VerifiedCache } from './cache';
import { reachable } from './check';
import { isDigest } from './digest';
import type { Digest } from './digest';
import { blobPath, STAGING } from './layout';
import { otherTabs } from './readers';
import type { Readers } from './readers';
import { baseOf, isStill, replay } from './recover';
import type { State } from './recover';
import { appendAside, flipCarrying, repeatInline, rootOf } from './session';
import type { Session } from './session';
import { sideBySide } from './walk';

/** Of young blobs, repeated in the journals by a collection. */
const CARRIED_BYTES = 64 << 20;

export interface CollectOptions {
  /** Keeps blobs that were put in this session and that no commit refers to yet. */
  keepPuts?: boolean;
  /** Blobs that stay though nothing reaches them. */
  keep?: Iterable<Digest>;
  /** Looked at before each step and each file. */
  signal?: AbortSignal;
}

export interface Collected {
  freedBytes: number;
  /** What could go and has to stay, for others may be reading it. */
  waitingBytes: number;
  /** Who these are, for people, such as `1 other tab`. */
  waitingFor: string[];
}

/** A file that nothing reaches. */
interface Surplus {
  path: string;
  /** Of a blob; undefined for a file in `staging/`. */
  digest: Digest | undefined;
  bytes: number;
}

/**
 * Flips until both HEADs and both journals hold the present entries alone, and deletes the rest
 * where no other store is open. `session.state` moves on, also when it throws. `settled` says that
 * the last checkpoint before has reached the disk for certain.
 * @throws CorruptError, before anything is deleted, when something reachable cannot be read
 * @throws QuotaError when the reserve is not enough either; ReadOnlyError
 */
export async function collect(
  session: Session,
  settled: boolean,
  readers: Readers,
  cache: VerifiedCache,
  { keepPuts = false, keep = [], signal }: CollectOptions,
): Promise<Collected> {
  const { fs, blobs, graph, puts, writer } = session;
  signal?.throwIfAborted();
  try {
    await flipTwice(session, settled, signal);
    const reached = await reachable(fs, blobs, graph);
    const kept = new Set(keep);
    const isFree = (digest: Digest): boolean =>
      !reached.has(digest) && !kept.has(digest) && !(keepPuts && puts.has(digest));
    const surplus = await listSurplus(session, isFree);
    await writer.fence(); // one that lost its place knows less than what is reachable
    let freedBytes = 0;
    const outcome = await readers.alone(async () => {
      cache.keepOnly(reached);
      await sideBySide(surplus, async ({ path, digest, bytes }) => {
        signal?.throwIfAborted();
        if (!digest) {
          await fs.remove(path);
        } else {
          // Put again in the meantime, or just being put?
          if (!isFree(digest) || !(await blobs.remove(digest))) return;
          puts.delete(digest);
        }
        freedBytes += bytes;
      });
    });
    if ('done' in outcome) return { freedBytes, waitingBytes: 0, waitingFor: [] };
    const waitingBytes = surplus.reduce((sum, { bytes }) => sum + bytes, 0);
    const waitingFor = waitingBytes > 0 ? [otherTabs(outcome.others)] : [];
    return { freedBytes: 0, waitingBytes, waitingFor };
  } finally {
    if (!writer.lost) await writer.takeReserve();
  }
}

/** One flip leaves the older HEAD and its journal as they were: it takes two. */
async function flipTwice(
  session: Session,
  settled: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { fs, state } = session;
  if (await isStill(fs, state.heads)) return;
  if (!settled) await carryBase(session);
  await carryYoung(session, settled);
  for (let flips = 0; flips < 2; flips++) {
    signal?.throwIfAborted();
    session.state = await flipWithReserve(session);
  }
}

/**
 * The blobs of a checkpoint that may not have settled are in its older journal as well, which the
 * next flip cuts. The present journal repeats them first, with the root: until a flip has carried
 * them on, no moment may find them nowhere.
 */
async function carryBase({ fs, blobs, graph, state, writer }: Session): Promise<void> {
  const { base } = state;
  if (!base.root || state.inline.has(base.root)) return; // there is none, or it is carried already
  const older = state.heads.find(({ generation }) => generation === base.generation - 1);
  const from = older && (await baseOf(older, fs, blobs));
  // Without it that journal leads nowhere, and nothing stands on it.
  if (!from) return;
  const { inline } = await replay(fs, blobs, graph, from, state.heads, 'older-head');
  const made = [...inline].filter(([digest]) => base.fresh.has(digest));
  await repeatInline(state, writer, [...rootOf(base), ...made]);
}

/**
 * Blobs that were put shortly before are files whose names a power loss may still take: with both
 * HEADs new, nothing older could stand in for what they made. So the journal repeats them too, from
 * where every flip carries them on. What is beyond the bound relies on the order of directories alone.
 */
async function carryYoung(session: Session, settled: boolean): Promise<void> {
  const { fs, blobs, graph, state, writer } = session;
  const young = new Set([...state.needed, ...(settled ? [] : state.base.fresh)]);
  if (young.size === 0) return;
  const reached = await reachable(fs, blobs, graph);
  const inline: [Digest, Uint8Array][] = [];
  let left = CARRIED_BYTES;
  for (const digest of young) {
    if (!reached.has(digest) || state.inline.has(digest)) continue;
    left -= (await blobs.get(digest))?.size ?? 0;
    if (left < 0) break;
    const bytes = await blobs.read(digest);
    if (bytes) inline.push([digest, bytes]);
  }
  if (inline.length === 0) return;
  try {
    await appendAside(state, writer, { inline });
  } catch (error) {
    // There is no room to be that careful, and making room is what this is for.
    if (!(error instanceof QuotaError) || writer.lost) throw error;
  }
}

async function flipWithReserve(session: Session): Promise<State> {
  const before = session.state;
  try {
    return await flipCarrying(session);
  } catch (error) {
    const flipped = session.state !== before; // then its record has had the reserve already
    if (!(error instanceof QuotaError) || session.writer.lost || flipped) throw error;
    await session.writer.giveReserve();
    return flipCarrying(session);
  }
}

async function listSurplus(
  { fs, blobs }: Session,
  isFree: (digest: Digest) => boolean,
): Promise<Surplus[]> {
  const found: { path: string; digest: Digest | undefined }[] = [];
  for (const path of await fs.files()) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (isDigest(name) && path === blobPath(name) && isFree(name)) {
      found.push({ path, digest: name });
    } else if (path.startsWith(`${STAGING}/`) && !blobs.isStaging(path)) {
      found.push({ path, digest: undefined });
    }
  }
  const surplus: Surplus[] = [];
  await sideBySide(found, async (file) => {
    const bytes = (await fs.read(file.path))?.size;
    if (bytes !== undefined) surplus.push({ ...file, bytes });
  });
  return surplus;
}
