/** The suites that every file system has to pass, on those that run in Node. */
import { describe, it } from 'vitest';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { CrashingFileSystem } from './crashing';
import { fileSystemContract } from './file-system.contract';
import { lettingGoContract } from './letting-go.contract';
import { storeContract } from './store.contract';

const fileSystems = [
  ['memory', () => new MemoryFileSystem()],
  ['crashing, without a crash', () => new CrashingFileSystem()],
] as const;

for (const [name, make] of fileSystems) {
  describe(`file system: ${name}`, () => {
    for (const { name, run } of fileSystemContract) it(name, () => run(make()));
  });
  describe(`store on: ${name}`, () => {
    for (const { name, run } of [...storeContract, ...lettingGoContract])
      it(name, () => run(make()));
  });
}
