/**
 * A disk that fills up: `capacity` bytes for all files together. It behaves as the browsers do: the
 * write that does not fit gives a short count, or Chromium's 4294967288, and throws nothing.
 */
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { OpfsFile } from '../../../src/lib/store/opfs';
import type { SyncHandle } from '../../../src/lib/store/opfs';
import type { WritableFile } from '../../../src/lib/store/file-system';

export class FullFileSystem extends MemoryFileSystem {
  capacity = Infinity;
  shortCount: 'what fits' | 4294967288 = 'what fits';
  readonly #sizes = new Map<string, number>();

  used(): number {
    return [...this.#sizes.values()].reduce((sum, size) => sum + size, 0);
  }

  override async open(path: string, options: { create: boolean }): Promise<WritableFile> {
    const file = await super.open(path, options);
    const sized = () => this.#sizes.set(path, file.size());
    const fits = (size: number) => this.used() - file.size() + size <= this.capacity;
    sized();
    const handle: SyncHandle = {
      getSize: () => file.size(),
      read: (buffer, { at }) => {
        const bytes = file.read(at, buffer.byteLength);
        buffer.set(bytes);
        return bytes.byteLength;
      },
      write: (buffer, { at }) => {
        const end = Math.max(file.size(), at + buffer.byteLength);
        const over = Math.max(0, this.used() - file.size() + end - this.capacity);
        const count = Math.max(0, buffer.byteLength - over);
        file.write(at, buffer.subarray(0, count));
        sized();
        return over === 0 || this.shortCount === 'what fits' ? count : this.shortCount;
      },
      truncate: (size) => {
        if (size > file.size() && !fits(size)) {
          throw new DOMException('full', 'QuotaExceededError');
        }
        file.truncate(size);
        sized();
      },
      flush: () => {
        file.flush();
      },
      close: () => {
        file.close();
      },
    };
    return new OpfsFile(path, handle);
  }

  override async remove(path: string): Promise<void> {
    await super.remove(path);
    this.#sizes.delete(path);
  }
}
