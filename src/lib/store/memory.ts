/** Files in memory: what is used where the browser refuses OPFS, and in tests. Keeps nothing. */
import { NotFoundError, ReadOnlyError } from '../errors';
import { openPatiently } from './file-system';
import type { FileSystem, WritableFile } from './file-system';

interface Stored {
  /** Capacity; `size` bytes of it are the file. */
  buffer: Uint8Array<ArrayBuffer>;
  size: number;
  held: boolean;
  /** Kept until the next write, so that a segment is copied once, not for each frame read. */
  snapshot: Blob | undefined;
}

export class MemoryFileSystem implements FileSystem {
  readonly #files = new Map<string, Stored>();

  read(path: string): Promise<Blob | undefined> {
    const file = this.#files.get(path);
    if (file) file.snapshot ??= new Blob([file.buffer.subarray(0, file.size)]);
    return Promise.resolve(file?.snapshot);
  }

  readBytes(path: string, from = 0, length = Infinity): Promise<Uint8Array | undefined> {
    const file = this.#files.get(path);
    const end = Math.min(from + length, file?.size ?? 0);
    return Promise.resolve(file?.buffer.slice(Math.min(from, end), end));
  }

  async open(path: string, options: { create: boolean }): Promise<WritableFile> {
    return openPatiently(path, () => {
      let file = this.#files.get(path);
      if (!file) {
        if (!options.create) throw new NotFoundError('No such file.', { subject: path });
        file = { buffer: new Uint8Array(0), size: 0, held: false, snapshot: undefined };
        this.#files.set(path, file);
      }
      return Promise.resolve(file.held ? 'held' : new MemoryFile(file));
    });
  }

  remove(path: string): Promise<void> {
    if (this.#files.get(path)?.held) {
      return Promise.reject(new ReadOnlyError('The file is held open.', { subject: path }));
    }
    this.#files.delete(path);
    return Promise.resolve();
  }

  list(directory: string): Promise<string[]> {
    const names = new Set<string>();
    for (const path of this.#files.keys()) {
      if (path.startsWith(`${directory}/`)) {
        names.add(path.slice(directory.length + 1).split('/', 1)[0] ?? '');
      }
    }
    return Promise.resolve([...names].sort());
  }

  files(): Promise<string[]> {
    return Promise.resolve([...this.#files.keys()].sort());
  }
}

class MemoryFile implements WritableFile {
  readonly #file: Stored;
  #open = true;

  constructor(file: Stored) {
    this.#file = file;
    file.held = true;
  }

  size(): number {
    return this.#stored().size;
  }

  read(at: number, length: number): Uint8Array<ArrayBuffer> {
    const { buffer, size } = this.#stored();
    return buffer.slice(Math.min(at, size), Math.min(at + length, size));
  }

  write(at: number, bytes: Uint8Array): void {
    const file = this.#stored();
    this.#resize(Math.max(file.size, at + bytes.byteLength));
    file.buffer.set(bytes, at);
  }

  truncate(size: number): void {
    this.#resize(size);
  }

  flush(): void {
    this.#stored();
  }

  close(): void {
    if (this.#open) this.#file.held = false;
    this.#open = false;
  }

  #stored(): Stored {
    if (!this.#open) throw new Error('The file is closed.');
    return this.#file;
  }

  #resize(size: number): void {
    const file = this.#stored();
    file.snapshot = undefined;
    if (size > file.buffer.byteLength) {
      const grown = new Uint8Array(Math.max(size, Math.min(2 * file.size, file.size + (1 << 20))));
      grown.set(file.buffer.subarray(0, file.size));
      file.buffer = grown;
    } else if (size < file.size) {
      file.buffer.fill(0, size, file.size); // extending again later shows zeros
    }
    file.size = size;
  }
}
