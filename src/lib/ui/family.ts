/** Which shards descend from one another, and where two of them parted. Holds no state. */
import type { Shard, ShardInfo, Version } from '../api';

/** Versions read at once while the common one is looked for. */
const STEP = 64;

/**
 * The other live shards that descend from the same one, as far as the library still knows; removed
 * ones among `all` may join two others.
 */
export function familyOf(shard: ShardInfo, all: readonly ShardInfo[]): ShardInfo[] {
  const related = new Set([shard.id]);
  let size = 0;
  while (size < related.size) {
    size = related.size;
    for (const { id, origin } of all) {
      // The one that a shard was cloned from may be gone, and still joins its clones.
      if (origin && (related.has(id) || related.has(origin.shard))) {
        related.add(id);
        related.add(origin.shard);
      }
    }
  }
  return all.filter(
    ({ id, removedAt }) => id !== shard.id && related.has(id) && removedAt === undefined,
  );
}

/**
 * The newest version in the line of `theirs` that `mine` has, or has merged already: what came after
 * it is at least what a merge can bring. (What `theirs` merged from `mine` is in there, too.) Null
 * where they keep none in common.
 */
export async function commonVersion(
  mine: Pick<Shard, 'history'>,
  theirs: Pick<Shard, 'history'>,
): Promise<string | null> {
  const known = new Set<string>();
  const candidates: string[] = [];
  const walkMine = walk(mine);
  const walkTheirs = walk(theirs);
  let ended = false;
  while (!ended) {
    const [ours, others] = await Promise.all([walkMine(), walkTheirs()]);
    for (const { id, parents } of ours) [id, ...parents].forEach((one) => known.add(one));
    candidates.push(...others.map(({ id }) => id));
    const common = candidates.find((id) => known.has(id));
    if (common !== undefined) return common;
    ended = ours.length === 0 && others.length === 0;
  }
  return null;
}

/** Reads a history from its newest version on, a step a call; nothing once it has ended. */
function walk(shard: Pick<Shard, 'history'>): () => Promise<Version[]> {
  let before: string | undefined;
  let ended = false;
  return async () => {
    if (ended) return [];
    const versions = await shard.history({
      limit: STEP,
      ...(before === undefined ? {} : { before }),
    });
    before = versions.at(-1)?.id;
    ended = versions.length < STEP;
    return versions;
  };
}
