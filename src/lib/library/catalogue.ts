/**
 * Which shards there are, and their versions, read from the store. Objects are immutable, so what
 * was read once is kept by its digest. Knows nothing of frames or search.
 */
import type { JsonPatchOperation, RetentionPolicy, ShardInfo } from '../api';
import { NotFoundError } from '../errors';
import { decodeDelta, type Delta } from '../shard/delta';
import type { VersionId } from '../shard/ids';
import {
  decodeObject,
  encodeObject,
  type LoggedVersion,
  type QuestionList,
  type SegmentTable,
  type ShardEntry,
  type Skeleton,
  type Version,
  type VersionLink,
  type VersionLog,
} from '../shard/objects';
import { decodePage, type IndexPage } from '../shard/records';
import { digestOf, type Digest } from '../store/digest';
import type { Store } from '../store/store';
import type { Cache } from './cache';

/** Decoded objects kept: more than the pages of a shard of 100,000 chunks and its latest edits. */
const KEPT = 1024;

/**
 * The digest that each entry was read under. That of one which an older version of the app wrote is
 * not the digest of what it is encoded to now.
 */
const readUnder = new WeakMap<ShardEntry, Digest>();

/** The digest that an entry is stored under: as it was read, or as it was made and committed. */
export async function storedDigest(entry: ShardEntry): Promise<Digest> {
  return readUnder.get(entry) ?? digestOf(encodeObject(entry));
}

export class Catalogue {
  readonly #store: Store;
  readonly #cache: Cache | undefined;
  readonly #kept = new Map<Digest, unknown>();

  constructor(store: Store, cache?: Cache) {
    this.#store = store;
    this.#cache = cache;
  }

  /** @throws NotFoundError */
  async entry(id: string): Promise<ShardEntry> {
    const entries = this.#store.entries();
    const reference = Object.hasOwn(entries, id) ? entries[id] : undefined;
    if (!reference) throw new NotFoundError('There is no such shard.', { subject: id });
    const entry = await this.#object(reference.digest, (bytes) => decodeObject('shard', bytes));
    readUnder.set(entry, reference.digest);
    return entry;
  }

  /** All entries, removed shards' too. Those that the cache has are not read from the store. */
  async entries(): Promise<ShardEntry[]> {
    const references = Object.entries(this.#store.entries());
    const missing = references.filter(([, { digest }]) => !this.#kept.has(digest));
    if (missing.length > 0) {
      const cached = await this.#cache?.entries(missing.map(([, { digest }]) => digest));
      for (const [digest, entry] of cached ?? []) this.#keep(digest as Digest, entry);
    }
    const entries = await Promise.all(references.map(([id]) => this.entry(id)));
    if (missing.length > 0) {
      const read = new Set(missing.map(([id]) => id));
      const added = entries.filter(({ id }) => read.has(id));
      // Nobody waits for a cache: an edit changes one entry among hundreds.
      void this.#cache?.keepEntries(
        new Map(added.map((entry) => [readUnder.get(entry) ?? '', entry])),
        new Set(references.map(([, { digest }]) => digest)),
      );
    }
    return entries;
  }

  version(link: VersionLink): Promise<Version> {
    return this.#object(link.digest, (bytes) => decodeObject('version', bytes));
  }

  segments(version: Pick<Version, 'segments'>): Promise<SegmentTable> {
    return this.#object(version.segments, (bytes) => decodeObject('segments', bytes));
  }

  log(digest: Digest): Promise<VersionLog> {
    return this.#object(digest, (bytes) => decodeObject('log', bytes));
  }

  page(digest: Digest): Promise<IndexPage> {
    return this.#object(digest, decodePage);
  }

  delta(digest: Digest): Promise<Delta> {
    return this.#object(digest, decodeDelta);
  }

  skeleton(digest: Digest): Promise<Skeleton> {
    return this.#object(digest, (bytes) => decodeObject('skeleton', bytes));
  }

  questions(digest: Digest): Promise<QuestionList> {
    return this.#object(digest, (bytes) => decodeObject('questions', bytes));
  }

  patch(digest: Digest): Promise<JsonPatchOperation[]> {
    return this.#object(
      digest,
      (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as JsonPatchOperation[],
    );
  }

  /** All versions of a shard's line, newest first; with those of which only a skeleton is left. */
  async *line(entry: ShardEntry): AsyncGenerator<LoggedVersion> {
    for (let stretch: Digest | null = entry.log; stretch;) {
      const log: VersionLog = await this.log(stretch);
      yield* log.versions;
      stretch = log.older;
    }
  }

  /** The stretch of a shard's log that a version stands in, and where. @throws NotFoundError */
  async stretchOf(
    { log, name }: ShardEntry,
    id: VersionId,
  ): Promise<{ digest: Digest; stretch: VersionLog; at: number }> {
    for (let digest: Digest | null = log; digest;) {
      const stretch: VersionLog = await this.log(digest);
      const at = stretch.versions.findIndex((one) => one.id === id);
      if (at >= 0) return { digest, stretch, at };
      digest = stretch.older;
    }
    throw new NotFoundError(`The shard “${name}” has no such version.`, { subject: id });
  }

  /** Forgets what was read: it may have been purged. */
  forget(): void {
    this.#kept.clear();
  }

  /** Finds a version of a shard by its id or a tag. @throws NotFoundError */
  async find(entry: ShardEntry, at: string): Promise<VersionLink> {
    // A name such as `constructor` is no tag.
    const tagged = Object.hasOwn(entry.tags, at) ? entry.tags[at] : undefined;
    if (tagged) return tagged;
    if (entry.head.id === at) return entry.head;
    for await (const version of this.line(entry)) {
      if (version.id === at && !version.skeleton) return version;
    }
    throw new NotFoundError(`The shard “${entry.name}” has no such version.`, { subject: at });
  }

  async #object<T>(digest: Digest, decode: (bytes: Uint8Array) => T): Promise<T> {
    const kept = this.#kept.get(digest) as T | undefined;
    if (kept !== undefined) {
      this.#kept.delete(digest);
      this.#kept.set(digest, kept); // the newest is the last to go
      return kept;
    }
    const object = decode(await this.#store.read(digest));
    this.#keep(digest, object);
    return object;
  }

  #keep(digest: Digest, object: unknown): void {
    this.#kept.set(digest, object);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break;
      this.#kept.delete(oldest);
    }
  }
}

/** What a shard is, from its entry; `due` and `retention` come from its opened head. */
export function infoOf(
  entry: ShardEntry,
  modelState: ShardInfo['modelState'],
  head?: { retention: RetentionPolicy | undefined; due: number },
): ShardInfo {
  const { id, name, profile, model, language, updatedAt, removedAt, origin } = entry;
  const { chunks, deleted, bytes } = entry.facts;
  return {
    id,
    name,
    head: entry.head.id,
    profile,
    model,
    modelState,
    language,
    chunks,
    deleted,
    bytes,
    updatedAt,
    ...(removedAt === undefined ? {} : { removedAt }),
    ...(origin === undefined ? {} : { origin }),
    ...(head?.retention === undefined ? {} : { retention: head.retention }),
    due: head?.due ?? 0,
  };
}

/** The ids of the shards that are there: those not removed. */
export function isPresent(entry: ShardEntry): boolean {
  return entry.removedAt === undefined;
}
