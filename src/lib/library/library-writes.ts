/**
 * The writes of a library, as the tab that may write does them. Each decides on the newest entry and
 * commits it in one step; reading is for `library-engine.ts`.
 */
import type { LibraryChange, ProfileName, ShardInfo } from '../api';
import { InvalidError, NotFoundError, UnsupportedError } from '../errors';
import { BUILT_IN, modelRegistry } from '../embedding/registry';
import type { CallContext, Handlers } from '../rpc/protocol';
import type { ShardEntry } from '../shard/objects';
import type { Store } from '../store/store';
import { infoOf, isPresent, type Catalogue } from './catalogue';
import { commitFacts, commitIngest, commitNewShard } from './commit';
import { Gate } from './gate';
import { ingestFiles } from './ingest';
import type { WriteProtocol } from './library-protocol';
import type { EngineParts } from './parts';
import type { ShardView } from './view';

const MAX_NAME = 200;

export interface WriteContext {
  readonly parts: EngineParts;
  readonly store: Store;
  readonly catalogue: Catalogue;
  /** The head of a shard, opened. */
  view(id: string): Promise<ShardView>;
  /** Tells everyone, once it is committed. */
  changed(change: Omit<LibraryChange, 'from'>): Promise<void>;
}

export class LibraryWrites {
  readonly #context: WriteContext;
  /** Ingests into one shard come one after another: the second continues the first one's order. */
  readonly #turns = new Map<string, Gate>();
  readonly #commits = new Gate(1);

  constructor(context: WriteContext) {
    this.#context = context;
  }

  /** One function a write, for this tab's calls and for those of other tabs. */
  handlers(): Handlers<WriteProtocol> {
    return {
      ping: () => Promise.resolve(),
      create: (args) => this.#create(args),
      rename: ({ id, name }) =>
        this.#changeEntry(id, 'changed', (entry) => ({ ...entry, name: checkedName(name) })).then(
          infoOf,
        ),
      remove: async ({ id }) => {
        const removedAt = new Date().toISOString();
        await this.#changeEntry(id, 'removed', (entry) => ({ ...entry, removedAt }));
      },
      restore: async ({ id }) => {
        await this.#changeEntry(id, 'restored', (entry) => {
          const { removedAt, ...rest } = entry;
          if (removedAt === undefined) {
            throw new NotFoundError('The shard was not removed.', { subject: id });
          }
          return rest;
        });
      },
      ingest: (args, context) => this.#ingest(args, context),
    };
  }

  async #create({ name, profile, model }: WriteProtocol['create']['args']): Promise<ShardInfo> {
    const facts = {
      name: checkedName(name),
      model: checkedModel(model),
      profile: await this.#profile(profile),
      language: 'en' as const,
    };
    const entry = await commitNewShard(this.#context.store, facts);
    await this.#context.changed({ shards: [entry.id], kind: 'created' });
    return infoOf(entry);
  }

  async #ingest(
    { id, files, chunking }: WriteProtocol['ingest']['args'],
    { signal, progress, question }: CallContext<WriteProtocol['ingest']>,
  ): Promise<WriteProtocol['ingest']['reply']> {
    const began = performance.now();
    const leave = await this.#turn(id).enter();
    try {
      const view = await this.#context.view(id);
      if (!isPresent(view.entry)) throw removed(view.entry);
      const { engines, assetsUrl } = this.#context.parts;
      const ingested = await ingestFiles(files, chunking, {
        engines,
        store: this.#context.store,
        entry: view.entry,
        lastOrder: view.lastOrder(),
        assetsUrl,
        signal,
        progress,
        password: (file) => question({ password: file }),
      });
      signal.throwIfAborted();
      let version: string | null = null;
      if (ingested.chunks > 0) {
        progress({ stage: 'commit', done: 0, total: 1 });
        const message = messageFor(files);
        version = await this.#committing(async () => {
          // Renamed meanwhile, perhaps: the entry as it is now.
          const entry = await this.#context.catalogue.entry(id);
          const { store, catalogue } = this.#context;
          return commitIngest(store, catalogue, entry, { ...ingested, message });
        });
        await this.#context.changed({ shards: [id], kind: 'changed' });
        progress({ stage: 'commit', done: 1, total: 1 });
      }
      const seconds = (performance.now() - began) / 1000;
      const { chunks } = ingested;
      return {
        report: { files: ingested.files, chunks, seconds, version },
        info: infoOf(await this.#context.catalogue.entry(id)),
      };
    } finally {
      leave();
    }
  }

  async #changeEntry(
    id: string,
    kind: LibraryChange['kind'],
    change: (entry: ShardEntry) => ShardEntry,
  ): Promise<ShardEntry> {
    const after = await this.#committing(async () => {
      const before = await this.#context.catalogue.entry(id);
      if (kind !== 'restored' && !isPresent(before)) throw removed(before);
      const changed = { ...change(before), updatedAt: new Date().toISOString() };
      await commitFacts(this.#context.store, before, changed);
      return changed;
    });
    await this.#context.changed({ shards: [id], kind });
    return after;
  }

  /** From reading an entry to writing the next one nothing else may write it. */
  async #committing<T>(work: () => Promise<T>): Promise<T> {
    const leave = await this.#commits.enter();
    try {
      return await work();
    } finally {
      leave();
    }
  }

  #turn(id: string): Gate {
    const gate = this.#turns.get(id) ?? new Gate(1);
    this.#turns.set(id, gate);
    return gate;
  }

  /** The profile that a new shard gets. @throws UnsupportedError */
  async #profile(wanted: 'auto' | ProfileName): Promise<ProfileName> {
    if (wanted === 'universal') return wanted;
    const { cache, engines } = this.#context.parts;
    let found = await cache?.probe('compact');
    if (!found) {
      found = await engines.decode.call('probe', { profile: 'compact' });
      await cache?.keepProbe('compact', found);
    }
    if (found.works) return 'compact';
    if (wanted === 'auto') return 'universal';
    throw new UnsupportedError(`This browser cannot write the compact profile: ${found.detail}`, {
      subject: 'compact',
    });
  }
}

function checkedName(name: string): string {
  const trimmed = name.trim();
  if (trimmed.length > 0 && trimmed.length <= MAX_NAME) return trimmed;
  throw new InvalidError(`A shard’s name has 1 to ${String(MAX_NAME)} characters.`, {
    subject: 'name',
  });
}

function checkedModel(model: string): string {
  if (modelRegistry().some(({ id }) => id === model)) return model;
  throw new InvalidError(`There is no model ${model}. The built-in one is ${BUILT_IN}.`, {
    subject: 'model',
  });
}

function removed({ id, name }: ShardEntry): NotFoundError {
  return new NotFoundError(`The shard “${name}” was removed. Restore it first.`, { subject: id });
}

function messageFor(files: readonly File[]): string {
  const [first] = files;
  return files.length === 1 && first
    ? `Added ${first.name}`
    : `Added ${String(files.length)} documents`;
}
