/** The library's worker begins: opens an engine over real storage, real workers and real tabs. */
import { UnsupportedError } from '../errors';
import type { CallContext, Handlers, Transferred } from '../rpc/protocol';
import type { FileSystem } from '../store/file-system';
import { MemoryLocks } from '../store/locks';
import { MemoryFileSystem } from '../store/memory';
import { OpfsFileSystem } from '../store/opfs';
import { Cache } from './cache';
import { startEngines } from './engines';
import { LibraryEngine } from './library-engine';
import type { LibraryProtocol } from './library-protocol';
import { Models } from './models/models';
import { OcrLanguages } from './ingest/ocr-languages';
import type { EngineParts } from './parts';
import { Peers } from './peers';

type Served = Omit<LibraryProtocol, 'open'>;

/** Handlers that wait for `open`, and then are those of the engine. */
export function startLibrary(): Handlers<LibraryProtocol> {
  let engine: Promise<Handlers<Served>> | undefined;
  const opened = async (): Promise<Handlers<Served>> => {
    if (!engine) throw new Error('The library is not open.');
    return engine;
  };
  const handle =
    <K extends keyof Served>(method: K) =>
    async (
      args: Served[K]['args'],
      context: CallContext<Served[K]>,
    ): Promise<Served[K]['reply'] | Transferred<Served[K]['reply']>> =>
      (await opened())[method](args, context);

  return {
    async open({ name, storage, assetsUrl, hubUrl }) {
      const parts = storage === 'memory' ? memoryParts(name) : await opfsParts(name);
      const { locks, modelFiles: fs, cache } = parts;
      const models = new Models({ fs, locks, assetsUrl, hubUrl, trials: cache?.trials });
      const engines = startEngines();
      engine = LibraryEngine.open({ ...parts, assetsUrl, engines, models }).then((one) =>
        one.handlers(),
      );
      await engine;
      return { storageKind: parts.storageKind };
    },
    ping: handle('ping'),
    create: handle('create'),
    rename: handle('rename'),
    remove: handle('remove'),
    restore: handle('restore'),
    ingest: handle('ingest'),
    change: handle('change'),
    clone: handle('clone'),
    tag: handle('tag'),
    untag: handle('untag'),
    merge: handle('merge'),
    compact: handle('compact'),
    reindex: handle('reindex'),
    release: handle('release'),
    purge: handle('purge'),
    gc: handle('gc'),
    repair: handle('repair'),
    saveQuestion: handle('saveQuestion'),
    import: handle('import'),
    exportAll: handle('exportAll'),
    removeQuestion: handle('removeQuestion'),
    history: handle('history'),
    diff: handle('diff'),
    tags: handle('tags'),
    planCompaction: handle('planCompaction'),
    questions: handle('questions'),
    runQuestions: handle('runQuestions'),
    watch: handle('watch'),
    shards: handle('shards'),
    info: handle('info'),
    sources: handle('sources'),
    search: handle('search'),
    searchAll: handle('searchAll'),
    chunks: handle('chunks'),
    chunk: handle('chunk'),
    context: handle('context'),
    frame: handle('frame'),
    stats: handle('stats'),
    storage: handle('storage'),
    check: handle('check'),
    selfCheck: handle('selfCheck'),
    models: handle('models'),
    preview: handle('preview'),
    downloadModel: handle('downloadModel'),
    addModel: handle('addModel'),
    removeModel: handle('removeModel'),
    ocr: handle('ocr'),
    addOcrLanguage: handle('addOcrLanguage'),
    export: handle('export'),
    close: handle('close'),
  };
}

type Parts = Omit<EngineParts, 'assetsUrl' | 'engines' | 'models'> & {
  readonly modelFiles: FileSystem;
};

/** No library is called so: theirs begin with `memreel-`. */
const MODELS_FOLDER = 'memreel.models';
const OCR_FOLDER = 'memreel.ocr';

function memoryParts(name: string): Parts {
  return {
    name,
    storageKind: 'memory',
    fs: new MemoryFileSystem(),
    modelFiles: new MemoryFileSystem(),
    ocr: new OcrLanguages(new MemoryFileSystem()),
    locks: new MemoryLocks(),
    cache: undefined,
    peers: undefined,
  };
}

/** @throws UnsupportedError where this window may not keep files */
async function opfsParts(name: string): Promise<Parts> {
  if (!('locks' in navigator)) {
    throw new UnsupportedError('This browser has no locks between tabs (Web Locks).');
  }
  return {
    name,
    storageKind: 'opfs',
    fs: await OpfsFileSystem.open(`memreel-${name}`),
    modelFiles: await OpfsFileSystem.open(MODELS_FOLDER),
    ocr: new OcrLanguages(await OpfsFileSystem.open(OCR_FOLDER)),
    locks: navigator.locks,
    cache: new Cache(name),
    peers: (onChange) => new Peers(name, onChange),
  };
}
