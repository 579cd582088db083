/** The models of a library in Node, kept in memory. */
import { Models, type ModelParts } from '../../../src/lib/library/models/models';
import { MemoryLocks } from '../../../src/lib/store/locks';
import { MemoryFileSystem } from '../../../src/lib/store/memory';

export function modelsInNode(parts: Partial<ModelParts> = {}): Models {
  return new Models({
    fs: new MemoryFileSystem(),
    locks: new MemoryLocks(),
    assetsUrl: 'https://memreel.test/',
    hubUrl: 'https://hub.test',
    ...parts,
  });
}
