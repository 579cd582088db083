/** A merge: what another shard of the lineage changed since both parted, as one new version here. */
import type { MergeConflict, MergeReport, MergeSide } from '../../api';
import { InvalidError } from '../../errors';
import { kindOf, type RecordChange } from '../../shard/changes';
import type { ChunkUuid, VersionId } from '../../shard/ids';
import { planMerge, type Content, type Contents, type Resolution } from '../../shard/merge';
import type { ChunkRecord } from '../../shard/records';
import { Ancestry } from './ancestry';
import type { Catalogue } from '../catalogue';
import { commitPlanned, sourcesOf, type ChangeContext, type Changed } from './changing';
import { keptApart } from './merged-order';
import { sourceOf } from '../asking/question';
import { checkChunkText, withText } from './text-record';
import { carriedAll } from './version-plans';
import { openView, type ShardView } from '../view';

export interface MergeWish {
  readonly pick: readonly string[] | undefined;
  readonly resolve: Readonly<Record<string, Resolution>>;
  readonly message: string | undefined;
}

/** @throws InvalidError for a shard of another lineage, or one without a common version */
export async function mergeShard(
  mine: ShardView,
  theirs: ShardView,
  { pick, resolve, message }: MergeWish,
  context: ChangeContext,
): Promise<{ report: MergeReport; changed: Changed | null }> {
  if (mine.entry.lineage !== theirs.entry.lineage) {
    throw new InvalidError('Only shards that come from the same one can be merged.', {
      subject: theirs.entry.id,
    });
  }
  const base = await baseOf(mine, theirs, context);
  const sides = { base: base.contents, mine: contentsOf(mine), theirs: contentsOf(theirs) };
  const plan = planMerge(sides, {
    ...(pick ? { pick: new Set(pick as ChunkUuid[]) } : {}),
    resolve: new Map(Object.entries(resolve) as [ChunkUuid, Resolution][]),
  });
  const taken = { added: 0, edited: 0, removed: 0, restored: 0 };
  if (plan.conflicts.length > 0) {
    const conflicts = await describe(plan.conflicts, base, mine, theirs, context);
    return { report: { merged: false, version: null, taken, conflicts }, changed: null };
  }
  const changes: RecordChange[] = [];
  const living = plan.take.flatMap(({ uuid }) => theirs.find(uuid) ?? []).filter(isLive);
  const carried = await carriedAll(mine, theirs, living, context.past);
  const comes = new Map(living.map(({ uuid }, at) => [uuid, carried[at]]));
  for (const { uuid, kind } of plan.take) {
    const before = mine.find(uuid) ?? null;
    const after = comes.get(uuid) ?? (before && { ...before, deleted: true });
    if (!after) continue; // neither side has it
    changes.push({ uuid, before, after });
    taken[kind]++;
  }
  for (const { uuid, text } of plan.write) {
    const before = mine.find(uuid) ?? null;
    const record = before ?? theirs.find(uuid);
    if (!record) continue; // in neither: the plan has no such conflict
    const source = mine.findSource(record.source) ?? theirs.findSource(record.source);
    await checkChunkText(text, { uuid, source, place: record.place }, mine.entry.lineage);
    // Written now, it is not what was to expire.
    const { expiresAt: _, drift: _d, replaced: _r, ...rest } = record;
    const after = await withText({ ...rest, deleted: false }, text);
    changes.push({ uuid, before, after: mine.drawn(after) ? after : { ...after, at: null } });
    const kind = kindOf({ uuid, before, after });
    if (kind) taken[kind]++;
  }
  const changed = await commitPlanned(
    mine,
    {
      operation: 'merge',
      message: message ?? `Merged “${theirs.entry.name}”`,
      changes: keptApart(mine, theirs, changes),
      views: [theirs],
      sources: sourcesOf(theirs, changes),
      // With a choice of chunks the rest is still to be taken: the lines have not met.
      ...(pick ? {} : { more: { merged: theirs.version.id } }),
      // Keeping one's own text is a decision too: it must not be asked again.
      ...(Object.keys(resolve).length > 0 ? { always: true as const } : {}),
    },
    context,
  );
  const version = changed.made?.version.id ?? null;
  return { report: { merged: true, version, taken, conflicts: [] }, changed };
}

