/**
 * The writes to shards that are there: edits, clones, tags, merges, compaction, and letting go. Each
 * decides on the newest entry and commits in one step while nothing else does.
 */
import type { RetentionPolicy, ShardInfo } from '../api';
import { InvalidError, NotFoundError } from '../errors';
import { newShardId } from '../shard/ids';
import type { ShardEntry } from '../shard/objects';
import { infoOf, isPresent, type Catalogue } from './catalogue';
import { changeChunks, seenAfter, type ChangeContext, type Changed } from './editing/changing';
import { Change, commitEntries, commitFacts, logFrom } from './commit';
import { describeVersion } from './history';
import { releaseVersions } from './editing/letting-go';
import type { WriteProtocol } from './library-protocol';
import { mergeShard } from './editing/merging';
import type { Models } from './models/models';
import { saveQuestion, removeQuestion } from './asking/questions';
import { checkedName, removed } from './names';
import type { ShardView } from './view';

const MAX_TAG = 200;

export interface ShardWriteContext extends ChangeContext {
  readonly catalogue: Catalogue;
  readonly models: Models;
  /** The head of a shard, opened. */
  view(id: string): Promise<ShardView>;
  /** From reading an entry to writing the next one nothing else may write. */
  committing<T>(work: () => Promise<T>): Promise<T>;
  /** Tells everyone, once it is committed. */
  changed(shards: readonly string[], kind: 'changed' | 'created'): Promise<void>;
}

type Args<K extends keyof WriteProtocol> = WriteProtocol[K]['args'];
type Reply<K extends keyof WriteProtocol> = Promise<WriteProtocol[K]['reply']>;

export class ShardWrites {
  readonly #context: ShardWriteContext;

  constructor(context: ShardWriteContext) {
    this.#context = context;
  }

  async change({ id, edit, message, seen }: Args<'change'>): Reply<'change'> {
    const changed = await this.#context.committing(async () => {
      const view = await this.#presentView(id);
      return changeChunks(view, edit, { message, seen }, this.#context);
    });
    return this.#written(id, changed);
  }

  async clone({ id, name, at }: Args<'clone'>): Reply<'clone'> {
    const { store, catalogue } = this.#context;
    const entry = await this.#context.committing(async () => {
      const origin = await this.#presentEntry(id);
      const change = new Change(store);
      const clone = await clonedEntry(change, catalogue, origin, { name: checkedName(name), at });
      await commitEntries(store, change, [{ before: null, after: clone }]);
      return clone;
    });
    await this.#context.changed([entry.id], 'created');
    return infoOf(entry, await this.#context.models.state(entry.model));
  }

  async tag({ id, name, at }: Args<'tag'>): Reply<'tag'> {
    const tag = name.trim();
    if (tag.length < 1 || tag.length > MAX_TAG) {
      throw new InvalidError(`A tag has 1 to ${String(MAX_TAG)} characters.`, { subject: 'name' });
    }
    await this.#changeEntry(id, async (entry) => {
      const { catalogue } = this.#context;
      const { id: version, digest } = at ? await catalogue.find(entry, at) : entry.head;
      // A version's id is never taken for a tag: `at` looks among the tags first.
      for await (const link of catalogue.line(entry)) {
        if (link.id === tag) {
          throw new InvalidError('This is the id of a version.', { subject: tag });
        }
      }
      return { ...entry, tags: { ...entry.tags, [tag]: { id: version, digest } } };
    });
  }

  async untag({ id, name }: Args<'untag'>): Reply<'untag'> {
    await this.#changeEntry(id, (entry) => {
      const { [name]: _, ...tags } = entry.tags;
      if (!Object.hasOwn(entry.tags, name))
        throw new NotFoundError('There is no such tag.', { subject: name });
      return Promise.resolve({ ...entry, tags });
    });
  }

  async merge({ id, from, pick, resolve, message }: Args<'merge'>): Reply<'merge'> {
    const { report, changed } = await this.#context.committing(async () => {
      const mine = await this.#presentView(id);
      const theirs = await this.#context.view(from);
      return mergeShard(mine, theirs, { pick, resolve, message }, this.#context);
    });
    const written = await this.#written(id, changed ?? { made: null, changes: [] });
    return { report, info: written.info };
  }

  async release({ id, keepLast, newerThan }: Args<'release'>): Reply<'release'> {
    const { store, catalogue } = this.#context;
    const released = await this.#context.committing(async () => {
      const entry = await this.#presentEntry(id);
      const made = await releaseVersions(store, catalogue, entry, { keepLast, newerThan });
      return made.released;
    });
    if (released > 0) await this.#context.changed([id], 'changed');
    return { released };
  }

  async saveQuestion({ id, question }: Args<'saveQuestion'>): Reply<'saveQuestion'> {
    await this.#changeEntry(id, (entry, change) =>
      saveQuestion(this.#context.catalogue, entry, question, change),
    );
  }

  async removeQuestion({ id, question }: Args<'removeQuestion'>): Reply<'removeQuestion'> {
    await this.#changeEntry(id, (entry, change) =>
      removeQuestion(this.#context.catalogue, entry, question, change),
    );
  }

  /** What a shard is now, its head opened where chunks may have expired. */
  async info(id: string): Promise<ShardInfo> {
    const { catalogue, models, view } = this.#context;
    return shardInfo(await catalogue.entry(id), models, view);
  }

  async #written(id: string, { made, changes }: Changed): Reply<'change'> {
    if (made) await this.#context.changed([id], 'changed');
    const { catalogue } = this.#context;
    const version = made && (await describeVersion(catalogue, made.entry, made.version));
    return { version, info: await this.info(id), seen: seenAfter(changes) };
  }

  async #changeEntry(
    id: string,
    decide: (entry: ShardEntry, change: Change) => Promise<ShardEntry>,
  ): Promise<void> {
    const { store } = this.#context;
    await this.#context.committing(async () => {
      const before = await this.#presentEntry(id);
      const change = new Change(store);
      await commitFacts(store, before, await decide(before, change), change);
    });
    await this.#context.changed([id], 'changed');
  }

  async #presentEntry(id: string): Promise<ShardEntry> {
    const entry = await this.#context.catalogue.entry(id);
    if (!isPresent(entry)) throw removed(entry);
    return entry;
  }

  async #presentView(id: string): Promise<ShardView> {
    const view = await this.#context.view(id);
    if (!isPresent(view.entry)) throw removed(view.entry);
    return view;
  }
}

