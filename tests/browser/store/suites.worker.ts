/** Runs one case of a suite on OPFS in a worker: sync access handles exist nowhere else. */
import { OpfsFileSystem } from '../../../src/lib/store/opfs';
import { fileSystemContract } from '../../unit/store/file-system.contract';
import { aloneContract, lettingGoContract } from '../../unit/store/letting-go.contract';
import { storeContract } from '../../unit/store/store.contract';
import type { Case } from '../../unit/store/law';
import { measure } from './speed';

onmessage = async (event: MessageEvent<{ suite: string; name: string }>) => {
  const { suite, name } = event.data;
  const directory = `store-test-${crypto.randomUUID()}`;
  try {
    const fs = await OpfsFileSystem.open(directory);
    if (suite === 'speed') {
      postMessage({ figures: await measure(fs) });
    } else if (suite === 'Web Locks') {
      await caseOf(aloneContract, name).run({ fs, locks: navigator.locks });
      postMessage({});
    } else {
      const store = [...storeContract, ...lettingGoContract];
      await caseOf(suite === 'file system' ? fileSystemContract : store, name).run(fs);
      postMessage({});
    }
  } catch (error) {
    postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  } finally {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry(directory, { recursive: true });
    close();
  }
};

function caseOf<T>(cases: readonly Case<T>[], name: string): Case<T> {
  const found = cases.find((one) => one.name === name);
  if (!found) throw new Error(`No case is called ${name}.`);
  return found;
}
