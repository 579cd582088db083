/**
 * The library as its worker runs it: opens the store, answers reads, does the writes of this tab or
 * hands them to the tab that may write, and tells what changed. Each step is in a file of its own.
 */
import type { LibraryChange, ProfileName, ShardInfo } from '../api';
import { InvalidError, NotFoundError, UnsupportedError } from '../errors';
import { BUILT_IN, modelRegistry } from '../embedding/registry';
import type { CallContext, Handlers } from '../rpc/protocol';
import { Transferred } from '../rpc/protocol';
import { LEAVES, referencesOf, type ShardEntry } from '../shard/objects';
import { Store } from '../store/store';
import { Catalogue, infoOf, isPresent } from './catalogue';
import { checkLibrary } from './check';
import { commitFacts, commitIngest, commitNewShard } from './commit';
import { exportMp4, forgetOldExports } from './export-mp4';
import { FrameTexts } from './frame-texts';
import { Gate } from './gate';
import { ingestFiles } from './ingest';
import type { LibraryProtocol, WriteProtocol } from './library-protocol';
import type { EngineParts } from './parts';
import type { Peers } from './peers';
import { Questions } from './question';
import { chunkInContext, listChunks, oneChunk } from './reading';
import { selfCheck } from './self-check';
import { bytesByShard, statsOf } from './sizes';
import { openView, type ShardView } from './view';

/** Views kept open: their records are in memory. */
const KEPT_VIEWS = 8;

/** Milliseconds without a write after which the journal is moved into blobs. */
const IDLE = 10_000;

const MAX_NAME = 200;

type Watcher = (change: LibraryChange, infos: ShardInfo[]) => void;

export class LibraryEngine {
  readonly #parts: EngineParts;
  readonly #store: Store;
  readonly #catalogue: Catalogue;
  readonly #texts: FrameTexts;
  readonly #questions: Questions;
  readonly #views = new Map<string, Promise<ShardView>>();
  readonly #watchers = new Set<Watcher>();
  /** Writes to one shard come one after another. */
  readonly #turns = new Map<string, Gate>();
  readonly #peers: Peers | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
  /** Resolves when this tab is the one that writes: at once, or when the one before has gone. */
  readonly #becoming: Promise<void>;

