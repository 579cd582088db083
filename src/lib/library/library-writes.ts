/**
 * The writes of a library, as the tab that may write does them. Each decides on the newest entry and
 * commits it in one step; reading is for `library-engine.ts`.
 */
import type { GcReport, IngestedFile, LibraryChange, ProfileName, ShardInfo } from '../api';
import { InvalidError, NotFoundError, UnsupportedError } from '../errors';
import { BUILT_IN } from '../embedding/registry';
import type { CallContext, Handlers } from '../rpc/protocol';
import { countsAfter } from '../shard/changes';
import type { ShardEntry } from '../shard/objects';
import type { Store } from '../store/store';
import { AddingAgain } from './again/adding-again';
import { planAgain } from './again/adding-again-plan';
import { infoOf, isPresent, type Catalogue } from './catalogue';
import { deltaOf } from './editing/changing';
import { commitFacts, commitNewShard, commitVersion } from './commit';
import type { FrameTexts } from './asking/frame-texts';
import { Gate } from './gate';
import type { ImportJob } from './exchange/importing';
import { ingestFiles, type Ingested } from './ingest/ingest';
import type { WriteProtocol } from './library-protocol';
import { checkedName, removed } from './names';
import type { EngineParts } from './parts';
import { PastTexts } from './editing/past-texts';
import { purgeChunks } from './purge/purging';
import { Quarantine } from './ingest/quarantine';
import { ShardJobs } from './shard-jobs';
import { ShardWrites } from './shard-writes';
import type { ShardView } from './view';

export interface WriteContext {
  readonly parts: EngineParts;
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly texts: FrameTexts;
  /** UTF-8 bytes of text after which a segment closes; `SEGMENT_BYTES` without it. */
  readonly segmentBytes?: number;
  /** The head of a shard, opened. */
  view(id: string): Promise<ShardView>;
  /** Drops all that was read of the store: some of it may be gone. */
  forget(): Promise<void>;
  /** Tells everyone, once it is committed. */
  changed(change: Omit<LibraryChange, 'from'>): Promise<void>;
}

export class LibraryWrites {
  readonly #context: WriteContext;
  /** Ingests into one shard come one after another: the second continues the first one's order. */
  readonly #turns = new Map<string, Gate>();
  readonly #commits = new Gate(1);
  readonly #shards: ShardWrites;
  readonly #jobs: ShardJobs;
  readonly #quarantine: Quarantine;
  /** Jobs whose blobs no version refers to yet. */
  #running = 0;

  constructor(context: WriteContext) {
    this.#context = context;
    const { parts, store, catalogue, texts } = context;
    const { engines, assetsUrl, cache, fs, models } = parts;
    this.#quarantine = new Quarantine(fs);
    const given = {
      ...{ engines, store, assetsUrl, catalogue, texts, models },
      past: new PastTexts(catalogue, texts),
      view: (id: string) => context.view(id),
      committing: <T>(work: () => Promise<T>) => this.#committing(work),
      changed: (shards: readonly string[], kind: 'changed' | 'created') =>
        context.changed({ shards: [...shards], kind }),
      uses: async (uuids: readonly string[]) => (await cache?.uses(uuids)) ?? new Map(),
    };
    this.#shards = new ShardWrites(given);
    this.#jobs = new ShardJobs(given);
  }

  /** One function a write, for this tab's calls and for those of other tabs. */
  handlers(): Handlers<WriteProtocol> {
    return {
      ping: () => Promise.resolve(),
      create: (args) => this.#create(args),
      rename: ({ id, name }) =>
        this.#changeEntry(id, 'changed', (entry) => ({ ...entry, name: checkedName(name) })).then(
          (entry) => this.#shards.info(entry.id),
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
      ingest: (args, context) => this.#job(args.id, () => this.#ingest(args, context)),
      // Of no shard that is here, as a rule; imports come one after another.
      import: (args, context) => this.#job('import', () => this.#import(args, context)),
      change: (args) => this.#shards.change(args),
      clone: (args) => this.#shards.clone(args),
      tag: (args) => this.#shards.tag(args),
      untag: (args) => this.#shards.untag(args),
      merge: (args) => this.#shards.merge(args),
      compact: async (args, context) => ({
        report: await this.#job(args.id, () => this.#jobs.compact(args, context)),
        info: await this.#shards.info(args.id),
      }),
      reindex: async (args, context) => ({
        report: await this.#job(args.id, () => this.#jobs.reindex(args, context)),
        info: await this.#shards.info(args.id),
      }),
      release: (args) => this.#shards.release(args),
      purge: (args, context) => this.#purge(args, context),
      gc: () => this.#gc(),
      repair: (args, context) => this.#repair(args, context),
      saveQuestion: (args) => this.#shards.saveQuestion(args),
      removeQuestion: (args) => this.#shards.removeQuestion(args),
    };
  }

