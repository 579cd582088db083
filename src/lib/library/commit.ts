/**
 * Changes to shards, as the small objects of one commit. The caller decides what changes; here it
 * becomes versions, logs and entries, which the store takes all of or none.
 */
import type { JsonPatchOperation, Operation, ProfileName, RetentionPolicy } from '../api';
import { selectVectorBytes } from '../search/combine-vectors';
import {
  deltasToMerge,
  encodeDelta,
  mergeDeltas,
  withoutRepeats,
  type Delta,
} from '../shard/delta';
import { newLineage, newShardId, newVersionId, type VersionId } from '../shard/ids';
import {
  encodeObject,
  LOG_VERSIONS,
  type DeltaLink,
  type LoggedVersion,
  type SegmentEntry,
  type ShardEntry,
  type Version,
  type VersionCounts,
  type VersionLink,
} from '../shard/objects';
import { digestOf, type Digest } from '../store/digest';
import type { Store } from '../store/store';
import { storedDigest, type Catalogue } from './catalogue';

/**
 * Bytes up to which an object travels inside the commit. A larger one becomes a blob before it, as
 * the segments of an ingest do: the journal is for what people wait for.
 */
const INLINE_BYTES = 1 << 20;

/** Bytes of all objects inside a commit: the history of an imported shard has any number of them. */
const INLINE_TOTAL = 4 << 20;

/** Collects the objects of one commit. */
export class Change {
  readonly #store: Store;
  readonly inline: Uint8Array[] = [];
  #bytes = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  put(object: Parameters<typeof encodeObject>[0]): Promise<Digest> {
    return this.putBytes(encodeObject(object));
  }

  async putBytes(bytes: Uint8Array): Promise<Digest> {
    if (bytes.length > INLINE_BYTES || this.#bytes + bytes.length > INLINE_TOTAL) {
      return this.#store.putBlob(bytes);
    }
    this.inline.push(bytes);
    this.#bytes += bytes.length;
    return digestOf(bytes);
  }

  putPatch(patch: readonly JsonPatchOperation[]): Promise<Digest> {
    return this.putBytes(new TextEncoder().encode(JSON.stringify(patch)));
  }
}

/** Writes entries: one flushed append. `frees` may use what is reserved for a full disk. */
export async function commitEntries(
  store: Store,
  change: Change,
  entries: readonly { before: ShardEntry | null; after: ShardEntry }[],
  { frees = false } = {},
): Promise<void> {
  const set: Record<string, { kind: 'shard'; digest: Digest }> = {};
  const expect: Record<string, Digest | null> = {};
  for (const { before, after } of entries) {
    set[after.id] = { kind: 'shard', digest: await change.put(after) };
    expect[after.id] = before && (await storedDigest(before));
  }
  await store.commit({ set, inline: change.inline, expect, frees });
}

export async function commitNewShard(
  store: Store,
  facts: { name: string; profile: ProfileName; model: string; language: 'en' | 'und' },
): Promise<ShardEntry> {
  const change = new Change(store);
  const now = new Date().toISOString();
  const segments = await change.put({ format: 'memreel/segments/1', segments: [] });
  const version: Version = {
    format: 'memreel/version/1',
    id: newVersionId(),
    parents: [],
    operation: 'create',
    message: '',
    createdAt: now,
    model: facts.model,
    segments,
    deltas: [],
    patch: null,
    counts: { chunks: 0, deleted: 0, added: 0, edited: 0, removed: 0, restored: 0, sources: 0 },
  };
  const head = { id: version.id, digest: await change.put(version) };
  const log = await change.put({ format: 'memreel/log/1', versions: [head], older: null });
  const entry: ShardEntry = {
    format: 'memreel/shard/1',
    id: newShardId(),
    lineage: newLineage(),
    ...facts,
    createdAt: now,
    updatedAt: now,
    head,
    log,
    tags: {},
    facts: { chunks: 0, deleted: 0, bytes: 0 },
    questions: null,
  };
  await commitEntries(store, change, [{ before: null, after: entry }]);
  return entry;
}

/** Changes what an entry says of itself, such as its name; its versions stay. */
export async function commitFacts(
  store: Store,
  before: ShardEntry,
  after: ShardEntry,
  change = new Change(store),
  options: { frees?: boolean } = {},
): Promise<void> {
  const stamped = { ...after, updatedAt: timeAfter(before) };
  await commitEntries(store, change, [{ before, after: stamped }], options);
}

/** Now, and later than an entry's last change: by this time what was opened of it is told apart. */
function timeAfter({ updatedAt }: ShardEntry): string {
  return new Date(Math.max(Date.now(), Date.parse(updatedAt) + 1)).toISOString();
}

