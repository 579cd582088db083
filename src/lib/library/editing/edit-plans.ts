/**
 * What an edit of chunks changes, as records before and after. Decides only: `changing.ts` embeds
 * and commits. Each plan works on one version, the head.
 */
import { InvalidError, NotFoundError } from '../../errors';
import type { RecordChange } from '../../shard/changes';
import type { ChunkUuid } from '../../shard/ids';
import { patchChunks, type ChunkWish } from '../../shard/index-document';
import { ordersBetween } from '../../shard/order';
import type { ChunkRecord } from '../../shard/records';
import type { Place } from '../../api';
import { isSame } from './differences';
import type { ChunkEdit } from '../library-protocol';
import type { PastTexts } from './past-texts';
import { asDrawn, checkChunkText, newChunkUuid, withoutDrift, withText } from './text-record';
import type { ShardView } from '../view';

export interface PlanContext {
  readonly view: ShardView;
  readonly past: PastTexts;
  readonly now: Date;
}

export interface EditPlan {
  readonly changes: readonly RecordChange[];
  /** What was done, in a few words. */
  readonly message: string;
}

type EditOf<K extends ChunkEdit['kind']> = Extract<ChunkEdit, { kind: K }>;

/** @throws NotFoundError, InvalidError */
export async function planEdit(
  { uuid, text }: EditOf<'edit'>,
  context: PlanContext,
): Promise<EditPlan> {
  const before = liveRecord(context.view, uuid);
  const after = await edited(before, text, context.view);
  return {
    changes: after === before ? [] : [{ uuid: before.uuid, before, after }],
    message: `Edited a passage of ${nameOf(context.view, before)}`,
  };
}

export async function planInsert(
  { after: previous, text }: EditOf<'insert'>,
  { view, now }: PlanContext,
): Promise<EditPlan> {
  const all = view.ordered();
  const position = previous === null ? -1 : view.position(previous);
  const neighbour = all[Math.max(0, position)];
  const order = orderAfter(view, position);
  const uuid = await newChunkUuid();
  const record: ChunkRecord = {
    ...{ uuid, order, at: null, length: 0, bytes: 0, sha256: '' },
    source: neighbour?.source ?? null,
    place: null,
    deleted: false,
    addedAt: now.toISOString(),
  };
  await checkChunkText(text, sourced(view, record), view.entry.lineage);
  return {
    changes: [{ uuid, before: null, after: await withText(record, text) }],
    message: `Inserted a passage into ${nameOf(view, record)}`,
  };
}