const isLive = ({ deleted }: ChunkRecord): boolean => !deleted;

interface Base {
  readonly contents: Contents;
  /** The versions that it comes from, but for those of which only a skeleton is left. */
  readonly views: readonly ShardView[];
}

/** A text that is on no side: so a chunk that two bases disagree about has changed for everyone. */
const DISAGREED: Content = { sha256: 'disagreed', deleted: false };

async function baseOf(
  mine: ShardView,
  theirs: ShardView,
  { catalogue }: ChangeContext,
): Promise<Base> {
  const ancestry = await Ancestry.of(catalogue, mine.entry.lineage);
  const base = await commonBase(ancestry, mine.version.id, theirs.version.id, catalogue);
  if (base) return base;
  throw new InvalidError('The two shards have no common version.', { subject: theirs.entry.id });
}

/**
 * Lines that merged crosswise have several bases, and each lacks what the others brought: what counts
 * is the merge of them all, with what they have in common as its base in turn.
 */
async function commonBase(
  ancestry: Ancestry,
  a: VersionId,
  b: VersionId,
  catalogue: Catalogue,
): Promise<Base | undefined> {
  const [first, ...others] = ancestry.mergeBases(a, b);
  if (first === undefined) return undefined;
  let base = await baseAt(ancestry, first, catalogue);
  for (const other of others) {
    const one = await baseAt(ancestry, other, catalogue);
    const before = await commonBase(ancestry, first, other, catalogue);
    base = {
      contents: merged(before?.contents ?? new Map(), base.contents, one.contents),
      views: [...base.views, ...one.views],
    };
  }
  return base;
}

async function baseAt(ancestry: Ancestry, id: VersionId, catalogue: Catalogue): Promise<Base> {
  const logged = ancestry.find(id);
  if (!logged) throw new Error(`The merge base ${id} is in no log.`);
  if (!logged.link.skeleton) {
    const view = await openView(catalogue, logged.entry, logged.link);
    return { contents: contentsOf(view), views: [view] };
  }
  const { chunks } = await catalogue.skeleton(logged.link.digest);
  const contents = new Map(
    chunks.map(([uuid, sha256, deleted]) => [uuid, { sha256, deleted: deleted === 1 }]),
  );
  return { contents, views: [] };
}

function merged(before: Contents, one: Contents, other: Contents): Map<ChunkUuid, Content> {
  const contents = new Map<ChunkUuid, Content>();
  for (const uuid of new Set([...one.keys(), ...other.keys()])) {
    const [was, a, b] = [before.get(uuid), one.get(uuid), other.get(uuid)];
    const content = isAlike(a, b) || isAlike(b, was) ? a : isAlike(a, was) ? b : DISAGREED;
    if (content) contents.set(uuid, content);
  }
  return contents;
}

function isAlike(a: Content | undefined, b: Content | undefined): boolean {
  if (!a || !b) return a === b;
  return a.deleted === b.deleted && (a.deleted || a.sha256 === b.sha256);
}

/** What a merge compares: text and life of every chunk. */
export function contentsOf(view: ShardView): Map<ChunkUuid, Content> {
  return new Map(view.ordered().map((record) => [record.uuid, record]));
}

async function describe(
  uuids: readonly ChunkUuid[],
  base: Base,
  mine: ShardView,
  theirs: ShardView,
  { past }: ChangeContext,
): Promise<MergeConflict[]> {
  const sideIn = async (view: ShardView, uuid: ChunkUuid): Promise<MergeSide> => {
    const record = view.find(uuid);
    if (!record) return { text: null, deleted: true };
    const [text = null] = await past.read(view, [record]);
    return { text, deleted: record.deleted };
  };
  const conflicts: MergeConflict[] = [];
  for (const uuid of uuids) {
    const view = mine.find(uuid) ? mine : theirs;
    const record = view.record(uuid);
    const before = base.views.find((one) => isAlike(one.find(uuid), base.contents.get(uuid)));
    conflicts.push({
      uuid,
      source: sourceOf(view, record),
      place: record.place,
      base: before?.find(uuid) ? await sideIn(before, uuid) : null,
      mine: await sideIn(mine, uuid),
      theirs: await sideIn(theirs, uuid),
    });
  }
  return conflicts;
}
