/**
 * Files of the system that can be written again: the handles that opened and saved files came with,
 * by shard. Kept in IndexedDB, because only that keeps handles; a lost one only asks again where to
 * save. Reads and writes no file.
 */
import type { DBSchema, IDBPDatabase } from 'idb';

/** File System Access (WICG), as far as it is used: TypeScript has no types of it. */
interface Permitted {
  queryPermission?(wish: { mode: 'readwrite' }): Promise<PermissionState>;
  requestPermission?(wish: { mode: 'readwrite' }): Promise<PermissionState>;
}

interface Schema extends DBSchema {
  /** By shard id. */
  files: { key: string; value: FileSystemFileHandle };
}

/** Files that came with handles, and what tells them apart: a drop hands out a new object each time. */
const opened = new Map<string, FileSystemFileHandle>();

const keyOf = ({ name, size, lastModified }: File): string =>
  [name, size, lastModified].map(String).join('\n');

/** Remembers, while the page is open, which handle a file came with. */
export function rememberHandle(file: File, handle: FileSystemFileHandle): void {
  opened.set(keyOf(file), handle);
}

/** The handle that a file came with, if it did. */
export function handleOf(file: File): FileSystemFileHandle | undefined {
  return opened.get(keyOf(file));
}

/** What browsers with handles have in a drop. */
interface HandedItem {
  getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
}

const isFileHandle = (handle: FileSystemHandle | null): handle is FileSystemFileHandle =>
  handle?.kind === 'file';

/** Remembers the handles of dropped files. To be called while the drop is handled. */
export async function rememberDropped(data: DataTransfer): Promise<void> {
  const items = [...data.items].filter(({ kind }) => kind === 'file');
  const handles = items.map((item) => (item as HandedItem).getAsFileSystemHandle?.());
  for (const asked of handles) {
    const handle = await asked;
    if (handle && isFileHandle(handle)) rememberHandle(await handle.getFile(), handle);
  }
}

let database: Promise<IDBPDatabase<Schema>> | undefined;

async function openHandles(): Promise<IDBPDatabase<Schema>> {
  const { openDB } = await import('idb');
  database ??= openDB<Schema>('memreel-files', 1, {
    upgrade: (fresh) => {
      fresh.createObjectStore('files');
    },
  });
  return database;
}

/** Remembers where a shard was saved, or which file it was imported from. */
export async function keepHandle(shard: string, handle: FileSystemFileHandle): Promise<void> {
  await (await openHandles()).put('files', handle, shard);
}

/** The file that a shard can be saved to again; its `name` is for people. */
export async function keptHandle(shard: string): Promise<FileSystemFileHandle | undefined> {
  return (await openHandles()).get('files', shard);
}

export async function forgetHandle(shard: string): Promise<void> {
  await (await openHandles()).delete('files', shard);
}

/** Whether the file may be written; asks the person where the browser wants it, so: on a click. */
export async function allowWriting(handle: FileSystemFileHandle): Promise<boolean> {
  const wish = { mode: 'readwrite' } as const;
  const { queryPermission, requestPermission } = handle as Permitted;
  // Without these calls, writing is allowed or fails by itself.
  if (!queryPermission || !requestPermission) return true;
  if ((await queryPermission.call(handle, wish)) === 'granted') return true;
  return (await requestPermission.call(handle, wish)) === 'granted';
}
