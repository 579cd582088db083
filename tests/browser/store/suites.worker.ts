/** Runs one case of a suite on OPFS in a worker: sync access handles exist nowhere else. */
import { OpfsFileSystem } from '../../../src/lib/store/opfs';
import { fileSystemContract } from '../../unit/store/file-system.contract';
import { storeContract } from '../../unit/store/store.contract';
import { measure } from './speed';

onmessage = async (event: MessageEvent<{ suite: string; name: string }>) => {
  const { suite, name } = event.data;
  const directory = `store-test-${crypto.randomUUID()}`;
  try {
    const fs = await OpfsFileSystem.open(directory);
    const cases = suite === 'file system' ? fileSystemContract : storeContract;
    const found = cases.find((one) => one.name === name);
    if (suite === 'speed') {
      postMessage({ figures: await measure(fs) });
    } else {
      if (!found) throw new Error(`No case is called ${name}.`);
      await found.run(fs);
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
