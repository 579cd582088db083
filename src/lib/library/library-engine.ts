/**
 * The library as its worker runs it: opens the store, answers reads, hands writes to
 * `library-writes.ts` here or in the tab that may write, and tells what changed.
 */
import type { LibraryChange, ShardInfo } from '../api';
import { NotFoundError } from '../errors';
import type { CallContext, Handlers } from '../rpc/protocol';
import { Transferred } from '../rpc/protocol';
import { LEAVES, referencesOf, type ShardEntry } from '../shard/objects';
import { Store } from '../store/store';
import { Catalogue, isPresent } from './catalogue';
import { checkLibrary } from './check';
import { planOf } from './redraw/compaction';
import { describeChanges } from './editing/differences';
import { forgetOldExports } from './exchange/delivery';
import type { ExportParts } from './exchange/outgoing';
import { FrameTexts } from './asking/frame-texts';
import { listVersions } from './history';
import { LibraryWrites } from './library-writes';
import type { LibraryProtocol, WriteProtocol } from './library-protocol';
import type { EngineParts } from './parts';
import { withOcrData } from './ingest/ocr-languages';
import { PastTexts } from './editing/past-texts';
import type { Peers } from './peers';
import { previewDocument } from './ingest/preview';
import { Questions } from './asking/question';
import { listQuestions, runQuestions } from './asking/questions';
import { chunkInContext, listChunks, oneChunk } from './reading';
import { selfCheck } from './self-check';
import { shardInfo } from './shard-writes';
import { bytesByShard, statsOf } from './sizes';
import { Sweeper } from './editing/sweeper';
import { withTokenisers } from './ingest/token-counting';
import { openView, type ShardView } from './view';

/** Views kept open: their records are in memory. */
const KEPT_VIEWS = 8;

/** Milliseconds without a write after which the journal is moved into blobs. */
const IDLE = 60_000;

type Watcher = (change: LibraryChange, infos: ShardInfo[]) => void;

export class LibraryEngine {
  readonly #parts: EngineParts;
  readonly #store: Store;
  readonly #catalogue: Catalogue;
  readonly #texts: FrameTexts;
  readonly #past: PastTexts;
  readonly #questions: Questions;
  readonly #views = new Map<string, Promise<ShardView>>();
  readonly #watchers = new Set<Watcher>();
  readonly #writes: LibraryWrites;
  readonly #sweeper: Sweeper;
  readonly #peers: Peers | undefined;
  #idle: ReturnType<typeof setTimeout> | undefined;
  /** Resolves when this tab is the one that writes: at once, or when the one before has gone. */
  readonly #becoming: Promise<void>;

