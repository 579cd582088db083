/**
 * Changes to shards, as the small objects of one commit. Pure but for the digests: the caller hands
 * what is made here to the store, which takes all of it or nothing.
 */
import type { ProfileName } from '../api';
import { newLineage, newShardId, newVersionId, type VersionId } from '../shard/ids';
import {
  encodeObject,
  LOG_VERSIONS,
  type SegmentEntry,
  type ShardEntry,
  type Version,
  type VersionLog,
} from '../shard/objects';
import { digestOf, type Digest } from '../store/digest';
import type { Store } from '../store/store';
import type { Catalogue } from './catalogue';

/** Collects the objects of one commit. */
class Change {
  readonly inline: Uint8Array[] = [];

  async put(object: Parameters<typeof encodeObject>[0]): Promise<Digest> {
    const bytes = encodeObject(object);
    this.inline.push(bytes);
    return digestOf(bytes);
  }
}

/** Writes a shard's entry: one flushed append. */
async function commitEntry(
  store: Store,
  entry: ShardEntry,
  change: Change,
  before: Digest | null,
): Promise<void> {
  const digest = await change.put(entry);
  await store.commit({
    set: { [entry.id]: { kind: 'shard', digest } },
    inline: change.inline,
    expect: { [entry.id]: before },
  });
}

export async function commitNewShard(
  store: Store,
  facts: { name: string; profile: ProfileName; model: string; language: 'en' | 'und' },
): Promise<ShardEntry> {
  const change = new Change();
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
    delta: null,
    patch: null,
    counts: { chunks: 0, deleted: 0, added: 0, sources: 0 },
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
  };
  await commitEntry(store, entry, change, null);
  return entry;
}

/** Changes what an entry says of itself, such as its name; its versions stay. */
export async function commitFacts(
  store: Store,
  before: ShardEntry,
  after: ShardEntry,
): Promise<void> {
  const digest = await digestOf(encodeObject(before));
  await commitEntry(store, after, new Change(), digest);
}

/** A new version of a shard that has these segments beside those of its head. */
export async function commitIngest(
  store: Store,
  catalogue: Catalogue,
  before: ShardEntry,
  made: { segments: readonly SegmentEntry[]; chunks: number; sources: number; message: string },
): Promise<VersionId> {
  const change = new Change();
  const head = await catalogue.version(before.head);
  const table = await catalogue.segments(head);
  const now = new Date().toISOString();
  const all = [...table.segments, ...made.segments];
  const version: Version = {
    ...head,
    id: newVersionId(),
    parents: [before.head],
    operation: 'ingest',
    message: made.message,
    createdAt: now,
    segments: await change.put({ format: 'memreel/segments/1', segments: all }),
    patch: null,
    counts: {
      chunks: head.counts.chunks + made.chunks,
      deleted: head.counts.deleted,
      added: made.chunks,
      sources: made.sources,
    },
  };
  const link = { id: version.id, digest: await change.put(version) };
  const entry: ShardEntry = {
    ...before,
    head: link,
    log: await change.put(extended(await catalogue.log(before.log), before.log, link)),
    updatedAt: now,
    facts: {
      chunks: version.counts.chunks - version.counts.deleted,
      deleted: version.counts.deleted,
      bytes: all.reduce((sum, segment) => sum + segment.bytes.video, 0),
    },
  };
  await commitEntry(store, entry, change, await digestOf(encodeObject(before)));
  return version.id;
}

function extended(
  log: VersionLog,
  digest: Digest,
  link: VersionLog['versions'][number],
): VersionLog {
  return log.versions.length < LOG_VERSIONS
    ? { ...log, versions: [link, ...log.versions] }
    : { format: log.format, versions: [link], older: digest };
}
