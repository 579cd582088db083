/** What one version changes of another, as records before and after: counted, compared. Pure. */
import type { ChunkUuid } from './ids';
import type { VersionCounts } from './objects';
import type { ChunkRecord } from './records';

/** A chunk as it was and as it is; null where it is not in the version at all. */
export interface RecordChange {
  readonly uuid: ChunkUuid;
  readonly before: ChunkRecord | null;
  readonly after: ChunkRecord | null;
}

export type ChangeKind = 'added' | 'removed' | 'edited' | 'restored';

/** What a change is to a reader; null where texts and life are the same. */
export function kindOf({ before, after }: RecordChange): ChangeKind | null {
  const lived = before !== null && !before.deleted;
  const lives = after !== null && !after.deleted;
  if (lived && lives) return before.sha256 === after.sha256 ? null : 'edited';
  if (lived) return 'removed';
  if (!lives) return null;
  return before === null ? 'added' : 'restored';
}

/** The counts of a version after changes to the one before. */
export function countsAfter(
  before: VersionCounts,
  changes: readonly RecordChange[],
  sources = 0,
): VersionCounts {
  let { chunks, deleted } = before;
  const made = { added: 0, edited: 0, removed: 0, restored: 0 };
  for (const change of changes) {
    if (!change.before && change.after) chunks++;
    if (change.before && !change.after) chunks--;
    if (change.before?.deleted) deleted--;
    if (change.after?.deleted) deleted++;
    const kind = kindOf(change);
    if (kind) made[kind]++;
  }
  return { chunks, deleted, ...made, sources };
}

/** No changes: for versions that leave all chunks as they are. */
export const UNCHANGED = { added: 0, edited: 0, removed: 0, restored: 0, sources: 0 } as const;
