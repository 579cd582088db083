/** A library on OPFS whose shard has a larger model: real files, a real ONNX model, real workers. */
import type { Hit } from '../../../src/lib/api';
import { modelSpec } from '../../../src/lib/embedding/registry';
import { startEngines, type Engines } from '../../../src/lib/library/engines';
import { LibraryEngine } from '../../../src/lib/library/library-engine';
import type { LibraryProtocol } from '../../../src/lib/library/library-protocol';
import { Models } from '../../../src/lib/library/models/models';
import { OcrLanguages } from '../../../src/lib/library/ingest/ocr-languages';
import type { Caller } from '../../../src/lib/rpc/protocol';
import { callDirectly } from '../../../src/lib/rpc/server';
import { MemoryLocks } from '../../../src/lib/store/locks';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { OpfsFileSystem } from '../../../src/lib/store/opfs';
import { HUB, tinyFiles, tinySpec } from '../embedding/tiny-model';

export type Way = 'hub' | 'folder' | 'zip';

export interface BroughtReport {
  /** How the model stood before, after, and for a library that is opened later without a network. */
  readonly states: readonly (string | undefined)[];
  /** By what a question of other words found something, before and after. */
  readonly matched: readonly Hit['matched'][];
  readonly embedded: number;
  /** Of `the cat sat`, by the model as it was kept. */
  readonly vector: Float32Array | undefined;
}

type Calls = Caller<Omit<LibraryProtocol, 'open'>>;

const TINY = 'tiny-sentence';

async function brought(way: Way, fs: OpfsFileSystem): Promise<BroughtReport> {
  const specs = [modelSpec('static-en'), tinySpec];
  const parts = { fs, locks: navigator.locks, assetsUrl: new URL('/', location.href).href, specs };
  const models = new Models({ ...parts, hubUrl: new URL(HUB, location.href).href });
  const engines = startEngines();
  try {
    const calls = await open(engines, models);
    const { id } = await calls.call('create', { name: 'N', profile: 'universal', model: TINY });
    const files = [new File(['The cat sat on a mat.'], 'cat.txt')];
    await calls.call('ingest', { id, files, chunking: {} });
    const ask = async (): Promise<Hit['matched']> => {
      const hits = await calls.call('search', { id, query: 'a cat', options: {} });
      return hits[0]?.matched ?? [];
    };
    const state = async (): Promise<string | undefined> =>
      (await calls.call('models', null)).find((model) => model.id === TINY)?.state;
    const states = [await state()];
    const matched = [await ask()];
    await bring(calls, way);
    states.push(await state());
    const { report } = await calls.call('reindex', { id, model: undefined });
    matched.push(await ask());
    const offline = new Models({ ...parts, hubUrl: 'http://127.0.0.1:9' });
    states.push(await offline.state(TINY));
    const made = await offline.embedder(engines.embed).call('embed', {
      ...{ model: TINY, texts: ['the cat sat'], kind: 'passage', assetsUrl: parts.assetsUrl },
    });
    await calls.call('close', null);
    return { states, matched, embedded: report.embedded, vector: made?.vectors };
  } finally {
    engines.close();
  }
}

async function open(engines: Engines, models: Models): Promise<Calls> {
  const engine = await LibraryEngine.open({
    ...{ name: 'models-test', storageKind: 'memory', assetsUrl: new URL('/', location.href).href },
    ...{ fs: new MemoryFileSystem(), locks: new MemoryLocks(), engines, models },
    ...{ ocr: new OcrLanguages(new MemoryFileSystem()), cache: undefined, peers: undefined },
  });
  return callDirectly(engine.handlers());
}

async function bring(calls: Calls, way: Way): Promise<void> {
  if (way === 'hub') {
    await calls.call('downloadModel', { model: TINY });
    return;
  }
  const files = [...(await tinyFiles())];
  if (way === 'folder') {
    const handed = files.map(([path, blob]) => ({
      path: `m/${path}`,
      file: new File([blob], path),
    }));
    await calls.call('addModel', { model: TINY, files: handed });
    return;
  }
  const { BlobReader, BlobWriter, ZipWriter } =
    await import('@zip.js/zip.js/lib/zip-core-native.js');
  const zip = new ZipWriter(new BlobWriter(), { useWebWorkers: false });
  for (const [path, blob] of files) await zip.add(path, new BlobReader(blob));
  const file = new File([await zip.close()], 'tiny.zip');
  await calls.call('addModel', { model: TINY, files: [{ path: 'tiny.zip', file }] });
}

onmessage = async (event: MessageEvent<Way>) => {
  const directory = `models-test-${crypto.randomUUID()}`;
  try {
    postMessage({ report: await brought(event.data, await OpfsFileSystem.open(directory)) });
  } catch (error) {
    postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  } finally {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry(directory, { recursive: true });
    close();
  }
};