  private constructor(given: EngineParts, store: Store) {
    const embed = given.models.embedder(given.engines.embed);
    const tokenising = withTokenisers(given.engines.extract, (id) => given.models.brought(id));
    const extract = withOcrData(tokenising, given.ocr);
    const parts = { ...given, engines: { ...given.engines, embed, extract } };
    const { engines, assetsUrl } = parts;
    this.#parts = parts;
    this.#store = store;
    this.#catalogue = new Catalogue(store, parts.cache);
    this.#texts = new FrameTexts(store, engines.decode);
    this.#past = new PastTexts(this.#catalogue, this.#texts);
    this.#questions = new Questions({
      ...{ store, engines, texts: this.#texts, assetsUrl },
      found: (uuids) => parts.cache?.countUses(uuids),
    });
    this.#peers = parts.peers?.((change) => {
      void this.#changedElsewhere(change);
    });
    this.#writes = new LibraryWrites({
      parts,
      store,
      catalogue: this.#catalogue,
      texts: this.#texts,
      view: (id) => this.#view(id),
      forget: () => this.#forget(),
      changed: (change) => this.#changed(change),
    });
    this.#sweeper = new Sweeper({
      catalogue: this.#catalogue,
      isWriter: () => store.isWriter,
      sweep: (id, now) => this.#writes.sweep(id, now),
    });
    this.#becoming = store.becomeWriter().then(() => {
      this.#peers?.becomeWriter(this.#writes.handlers());
      this.#sweeper.start();
    });
    this.#becoming.catch(() => undefined); // a write that needs it rejects with it
  }

  static async open(parts: EngineParts): Promise<LibraryEngine> {
    const { fs, locks, name } = parts;
    await forgetOldExports(fs, locks, name);
    const store = await Store.open({ fs, locks, name, references: referencesOf, leaves: LEAVES });
    return new LibraryEngine(parts, store);
  }

  /** Everything but opening. */
  handlers(): Handlers<Omit<LibraryProtocol, 'open'>> {
    return {
      ...this.#routedWrites(),
      watch: (_, { signal, progress }) => this.#watch(signal, progress),
      shards: async ({ removed }) => {
        const entries = await this.#catalogue.entries();
        const infos = await Promise.all(
          entries.filter((entry) => removed || isPresent(entry)).map((entry) => this.#info(entry)),
        );
        return infos.sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
      },
      info: async ({ id, at }) => {
        const view = await this.#view(id, at);
        return { ...(await this.#info(view.entry)), head: view.version.id };
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
        listChunks(await this.#view(id, at), this.#past, options, signal),
      chunk: async ({ id, at, uuid }) => oneChunk(await this.#view(id, at), this.#past, uuid),
      context: async ({ id, at, uuid, ...around }) =>
        chunkInContext(await this.#view(id, at), this.#past, uuid, around),
      frame: async ({ id, at, segment, index }) => {
        const shown = (await this.#view(id, at)).segment(segment);
        if (!Number.isInteger(index) || index < 0 || index >= shown.frames) {
          throw new NotFoundError('The segment has no such frame.', { subject: String(index) });
        }
        const picture = await this.#texts.picture(shown, index);
        return new Transferred(picture, [picture]);
      },
      stats: async ({ id, at }) => statsOf(this.#catalogue, await this.#view(id, at)),
      history: async ({ id, at, ...page }) => {
        const { entry } = await this.#view(id, at);
        return listVersions(this.#catalogue, entry, page);
      },
      diff: async ({ id, from, to, ...page }) =>
        describeChanges(await this.#view(id, from), await this.#view(id, to), this.#past, page),
      tags: async ({ id }) => {
        const { tags } = await this.#catalogue.entry(id);
        return Object.fromEntries(Object.entries(tags).map(([tag, link]) => [tag, link.id]));
      },
      planCompaction: async ({ id, at, threshold }) => planOf(await this.#view(id, at), threshold),
      questions: async ({ id }) => listQuestions(this.#catalogue, await this.#catalogue.entry(id)),
      runQuestions: async ({ id, at }, { signal }) => {
        const view = await this.#view(id, at);
        const questions = await listQuestions(this.#catalogue, view.entry);
        return runQuestions(questions, (query, topK) =>
          // An expected passage that is folded into another one would have no rank.
          this.#questions.ask(view, query, { topK, fold: false, signal }),
        );
      },
      storage: ({ shards }) => this.#storage(shards),
      check: ({ deep }, { signal, progress }) =>
        checkLibrary(this.#store, this.#catalogue, this.#texts, { deep, signal, progress }),
      selfCheck: () => selfCheck(this.#parts),
      models: () => this.#parts.models.list(),
      preview: (asked, { signal, question }) =>
        previewDocument(asked, {
          ...{ engines: this.#parts.engines, assetsUrl: this.#parts.assetsUrl, signal },
          password: (file) => question({ password: file }),
        }),
      downloadModel: ({ model }, context) =>
        this.#broughtModel(() => this.#parts.models.download(model, context)),
      addModel: ({ model, files }, context) =>
        this.#broughtModel(() => this.#parts.models.add(model, files, context)),
      removeModel: ({ model }) => this.#broughtModel(() => this.#parts.models.remove(model)),
      ocr: () => this.#parts.ocr.list(),
      addOcrLanguage: ({ file }, { signal }) => this.#parts.ocr.add(file, signal),
      export: async ({ id, at, to, ...wanted }, { signal, progress }) => {
        const view = await this.#view(id, at);
        const context = { ...this.#exportParts(), signal, progress };
        const { exportShard } = await import('./exchange/exporting');
        const file = await exportShard(view, wanted, to, context);
        await this.#parts.cache?.keepLastExport(id, new Date().toISOString());
        return file;
      },
      exportAll: async ({ to, ...wanted }, { signal, progress }) => {
        const entries = (await this.#catalogue.entries()).filter(isPresent);
        const views = entries.map((entry) => () => this.#view(entry.id));
        const context = { ...this.#exportParts(), signal, progress };
        const { exportLibrary } = await import('./exchange/export-all');
        const file = await exportLibrary(views, wanted, to, context);
        const now = new Date().toISOString();
        for (const { id } of entries) await this.#parts.cache?.keepLastExport(id, now);
        return file;
      },
      close: () => this.close(),
    };
  }

  #exportParts(): ExportParts {
    const { fs, engines } = this.#parts;
    return { fs, engines, store: this.#store, texts: this.#texts, catalogue: this.#catalogue };
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    this.#sweeper.stop();
    this.#peers?.close();
    this.#parts.engines.close();
    await this.#store.close();
    await this.#parts.cache?.close();
  }

  /** Each write here, where this tab may write, else in the tab that may. */
  #routedWrites(): Handlers<WriteProtocol> {
    const local = this.#writes.handlers();
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
      import: route('import'),
      change: route('change'),
      clone: route('clone'),
      tag: route('tag'),
      untag: route('untag'),
      merge: route('merge'),
      compact: route('compact'),
      reindex: route('reindex'),
      release: route('release'),
      purge: route('purge'),
      gc: route('gc'),
      repair: route('repair'),
      saveQuestion: route('saveQuestion'),
      removeQuestion: route('removeQuestion'),
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

  async #storage(byShard: boolean): ReturnType<Handlers<LibraryProtocol>['storage']> {
    const { storageKind, cache } = this.#parts;
    const entries = byShard ? await this.#catalogue.entries() : [];
    const { usage = 0, quota = 0 } = await navigator.storage.estimate();
    const shards = await bytesByShard(this.#catalogue, entries);
    return {
      kind: storageKind,
      usage,
      quota,
      persisted: storageKind === 'opfs' && (await navigator.storage.persisted()),
      readOnly: this.#store.readOnly,
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

  #info(entry: ShardEntry): Promise<ShardInfo> {
    return shardInfo(entry, this.#parts.models, (id) => this.#view(id));
  }

  /** A model came, went, or came in part: shards may be searched otherwise. */
  async #broughtModel<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      await this.#changed({ shards: [], kind: 'changed' });
    }
  }

  /** Drops everything that was read: after a purge some of it must not be shown again. */
  async #forget(): Promise<void> {
    this.#views.clear();
    this.#catalogue.forget();
    this.#texts.forget();
    await this.#questions.forget();
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
    const known = this.#store.entries();
    const infos = await Promise.all(
      change.shards
        .filter((id) => known[id]) // the others are gone for good
        .map(async (id) => this.#info(await this.#catalogue.entry(id))),
    );
    for (const watcher of this.#watchers) watcher(change, infos);
  }
}