/** A new entry that points at a version: a small object or two, whatever the size of the shard. */
async function clonedEntry(
  change: Change,
  catalogue: Catalogue,
  origin: ShardEntry,
  { name, at }: { name: string; at: string | undefined },
): Promise<ShardEntry> {
  const link = at === undefined ? origin.head : await catalogue.find(origin, at);
  const version = await catalogue.version(link);
  const { segments } = await catalogue.segments(version);
  const now = new Date().toISOString();
  const { removedAt: _, ...facts } = origin;
  const { chunks, deleted } = version.counts;
  const { expires } = origin.facts;
  return {
    ...facts,
    id: newShardId(),
    name,
    model: version.model,
    createdAt: now,
    updatedAt: now,
    origin: { shard: origin.id, version: link.id },
    head: { id: link.id, digest: link.digest },
    log: await logFrom(change, catalogue, origin, link.id),
    tags: {},
    facts: {
      chunks: chunks - deleted,
      deleted,
      bytes: segments.reduce((sum, segment) => sum + segment.bytes.video, 0),
      ...(expires ? { expires } : {}),
      ...(version.retention ? { retains: true } : {}),
    },
  };
}

/** What a shard is; its head is opened only where something in it may have expired. */
export async function shardInfo(
  entry: ShardEntry,
  models: Models,
  view: (id: string) => Promise<ShardView>,
): Promise<ShardInfo> {
  const [modelState, clock] = await Promise.all([models.state(entry.model), clockOf(entry, view)]);
  return infoOf(entry, modelState, clock);
}

async function clockOf(
  entry: ShardEntry,
  view: (id: string) => Promise<ShardView>,
): Promise<{ retention: RetentionPolicy | undefined; due: number }> {
  if (!entry.facts.expires && !entry.facts.retains) return { retention: undefined, due: 0 };
  const head = await view(entry.id);
  return { retention: head.retention, due: head.due(new Date()).length };
}
