/** What differs between two versions, chunk by chunk. */
import { diffWordsWithSpace } from 'diff';
import type { ChunkChange } from '../../api';
import { kindOf, type RecordChange } from '../../shard/changes';
import type { ChunkUuid } from '../../shard/ids';
import type { ChunkRecord } from '../../shard/records';
import type { PastTexts } from './past-texts';
import { sourceOf } from '../asking/question';
import type { ShardView } from '../view';

/** Characters of both texts up to which words are compared: the time grows with their product. */
const MOST_COMPARED = 50_000;

/** Chunks that two versions hold differently, where they lie aside; in the order of the newer one. */
export function changesBetween(from: ShardView, to: ShardView): RecordChange[] {
  const changes: RecordChange[] = [];
  for (const uuid of candidates(from, to)) {
    const before = from.find(uuid) ?? null;
    const after = to.find(uuid) ?? null;
    if (isSame(before, after)) continue;
    changes.push({ uuid, before, after });
  }
  return changes.sort((a, b) => compareRecords(a.after ?? a.before, b.after ?? b.before));
}

/** With the same pages, only what deltas speak of can differ. */
function candidates(from: ShardView, to: ShardView): Set<ChunkUuid> {
  if (from.version.segments === to.version.segments) {
    return new Set([...from.overridden(), ...to.overridden()]);
  }
  return new Set([...from.ordered(), ...to.ordered()].map(({ uuid }) => uuid));
}

/** Whether two records say the same of a chunk, wherever its text lies. */
export function isSame(a: ChunkRecord | null, b: ChunkRecord | null): boolean {
  if (a === b) return true;
  return (
    a !== null &&
    b !== null &&
    a.sha256 === b.sha256 &&
    a.deleted === b.deleted &&
    a.order === b.order &&
    a.source === b.source &&
    a.expiresAt === b.expiresAt &&
    a.drift === b.drift &&
    JSON.stringify(a.place) === JSON.stringify(b.place)
  );
}

function compareRecords(a: ChunkRecord | null, b: ChunkRecord | null): number {
  const [one, other] = [a?.order ?? '', b?.order ?? ''];
  return one < other ? -1 : one > other ? 1 : 0;
}

/** The changes that a reader sees, with their texts and words. */
export async function describeChanges(
  from: ShardView,
  to: ShardView,
  past: PastTexts,
  { offset, limit }: { offset: number; limit: number | undefined },
): Promise<ChunkChange[]> {
  const shown = changesBetween(from, to).filter((change) => kindOf(change) !== null);
  const asked = shown.slice(offset, limit === undefined ? undefined : offset + limit);
  const [before, after] = await Promise.all([
    liveTexts(from, asked, ({ before }) => before, past),
    liveTexts(to, asked, ({ after }) => after, past),
  ]);
  return asked.map(({ uuid, ...change }): ChunkChange => {
    const record = change.after ?? change.before;
    if (!record) throw new Error('A change has a chunk on one side at least.');
    const old = before.get(uuid) ?? null;
    const now = after.get(uuid) ?? null;
    return {
      uuid,
      kind: old === null ? 'added' : now === null ? 'removed' : 'edited',
      source: sourceOf(change.after ? to : from, record),
      place: record.place,
      before: old,
      after: now,
      words: old !== null && now !== null ? wordsOf(old, now) : [],
    };
  });
}

async function liveTexts(
  view: ShardView,
  changes: readonly RecordChange[],
  side: (change: RecordChange) => ChunkRecord | null,
  past: PastTexts,
): Promise<Map<ChunkUuid, string>> {
  const records = changes.flatMap((change) => side(change) ?? []).filter((one) => !one.deleted);
  const texts = await past.read(view, records);
  return new Map(records.map(({ uuid }, at) => [uuid, texts[at] ?? '']));
}

/** Word-level marks of an edit. */
function wordsOf(before: string, after: string): ChunkChange['words'] {
  if (before.length + after.length > MOST_COMPARED) {
    return [
      { kind: 'removed', text: before },
      { kind: 'added', text: after },
    ];
  }
  return diffWordsWithSpace(before, after).map(({ added, removed, value }) => ({
    kind: added ? 'added' : removed ? 'removed' : 'same',
    text: value,
  }));
}
