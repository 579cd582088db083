/**
 * Which shards there are, and their versions, read from the store. Objects are immutable, so what
 * was read once is kept by its digest. Knows nothing of frames or search.
 */
import type { ShardInfo } from '../api';
import { NotFoundError } from '../errors';
import type { VersionId } from '../shard/ids';
import {
  decodeObject,
  type SegmentTable,
  type ShardEntry,
  type Version,
  type VersionLink,
  type VersionLog,
} from '../shard/objects';
import { decodePage, type IndexPage } from '../shard/records';
import type { Digest } from '../store/digest';
import type { Store } from '../store/store';
import type { Cache } from './cache';

/** Decoded objects kept: more than the pages of a shard of 100,000 chunks. */
const KEPT = 256;

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
    const reference = this.#store.entries()[id];
    if (!reference) throw new NotFoundError('There is no such shard.', { subject: id });
    return this.#object(reference.digest, (bytes) => decodeObject('shard', bytes));
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
      const known = references.map(([, { digest }], at) => [digest, entries[at]] as const);
      await this.#cache?.keepEntries(
        new Map(known.flatMap(([digest, entry]) => (entry ? [[digest, entry] as const] : []))),
      );
    }
    return entries;
  }

  version(link: VersionLink): Promise<Version> {
    return this.#object(link.digest, (bytes) => decodeObject('version', bytes));
  }

  segments(version: Version): Promise<SegmentTable> {
    return this.#object(version.segments, (bytes) => decodeObject('segments', bytes));
  }

  log(digest: Digest): Promise<VersionLog> {
    return this.#object(digest, (bytes) => decodeObject('log', bytes));
  }

  page(digest: Digest): Promise<IndexPage> {
    return this.#object(digest, decodePage);
  }

  /** Finds a version of a shard by its id or a tag. @throws NotFoundError */
  async find(entry: ShardEntry, at: string): Promise<VersionLink> {
    const tagged = entry.tags[at];
    if (tagged) return tagged;
    if (entry.head.id === at) return entry.head;
    for (let stretch: Digest | null = entry.log; stretch;) {
      const log: VersionLog = await this.log(stretch);
      const found = log.versions.find(({ id }) => id === (at as VersionId));
      if (found) return found;
      stretch = log.older;
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

export function infoOf(entry: ShardEntry): ShardInfo {
  const { id, name, head, profile, model, facts, updatedAt, removedAt, origin } = entry;
  return {
    id,
    name,
    head: head.id,
    profile,
    model,
    ...facts,
    updatedAt,
    ...(removedAt === undefined ? {} : { removedAt }),
    ...(origin === undefined ? {} : { origin }),
  };
}

/** The ids of the shards that are there: those not removed. */
export function isPresent(entry: ShardEntry): boolean {
  return entry.removedAt === undefined;
}