export async function planSplit(
  { uuid, at }: EditOf<'split'>,
  { view, past, now }: PlanContext,
): Promise<EditPlan> {
  const before = liveRecord(view, uuid);
  const [text = ''] = await past.all(view, [before]);
  const cut = graphemeBefore(text, at);
  const [head, tail] = [text.slice(0, cut), text.slice(cut)];
  if (head.trim() === '' || tail.trim() === '') {
    throw new InvalidError('Both parts of a split chunk need a text.', { subject: uuid });
  }
  const [first, second] = cutPlace(before.place, cut, text.length);
  const newUuid = await newChunkUuid();
  const { addedAt = view.addedAt(before) ?? now.toISOString() } = before;
  const { expiresAt } = before;
  const part: ChunkRecord = {
    ...{ uuid: newUuid, at: null, length: 0, bytes: 0, sha256: '', deleted: false },
    order: orderAfter(view, view.position(uuid)),
    source: before.source,
    place: second,
    from: before.uuid,
    addedAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  return {
    changes: [
      {
        uuid: before.uuid,
        before,
        after: await overlaid({ ...before, place: first }, head, view),
      },
      { uuid: newUuid, before: null, after: await withText(part, tail) },
    ],
    message: `Split a passage of ${nameOf(view, before)}`,
  };
}

export async function planJoin(
  { uuids }: EditOf<'join'>,
  { view, past, now }: PlanContext,
): Promise<EditPlan> {
  const wanted = new Set(uuids);
  if (wanted.size < 2) {
    throw new InvalidError('It takes two chunks to join.', { subject: uuids[0] });
  }
  const records = [...wanted]
    .map((uuid) => liveRecord(view, uuid))
    .sort((a, b) => view.position(a.uuid) - view.position(b.uuid));
  const [first, ...rest] = records;
  const last = records.at(-1);
  if (!first || !last) throw new Error('There are two chunks at least.');
  const between = view.ordered().slice(view.position(first.uuid), view.position(last.uuid) + 1);
  for (const record of between) {
    const isHidden = record.deleted || view.isDue(record, now);
    const isApart = !isHidden && !wanted.has(record.uuid);
    if (isApart || (wanted.has(record.uuid) && record.source !== first.source)) {
      throw new InvalidError('Only adjacent chunks of one source can be joined.', {
        subject: record.uuid,
      });
    }
  }
  const texts = await past.all(view, records);
  let text = texts[0] ?? '';
  records.slice(1).forEach((record, at) => {
    const next = texts[at + 1] ?? '';
    const touches = records[at]?.place?.end === record.place?.start;
    // Parts of one text are joined as they were cut; others are kept apart by a line.
    text += touches || /\s$/u.test(text) || /^\s/u.test(next) ? next : `\n${next}`;
  });
  const place =
    first.place && last.place && last.place.end >= first.place.start
      ? { ...first.place, end: last.place.end }
      : first.place;
  await checkChunkText(text, sourced(view, first), view.entry.lineage);
  return {
    changes: [
      { uuid: first.uuid, before: first, after: await overlaid({ ...first, place }, text, view) },
      ...rest.map((before) => ({
        uuid: before.uuid,
        before,
        after: { ...before, deleted: true },
      })),
    ],
    message: `Joined ${String(records.length)} passages of ${nameOf(view, first)}`,
  };
}

export function planDelete({ what }: EditOf<'delete'>, { view }: PlanContext): EditPlan {
  let records: ChunkRecord[];
  let message: string;
  if (Array.isArray(what)) {
    records = [...new Set(what)].map((uuid) => view.record(uuid)).filter((one) => !one.deleted);
    message = `Deleted ${passages(records.length)}`;
  } else {
    const { name } = view.source(what.source);
    records = view.ordered().filter((one) => !one.deleted && one.source === what.source);
    message = `Removed ${name}`;
  }
  return { changes: records.map(tombstone), message };
}

export async function planRestore(
  { uuids }: EditOf<'restore'>,
  { view, past, now }: PlanContext,
): Promise<EditPlan> {
  const records = [...new Set(uuids)]
    .map((uuid) => view.record(uuid))
    .filter((record) => record.deleted || view.isDue(record, now));
  const revivedAll = await revived(records, { view, past, now });
  const changes = records.map((before, at): RecordChange => ({
    uuid: before.uuid,
    before,
    after: revivedAll[at] ?? before,
  }));
  return { changes, message: `Restored ${passages(records.length)}` };
}

/** A caller's own patch. @throws InvalidError, ConflictError */
export async function planApply(
  { patch }: EditOf<'apply'>,
  { view, past, now }: PlanContext,
): Promise<EditPlan> {
  const wishes = patchChunks(patch, (uuid) => view.find(uuid));
  const changes: RecordChange[] = [];
  for (const [uuid, wish] of wishes) {
    const before = view.record(uuid);
    const after = await wished(before, wish, { view, past, now });
    // The text that a chunk has already, put over it, is no change.
    if (isSame(before, after) && before.text === after.text) continue;
    changes.push({ uuid, before, after });
  }
  return { changes, message: `Applied a patch to ${passages(changes.length)}` };
}

async function wished(
  before: ChunkRecord,
  wish: ChunkWish,
  context: PlanContext,
): Promise<ChunkRecord> {
  const { view } = context;
  let after = before;
  if (before.deleted && !wish.deleted) [after = before] = await revived([before], context);
  else if (wish.deleted !== before.deleted) after = { ...before, deleted: wish.deleted };
  if (wish.text === null && before.text !== undefined) {
    const drawn = view.drawn(before);
    if (!drawn) {
      throw new InvalidError('This chunk has no other text than its overlay.', {
        subject: `/chunks/${before.uuid}/text`,
      });
    }
    after = withoutDrift(asDrawn(after, drawn));
  } else if (wish.text !== null && wish.text !== before.text) {
    after = await edited(after, wish.text, view);
  }
  const { expiresAt: _, ...rest } = after;
  return {
    ...rest,
    place: wish.place,
    ...(wish.expiresAt === null ? {} : { expiresAt: wish.expiresAt }),
  };
}

async function edited(before: ChunkRecord, text: string, view: ShardView): Promise<ChunkRecord> {
  await checkChunkText(text, sourced(view, before), view.entry.lineage);
  const after = await overlaid(before, text, view);
  return after.sha256 === before.sha256 ? before : after;
}

/** The record with a new text: an overlay, unless the video has that very text for it. */
async function overlaid(record: ChunkRecord, text: string, view: ShardView): Promise<ChunkRecord> {
  const after = await withText(withoutDrift(record), text);
  const drawn = view.drawn(record);
  return drawn?.sha256 === after.sha256 ? asDrawn(after, drawn) : after;
}

/**
 * Tombstones, or expired chunks, alive again, in their order. A text becomes an overlay where this
 * version's video or search data has left it behind; such texts are read together.
 * @throws NotFoundError for a text that no kept version holds any more
 */
async function revived(
  records: readonly ChunkRecord[],
  { view, past, now }: PlanContext,
): Promise<ChunkRecord[]> {
  const lost = records.filter((record) => record.text === undefined && !view.rowOf(record));
  const texts = await past.all(view, lost);
  const textOf = new Map(lost.map((record, at) => [record, texts[at]]));
  const isOld = view.retention?.ttlSeconds !== undefined;
  return Promise.all(
    records.map(async (before) => {
      const { expiresAt: _, drift: _d, replaced: _r, ...rest } = before;
      const after = { ...rest, deleted: false, ...(isOld ? { addedAt: now.toISOString() } : {}) };
      const text = textOf.get(before);
      return text === undefined ? after : withText({ ...after, at: null }, text);
    }),
  );
}

export function tombstone(before: ChunkRecord): RecordChange {
  return { uuid: before.uuid, before, after: { ...before, deleted: true } };
}

function liveRecord(view: ShardView, uuid: string): ChunkRecord {
  const record = view.record(uuid);
  if (!record.deleted) return record;
  throw new NotFoundError('This chunk was deleted. Restore it first.', { subject: uuid });
}

function sourced(
  view: ShardView,
  { uuid, source, place }: ChunkRecord,
): Parameters<typeof checkChunkText>[1] {
  return { uuid, source: view.findSource(source), place };
}

/** A key between the chunk at a position and the next one. */
function orderAfter(view: ShardView, position: number): string {
  const all = view.ordered();
  const low = all[position]?.order ?? null;
  // Chunks with equal keys stand by their UUIDs: the next larger key is the one to stay below.
  let next = position + 1;
  while (low !== null && all[next]?.order === low) next++;
  const [order] = ordersBetween(low, all[next]?.order ?? null, 1);
  if (order === undefined) throw new Error('There is always room between two keys.');
  return order;
}

/** The grapheme boundary at an offset or before it. */
function graphemeBefore(text: string, at: number): number {
  if (!Number.isInteger(at)) {
    throw new InvalidError('A chunk is split at a whole number of characters.', { subject: 'at' });
  }
  const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });
  return at >= text.length ? text.length : (segmenter.segment(text).containing(at)?.index ?? 0);
}

function cutPlace(
  place: Place | null,
  cut: number,
  length: number,
): [first: Place | null, second: Place | null] {
  if (!place) return [null, null];
  // An edited text is longer or shorter than its place in the source: cut in proportion.
  const span = place.end - place.start;
  const middle = place.start + (span === length ? cut : Math.round((span * cut) / length));
  return [
    { ...place, end: middle },
    { ...place, start: middle },
  ];
}

function nameOf(view: ShardView, { source }: Pick<ChunkRecord, 'source'>): string {
  return view.findSource(source)?.name ?? 'the notes';
}

export function passages(count: number): string {
  return count === 1 ? 'a passage' : `${String(count)} passages`;
}

/** The UUIDs that an edit names and whose texts the caller must have seen. */
export function relianceOf(edit: ChunkEdit): ChunkUuid[] {
  if (edit.kind === 'edit' || edit.kind === 'split') return [edit.uuid as ChunkUuid];
  if (edit.kind === 'join') return edit.uuids as ChunkUuid[];
  const isListed = edit.kind === 'delete' && Array.isArray(edit.what);
  return isListed ? (edit.what as ChunkUuid[]) : [];
}
