/** Files that the system hands over, and those that can be saved again. */
import { expect, test } from 'vitest';
import { ArchiveWriter } from '../../../src/lib/archive/zip-writer';
import type { Library, Shard } from '../../../src/lib/index';
import { listenForArrivals, type LaunchQueue } from '../../../src/lib/ui/arrivals';
import {
  allowWriting,
  forgetHandle,
  handleOf,
  keepHandle,
  keptHandle,
  rememberHandle,
} from '../../../src/lib/ui/handles';
import { isShardFile } from '../../../src/lib/ui/shard-file';
import { Work } from '../../../src/lib/ui/work.svelte';

async function zipOf(...names: string[]): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const to = new WritableStream<Uint8Array<ArrayBuffer>>({
    write: (part) => void parts.push(part.slice()),
  });
  const archive = new ArchiveWriter(to, new AbortController().signal);
  for (const name of names) await archive.add(name, new Blob(['content']).stream());
  await archive.close();
  return new Blob(parts);
}

test('tells exported shards from documents by their bytes', async () => {
  const shards = [
    new Blob(['age-encryption.org/v1\n-> scrypt']),
    new Blob(['\0\0\0\x20ftypisom\0\0']),
    await zipOf('memory.mp4', 'memory_index.json', 'vectors.bin', 'manifest.json'),
    await zipOf('library.json', 'a.zip'),
  ];
  const documents = [
    new Blob([]),
    new Blob(['PK']),
    new Blob(['manifest.json memory_index.json library.json']),
    await zipOf('word/document.xml', '[Content_Types].xml'),
    await zipOf('manifest.json', 'notes.md'),
    await zipOf('folder/library.json'),
  ];
  expect(await Promise.all(shards.map(isShardFile))).toEqual(shards.map(() => true));
  expect(await Promise.all(documents.map(isShardFile))).toEqual(documents.map(() => false));
});

async function fileInOpfs(name: string, text: string): Promise<FileSystemFileHandle> {
  const root = await navigator.storage.getDirectory();
  const handle = await root.getFileHandle(name, { create: true });
  const writable = await handle.createWritable();
  await writable.write(text);
  await writable.close();
  return handle;
}

test('a file that was opened can be saved again after a reload', async () => {
  const handle = await fileInOpfs('handed.zip', 'one');
  const file = await handle.getFile();
  expect(handleOf(file)).toBeUndefined();
  rememberHandle(file, handle);
  // A drop hands the same file out as another object.
  expect(handleOf(await handle.getFile())).toBe(handle);

  await keepHandle('shard-1', handle);
  const kept = await keptHandle('shard-1');
  expect(await kept?.isSameEntry(handle)).toBe(true);
  expect(kept && (await allowWriting(kept))).toBe(true);
  await forgetHandle('shard-1');
  expect(await keptHandle('shard-1')).toBeUndefined();
});

test('asks before it writes where the browser wants to be asked', async () => {
  const handle = await fileInOpfs('asked.zip', 'one');
  const answers = (query: PermissionState, request: PermissionState): FileSystemFileHandle =>
    Object.assign(Object.create(handle) as FileSystemFileHandle, {
      queryPermission: () => Promise.resolve(query),
      requestPermission: () => Promise.resolve(request),
    });
  expect(await allowWriting(answers('granted', 'denied'))).toBe(true);
  expect(await allowWriting(answers('prompt', 'granted'))).toBe(true);
  expect(await allowWriting(answers('prompt', 'denied'))).toBe(false);
});

test('opened files go where they belong, each with its handle', async () => {
  const note = await fileInOpfs('note.md', '# Note');
  const film = await fileInOpfs('film.mp4', '\0\0\0\x20ftypisom');
  const queue: LaunchQueue = {
    setConsumer: (consumer) => {
      consumer({ files: [film, note] });
    },
  };
  const seen: string[] = [];
  await new Promise<void>((resolve, reject) => {
    listenForArrivals(queue, document.baseURI, {
      addDocuments: (files) => seen.push(...files.map(({ name }) => `add ${name}`)),
      importShards: (files) => {
        seen.push(...files.map(({ name }) => `import ${name}`));
        resolve();
      },
      fail: reject,
    });
  });
  expect(seen).toEqual(['add note.md', 'import film.mp4']);
  expect(handleOf(await film.getFile())).toBe(film);
});

test('counts writing calls of the library and of its shards until they end', async () => {
  let finish: (error?: Error) => void = () => undefined;
  const pending = (): Promise<never> =>
    new Promise((_, reject) => {
      finish = (error = new Error('ended')) => {
        reject(error);
      };
    });
  class Held {
    // As the real ones have: a private field is not a proxy's.
    readonly #id = 'shard';
    get id(): string {
      return this.#id;
    }
    export = pending;
    search = (): Promise<[]> => Promise.resolve([]);
  }
  const shard: Partial<Shard> = new Held();
  const work = new Work();
  const held: Partial<Library> = { open: () => Promise.resolve(shard as Shard), gc: pending };
  const library = work.watch(held as Library);

  const opened = await library.open('shard');
  expect(opened.id).toBe('shard');
  expect(work.count).toBe(0);
  const exporting = opened.export({ format: 'mp4' });
  expect(work.count).toBe(1);
  await opened.search('wing');
  expect(work.count).toBe(1);
  finish();
  await expect(exporting).rejects.toThrow('ended');
  expect(work.count).toBe(0);
  const freeing = library.gc();
  expect(work.count).toBe(1);
  finish();
  await expect(freeing).rejects.toThrow('ended');
  expect(work.count).toBe(0);
});