/** A version to be made on top of a shard's head. What is left out stays as it is in the head. */
export interface NewVersion {
  readonly operation: Operation;
  readonly message: string;
  readonly counts: VersionCounts;
  readonly patch: readonly JsonPatchOperation[] | null;
  /** The head that a merge takes in. */
  readonly merged?: VersionId;
  readonly model?: string;
  /** All segments. */
  readonly segments?: readonly SegmentEntry[];
  /** Stored deltas instead of the head's. */
  readonly deltas?: readonly DeltaLink[];
  /** What changes, on top of the deltas. */
  readonly delta?: Delta | null;
  /** Null takes the policy away. */
  readonly retention?: RetentionPolicy | null;
  /** Chunks of its new segments may expire; those of the delta speak for themselves. */
  readonly expires?: boolean;
}

export async function commitVersion(
  store: Store,
  catalogue: Catalogue,
  before: ShardEntry,
  made: NewVersion,
): Promise<{ entry: ShardEntry; version: Version }> {
  const change = new Change(store);
  const { entry, version } = await addVersion(change, catalogue, before, made);
  await commitEntries(store, change, [{ before, after: entry }]);
  return { entry, version };
}

/** Puts the objects of a new version into a change. */
export async function addVersion(
  change: Change,
  catalogue: Catalogue,
  before: ShardEntry,
  made: NewVersion,
): Promise<{ entry: ShardEntry; version: Version }> {
  const head = await catalogue.version(before.head);
  const now = new Date().toISOString();
  const segments = made.segments ?? (await catalogue.segments(head)).segments;
  const { retention: policy, ...rest } = head;
  const retention = made.retention === undefined ? policy : (made.retention ?? undefined);
  const version: Version = {
    ...rest,
    id: newVersionId(),
    parents: made.merged ? [before.head.id, made.merged] : [before.head.id],
    operation: made.operation,
    message: made.message,
    createdAt: now,
    model: made.model ?? head.model,
    segments: made.segments
      ? await change.put({ format: 'memreel/segments/1', segments: made.segments })
      : head.segments,
    deltas: await stacked(change, catalogue, made.deltas ?? head.deltas, made.delta ?? null),
    patch: made.patch ? await change.putPatch(made.patch) : null,
    counts: made.counts,
    ...(retention && Object.keys(retention).length > 0 ? { retention } : {}),
  };
  const expires =
    made.expires === true ||
    made.delta?.rows.some(({ record }) => record?.expiresAt !== undefined) === true;
  const link: VersionLink = { id: version.id, digest: await change.put(version) };
  const logged = made.merged ? { ...link, merged: made.merged } : link;
  const entry: ShardEntry = {
    ...before,
    model: version.model,
    head: link,
    log: await extended(change, catalogue, before.log, logged),
    updatedAt: timeAfter(before),
    facts: {
      chunks: version.counts.chunks - version.counts.deleted,
      deleted: version.counts.deleted,
      bytes: segments.reduce((sum, segment) => sum + segment.bytes.video, 0),
      ...(expires || before.facts.expires || retention?.ttlSeconds ? { expires: true } : {}),
      ...(retention && Object.keys(retention).length > 0 ? { retains: true } : {}),
    },
  };
  return { entry, version };
}

/** A stack of deltas with one more on top, perhaps merged with the newest ones. */
async function stacked(
  change: Change,
  catalogue: Catalogue,
  stack: readonly DeltaLink[],
  delta: Delta | null,
): Promise<DeltaLink[]> {
  if (!delta || delta.rows.length === 0) return [...stack];
  const count = deltasToMerge(stack, delta.rows.length);
  const kept = stack.slice(0, stack.length - count);
  const merging = stack.slice(stack.length - count);
  const parts = await Promise.all(merging.map(({ digest }) => catalogue.delta(digest)));
  const top = count > 0 ? mergeDeltas([...parts, delta], selectVectorBytes) : delta;
  const bytes = encodeDelta(top);
  const digest = await change.putBytes(bytes);
  return withoutRepeats([...kept, { digest, rows: top.rows.length, bytes: bytes.length }]);
}

async function extended(
  change: Change,
  catalogue: Catalogue,
  digest: Digest,
  link: LoggedVersion,
): Promise<Digest> {
  const log = await catalogue.log(digest);
  return change.put(
    log.versions.length < LOG_VERSIONS
      ? { ...log, versions: [link, ...log.versions] }
      : { format: log.format, versions: [link], older: digest },
  );
}

/**
 * The log from one of a shard's versions on. Newer ones are cut off: they would be kept by it, and a
 * purge or a release would not find them in its line.
 */
export async function logFrom(
  change: Change,
  catalogue: Catalogue,
  entry: ShardEntry,
  id: VersionId,
): Promise<Digest> {
  const { digest, stretch, at } = await catalogue.stretchOf(entry, id);
  if (at === 0) return digest;
  return change.put({ ...stretch, versions: stretch.versions.slice(at) });
}

/** A log of these versions, newest first; the newest stretch is the one with room. */
export async function putLog(change: Change, versions: readonly LoggedVersion[]): Promise<Digest> {
  let older: Digest | null = null;
  for (let end = versions.length; end > 0; end -= LOG_VERSIONS) {
    const stretch = versions.slice(Math.max(0, end - LOG_VERSIONS), end);
    older = await change.put({ format: 'memreel/log/1', versions: stretch, older });
  }
  if (!older) throw new Error('A shard has at least one version.');
  return older;
}
