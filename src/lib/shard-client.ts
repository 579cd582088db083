/**
 * `Shard` as a page holds it: each method is one call of the library's worker. What only this page
 * knows is kept here: which texts it has seen, and which changes it made, for undo and redo.
 */
import type {
  Chunk,
  ChunkChange,
  CompactionPlan,
  CompactionReport,
  ExportOptions,
  Filter,
  Hit,
  IngestOptions,
  IngestReport,
  JsonPatchOperation,
  MergeReport,
  Note,
  PurgeReport,
  Question,
  QuestionResult,
  ReindexReport,
  RetentionPolicy,
  SearchOptions,
  Shard,
  ShardInfo,
  ShardStats,
  Source,
  Version,
  VersionRef,
  Work,
} from './api';
import { InvalidError, NotFoundError, ReadOnlyError } from './errors';
import type { ChunkEdit, LibraryProtocol } from './library/library-protocol';
import type { Client } from './rpc/client';

/** Share of a segment's text bytes above which compaction writes it anew. */
const COMPACTION_THRESHOLD = 0.2;

/** Chunks whose text this page remembers to have seen; one forgotten cannot conflict. */
const SEEN_CHUNKS = 50_000;

/** Versions that a call of `history` lists. */
const HISTORY_LIMIT = 100;

/** What this page knows of each shard's name and head: the newest that any call or change told. */
export class Heads {
  readonly #infos = new Map<string, ShardInfo>();

  set(info: ShardInfo): void {
    this.#infos.set(info.id, info);
  }

  get(id: string): ShardInfo | undefined {
    return this.#infos.get(id);
  }
}

/** The versions that this page made, by shard: the last is what `undo` takes back. */
export class Steps {
  readonly #done = new Map<string, string[]>();
  readonly #undone = new Map<string, string[]>();