  private constructor(parts: EngineParts, store: Store) {
    const { engines, assetsUrl } = parts;
    this.#parts = parts;
    this.#store = store;
    this.#catalogue = new Catalogue(store, parts.cache);
    this.#texts = new FrameTexts(store, engines.decode);
    this.#questions = new Questions({ store, engines, texts: this.#texts, assetsUrl });
    this.#peers = parts.peers?.((change) => {
      void this.#changedElsewhere(change);
    });
    this.#becoming = store.becomeWriter().then(() => this.#peers?.becomeWriter(this.writes()));
    this.#becoming.catch(() => undefined); // a write that needs it rejects with it
  }

  static async open(parts: EngineParts): Promise<LibraryEngine> {
    const { fs, locks, name } = parts;
    await forgetOldExports(fs, locks, name);
    const store = await Store.open({ fs, locks, name, references: referencesOf, leaves: LEAVES });
    return new LibraryEngine(parts, store);
  }

  /** The writes, as the tab that may write does them. */
  writes(): Handlers<WriteProtocol> {
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

  /** Everything but opening. */
  handlers(): Handlers<Omit<LibraryProtocol, 'open'>> {
    return {
      ...this.#routedWrites(),
      watch: (_, { signal, progress }) => this.#watch(signal, progress),
      shards: async ({ removed }) => {
        const entries = await this.#catalogue.entries();
        return entries
          .filter((entry) => removed || isPresent(entry))
          .map(infoOf)
          .sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
      },
      info: async ({ id, at }) => {
        const view = await this.#view(id, at);
        return { ...infoOf(view.entry), head: view.version.id };
      },
      sources: async ({ id, at }) => (await this.#view(id, at)).sources(),
      search: async ({ id, at, query, options }, { signal }) =>
        this.#questions.ask(await this.#view(id, at), query, { ...options, signal }),
      searchAll: async ({ query, options }, { signal }) => {
        const entries = (await this.#catalogue.entries()).filter(isPresent);
        const hits = await Promise.all(
          entries.map(async ({ id }) => {
            const found = await this.#questions.ask(await this.#view(id), query, {
              ...options,
              signal,
            });
            return found.map((hit) => ({ ...hit, shard: id }));
          }),
        );
        return hits
          .flat()
          .sort((a, b) => b.score - a.score)
          .slice(0, options.topK ?? 10);
      },
      chunks: async ({ id, at, ...options }, { signal }) =>
        listChunks(await this.#view(id, at), this.#texts, options, signal),
      chunk: async ({ id, at, uuid }) => oneChunk(await this.#view(id, at), this.#texts, uuid),
      context: async ({ id, at, uuid, ...around }) =>
        chunkInContext(await this.#view(id, at), this.#texts, uuid, around),
      frame: async ({ id, at, segment, index }) => {
        const shown = (await this.#view(id, at)).segment(segment);
        if (!Number.isInteger(index) || index < 0 || index >= shown.frames) {
          throw new NotFoundError('The segment has no such frame.', { subject: String(index) });
        }
        const picture = await this.#texts.picture(shown, index);
        return new Transferred(picture, [picture]);
      },
      stats: async ({ id, at }) => statsOf(this.#catalogue, await this.#view(id, at)),
      storage: () => this.#storage(),
      check: ({ deep }, { signal, progress }) =>
        checkLibrary(this.#store, this.#catalogue, this.#texts, { deep, signal, progress }),
      selfCheck: () => selfCheck(this.#parts),
      models: () => this.#parts.engines.embed.call('models', null),
      export: async ({ id, at, to }, { signal, progress }) => {
        const view = await this.#view(id, at);
        const { fs, cache } = this.#parts;
        const file = await exportMp4(view, this.#store, fs, { to, signal, progress });
        await cache?.keepLastExport(id, new Date().toISOString());
        return file;
      },
      close: () => this.close(),
    };
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    this.#peers?.close();
    this.#parts.engines.close();
    await this.#store.close();
    await this.#parts.cache?.close();
  }

  /** Each write here, where this tab may write, else in the tab that may. */
  #routedWrites(): Handlers<WriteProtocol> {
    const local = this.writes();
    const route = <K extends keyof WriteProtocol>(method: K): Handlers<WriteProtocol>[K] => {
      const routed = async (
        args: WriteProtocol[K]['args'],
        context: CallContext<WriteProtocol[K]>,
      ): Promise<WriteProtocol[K]['reply']> => {
        if (!this.#peers || (await this.#isWriter(this.#peers))) {
          await this.#becoming;
          const reply = await local[method](args, context);
          return reply instanceof Transferred ? reply.value : reply;
        }
        const reply = await this.#peers.writer().call(method, args, {
          signal: context.signal,
          onProgress: context.progress,
          onQuestion: context.question,
        });
        await this.#store.refresh();
        return reply;
      };
      return routed as Handlers<WriteProtocol>[K];
    };
    return {
      ping: route('ping'),
      create: route('create'),
      rename: route('rename'),
      remove: route('remove'),
      restore: route('restore'),
      ingest: route('ingest'),
    };
  }

  /** Whether this tab writes: true, or an answer of the one that does, whichever comes first. */
  async #isWriter(peers: Peers): Promise<boolean> {
    if (!this.#store.isWriter) {
      const answered = peers.writer().call('ping', null);
      // A ping that is lost with the writer is no answer: this tab, or a third one, comes after it.
      await Promise.race([this.#becoming, answered.catch(() => this.#becoming)]);
    }
    return this.#store.isWriter;
  }

  async #create({ name, profile, model }: WriteProtocol['create']['args']): Promise<ShardInfo> {
    const facts = {
      name: checkedName(name),
      model: checkedModel(model),
      profile: await this.#profile(profile),
      language: 'en' as const,
    };
    const entry = await commitNewShard(this.#store, facts);
    await this.#changed({ shards: [entry.id], kind: 'created' });
    return infoOf(entry);
  }

  async #ingest(
    { id, files, chunking }: WriteProtocol['ingest']['args'],
    { signal, progress, question }: CallContext<WriteProtocol['ingest']>,
  ): Promise<WriteProtocol['ingest']['reply']> {
    const began = performance.now();
    const leave = await this.#turn(id).enter();
    try {
      const view = await this.#view(id);
      if (!isPresent(view.entry)) throw removed(view.entry);
      const { engines, assetsUrl } = this.#parts;
      const ingested = await ingestFiles(files, chunking, {
        engines,
        store: this.#store,
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
        // Renamed meanwhile, perhaps: the entry as it is now.
        const entry = await this.#catalogue.entry(id);
        const message = messageFor(files);
        version = await commitIngest(this.#store, this.#catalogue, entry, { ...ingested, message });
        await this.#changed({ shards: [id], kind: 'changed' });
        progress({ stage: 'commit', done: 1, total: 1 });
      }
      const seconds = (performance.now() - began) / 1000;
      const { chunks } = ingested;
      return {
        report: { files: ingested.files, chunks, seconds, version },
        info: infoOf(await this.#catalogue.entry(id)),
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
    const before = await this.#catalogue.entry(id);
    if (kind !== 'restored' && !isPresent(before)) throw removed(before);
    const after = { ...change(before), updatedAt: new Date().toISOString() };
    await commitFacts(this.#store, before, after);
    await this.#changed({ shards: [id], kind });
    return after;
  }

  #turn(id: string): Gate {
    const gate = this.#turns.get(id) ?? new Gate(1);
    this.#turns.set(id, gate);
    return gate;
  }

  /** The profile that a new shard gets. @throws UnsupportedError */
  async #profile(wanted: 'auto' | ProfileName): Promise<ProfileName> {
    if (wanted === 'universal') return wanted;
    const { cache, engines } = this.#parts;
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

  async #storage(): ReturnType<Handlers<LibraryProtocol>['storage']> {
    const { storageKind, cache } = this.#parts;
    const entries = await this.#catalogue.entries();
    const { usage = 0, quota = 0 } = await navigator.storage.estimate();
    const shards = await bytesByShard(this.#catalogue, entries);
    return {
      kind: storageKind,
      usage,
      quota,
      persisted: storageKind === 'opfs' && (await navigator.storage.persisted()),
      shards: await Promise.all(
        shards.map(async (shard) => {
          const lastExport = await cache?.lastExport(shard.id);
          return lastExport === undefined ? shard : { ...shard, lastExport };
        }),
      ),
    };
  }

  /** A version, opened; the newest of the shard without `at`. */
  async #view(id: string, at?: string): Promise<ShardView> {
    const entry = await this.#catalogue.entry(id);
    const link = at === undefined ? entry.head : await this.#catalogue.find(entry, at);
    const key = `${id} ${link.digest} ${entry.updatedAt}`;
    const known = this.#views.get(key);
    if (known) return known;
    const opening = openView(this.#catalogue, entry, link);
    this.#views.set(key, opening);
    opening.catch(() => this.#views.delete(key));
    for (const oldest of this.#views.keys()) {
      if (this.#views.size <= KEPT_VIEWS) break;
      this.#views.delete(oldest);
    }
    return opening;
  }

  #watch(
    signal: AbortSignal,
    progress: (told: { change: LibraryChange; infos: ShardInfo[] }) => void,
  ): Promise<void> {
    return new Promise((resolve) => {
      const watcher: Watcher = (change, infos) => {
        progress({ change, infos });
      };
      this.#watchers.add(watcher);
      signal.addEventListener('abort', () => {
        this.#watchers.delete(watcher);
        resolve();
      });
    });
  }

  async #changed(change: Omit<LibraryChange, 'from'>): Promise<void> {
    this.#checkpointWhenIdle();
    this.#peers?.tell(change);
    await this.#tellWatchers({ ...change, from: 'here' });
  }

  /** Moves the journal into blobs once nothing was written for a while. */
  #checkpointWhenIdle(): void {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      // Nothing is lost without it: the journal holds everything, and the next idle time tries again.
      this.#store.checkpoint().catch(() => undefined);
    }, IDLE);
  }

  async #changedElsewhere(change: Omit<LibraryChange, 'from'>): Promise<void> {
    await this.#store.refresh();
    await this.#tellWatchers({ ...change, from: 'elsewhere' });
  }

  async #tellWatchers(change: LibraryChange): Promise<void> {
    const infos = await Promise.all(
      change.shards.map(async (id) => infoOf(await this.#catalogue.entry(id))),
    );
    for (const watcher of this.#watchers) watcher(change, infos);
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
