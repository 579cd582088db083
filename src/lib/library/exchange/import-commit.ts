/**
 * What an import made becomes a shard, or the newest version of one: the small objects of one commit.
 * What is in it was checked before.
 */
import type { ImportOptions, ImportReport, RetentionPolicy } from '../../api';
import { CorruptError } from '../../errors';
import type { ArchivedVersion } from '../../archive/history-json';
import type { WholeShard } from '../../archive/manifest';
import { countsAfter } from '../../shard/changes';
import { encodeDelta, type Delta } from '../../shard/delta';
import { newLineage, newShardId, newVersionId, type Lineage, type ShardId } from '../../shard/ids';
import {
  encodeObject,
  type DeltaLink,
  type LoggedVersion,
  type SegmentEntry,
  type ShardEntry,
  type Skeleton,
  type Version,
  type VersionLink,
} from '../../shard/objects';
import type { ChunkRecord, IndexPage } from '../../shard/records';
import { digestOf } from '../../store/digest';
import type { Store } from '../../store/store';
import { isPresent, type Catalogue } from '../catalogue';
import { addVersion, Change, commitEntries, putLog } from '../commit';
import { changesBetween } from '../editing/differences';
import { checkedName } from '../names';
import { openView, ShardView } from '../view';

/** A version of a zip of everything, with what was stored of it. */
export type PreparedVersion =
  | {
      readonly version: ArchivedVersion;
      readonly segments: readonly SegmentEntry[];
      readonly deltas: readonly DeltaLink[];
    }
  | { readonly skeleton: Skeleton; readonly merged?: ArchivedVersion['merged'] };

/** What an import made, before any entry refers to it. */
export interface PreparedImport {
  readonly shard: {
    /** The one it had where it was exported; taken where it is free. */
    readonly id: ShardId | null;
    readonly name: string;
    /** Null makes a new one. */
    readonly lineage: Lineage | null;
    readonly profile: ShardEntry['profile'];
    readonly model: string;
    readonly language: ShardEntry['language'];
  };
  /** What it shows. */
  readonly segments: readonly SegmentEntry[];
  readonly pages: readonly IndexPage[];
  readonly delta: Delta | null;
  readonly retention?: RetentionPolicy;
  /** Its history, newest first, of a zip of everything: then it shows what its head shows. */
  readonly whole?: { readonly facts: WholeShard; readonly line: readonly PreparedVersion[] };
  readonly message: string;
  readonly report: Pick<ImportReport, 'kind' | 'frames' | 'texts' | 'warnings'>;
}

export interface ImportCommit {
  readonly store: Store;
  readonly catalogue: Catalogue;
}

/** Commits an import. The caller sees to it that nothing else commits meanwhile. */
export async function commitImport(
  prepared: PreparedImport,
  { ifPresent = 'separate', name }: Pick<ImportOptions, 'ifPresent' | 'name'>,
  { store, catalogue }: ImportCommit,
): Promise<{ entry: ShardEntry; isNew: boolean }> {
  const { id } = prepared.shard;
  const known =
    id !== null && Object.hasOwn(store.entries(), id) ? await catalogue.entry(id) : null;
  const change = new Change(store);
  if (known && isPresent(known) && ifPresent === 'version') {
    const entry = await asVersion(change, catalogue, known, prepared);
    await commitEntries(store, change, [{ before: known, after: entry }]);
    return { entry, isNew: false };
  }
  const identity = {
    id: id === null || known ? newShardId() : id,
    name: checkedName(name ?? prepared.shard.name),
  };
  const made = prepared.whole
    ? await wholeEntry(change, prepared, prepared.whole, identity)
    : await newEntry(change, prepared, identity);
  const entry = known
    ? { ...made, origin: { shard: known.id, version: prepared.whole?.facts.head ?? known.head.id } }
    : made;
  await commitEntries(store, change, [{ before: null, after: entry }]);
  return { entry, isNew: true };
}

type Identity = Pick<ShardEntry, 'id' | 'name'>;

/** A shard of one version: what was imported. */
async function newEntry(
  change: Change,
  prepared: PreparedImport,
  identity: Identity,
): Promise<ShardEntry> {
  const { segments, retention, delta } = prepared;
  const { profile, model, language, lineage } = prepared.shard;
  const now = new Date().toISOString();
  const records = recordsOf(prepared);
  const deleted = records.filter((record) => record.deleted).length;
  const version: Version = {
    format: 'memreel/version/1',
    id: newVersionId(),
    parents: [],
    operation: 'import',
    message: prepared.message,
    createdAt: now,
    model,
    segments: await change.put({ format: 'memreel/segments/1', segments }),
    deltas: delta ? [await putDelta(change, delta)] : [],
    ...(retention ? { retention } : {}),
    patch: null,
    counts: {
      ...{ chunks: records.length, deleted, added: records.length - deleted },
      ...{ edited: 0, removed: 0, restored: 0 },
      sources: new Set(records.flatMap(({ source }) => source ?? [])).size,
    },
  };
  const head = { id: version.id, digest: await change.put(version) };
  return {
    format: 'memreel/shard/1',
    ...identity,
    lineage: lineage ?? newLineage(),
    ...{ profile, model, language, head },
    createdAt: now,
    updatedAt: now,
    log: await putLog(change, [head]),
    tags: {},
    facts: factsOf(version, segments, expires(records, retention)),
    questions: null,
  };
}

