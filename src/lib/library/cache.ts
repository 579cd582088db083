/**
 * What may be forgotten at any time, in IndexedDB: shard entries by digest for fast listing, what
 * probes found in this browser, when shards were last exported, how often chunks were found. Never
 * the truth: an entry comes back from the store, a probe is run again, a forgotten export only
 * reminds once more, and a forgotten count only changes what is evicted first. A database that does
 * not open, breaks or hangs is as good as an empty one.
 */
import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import type { ProfileName } from '../api';
import type { ShardEntry } from '../shard/objects';

/** What was found when something was tried in this browser. */
interface Probe {
  readonly works: boolean;
  readonly detail: string;
}

interface Schema extends DBSchema {
  entries: { key: string; value: ShardEntry };
  probes: { key: string; value: Probe };
  exports: { key: string; value: string };
  /** How often a chunk was found, by UUID. */
  uses: { key: string; value: number };
}

/** A database that has not answered by then is not waited for, in milliseconds. */
const PATIENCE = 2000;

export class Cache {
  #database: Promise<IDBPDatabase<Schema> | undefined>;
  readonly #name: string;
  #reopened = false;

  constructor(name: string) {
    this.#name = `memreel-cache:${name}`;
    this.#database = this.#open();
  }

  /** Entries by digest: those that are known here. */
  async entries(digests: readonly string[]): Promise<Map<string, ShardEntry>> {
    const found = await this.#try(async (database) => {
      const store = database.transaction('entries').store;
      return Promise.all(digests.map((digest) => store.get(digest)));
    });
    const entries = new Map<string, ShardEntry>();
    digests.forEach((digest, at) => {
      const entry = found?.[at];
      if (entry) entries.set(digest, entry);
    });
    return entries;
  }

  /** Keeps these too, and of the others only those that are named. */
  async keepEntries(
    added: ReadonlyMap<string, ShardEntry>,
    others: ReadonlySet<string>,
  ): Promise<void> {
    await this.#try(async (database) => {
      const transaction = database.transaction('entries', 'readwrite');
      for (const digest of await transaction.store.getAllKeys()) {
        if (!others.has(digest)) void transaction.store.delete(digest);
      }
      for (const [digest, entry] of added) void transaction.store.put(entry, digest);
      await transaction.done;
    });
  }

  probe(profile: ProfileName): Promise<Probe | undefined> {
    return this.#try((database) => database.get('probes', probeKey(profile)));
  }

  async keepProbe(profile: ProfileName, found: Probe): Promise<void> {
    await this.#try((database) => database.put('probes', found, probeKey(profile)));
  }

  /** What came of trying models on WebGPU. */
  readonly trials = {
    find: (model: string): Promise<Probe | undefined> =>
      this.#try((database) => database.get('probes', probeKey(`model ${model}`))),
    keep: async (model: string, trial: Probe | undefined): Promise<void> => {
      const key = probeKey(`model ${model}`);
      await this.#try<unknown>((database) =>
        trial ? database.put('probes', trial, key) : database.delete('probes', key),
      );
    },
  };

  /** When a shard was last exported, ISO 8601. */
  lastExport(shard: string): Promise<string | undefined> {
    return this.#try((database) => database.get('exports', shard));
  }

  async keepLastExport(shard: string, at: string): Promise<void> {
    await this.#try((database) => database.put('exports', at, shard));
  }

  /** How often chunks were found: those that ever were. */
  async uses(uuids: readonly string[]): Promise<Map<string, number>> {
    const wanted = new Set(uuids);
    const found = await this.#try(async (database) => {
      const store = database.transaction('uses').store;
      const [keys, counts] = await Promise.all([store.getAllKeys(), store.getAll()]);
      return keys.map((key, at) => [key, counts[at] ?? 0] as const);
    });
    return new Map(found?.filter(([uuid]) => wanted.has(uuid)));
  }

  /** Counts that chunks were found once more. */
  async countUses(uuids: readonly string[]): Promise<void> {
    await this.#try(async (database) => {
      const transaction = database.transaction('uses', 'readwrite');
      for (const uuid of uuids) {
        const before = (await transaction.store.get(uuid)) ?? 0;
        void transaction.store.put(before + 1, uuid);
      }
      await transaction.done;
    });
  }

  async forgetUses(uuids: readonly string[]): Promise<void> {
    await this.#try(async (database) => {
      const transaction = database.transaction('uses', 'readwrite');
      for (const uuid of uuids) void transaction.store.delete(uuid);
      await transaction.done;
    });
  }

  async close(): Promise<void> {
    (await this.#database)?.close();
  }

  /** Runs a request; undefined where there is no database to ask. */
  async #try<T>(work: (database: IDBPDatabase<Schema>) => Promise<T>): Promise<T | undefined> {
    const database = await this.#database;
    if (!database) return undefined;
    try {
      return await work(database);
    } catch {
      // A cache that fails is an empty cache: nothing depends on what is in it. A connection that
      // the browser has closed (InvalidStateError) is opened once more for later requests.
      if (!this.#reopened) {
        this.#reopened = true;
        this.#database = this.#open();
      }
      return undefined;
    }
  }

  #open(): Promise<IDBPDatabase<Schema> | undefined> {
    const opening = openDB<Schema>(this.#name, 2, {
      upgrade(database) {
        // Nothing in it is worth moving: what an older version of the app left is dropped.
        for (const name of [...database.objectStoreNames]) database.deleteObjectStore(name);
        for (const name of ['entries', 'probes', 'exports', 'uses'] as const) {
          database.createObjectStore(name);
        }
      },
      // A newer version of the app in another tab wants to change the database: let it.
      blocking: (_, __, event) => {
        (event.target as IDBDatabase | null)?.close();
      },
    });
    const late = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE, undefined));
    return Promise.race([opening.catch(() => undefined), late]);
  }
}

/** A probe holds for one version of one browser. */
const probeKey = (subject: string): string => `${subject} ${navigator.userAgent}`;
