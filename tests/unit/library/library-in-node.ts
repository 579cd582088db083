/** A library over any file system, called as the page's client calls it. */
import type { FileSystem } from '../../../src/lib/store/file-system';
import type { Locks } from '../../../src/lib/store/locks';
import { MemoryLocks } from '../../../src/lib/store/locks';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { LibraryEngine } from '../../../src/lib/library/library-engine';
import type { LibraryProtocol } from '../../../src/lib/library/library-protocol';
import type { Models } from '../../../src/lib/library/models/models';
import { OcrLanguages } from '../../../src/lib/library/ingest/ocr-languages';
import type { Caller } from '../../../src/lib/rpc/protocol';
import { callDirectly } from '../../../src/lib/rpc/server';
import { enginesInNode, type NodeEngines } from './engines-in-node';
import { modelsInNode } from './models-in-node';

export type Calls = Caller<Omit<LibraryProtocol, 'open'>>;

export async function libraryInNode(
  fs: FileSystem,
  options: { locks?: Locks; engines?: NodeEngines; models?: Models } = {},
): Promise<Calls> {
  const { locks = new MemoryLocks(), engines = enginesInNode() } = options;
  const { models = modelsInNode() } = options;
  const engine = await LibraryEngine.open({
    name: 'test',
    storageKind: 'memory',
    assetsUrl: 'unused',
    fs,
    locks,
    engines,
    models,
    ocr: new OcrLanguages(new MemoryFileSystem()),
    cache: undefined,
    peers: undefined,
  });
  return callDirectly(engine.handlers());
}

/** A shard and some documents in it. */
export async function shardOf(calls: Calls, files: File[], chunking = {}): Promise<string> {
  const { id } = await calls.call('create', {
    name: 'Notes',
    profile: 'compact',
    model: 'static-en',
  });
  if (files.length > 0) await calls.call('ingest', { id, files, chunking });
  return id;
}

export const file = (name: string, text: string): File => new File([text], name);
