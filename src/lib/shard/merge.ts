/**
 * What a merge takes from another line: three-way by UUID, each chunk as a whole, by text and
 * deletion alone. Not by location: where a text lies differs between lines that say the same. It
 * writes nothing.
 */
import { InvalidError } from '../errors';
import type { ChunkUuid } from './ids';

/** How a chunk stands in one version. */
export interface Content {
  /** Of the text, hex. */
  readonly sha256: string;
  readonly deleted: boolean;
}

/** All chunks of a version, tombstones too. */
export type Contents = ReadonlyMap<ChunkUuid, Content>;

/** How a conflict is settled. */
export type Resolution = 'mine' | 'theirs' | { text: string };

/** One chunk that becomes as it is on the other side; `kind` is seen from this one. */
export interface Taken {
  uuid: ChunkUuid;
  kind: 'added' | 'edited' | 'removed' | 'restored';
}

export interface MergePlan {
  take: Taken[];
  /** Chunks that get a text which is on neither side. */
  write: { uuid: ChunkUuid; text: string }[];
  /** Chunks that both sides changed, and differently, with nothing said about them. */
  conflicts: ChunkUuid[];
}

/**
 * @param sides two versions, and the newest one that both come from
 * @param options.pick only these chunks; without it all
 * @param options.resolve by UUID, for chunks that are in conflict
 * @throws InvalidError for a resolution of a chunk that is in none
 */
export function planMerge(
  sides: { base: Contents; mine: Contents; theirs: Contents },
  options: {
    pick?: ReadonlySet<ChunkUuid>;
    resolve?: ReadonlyMap<ChunkUuid, Resolution>;
  } = {},
): MergePlan {
  const { base, mine, theirs } = sides;
  const { pick, resolve } = options;
  const plan: MergePlan = { take: [], write: [], conflicts: [] };
  const settled = new Set<ChunkUuid>();

  const look = (uuid: ChunkUuid): void => {
    if (pick && !pick.has(uuid)) return;
    const before = liveText(base.get(uuid));
    const own = liveText(mine.get(uuid));
    const other = liveText(theirs.get(uuid));
    if (other === own || !hasChanged(theirs, uuid, other, before)) return;
    const isConflict = hasChanged(mine, uuid, own, before);
    const resolution = isConflict ? resolve?.get(uuid) : 'theirs';
    if (isConflict && resolution !== undefined) settled.add(uuid);
    if (resolution === undefined) plan.conflicts.push(uuid);
    else if (resolution === 'theirs') plan.take.push({ uuid, kind: kindOf(uuid, own, other) });
    else if (resolution !== 'mine') plan.write.push({ uuid, text: resolution.text });
  };
  // A tombstone that the base knows nothing of: deleted after an earlier merge had taken it.
  const hasChanged = (
    side: Contents,
    uuid: ChunkUuid,
    now: string | null,
    before: string | null,
  ): boolean => now !== before || (side.get(uuid)?.deleted === true && !base.has(uuid));
  const kindOf = (uuid: ChunkUuid, own: string | null, other: string | null): Taken['kind'] => {
    if (other === null) return 'removed';
    if (own !== null) return 'edited';
    return base.has(uuid) || mine.has(uuid) ? 'restored' : 'added';
  };

  // A chunk of this side alone differs from neither of the others.
  for (const uuid of theirs.keys()) look(uuid);
  for (const uuid of base.keys()) if (!theirs.has(uuid)) look(uuid);
  for (const uuid of resolve?.keys() ?? []) {
    if (settled.has(uuid)) continue;
    throw new InvalidError('This chunk is in no conflict.', { subject: uuid });
  }
  return plan;
}

/** Names a chunk by its live text: deleted and not there are the same. */
function liveText(content: Content | undefined): string | null {
  return content && !content.deleted ? content.sha256 : null;
}