  /** A new change: what was undone before cannot be done again. */
  add(shard: string, version: string): void {
    stackOf(this.#done, shard).push(version);
    this.#undone.delete(shard);
  }

  undo(shard: string): Step {
    return new Step(stackOf(this.#done, shard), stackOf(this.#undone, shard));
  }

  redo(shard: string): Step {
    return new Step(stackOf(this.#undone, shard), stackOf(this.#done, shard));
  }
}

/** One step back or forth; it is taken once the call has succeeded. */
class Step {
  readonly #from: string[];
  readonly #to: string[];

  constructor(from: string[], to: string[]) {
    this.#from = from;
    this.#to = to;
  }

  get version(): string | undefined {
    return this.#from.at(-1);
  }

  take(made: string): void {
    this.#from.pop();
    this.#to.push(made);
  }
}

function stackOf(stacks: Map<string, string[]>, shard: string): string[] {
  const stack = stacks.get(shard) ?? [];
  stacks.set(shard, stack);
  return stack;
}

/** Digests of the texts that this page was given, the longest unseen forgotten first. */
class Seen {
  readonly #digests = new Map<string, string>();

  add(uuid: string, sha256: string): void {
    this.#digests.delete(uuid);
    this.#digests.set(uuid, sha256);
    if (this.#digests.size <= SEEN_CHUNKS) return;
    for (const oldest of this.#digests.keys()) {
      this.#digests.delete(oldest);
      break;
    }
  }

  all<T extends Chunk>(chunks: T[]): T[] {
    for (const { uuid, sha256 } of chunks) this.add(uuid, sha256);
    return chunks;
  }

  of(uuids: readonly string[]): Record<string, string> {
    const found: Record<string, string> = {};
    for (const uuid of uuids) {
      const digest = this.#digests.get(uuid);
      if (digest !== undefined) found[uuid] = digest;
    }
    return found;
  }
}

/** What the shards of one library share in a page. */
export interface Shared {
  readonly client: Client<LibraryProtocol>;
  readonly heads: Heads;
  readonly steps: Steps;
}

export class ShardClient implements Shard {
  readonly id: string;
  readonly #client: Client<LibraryProtocol>;
  readonly #shared: Shared;
  readonly #opened: ShardInfo;
  readonly #at: string | undefined;
  readonly #seen = new Seen();

  /** @param at the version that it stays at */
  constructor(shared: Shared, opened: ShardInfo, at: string | undefined) {
    this.id = opened.id;
    this.#client = shared.client;
    this.#shared = shared;
    this.#opened = opened;
    this.#at = at;
  }

  get name(): string {
    return (this.#shared.heads.get(this.id) ?? this.#opened).name;
  }

  get head(): string {
    if (this.#at !== undefined) return this.#at;
    return (this.#shared.heads.get(this.id) ?? this.#opened).head;
  }

  info(): Promise<ShardInfo> {
    return this.#client.call('info', this.#here());
  }

  async rename(name: string): Promise<void> {
    this.#shared.heads.set(await this.#client.call('rename', { id: this.#writable(), name }));
  }

  async ingest(files: Iterable<File>, options: IngestOptions = {}): Promise<IngestReport> {
    const { signal, onProgress, chunking = {}, ttlSeconds, ocr, password } = options;
    const named = [...files].map(withFolders);
    const args = { id: this.#writable(), files: named, chunking, ttlSeconds, ocr };
    const { report, info } = await this.#client.call('ingest', args, {
      signal,
      onProgress,
      onQuestion: ({ password: file }) => password?.(file) ?? Promise.resolve(undefined),
    });
    this.#shared.heads.set(info);
    if (report.version) this.#shared.steps.add(this.id, report.version);
    return report;
  }

  sources(): Promise<Source[]> {
    return this.#client.call('sources', this.#here());
  }

  async search(query: string, options: SearchOptions = {}): Promise<Hit[]> {
    const { signal, ...asked } = options;
    const args = { ...this.#here(), query, options: asked };
    return this.#seen.all(await this.#client.call('search', args, { signal }));
  }

  async chunks(
    options: { offset?: number; limit?: number; filter?: Filter; deleted?: boolean | 'only' } = {},
  ): Promise<Chunk[]> {
    return this.#seen.all(await this.#client.call('chunks', { ...this.#here(), ...options }));
  }

  async chunk(uuid: string): Promise<Chunk> {
    const chunk = await this.#client.call('chunk', { ...this.#here(), uuid });
    this.#seen.add(uuid, chunk.sha256);
    return chunk;
  }

  async context(
    uuid: string,
    { before = 1, after = 1 }: { before?: number; after?: number } = {},
  ): Promise<Chunk[]> {
    const args = { ...this.#here(), uuid, before, after };
    return this.#seen.all(await this.#client.call('context', args));
  }

  frame(segment: string, index: number): Promise<ImageBitmap> {
    return this.#client.call('frame', { ...this.#here(), segment, index });
  }

  stats(): Promise<ShardStats> {
    return this.#client.call('stats', this.#here());
  }

  edit(uuid: string, text: string, note: Note = {}): Promise<Version> {
    return this.#change({ kind: 'edit', uuid, text }, note, [uuid]);
  }

  insert(after: string | null, text: string, note: Note = {}): Promise<Version> {
    return this.#change({ kind: 'insert', after, text }, note);
  }

  split(uuid: string, at: number, note: Note = {}): Promise<Version> {
    return this.#change({ kind: 'split', uuid, at }, note, [uuid]);
  }

  join(uuids: string[], note: Note = {}): Promise<Version> {
    return this.#change({ kind: 'join', uuids }, note, uuids);
  }

  delete(what: string[] | { source: string }, note: Note = {}): Promise<Version> {
    return this.#change({ kind: 'delete', what }, note, Array.isArray(what) ? what : []);
  }

  restore(uuids: string[], note: Note = {}): Promise<Version> {
    return this.#change({ kind: 'restore', uuids }, note);
  }

  apply(patch: JsonPatchOperation[], note: Note = {}): Promise<Version> {
    return this.#change({ kind: 'apply', patch }, note);
  }

  rollback(to: VersionRef, note: Note = {}): Promise<Version> {
    return this.#change({ kind: 'rollback', to }, note);
  }

  retention(policy: RetentionPolicy): Promise<Version> {
    return this.#change({ kind: 'retention', policy }, {});
  }

  async sweep(now = new Date()): Promise<Version | null> {
    const version = await this.#changed({ kind: 'sweep', now: now.toISOString() }, {}, []);
    if (version) this.#shared.steps.add(this.id, version.id);
    return version;
  }

  undo(): Promise<Version | null> {
    return this.#step('undo');
  }

  redo(): Promise<Version | null> {
    return this.#step('redo');
  }

  async clone({ name, at }: { name: string; at?: VersionRef }): Promise<Shard> {
    const args = { id: this.id, name, at: at ?? this.#at };
    const info = await this.#client.call('clone', args);
    this.#shared.heads.set(info);
    return new ShardClient(this.#shared, info, undefined);
  }

  history({ limit = HISTORY_LIMIT, before }: { limit?: number; before?: string } = {}): Promise<
    Version[]
  > {
    return this.#client.call('history', { ...this.#here(), limit, before });
  }

  diff(
    from: VersionRef,
    to: VersionRef,
    { offset = 0, limit }: { offset?: number; limit?: number } = {},
  ): Promise<ChunkChange[]> {
    return this.#client.call('diff', { id: this.id, from, to, offset, limit });
  }

  tag(name: string, at?: VersionRef): Promise<void> {
    return this.#client.call('tag', { id: this.id, name, at: at ?? this.#at });
  }

  untag(name: string): Promise<void> {
    return this.#client.call('untag', { id: this.id, name });
  }

  tags(): Promise<Record<string, string>> {
    return this.#client.call('tags', { id: this.id });
  }

  async merge(
    from: string,
    options: {
      pick?: string[];
      resolve?: Record<string, 'mine' | 'theirs' | { text: string }>;
    } & Note = {},
  ): Promise<MergeReport> {
    const { pick, resolve = {}, message } = options;
    const args = { id: this.#writable(), from, pick, resolve, message };
    const { report, info } = await this.#client.call('merge', args);
    this.#shared.heads.set(info);
    if (report.version) this.#shared.steps.add(this.id, report.version);
    return report;
  }

  planCompaction({ threshold = COMPACTION_THRESHOLD } = {}): Promise<CompactionPlan> {
    return this.#client.call('planCompaction', { ...this.#here(), threshold });
  }

  async compact({
    threshold = COMPACTION_THRESHOLD,
    ...work
  }: Work & { threshold?: number } = {}): Promise<CompactionReport> {
    const args = { id: this.#writable(), threshold };
    const { report, info } = await this.#client.call('compact', args, work);
    this.#shared.heads.set(info);
    return report;
  }

  async reindex({ model, ...work }: Work & { model?: string } = {}): Promise<ReindexReport> {
    const args = { id: this.#writable(), model };
    const { report, info } = await this.#client.call('reindex', args, work);
    this.#shared.heads.set(info);
    return report;
  }

  release({ keepLast, newerThan }: { keepLast?: number; newerThan?: string }): Promise<{
    released: number;
  }> {
    return this.#client.call('release', { id: this.#writable(), keepLast, newerThan });
  }

  async purge(uuids: string[], work: Work = {}): Promise<PurgeReport> {
    const report = await this.#client.call('purge', { id: this.#writable(), uuids }, work);
    this.#shared.heads.set(await this.#client.call('info', { id: this.id }));
    return report;
  }

  readonly questions = {
    list: (): Promise<Question[]> => this.#client.call('questions', { id: this.id }),
    save: (question: Question): Promise<void> =>
      this.#client.call('saveQuestion', { id: this.#writable(), question }),
    remove: (id: string): Promise<void> =>
      this.#client.call('removeQuestion', { id: this.#writable(), question: id }),
    run: (at?: VersionRef): Promise<QuestionResult[]> =>
      this.#client.call('runQuestions', { id: this.id, at: at ?? this.#at }),
  };

  async export({ to, signal, onProgress, ...wanted }: ExportOptions): Promise<Blob | undefined> {
    const args = { ...this.#here(), ...wanted };
    const work = { signal, onProgress };
    if (!to) return this.#client.call('export', args, work);
    const stream = await writableOf(to);
    return this.#client.call('export', { ...args, to: stream }, { ...work, transfer: [stream] });
  }

  /** A change that is a step of this page: `undo` takes it back. */
  async #change(edit: ChunkEdit, note: Note, relies: readonly string[] = []): Promise<Version> {
    const before = this.head;
    const version = await this.#changed(edit, note, relies);
    if (version) {
      this.#shared.steps.add(this.id, version.id);
      return version;
    }
    // Nothing had to change: the head is what was asked for.
    const [head] = await this.history({ limit: 1 });
    if (head) return head;
    throw new NotFoundError('The shard has no version.', { subject: before });
  }

  async #step(kind: 'undo' | 'redo'): Promise<Version | null> {
    const id = this.#writable();
    const step = this.#shared.steps[kind](id);
    if (step.version === undefined) return null;
    const version = await this.#changed({ kind, version: step.version }, {}, []);
    if (version) step.take(version.id);
    return version;
  }

  async #changed(
    edit: ChunkEdit,
    { message }: Note,
    relies: readonly string[],
  ): Promise<Version | null> {
    const args = { id: this.#writable(), edit, message, seen: this.#seen.of(relies) };
    const { version, info, seen } = await this.#client.call('change', args);
    this.#shared.heads.set(info);
    for (const [uuid, sha256] of Object.entries(seen)) this.#seen.add(uuid, sha256);
    return version;
  }

  #here(): { id: string; at: string | undefined } {
    return { id: this.id, at: this.#at };
  }

  #writable(): string {
    if (this.#at === undefined) return this.id;
    throw new ReadOnlyError('A shard that was opened at a version takes no writes.', {
      subject: this.#at,
    });
  }
}

/**
 * A file of a folder under its whole path: two files of one name differ, and the path that the
 * browser notes beside the name would be lost on the way to a worker. Its bytes are not copied.
 */
function withFolders(file: unknown): File {
  if (!(file instanceof File)) throw new InvalidError('ingest takes File objects.');
  const { webkitRelativePath: path, type, lastModified } = file;
  return path === '' || path === file.name ? file : new File([file], path, { type, lastModified });
}

/** Where an export goes, as a stream that can be handed to a worker. */
export async function writableOf(
  to: NonNullable<ExportOptions['to']>,
): Promise<WritableStream<Uint8Array>> {
  return to instanceof WritableStream ? to : to.createWritable();
}
