/**
 * Files in the origin private file system (WHATWG File System). Writing needs a dedicated worker:
 * sync access handles are the one write path that behaves alike in all browsers.
 */
import {
  InvalidError,
  NotFoundError,
  QuotaError,
  ReadOnlyError,
  UnsupportedError,
} from '../errors';
import { unshared } from './digest';
import { openPatiently, PIECE_BYTES } from './file-system';
import type { FileSystem, WritableFile } from './file-system';

/** What we use of `FileSystemSyncAccessHandle`. */
export interface SyncHandle {
  getSize(): number;
  read(buffer: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  write(buffer: Uint8Array<ArrayBuffer>, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

interface SyncCapable {
  createSyncAccessHandle(): Promise<SyncHandle>;
}

/** A writer touches the snapshot under us; five misses in a row are not chance any more. */
const READ_ATTEMPTS = 5;

export class OpfsFileSystem implements FileSystem {
  readonly #directories = new Map<string, FileSystemDirectoryHandle>();
  /** Of the few files beside the directories: looking one up costs as much as reading it. */
  readonly #files = new Map<string, FileSystemFileHandle>();

  private constructor(root: FileSystemDirectoryHandle) {
    this.#directories.set('', root);
  }

  /**
   * The directory `name` of this origin.
   * @throws UnsupportedError where the browser refuses, as private windows of Safari and Firefox do
   * @throws InvalidError for a name that cannot be a directory
   */
  static async open(name: string): Promise<OpfsFileSystem> {
    if (name === '' || name === '.' || name === '..' || /[/\\]/.test(name)) {
      throw new InvalidError('A library cannot have this name.', { subject: name });
    }
    try {
      const origin = await navigator.storage.getDirectory();
      return new OpfsFileSystem(await origin.getDirectoryHandle(name, { create: true }));
    } catch (cause) {
      throw new UnsupportedError(
        'This browser gives this page no private file system; private windows often refuse it.',
        { cause },
      );
    }
  }

  async read(path: string): Promise<Blob | undefined> {
    return absentAsUndefined(async () => {
      const handle = this.#files.get(path) ?? (await this.#file(path, false));
      if (handle && !path.includes('/')) this.#files.set(path, handle);
      return handle?.getFile();
    });
  }

  async readBytes(path: string, from = 0, length = Infinity): Promise<Uint8Array | undefined> {
    for (let attempt = 1; ; attempt++) {
      const file = await this.read(path);
      if (!file) return undefined;
      try {
        const end = Math.min(from + length, file.size);
        return new Uint8Array(await file.slice(from, end).arrayBuffer());
      } catch (error) {
        // A snapshot cannot be read once the file has changed: take a new one.
        if (!isNamed(error, 'NotReadableError') || attempt === READ_ATTEMPTS) throw error;
      }
    }
  }

  async open(path: string, options: { create: boolean }): Promise<WritableFile> {
    const handle = await absentAsUndefined(() => this.#file(path, options.create));
    if (!handle) throw new NotFoundError('No such file.', { subject: path });
    if (!canSync(handle)) {
      throw new UnsupportedError('Files can only be written in a worker.', { subject: path });
    }
    return openPatiently(path, async () => {
      try {
        return new OpfsFile(path, await handle.createSyncAccessHandle());
      } catch (error) {
        if (isNamed(error, 'NoModificationAllowedError')) return 'held';
        throw translated(path, error);
      }
    });
  }

  async remove(path: string): Promise<void> {
    const [directory, name] = split(path);
    try {
      await (await this.#directory(directory, false))?.removeEntry(name);
    } catch (error) {
      if (isNamed(error, 'NotFoundError')) return;
      throw isNamed(error, 'NoModificationAllowedError')
        ? new ReadOnlyError('The file is held open.', { subject: path, cause: error })
        : error;
    }
  }

  async list(directory: string): Promise<string[]> {
    const names: string[] = [];
    const handle = await this.#directory(directory, false);
    if (handle) for await (const name of handle.keys()) names.push(name);
    return names.sort();
  }

  async files(): Promise<string[]> {
    const paths: string[] = [];
    const descend = async (path: string): Promise<void> => {
      const directory = await this.#directory(path, false);
      if (!directory) return;
      for await (const [name, { kind }] of directory.entries()) {
        const found = path === '' ? name : `${path}/${name}`;
        if (kind === 'file') paths.push(found);
        else await descend(found);
      }
    };
    await descend('');
    return paths.sort();
  }

  async #file(path: string, create: boolean): Promise<FileSystemFileHandle | undefined> {
    const [directory, name] = split(path);
    return (await this.#directory(directory, create))?.getFileHandle(name, { create });
  }

  async #directory(path: string, create: boolean): Promise<FileSystemDirectoryHandle | undefined> {
    const known = this.#directories.get(path);
    if (known) return known;
    const [parent, name] = split(path);
    const found = await absentAsUndefined(async () =>
      (await this.#directory(parent, create))?.getDirectoryHandle(name, { create }),
    );
    if (found) this.#directories.set(path, found);
    return found;
  }
}

/** An open sync access handle, with every count checked. */
export class OpfsFile implements WritableFile {
  readonly #path: string;
  readonly #handle: SyncHandle;

  constructor(path: string, handle: SyncHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  size(): number {
    return this.#handle.getSize();
  }

  read(at: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.size() - at)));
    const count = bytes.byteLength === 0 ? 0 : this.#handle.read(bytes, { at });
    return count === bytes.byteLength ? bytes : bytes.slice(0, count);
  }

  write(at: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.byteLength; done += PIECE_BYTES) {
      // slice(), not a view: WebKit writes the whole buffer behind a view.
      const piece = unshared(bytes.slice(done, done + PIECE_BYTES));
      const count = this.#translating(() => this.#handle.write(piece, { at: at + done }));
      // A full disk gives a short count (Firefox) or 4294967288 (Chromium), and no exception.
      if (count !== piece.byteLength) {
        throw new QuotaError('The disk is full.', { subject: this.#path });
      }
    }
  }

  truncate(size: number): void {
    this.#translating(() => {
      this.#handle.truncate(size);
    });
  }

  flush(): void {
    this.#translating(() => {
      this.#handle.flush();
    });
  }

  close(): void {
    this.#handle.close();
  }

  #translating<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw translated(this.#path, error);
    }
  }
}

function canSync(handle: FileSystemFileHandle): handle is FileSystemFileHandle & SyncCapable {
  return 'createSyncAccessHandle' in handle;
}

function split(path: string): [directory: string, name: string] {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
}

/** DOMExceptions are told by name: they come from several realms. */
function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

async function absentAsUndefined<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (isNamed(error, 'NotFoundError')) return undefined;
    throw error;
  }
}

function translated(subject: string, cause: unknown): unknown {
  return isNamed(cause, 'QuotaExceededError')
    ? new QuotaError('The disk, or this page’s share of it, is full.', { subject, cause })
    : cause;
}
