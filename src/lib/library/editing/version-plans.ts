/**
 * What going back changes: undo of one version on top of those that came after it, and rollback to
 * an old one. Decides only; `changing.ts` commits.
 */
import { ConflictError, InvalidError } from '../../errors';
import type { RecordChange } from '../../shard/changes';
import type { SegmentEntry } from '../../shard/objects';
import type { ChunkRecord } from '../../shard/records';
import { changesBetween, isSame } from './differences';
import type { PastTexts } from './past-texts';
import { withText } from './text-record';
import type { ShardView } from '../view';

/** What an undo changes: chunks one by one, or the segments of a whole ingest. */
export interface UndoPlan {
  readonly changes: readonly RecordChange[];
  readonly segments?: readonly SegmentEntry[];
  /** With segments: what their pages do not say. */
  readonly rows?: readonly RecordChange[];
}

/** How an undo changes the segments of the head. */
interface SegmentSwap {
  readonly segments: readonly SegmentEntry[];
  readonly back: ReadonlySet<string>;
  readonly gone: ReadonlySet<string>;
}

/**
 * Takes back what `done` changed of `before`, in the head.
 * @throws ConflictError where a chunk was changed again since
 */
export async function planUndo(
  head: ShardView,
  { before, done }: { before: ShardView; done: ShardView },
  past: PastTexts,
): Promise<UndoPlan> {
  const made = changesBetween(before, done);
  for (const { uuid, after } of made) {
    if (isSame(head.find(uuid) ?? null, after)) continue;
    throw new ConflictError('This chunk was changed again since.', { subject: uuid });
  }
  const swap = segmentsWithout(head, before, done);
  const wanted = made.flatMap(({ before: record }) => record ?? []);
  const isBack = ({ at }: ChunkRecord): boolean =>
    at !== null && swap?.back.has(at.segment) === true;
  const carrying = wanted.filter((record) => !isBack(record));
  const carried = await carriedAll(head, before, carrying, past);
  const after = new Map(carrying.map((record, at) => [record, carried[at]]));
  const changes = made.map(({ uuid, before: record }): RecordChange => ({
    uuid,
    before: head.find(uuid) ?? null,
    after: record && (after.get(record) ?? record),
  }));
  if (!swap) return { changes };
  return { changes, segments: swap.segments, rows: rowsBeside(swap, changes, head, before) };
}

/**
 * The changes that do not come with the pages alone: of chunks of which the head or the version before
 * says more than its page, and of those that are in no page which comes or goes.
 */
function rowsBeside(
  { back, gone }: SegmentSwap,
  changes: readonly RecordChange[],
  head: ShardView,
  before: ShardView,
): RecordChange[] {
  const said = new Set(head.overridden());
  const saidBefore = new Set(before.overridden());
  const rows = changes.filter(({ uuid, before: now, after }) => {
    if (said.has(uuid)) return true;
    if (!after) return !(now?.at && gone.has(now.at.segment));
    return saidBefore.has(uuid) || !(after.at && back.has(after.at.segment));
  });
  // Chunks that a page has and its version had not must not come back with the page.
  for (const id of back) {
    for (const { uuid } of before.pageOf(id)) {
      if (said.has(uuid) || !saidBefore.has(uuid) || before.find(uuid)) continue;
      const now = head.find(uuid) ?? null;
      rows.push({ uuid, before: now, after: now });
    }
  }
  return rows;
}

/**
 * The head's segments without those that `done` brought, and with those that it took away; undefined
 * where it did neither. @throws ConflictError where that is no longer to be told apart
 */
function segmentsWithout(
  head: ShardView,
  before: ShardView,
  done: ShardView,
): SegmentSwap | undefined {
  if (before.version.segments === done.version.segments) return undefined;
  const added = done.segments.filter(({ id }) => !before.hasSegment(id));
  const taken = before.segments.filter(({ id }) => !done.hasSegment(id));
  if ((added.length > 0 && taken.length > 0) || added.some(({ id }) => !head.hasSegment(id))) {
    throw new ConflictError(
      'The video was written anew meanwhile. Roll back to the version before instead.',
      { subject: done.version.id },
    );
  }
  const gone = new Set<string>(added.map(({ id }) => id));
  return {
    segments: [...head.segments.filter(({ id }) => !gone.has(id)), ...taken],
    back: new Set(taken.map(({ id }) => id)),
    gone,
  };
}

/**
 * Records of another version for the head to hold, in their order: where a text lies in a segment of
 * the head it stays there, else it comes along as an overlay. All texts are read together.
 * @throws InvalidError where a live chunk's text is in no version that is still kept
 */
export async function carriedAll(
  head: ShardView,
  other: ShardView,
  wanted: readonly ChunkRecord[],
  past: PastTexts,
): Promise<ChunkRecord[]> {
  const settled = wanted.map((record) => settledIn(head, record));
  const missing = wanted.filter((_, at) => settled[at] === null);
  const texts = await past.read(other, missing);
  const textOf = new Map(missing.map((record, at) => [record, texts[at]]));
  return Promise.all(
    wanted.map(async (record, at) => settled[at] ?? overlaidWith(record, textOf.get(record))),
  );
}

/** The record as the head can hold it without its text; null where the text has to come along. */
function settledIn(head: ShardView, wanted: ChunkRecord): ChunkRecord | null {
  const now = head.find(wanted.uuid);
  // A tombstone's text may have been compacted away since: to live again it needs one that is here.
  if (now?.sha256 === wanted.sha256 && (wanted.deleted || head.rowOf(now))) {
    const { text: _, ...rest } = wanted;
    const record = { ...rest, at: now.at };
    return now.text === undefined ? record : { ...record, text: now.text };
  }
  if (wanted.text !== undefined) {
    const isDrawn = wanted.at !== null && head.hasSegment(wanted.at.segment);
    return isDrawn ? wanted : { ...wanted, at: null };
  }
  return head.drawn(wanted) ? wanted : null;
}

async function overlaidWith(wanted: ChunkRecord, text: string | undefined): Promise<ChunkRecord> {
  if (text !== undefined) return withText({ ...wanted, at: null }, text);
  if (wanted.deleted) return wanted; // a tombstone needs no text
  throw new InvalidError('The text of a chunk is in no version that is still kept.', {
    subject: wanted.uuid,
  });
}
