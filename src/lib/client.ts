/**
 * The public calls over the library's worker: `Library` and `Shard` as a page holds them. No work is
 * done here, so that a page stays free while a job runs.
 */
import type {
  Chunk,
  CheckReport,
  Filter,
  Hit,
  IngestOptions,
  IngestReport,
  Library,
  LibraryChange,
  ModelInfo,
  OpenOptions,
  ProfileName,
  SearchOptions,
  SelfCheckReport,
  Shard,
  ShardInfo,
  ShardStats,
  Source,
  StorageReport,
  VersionRef,
  Work,
  ExportOptions,
} from './api';
import { InvalidError, ReadOnlyError } from './errors';
import type { LibraryProtocol } from './library/library-protocol';
import { wrapWorker, type Client } from './rpc/client';

/** The model of a shard that names none. */
const BUILT_IN_MODEL = 'static-en';

/**
 * Opens the library of this origin, made where there is none yet.
 * @throws UnsupportedError where the browser keeps no files for this page, as private windows often
 *   do: `storage: 'memory'` works there, until the tab closes
 * @throws CorruptError when what is stored cannot be read; nothing is wiped
 */
export async function openLibrary(options: OpenOptions = {}): Promise<Library> {
  const { name = 'memreel', storage = 'opfs', assetsUrl = import.meta.env.BASE_URL } = options;
  const worker = new Worker(new URL('../workers/library.ts', import.meta.url), { type: 'module' });
  const client = wrapWorker<LibraryProtocol>(worker);
  try {
    const base = new URL(assetsUrl, document.baseURI).href;
    const { storageKind } = await client.call('open', { name, storage, assetsUrl: base });
    return new LibraryClient(client, storageKind);
  } catch (error) {
    client.close();
    throw error;
  }
}

class LibraryClient implements Library {
  readonly storageKind: 'opfs' | 'memory';
  readonly #client: Client<LibraryProtocol>;
  readonly #listeners = new Set<(change: LibraryChange) => void>();
  readonly #heads = new Heads();

  constructor(client: Client<LibraryProtocol>, storageKind: 'opfs' | 'memory') {
    this.#client = client;
    this.storageKind = storageKind;
    const watching = client.call('watch', null, {
      onProgress: ({ change, infos }) => {
        for (const info of infos) this.#heads.set(info);
        for (const listener of this.#listeners) listener(change);
      },
    });
    watching.catch(() => undefined); // the library was closed, or its worker died: calls say so
  }

  shards({ removed = false } = {}): Promise<ShardInfo[]> {
    return this.#client.call('shards', { removed });
  }

  async create(options: {
    name: string;
    profile?: 'auto' | ProfileName;
    model?: string;
  }): Promise<Shard> {
    const { name, profile = 'auto', model = BUILT_IN_MODEL } = options;
    return this.#shard(await this.#client.call('create', { name, profile, model }));
  }

  async open(id: string, { at }: { at?: VersionRef } = {}): Promise<Shard> {
    return this.#shard(await this.#client.call('info', { id, at }), at);
  }

  search(query: string, options: SearchOptions = {}): Promise<(Hit & { shard: string })[]> {
    const { signal, ...asked } = options;
    return this.#client.call('searchAll', { query, options: asked }, { signal });
  }

  remove(id: string): Promise<void> {
    return this.#client.call('remove', { id });
  }

  restore(id: string): Promise<void> {
    return this.#client.call('restore', { id });
  }

  check({ deep = false, ...work }: Work & { deep?: boolean } = {}): Promise<CheckReport> {
    return this.#client.call('check', { deep }, work);
  }

  storage(): Promise<StorageReport> {
    return this.#client.call('storage', null);
  }

  persist(): Promise<boolean> {
    return this.storageKind === 'opfs' ? navigator.storage.persist() : Promise.resolve(false);
  }

  selfCheck(): Promise<SelfCheckReport> {
    return this.#client.call('selfCheck', null);
  }

  models(): Promise<ModelInfo[]> {
    return this.#client.call('models', null);
  }

  subscribe(listener: (change: LibraryChange) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    await this.#client.call('close', null);
    this.#client.close();
  }

  #shard(info: ShardInfo, at?: VersionRef): Shard {
    if (at === undefined) this.#heads.set(info);
    return new ShardClient(this.#client, this.#heads, info, at);
  }
}

/** What this page knows of each shard's name and head: the newest that any call or change told. */
class Heads {
  readonly #infos = new Map<string, ShardInfo>();