/** A shard with the whole history that it had. */
async function wholeEntry(
  change: Change,
  { shard, segments, ...prepared }: PreparedImport,
  { facts, line }: NonNullable<PreparedImport['whole']>,
  identity: Identity,
): Promise<ShardEntry> {
  const logged: LoggedVersion[] = [];
  const links = new Map<string, VersionLink>();
  let head: Version | undefined;
  for (const one of line) {
    if ('skeleton' in one) {
      const { skeleton, merged } = one;
      const digest = await change.put(skeleton);
      const link = { id: skeleton.id, digest, ...(merged === undefined ? {} : { merged }) };
      logged.push({ ...link, skeleton: true });
      continue;
    }
    const { table: _, deltas: __, patch, merged, ...rest } = one.version;
    const version: Version = {
      format: 'memreel/version/1',
      ...rest,
      segments: await change.put({ format: 'memreel/segments/1', segments: one.segments }),
      deltas: one.deltas,
      patch: patch && (await change.putPatch(patch)),
    };
    const link = { id: version.id, digest: await change.put(version) };
    links.set(version.id, link);
    logged.push(merged === undefined ? link : { ...link, merged });
    if (version.id === facts.head) head = version;
  }
  const named = (id: string): VersionLink => {
    const link = links.get(id);
    if (link) return link;
    throw new CorruptError(`The archive’s history has no version ${id}.`);
  };
  if (!head) throw new CorruptError('The archive’s history does not have its newest version.');
  const { lineage, profile, language } = shard;
  if (lineage === null) throw new CorruptError('The archive does not say its lineage.');
  const { createdAt, updatedAt, origin, questions } = facts;
  const records = recordsOf({ segments, ...prepared });
  return {
    format: 'memreel/shard/1',
    ...identity,
    ...{ lineage, profile, language, createdAt, updatedAt },
    model: head.model,
    ...(origin ? { origin } : {}),
    head: named(head.id),
    log: await putLog(change, logged),
    tags: Object.fromEntries(Object.entries(facts.tags).map(([tag, id]) => [tag, named(id)])),
    facts: factsOf(head, segments, expires(records, head.retention)),
    questions:
      questions.length > 0 ? await change.put({ format: 'memreel/questions/1', questions }) : null,
  };
}

/** A new version of a shard that is here, which shows what was imported. */
async function asVersion(
  change: Change,
  catalogue: Catalogue,
  known: ShardEntry,
  prepared: PreparedImport,
): Promise<ShardEntry> {
  const { segments, pages, delta, retention, message } = prepared;
  const before = await openView(catalogue, known, known.head);
  const table = await digestOf(encodeObject({ format: 'memreel/segments/1', segments }));
  const deltas = delta ? [{ digest: await digestOf(encodeDelta(delta)), delta }] : [];
  const after = new ShardView(
    known,
    { ...before.version, id: newVersionId(), segments: table, deltas: [] },
    { segments, pages, deltas },
  );
  const changes = changesBetween(before, after);
  const records = after.ordered();
  const sources = new Set(records.flatMap(({ source }) => source ?? [])).size;
  const { entry } = await addVersion(change, catalogue, known, {
    operation: 'import',
    message,
    counts: countsAfter(before.version.counts, changes, sources),
    patch: null,
    model: prepared.shard.model,
    segments,
    deltas: [],
    delta,
    retention: retention ?? null,
    expires: expires(records, retention),
  });
  return entry;
}

async function putDelta(change: Change, delta: Delta): Promise<DeltaLink> {
  const bytes = encodeDelta(delta);
  return { digest: await change.putBytes(bytes), rows: delta.rows.length, bytes: bytes.length };
}

/** All records that the imported version has: those of the pages, as the delta has them. */
function recordsOf({
  pages,
  delta,
}: Pick<PreparedImport, 'pages' | 'delta' | 'segments'>): ChunkRecord[] {
  const records = new Map(pages.flatMap((page) => page.records.map((one) => [one.uuid, one])));
  for (const { uuid, record } of delta?.rows ?? []) {
    if (record) records.set(uuid, record);
    else records.delete(uuid);
  }
  return [...records.values()];
}

function expires(records: readonly ChunkRecord[], retention: RetentionPolicy | undefined): boolean {
  return (
    retention?.ttlSeconds !== undefined || records.some(({ expiresAt }) => expiresAt !== undefined)
  );
}

function factsOf(
  { counts, retention }: Version,
  segments: readonly SegmentEntry[],
  mayExpire: boolean,
): ShardEntry['facts'] {
  return {
    chunks: counts.chunks - counts.deleted,
    deleted: counts.deleted,
    bytes: segments.reduce((sum, segment) => sum + segment.bytes.video, 0),
    ...(mayExpire ? { expires: true } : {}),
    ...(retention && Object.keys(retention).length > 0 ? { retains: true } : {}),
  };
}
