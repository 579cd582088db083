/**
 * The public calls over the library's worker: `Library` as a page holds it; `shard-client.ts` has
 * `Shard`. No work is done here, so that a page stays free while a job runs.
 */
import type {
  CheckReport,
  ExportOptions,
  GcReport,
  Hit,
  ImportOptions,
  Library,
  LibraryChange,
  ModelInfo,
  OcrLanguage,
  OpenOptions,
  Preview,
  ProfileName,
  SearchOptions,
  SelfCheckReport,
  Shard,
  ShardInfo,
  StorageReport,
  VersionRef,
  Work,
} from './api';
import { InvalidError } from './errors';
import type { LibraryProtocol } from './library/library-protocol';
import { wrapWorker, type Client } from './rpc/client';
import { Heads, ShardClient, Steps, writableOf } from './shard-client';

/** Where larger models are, unless someone keeps a mirror. */
const HUB_URL = 'https://huggingface.co';

/** The model of a shard that names none. */
const BUILT_IN_MODEL = 'static-en';

/**
 * Opens the library of this origin, made where there is none yet.
 * @throws UnsupportedError where the browser keeps no files for this page, as private windows often
 *   do: `storage: 'memory'` works there, until the tab closes
 * @throws CorruptError when what is stored cannot be read; nothing is wiped
 */
export async function openLibrary(options: OpenOptions = {}): Promise<Library> {
  const { name = 'memreel', storage = 'opfs', hubUrl = HUB_URL } = options;
  const { assetsUrl = import.meta.env.BASE_URL } = options;
  const worker = new Worker(new URL('../workers/library.ts', import.meta.url), { type: 'module' });
  const client = wrapWorker<LibraryProtocol>(worker);
  try {
    const base = new URL(assetsUrl, document.baseURI).href;
    const { storageKind } = await client.call('open', {
      ...{ name, storage, hubUrl },
      assetsUrl: base,
    });
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
  readonly #steps = new Steps();

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
    language?: 'en' | 'und';
  }): Promise<Shard> {
    const { name, profile = 'auto', model = BUILT_IN_MODEL, language } = options;
    return this.#shard(await this.#client.call('create', { name, profile, model, language }));
  }

  async open(id: string, { at }: { at?: VersionRef } = {}): Promise<Shard> {
    return this.#shard(await this.#client.call('info', { id, at }), at);
  }

  search(query: string, options: SearchOptions = {}): Promise<(Hit & { shard: string })[]> {
    const { signal, ...asked } = options;
    return this.#client.call('searchAll', { query, options: asked }, { signal });
  }

  async import(files: Blob | Iterable<File>, options: ImportOptions = {}): Promise<Shard> {
    const { signal, onProgress, onReport, ...wishes } = options;
    const given = files instanceof Blob ? [asFile(files)] : [...files];
    const imported = await this.#client.call(
      'import',
      { files: given, ...wishes },
      { signal, onProgress },
    );
    for (const { report } of imported) onReport?.(report);
    const [first] = imported;
    if (!first) throw new InvalidError('There is no shard in it.');
    return this.#shard(first.info);
  }

  async exportAll(options: Omit<ExportOptions, 'format'> = {}): Promise<Blob | undefined> {
    const { to, signal, onProgress, ...wanted } = options;
    const work = { signal, onProgress };
    if (!to) return this.#client.call('exportAll', wanted, work);
    const stream = await writableOf(to);
    return this.#client.call(
      'exportAll',
      { ...wanted, to: stream },
      { ...work, transfer: [stream] },
    );
  }

  remove(id: string): Promise<void> {
    return this.#client.call('remove', { id });
  }

  restore(id: string): Promise<void> {
    return this.#client.call('restore', { id });
  }

  gc(): Promise<GcReport> {
    return this.#client.call('gc', null);
  }

  check({ deep = false, ...work }: Work & { deep?: boolean } = {}): Promise<CheckReport> {
    return this.#client.call('check', { deep }, work);
  }

  repair(from?: Blob, work: Work = {}): Promise<CheckReport> {
    return this.#client.call('repair', { from }, work);
  }

  storage({ shards = true }: { shards?: boolean } = {}): Promise<StorageReport> {
    return this.#client.call('storage', { shards });
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

  preview(file: File, options: Parameters<Library['preview']>[1] = {}): Promise<Preview> {
    const { chunking = {}, model = BUILT_IN_MODEL, limit = 20, password, signal } = options;
    return this.#client.call(
      'preview',
      { file, chunking, model, limit },
      {
        signal,
        onQuestion: ({ password: name }) => password?.(name) ?? Promise.resolve(undefined),
      },
    );
  }

  downloadModel(id: string, work: Work = {}): Promise<ModelInfo> {
    return this.#client.call('downloadModel', { model: id }, work);
  }

  addModel(id: string, files: Iterable<File>, work: Work = {}): Promise<ModelInfo> {
    const handed = [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
    return this.#client.call('addModel', { model: id, files: handed }, work);
  }

  removeModel(id: string): Promise<void> {
    return this.#client.call('removeModel', { model: id });
  }

  ocr(): Promise<OcrLanguage[]> {
    return this.#client.call('ocr', null);
  }

  addOcrLanguage(file: File): Promise<OcrLanguage> {
    return this.#client.call('addOcrLanguage', { file });
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
    return new ShardClient(
      { client: this.#client, heads: this.#heads, steps: this.#steps },
      info,
      // A tag may move; this shard stays at the version that it was opened at.
      at === undefined ? undefined : info.head,
    );
  }
}

/** A file that came without a name is called after what it is. */
function asFile(blob: Blob): File {
  return blob instanceof File ? blob : new File([blob], 'The file', { type: blob.type });
}