  set(info: ShardInfo): void {
    this.#infos.set(info.id, info);
  }

  get(id: string): ShardInfo | undefined {
    return this.#infos.get(id);
  }
}

class ShardClient implements Shard {
  readonly id: string;
  readonly #client: Client<LibraryProtocol>;
  readonly #heads: Heads;
  readonly #opened: ShardInfo;
  readonly #at: VersionRef | undefined;

  constructor(
    client: Client<LibraryProtocol>,
    heads: Heads,
    opened: ShardInfo,
    at: VersionRef | undefined,
  ) {
    this.id = opened.id;
    this.#client = client;
    this.#heads = heads;
    this.#opened = opened;
    // A tag may move; this shard stays at the version that it was opened at.
    this.#at = at === undefined ? undefined : opened.head;
  }

  get name(): string {
    return (this.#heads.get(this.id) ?? this.#opened).name;
  }

  get head(): string {
    if (this.#at !== undefined) return this.#at;
    return (this.#heads.get(this.id) ?? this.#opened).head;
  }

  info(): Promise<ShardInfo> {
    return this.#client.call('info', this.#here());
  }

  async rename(name: string): Promise<void> {
    this.#heads.set(await this.#client.call('rename', { id: this.#writable(), name }));
  }

  async ingest(files: Iterable<File>, options: IngestOptions = {}): Promise<IngestReport> {
    const { signal, onProgress, chunking = {}, password } = options;
    const args = { id: this.#writable(), files: [...files], chunking };
    for (const file of args.files) {
      if (!(file instanceof File)) throw new InvalidError('ingest takes File objects.');
    }
    const { report, info } = await this.#client.call('ingest', args, {
      signal,
      onProgress,
      onQuestion: ({ password: file }) => password?.(file) ?? Promise.resolve(undefined),
    });
    this.#heads.set(info);
    return report;
  }

  sources(): Promise<Source[]> {
    return this.#client.call('sources', this.#here());
  }

  search(query: string, options: SearchOptions = {}): Promise<Hit[]> {
    const { signal, ...asked } = options;
    return this.#client.call('search', { ...this.#here(), query, options: asked }, { signal });
  }

  chunks(
    options: { offset?: number; limit?: number; filter?: Filter; deleted?: boolean } = {},
  ): Promise<Chunk[]> {
    return this.#client.call('chunks', { ...this.#here(), ...options });
  }

  chunk(uuid: string): Promise<Chunk> {
    return this.#client.call('chunk', { ...this.#here(), uuid });
  }

  context(
    uuid: string,
    { before = 1, after = 1 }: { before?: number; after?: number } = {},
  ): Promise<Chunk[]> {
    return this.#client.call('context', { ...this.#here(), uuid, before, after });
  }

  frame(segment: string, index: number): Promise<ImageBitmap> {
    return this.#client.call('frame', { ...this.#here(), segment, index });
  }

  stats(): Promise<ShardStats> {
    return this.#client.call('stats', this.#here());
  }

  async export({ format, to, signal, onProgress }: ExportOptions): Promise<Blob | undefined> {
    const here = this.#here();
    const work = { signal, onProgress };
    if (!to) return this.#client.call('export', { ...here, format }, work);
    const stream = to instanceof WritableStream ? to : await to.createWritable();
    return this.#client.call(
      'export',
      { ...here, format, to: stream },
      { ...work, transfer: [stream] },
    );
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
