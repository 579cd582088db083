/**
 * Small objects as older versions of the app wrote them, and what they are now: one pure function a
 * kind. `decodeObject` applies them, so nothing else knows these shapes. What is stored stays as it
 * is, under its digest; only what is written next has the present shape.
 */
import { CorruptError } from '../errors';
import type { Digest } from '../store/digest';
import type { VersionId } from './ids';

/** What app versions before editing (0.1.0) wrote otherwise in a version. */
export interface VersionBeforeEditing {
  readonly parents: readonly { readonly id: VersionId; readonly digest: Digest }[];
  /** Set in none: kept free for what became `deltas`. */
  readonly delta: Digest | null;
  readonly counts: {
    readonly chunks: number;
    readonly deleted: number;
    readonly added: number;
    readonly sources: number;
  };
}

/** App versions before editing (0.1.0) knew no questions. */
export function upgradeEntry<Same extends object>(entry: Same) {
  return { ...entry, questions: null };
}

/**
 * @returns the version with its parents by id, and with nothing edited, removed or restored
 * @throws CorruptError for a version with a delta: nothing ever wrote one
 */
export function upgradeVersion<Same extends object>(version: VersionBeforeEditing & Same) {
  const { parents, delta, counts, ...same } = version;
  if (delta !== null) throw new CorruptError('A version from before editing has a delta.');
  return {
    ...same,
    parents: parents.map(({ id }) => id),
    deltas: [],
    counts: { ...counts, edited: 0, removed: 0, restored: 0 },
  };
}
