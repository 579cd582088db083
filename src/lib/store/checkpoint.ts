/**
 * A checkpoint: what the journal carries and is still reachable becomes blobs, and a new root lists
 * the entries. Writes blobs only; flipping the HEAD is the caller's next step.
 */
import type { Blobs } from './blobs';
import type { Digest } from './digest';
import { FORMAT } from './layout';
import type { Reference } from './layout';
import type { Base, Boundary, State } from './recover';
import { encodeRoot } from './root';
import { sideBySide, walk } from './walk';
import type { Graph } from './walk';

/**
 * Writes the blobs of `state.base.generation + 1` for the entries given, and gives the new base.
 * `puts` are the blobs of this session that no root lists yet.
 * @throws QuotaError, with the journal still holding everything
 */
export async function writeBase(
  state: State,
  from: Boundary,
  puts: ReadonlySet<Digest>,
  blobs: Blobs,
  graph: Graph,
): Promise<Base> {
  const fresh = new Set<Digest>();
  const moving: Uint8Array[] = [];
  await walk(from.entries.values(), graph.references, async ({ kind, digest }) => {
    const inline = state.inline.get(digest);
    const young = inline !== undefined || state.needed.has(digest) || puts.has(digest);
    if (!young) return undefined; // settled before: it cannot refer to anything young
    if (inline && !fresh.has(digest)) moving.push(inline);
    fresh.add(digest);
    if (graph.leaves.has(kind)) return undefined;
    return inline ?? blobs.read(digest);
  });
  await sideBySide(moving, async (bytes) => {
    await blobs.put(bytes);
  });
  const { id, generation } = state.base;
  const { entries, sequence, epoch } = from;
  const counts = { format: FORMAT, generation: generation + 1, sequence, epoch };
  const root = await blobs.put(encodeRoot({ ...counts, id, entries, fresh }));
  return { ...counts, id, root, entries: new Map(entries), fresh };
}

/** What a commit of these entries would stand on. */
export interface Ground {
  /** Everything outside the commit that its objects refer to. */
  outside: Set<Digest>;
  /** Of these, what may not have settled on the disk. */
  young: Set<Digest>;
}

/** Walks a commit's own objects and the young blobs under them. */
export async function groundOf(
  entries: readonly Reference[],
  carried: ReadonlyMap<Digest, Uint8Array>,
  state: State,
  puts: ReadonlySet<Digest>,
  blobs: Blobs,
  graph: Graph,
): Promise<Ground> {
  const outside = new Set<Digest>();
  const young = new Set<Digest>();
  await walk(entries, graph.references, async ({ kind, digest }) => {
    const own = carried.get(digest);
    if (own) return graph.leaves.has(kind) ? undefined : own;
    outside.add(digest);
    const put = puts.has(digest);
    const { inline, needed, base } = state;
    if (put || inline.has(digest) || needed.has(digest) || base.fresh.has(digest)) {
      young.add(digest);
    }
    return put && !graph.leaves.has(kind) ? blobs.read(digest) : undefined;
  });
  return { outside, young };
}
