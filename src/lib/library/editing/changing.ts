/**
 * Changes of a shard's head, committed as versions: plans the edit, embeds what is new, writes delta,
 * patch and version in one step. The caller sees to it that nothing else commits meanwhile.
 */
import type { Operation, RetentionPolicy } from '../../api';
import { assertNever, ConflictError } from '../../errors';
import { countsAfter, kindOf, type RecordChange } from '../../shard/changes';
import type { Delta } from '../../shard/delta';
import type { ShardEntry, Version } from '../../shard/objects';
import type { SourceRecord } from '../../shard/records';
import { patchOf } from '../../shard/record-patch';
import { checkedPolicy, dueChunks } from '../../shard/retention';
import { restated, sourcesBack } from '../again/adding-again-sources';
import type { Catalogue } from '../catalogue';
import { commitVersion, type NewVersion } from '../commit';
import { changesBetween, isSame } from './differences';
import {
  passages,
  planApply,
  planDelete,
  planEdit,
  planInsert,
  planJoin,
  planRestore,
  planSplit,
  relianceOf,
  tombstone,
} from './edit-plans';
import type { ChunkEdit } from '../library-protocol';
import { overlayVectors, type VectorContext } from './overlay-vectors';
import type { PastTexts } from './past-texts';
import { planUndo } from './version-plans';
import { openView, type ShardView } from '../view';

/** Chunks in a patch at most; a change of more records counts instead, as an ingest does. */
const PATCHED_CHUNKS = 4096;

