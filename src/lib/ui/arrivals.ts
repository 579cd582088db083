/**
 * Files that the system hands over: opened with the app, or shared from another one. Documents go
 * where dropped ones go, exported shards to the dialog that imports them.
 */
import { NAME_HEADER, SHARED_CACHE, SHARED_FOLDER } from '../offline/messages';
import { rememberHandle } from './handles';
import { isShardFile } from './shard-file';

/** Launch Handler API (WICG), as far as it is used: TypeScript has no types of it. */
export interface LaunchQueue {
  setConsumer(consumer: (launch: { readonly files?: readonly FileSystemHandle[] }) => void): void;
}

/** Where what arrives goes. */
export interface Destinations {
  addDocuments(files: File[]): void;
  importShards(files: File[]): void;
  fail(error: unknown): void;
}

/**
 * Takes what waits, and what the system opens with the app from now on.
 * @param base the app's folder, absolute
 */
export function listenForArrivals(
  queue: LaunchQueue | undefined,
  base: string,
  destinations: Destinations,
): void {
  queue?.setConsumer(({ files = [] }) => {
    openedFiles(files)
      .then((opened) => sortFiles(opened, destinations))
      .catch(destinations.fail);
  });
  takeShared(base)
    .then((shared) => sortFiles(shared, destinations))
    .catch(destinations.fail);
}

async function sortFiles(
  files: readonly File[],
  { addDocuments, importShards }: Destinations,
): Promise<void> {
  const isShard = await Promise.all(files.map(isShardFile));
  const documents = files.filter((_, at) => !isShard[at]);
  const shards = files.filter((_, at) => isShard[at]);
  if (documents.length > 0) addDocuments(documents);
  // Last: what asks something is what is seen.
  if (shards.length > 0) importShards(shards);
}

async function openedFiles(handles: readonly FileSystemHandle[]): Promise<File[]> {
  const files: File[] = [];
  for (const handle of handles.filter(isFileHandle)) {
    const file = await handle.getFile();
    rememberHandle(file, handle);
    files.push(file);
  }
  return files;
}

function isFileHandle(handle: FileSystemHandle): handle is FileSystemFileHandle {
  return handle.kind === 'file';
}

/** Takes the files that the service worker keeps for a page. @param base the app's folder */
async function takeShared(base: string): Promise<File[]> {
  // Pages that are not secure have no caches, and nothing is shared with them.
  if (!('caches' in window) || !(await caches.has(SHARED_CACHE))) return [];
  const folder = new URL(SHARED_FOLDER, base).href;
  const cache = await caches.open(SHARED_CACHE);
  const files: File[] = [];
  for (const request of await cache.keys()) {
    if (!request.url.startsWith(folder)) continue;
    const response = await cache.match(request);
    // Another tab may be faster: who deletes it has it.
    if (!response || !(await cache.delete(request))) continue;
    const body = await response.blob();
    const name = decodeURIComponent(response.headers.get(NAME_HEADER) ?? 'Shared');
    files.push(new File([body], name, { type: body.type }));
  }
  return files;
}
