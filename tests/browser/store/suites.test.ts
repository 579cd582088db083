/** The suites of the file system and the store, on OPFS in a dedicated worker. */
import { describe, expect, it } from 'vitest';
import { UnsupportedError } from '../../../src/lib/errors';
import { OpfsFileSystem } from '../../../src/lib/store/opfs';
import { fileSystemContract } from '../../unit/store/file-system.contract';
import { aloneContract, lettingGoContract } from '../../unit/store/letting-go.contract';
import { storeContract } from '../../unit/store/store.contract';

interface Reply {
  error?: string;
  figures?: Record<string, number>;
}

function inWorker(suite: string, name: string): Promise<Reply> {
  const worker = new Worker(new URL('./suites.worker.ts', import.meta.url), { type: 'module' });
  return new Promise<Reply>((resolve, reject) => {
    worker.onmessage = (event: MessageEvent<Reply>) => {
      resolve(event.data);
    };
    worker.onerror = (event) => {
      reject(new Error(event.message));
    };
    worker.postMessage({ suite, name });
  }).finally(() => {
    worker.terminate();
  });
}

describe('file system: OPFS', () => {
  for (const { name } of fileSystemContract) {
    it(name, async () => {
      expect((await inWorker('file system', name)).error).toBeUndefined();
    });
  }

  it('says that files are written in workers only', async () => {
    const fs = await OpfsFileSystem.open('store-test-window');
    await expect(fs.open('f', { create: true })).rejects.toThrow(UnsupportedError);
    await (
      await navigator.storage.getDirectory()
    ).removeEntry('store-test-window', {
      recursive: true,
    });
  });
});

describe('store on: OPFS', () => {
  for (const { name } of [...storeContract, ...lettingGoContract]) {
    it(name, async () => {
      expect((await inWorker('store', name)).error).toBeUndefined();
    });
  }

  it('takes navigator.locks as it is, and tells what its steps cost', async () => {
    const { error, figures } = await inWorker('speed', '');
    expect(error).toBeUndefined();
    console.log(figures);
  });
});

describe('being alone by: Web Locks', () => {
  for (const { name } of aloneContract) {
    it(name, async () => {
      expect((await inWorker('Web Locks', name)).error).toBeUndefined();
    });
  }
});