  /** Tombstones what is due in a shard. */
  async sweep(id: string, now: Date): Promise<void> {
    const edit = { kind: 'sweep', now: now.toISOString() } as const;
    await this.#shards.change({ id, edit, message: undefined, seen: {} });
  }

  /** One long job a shard at a time; edits go on meanwhile. */
  async #job<T>(id: string, work: () => Promise<T>): Promise<T> {
    const leave = await this.#turn(id).enter();
    try {
      // After a `gc` that is at work: it counted the jobs when it began, and deletes what it listed.
      await this.#committing(() => Promise.resolve(this.#running++));
      try {
        return await work();
      } finally {
        this.#running--;
      }
    } finally {
      leave();
    }
  }

  /** Removed shards go, and then what nothing refers to any more. */
  async #gc(): Promise<GcReport> {
    const { store, catalogue } = this.#context;
    return this.#committing(async () => {
      const entries = await catalogue.entries();
      const gone = entries.filter((entry) => !isPresent(entry));
      if (gone.length > 0) {
        const set = Object.fromEntries(gone.map(({ id }) => [id, null]));
        await store.commit({ set, inline: [], frees: true });
      }
      // A job that runs may be about to take what was noted.
      if (this.#running === 0) {
        const present = new Set<string>(entries.filter(isPresent).map(({ id }) => id));
        await this.#quarantine.forgetOld(present, new Date());
      }
      const keep = await this.#quarantine.blobs();
      const collected = await store.collect({ keepPuts: this.#running > 0, keep });
      if (gone.length > 0) {
        await this.#context.changed({ shards: gone.map(({ id }) => id), kind: 'removed' });
      }
      return collected;
    });
  }

  /** Waits for every job of every shard: a purge rewrites what they read. */
  async #purge(
    { uuids }: WriteProtocol['purge']['args'],
    { signal, progress }: CallContext<WriteProtocol['purge']>,
  ): Promise<WriteProtocol['purge']['reply']> {
    const { parts, store, catalogue, texts } = this.#context;
    return this.#alone(async (ids) => {
      const report = await purgeChunks(uuids, {
        ...{ store, catalogue, texts, signal, progress },
        engines: parts.engines,
        fs: parts.fs,
        forget: async () => {
          await parts.cache?.forgetUses(uuids);
          await this.#context.forget();
        },
      });
      await this.#quarantine.clear(); // the blobs are gone: no version had them
      return { report, shards: ids };
    });
  }

  /** Waits for every job of every shard: what is lost may be what they read. */
  async #repair(
    { from }: WriteProtocol['repair']['args'],
    { signal, progress }: CallContext<WriteProtocol['repair']>,
  ): Promise<WriteProtocol['repair']['reply']> {
    const { parts, store, catalogue, texts } = this.#context;
    const { engines, fs, assetsUrl } = parts;
    const { repairLibrary } = await import('./repair/repair'); // most sessions repair nothing
    return this.#alone(async () =>
      repairLibrary(from ?? null, {
        ...{ engines, fs, assetsUrl, store, catalogue, texts, signal, progress },
        unfinished: await this.#quarantine.blobs(),
        forget: () => this.#context.forget(),
      }),
    );
  }

  /** Work that rewrites what jobs read: no shard has one meanwhile, and nothing else commits. */
  async #alone<T>(
    work: (ids: readonly string[]) => Promise<{ report: T; shards: readonly string[] }>,
  ): Promise<T> {
    const ids = (await this.#context.catalogue.entries()).map((entry) => entry.id).sort();
    const leaving: (() => void)[] = [];
    try {
      for (const one of ids) leaving.push(await this.#turn(one).enter());
      const { report, shards } = await this.#committing(() => work(ids));
      if (shards.length > 0) {
        await this.#context.changed({ shards: [...shards], kind: 'changed' });
      }
      return report;
    } finally {
      for (const leave of leaving) leave();
    }
  }

  async #create({
    name,
    profile,
    model,
    language = 'en',
  }: WriteProtocol['create']['args']): Promise<ShardInfo> {
    const { models } = this.#context.parts;
    if (!models.has(model)) {
      throw new InvalidError(`There is no model ${model}. The built-in one is ${BUILT_IN}.`, {
        subject: 'model',
      });
    }
    const facts = {
      name: checkedName(name),
      ...{ model, language },
      profile: await this.#profile(profile),
    };
    const entry = await commitNewShard(this.#context.store, facts);
    await this.#context.changed({ shards: [entry.id], kind: 'created' });
    return infoOf(entry, await models.state(model));
  }

  async #ingest(
    { id, files, chunking, ttlSeconds, ocr }: WriteProtocol['ingest']['args'],
    { signal, progress, question }: CallContext<WriteProtocol['ingest']>,
  ): Promise<WriteProtocol['ingest']['reply']> {
    const began = performance.now();
    const view = await this.#context.view(id);
    if (!isPresent(view.entry)) throw removed(view.entry);
    const { engines, assetsUrl, models } = this.#context.parts;
    const { model } = view.entry;
    const isModelHere = (await models.state(model)) === 'ready';
    const { catalogue, texts } = this.#context;
    const again = new AddingAgain(view, { catalogue, texts, signal }, new Date());
    const ingested = await ingestFiles(files, chunking, {
      engines,
      store: this.#context.store,
      quarantine: this.#quarantine,
      segmentBytes: this.#context.segmentBytes,
      entry: view.entry,
      lastOrder: view.lastOrder(),
      again,
      expiresAt: expiryOf(ttlSeconds),
      ...(ocr === undefined ? {} : { ocr }),
      assetsUrl,
      signal,
      progress,
      password: (file) => question({ password: file }),
    });
    signal.throwIfAborted();
    let version: string | null = null;
    const isAgain = again.readings.some(({ source }) => source !== undefined);
    if (ingested.chunks > 0 || isAgain) {
      progress({ stage: 'commit', done: 0, total: 1 });
      version = await this.#committing(() =>
        this.#commitIngest(id, ingested, again, {
          message: messageFor(files, ingested.files),
          expires: ttlSeconds !== undefined,
        }),
      );
      // It is done: a note that stays would be of an ingest behind another last chunk, and is void.
      await this.#quarantine.remove(id).catch(() => undefined);
      await this.#context.changed({ shards: [id], kind: 'changed' });
      progress({ stage: 'commit', done: 1, total: 1 });
    }
    const seconds = (performance.now() - began) / 1000;
    const { chunks, files: reports } = ingested;
    if (!isModelHere) {
      reports
        .find((one) => one.chunks > 0)
        ?.warnings.push(
          `The model ${model} is not here: what was added is found by its words alone. Bring the model in Settings, then reindex the shard.`,
        );
    }
    return {
      report: { files: reports, chunks, seconds, version },
      info: await this.#shards.info(id),
    };
  }

  /** A new version that has these segments beside those of the head. */
  async #commitIngest(
    id: string,
    { segments, chunks, sources }: Ingested,
    again: AddingAgain,
    { message, expires }: { message: string; expires: boolean },
  ): Promise<string> {
    const { store, catalogue, parts } = this.#context;
    // Renamed or edited meanwhile, perhaps: the head as it is now.
    const head = await this.#context.view(id);
    const { readings } = again;
    const pages = readings.length > 0 ? segments : [];
    const made = await Promise.all(pages.map(({ page }) => catalogue.page(page)));
    const plan = planAgain(
      head,
      readings,
      made.flatMap(({ records }) => records),
    );
    const delta = await deltaOf(
      head,
      plan.rows,
      [head],
      { restated: plan.sources },
      head.version.model,
      { engines: parts.engines, store, assetsUrl: parts.assetsUrl },
    );
    const counts = countsAfter(head.version.counts, plan.changes, sources);
    const { version } = await commitVersion(store, catalogue, head.entry, {
      operation: 'ingest',
      message,
      segments: [...head.segments, ...segments],
      delta,
      patch: null,
      expires,
      counts: { ...counts, chunks: counts.chunks + chunks, added: counts.added + chunks },
    });
    return version.id;
  }

  async #import(
    { files, ...wishes }: WriteProtocol['import']['args'],
    { signal, progress }: CallContext<WriteProtocol['import']>,
  ): Promise<WriteProtocol['import']['reply']> {
    const { parts, store, catalogue, texts } = this.#context;
    const { engines, fs, assetsUrl } = parts;
    const job: ImportJob = {
      ...{ engines, fs, assetsUrl, store, catalogue, texts, signal, progress },
      committing: (work) => this.#committing(work),
    };
    const { importFiles } = await import('./exchange/importing'); // most sessions import nothing
    const done: WriteProtocol['import']['reply'] = [];
    for await (const { entry, isNew, report } of importFiles(files, wishes, job)) {
      await this.#context.changed({ shards: [entry.id], kind: isNew ? 'created' : 'changed' });
      done.push({ info: await this.#shards.info(entry.id), report });
    }
    return done;
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

/** When chunks that are added now are due; ISO 8601. @throws InvalidError */
function expiryOf(ttlSeconds: number | undefined): string | undefined {
  if (ttlSeconds === undefined) return undefined;
  const at = new Date(Date.now() + ttlSeconds * 1000);
  if (ttlSeconds > 0 && !Number.isNaN(at.getTime())) return at.toISOString();
  throw new InvalidError('ttlSeconds is a number of seconds above 0.', { subject: 'ttlSeconds' });
}

function messageFor(files: readonly File[], reports: readonly IngestedFile[]): string {
  const [first] = files;
  const what = files.length === 1 && first ? first.name : `${String(files.length)} documents`;
  const given = reports.flatMap((one) => [one, ...(one.members ?? [])]);
  const isNew = given.some((one) => one.chunks > 0 && !one.again && !one.members);
  return `Added ${what}${isNew ? '' : ' again'}`;
}