export interface ChangeContext extends VectorContext {
  readonly catalogue: Catalogue;
  readonly past: PastTexts;
  /** How often chunks were found, by UUID, as far as this browser knows. */
  uses(uuids: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

export interface Changed {
  /** Null where there was nothing to change. */
  readonly made: { entry: ShardEntry; version: Version } | null;
  readonly changes: readonly RecordChange[];
}

/** What a plan comes to, before vectors and patch are made of it. */
interface Planned {
  readonly operation: Operation;
  readonly message: string;
  readonly changes: readonly RecordChange[];
  /** Chunks that are the same, but for a text in the index which is in the video now, or back. */
  readonly moves?: readonly RecordChange[];
  /** Versions where texts may be embedded already, besides the head. */
  readonly views?: readonly ShardView[];
  /** Sources that the head may not know. */
  readonly sources?: readonly SourceRecord[];
  /** Sources that are not what the head says of them; the rows name each. */
  readonly restated?: readonly SourceRecord[];
  readonly more?: Partial<NewVersion>;
  /** The version says something even where no chunk changes. */
  readonly always?: true;
  /** What a delta has to say, where segments say the rest of the changes. */
  readonly rows?: readonly RecordChange[];
}

/** @throws ConflictError where a text is not what the caller has seen */
export async function changeChunks(
  view: ShardView,
  edit: ChunkEdit,
  { message, seen }: { message: string | undefined; seen: Readonly<Record<string, string>> },
  context: ChangeContext,
): Promise<Changed> {
  for (const uuid of relianceOf(edit)) {
    const known = seen[uuid];
    if (known === undefined || view.find(uuid)?.sha256 === known) continue;
    throw new ConflictError('Someone else has changed this chunk’s text meanwhile.', {
      subject: uuid,
    });
  }
  const planned = await plan(view, edit, context);
  return commitPlanned(view, message === undefined ? planned : { ...planned, message }, context);
}

async function plan(view: ShardView, edit: ChunkEdit, context: ChangeContext): Promise<Planned> {
  const { past, catalogue } = context;
  const now = new Date();
  const given = { view, past, now };
  switch (edit.kind) {
    case 'edit':
      return { operation: edit.kind, ...(await planEdit(edit, given)) };
    case 'insert':
      return { operation: edit.kind, ...(await planInsert(edit, given)) };
    case 'split':
      return { operation: edit.kind, ...(await planSplit(edit, given)) };
    case 'join':
      return { operation: edit.kind, ...(await planJoin(edit, given)) };
    case 'delete':
      return { operation: edit.kind, ...planDelete(edit, given) };
    case 'restore':
      return { operation: edit.kind, ...(await planRestore(edit, given)) };
    case 'apply':
      return { operation: edit.kind, ...(await planApply(edit, given)) };
    case 'undo':
    case 'redo': {
      const done = await openVersion(view, edit.version, catalogue);
      const [parent] = done.version.parents;
      if (parent === undefined) throw new Error('The first version cannot be undone.');
      const before = await openVersion(view, parent, catalogue);
      const undone = edit.kind === 'undo' ? 'Undid' : 'Did again';
      const named = edit.kind === 'redo' ? before.version.message : done.version.message;
      const message = `${undone}: ${named.replace(/^(Undid|Did again): /u, '')}`;
      if (isSameState(view, done)) {
        return { operation: edit.kind, message, always: true, ...stateOf(view, before) };
      }
      const { changes, segments, rows = changes } = await planUndo(view, { before, done }, past);
      const sources = sourcesOf(before, changes);
      const back = sourcesBack(view, before, done);
      const retention = retentionOf(before, done);
      return {
        ...{ operation: edit.kind, message, changes, sources, views: [before] },
        ...{ rows: restated(view, changes, rows, back), restated: back },
        more: { ...(segments ? { segments } : {}), ...retention },
        ...(retention ? { always: true as const } : {}),
      };
    }
    case 'rollback': {
      const to = await openVersion(view, edit.to, catalogue);
      const message = `Rolled back to “${to.version.message || 'the empty shard'}”`;
      return { operation: 'rollback', message, always: true, ...stateOf(view, to) };
    }
    case 'retention': {
      const retention = checkedPolicy(edit.policy);
      return {
        operation: 'retention',
        message: 'Set what is kept',
        changes: [],
        always: true,
        more: { retention },
      };
    }
    case 'sweep': {
      const { expired, evicted } = await planSweep(view, new Date(edit.now), context);
      const due = [...expired, ...evicted].map((uuid) => view.record(uuid));
      const what = [
        ...(expired.length > 0 ? [`${passages(expired.length)} expired`] : []),
        ...(evicted.length > 0 ? [`${passages(evicted.length)} made room`] : []),
      ];
      return { operation: 'sweep', message: what.join(', '), changes: due.map(tombstone) };
    }
    default:
      return assertNever(edit);
  }
}

async function planSweep(
  view: ShardView,
  now: Date,
  { uses }: ChangeContext,
): Promise<ReturnType<typeof dueChunks>> {
  const live = view.ordered().filter((record) => !record.deleted);
  const counted =
    view.retention?.evict === 'least-used' ? await uses(live.map(({ uuid }) => uuid)) : undefined;
  const kept = live.map(({ uuid, bytes, expiresAt, ...record }) => ({
    uuid,
    bytes,
    addedAt: view.addedAt({ uuid, bytes, ...record }),
    uses: counted?.get(uuid) ?? 0,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }));
  return dueChunks(kept, view.retention, now);
}

/** Makes a version of what was planned. */
export async function commitPlanned(
  view: ShardView,
  planned: Planned,
  context: ChangeContext,
): Promise<Changed> {
  const { operation, message, changes, moves = [], more = {} } = planned;
  const { views = [], restated: back = [] } = planned;
  const sources = { known: planned.sources ?? [], restated: back };
  if (changes.length === 0 && !planned.always) return { made: null, changes };
  const { store, catalogue } = context;
  const model = more.model ?? view.version.model;
  const delta =
    more.deltas === undefined
      ? await deltaOf(view, planned.rows ?? changes, [view, ...views], sources, model, context)
      : null;
  const said = [...changes, ...moves];
  const patch = said.length <= PATCHED_CHUNKS ? patchOf(said, retentionChange(view, more)) : null;
  const made = await commitVersion(store, catalogue, view.entry, {
    ...{ operation, message, delta, patch },
    counts: countsAfter(view.version.counts, changes),
    ...more,
  });
  return { made, changes };
}

/** All of another version, by reference: nothing of it is written again. */
function stateOf(head: ShardView, to: ShardView): Pick<Planned, 'changes' | 'moves' | 'more'> {
  const { deltas, model, retention = null } = to.version;
  const overlaid = new Set([...head.overridden(), ...to.overridden()]);
  const pairs = [...overlaid].map((uuid) => ({
    uuid,
    before: head.find(uuid) ?? null,
    after: to.find(uuid) ?? null,
  }));
  return {
    changes: changesBetween(head, to),
    moves: pairs.filter(
      ({ before, after }) => isSame(before, after) && before?.text !== after?.text,
    ),
    more: { segments: to.segments, deltas, model, retention },
  };
}

/** Whether two versions are the same but for their history. */
function isSameState({ version: a }: ShardView, { version: b }: ShardView): boolean {
  return (
    a.segments === b.segments &&
    a.model === b.model &&
    JSON.stringify([a.deltas, a.retention]) === JSON.stringify([b.deltas, b.retention])
  );
}

/** The rows that differ now, with the vectors of their overlays. */
export async function deltaOf(
  view: ShardView,
  changes: readonly RecordChange[],
  views: readonly ShardView[],
  sources: {
    /** Those that the view may not know. */
    readonly known?: readonly SourceRecord[];
    /** Those that go before what the view says. */
    readonly restated?: readonly SourceRecord[];
  },
  model: string,
  context: VectorContext,
): Promise<Delta | null> {
  if (changes.length === 0) return null;
  const records = changes.map(({ after }) => after);
  const named = new Set(records.map((record) => record?.source));
  const known = new Map(
    [...named].flatMap((id) => {
      if (!id) return [];
      const isIt = (one: SourceRecord): boolean => one.id === id;
      const source =
        sources.restated?.find(isIt) ?? view.findSource(id) ?? sources.known?.find(isIt);
      return source ? [[source.id, source] as const] : [];
    }),
  );
  return {
    sources: [...known.values()],
    rows: changes.map(({ uuid, after }) => ({ uuid, record: after })),
    vectors: await overlayVectors(records, views, model, context),
  };
}

/** The sources that changed chunks name, as another version knows them. */
export function sourcesOf(view: ShardView, changes: readonly RecordChange[]): SourceRecord[] {
  const ids = new Set(changes.map(({ after }) => after?.source ?? null));
  return [...ids].flatMap((id) => view.findSource(id) ?? []);
}

async function openVersion(view: ShardView, at: string, catalogue: Catalogue): Promise<ShardView> {
  return openView(catalogue, view.entry, await catalogue.find(view.entry, at));
}

/** Undoing a change of policy brings the one before back. */
function retentionOf(
  before: ShardView,
  done: ShardView,
): Pick<NewVersion, 'retention'> | undefined {
  const same = JSON.stringify(before.retention) === JSON.stringify(done.retention);
  return same ? undefined : { retention: before.retention ?? null };
}

/** What a version says of the policy, for its patch. */
function retentionChange(
  { retention: before }: ShardView,
  { retention: wanted }: Partial<NewVersion>,
): { before?: RetentionPolicy; after?: RetentionPolicy } {
  // As a version keeps it: an empty policy is none.
  const after = wanted === undefined ? before : wanted;
  const isKept = after && Object.keys(after).length > 0;
  return { ...(before ? { before } : {}), ...(isKept ? { after } : {}) };
}

/** How a change is told to the tab that asked for it: digests of the texts that stand now. */
export function seenAfter(changes: readonly RecordChange[]): Record<string, string> {
  return Object.fromEntries(
    changes.flatMap((change) =>
      change.after && kindOf(change) !== null ? [[change.uuid, change.after.sha256] as const] : [],
    ),
  );
}
