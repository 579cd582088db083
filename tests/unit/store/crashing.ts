/**
 * A file system that crashes. Content reaches its disk by `flush`; directory entries by `settle`
 * alone, as in browsers, where nothing that a page can call makes a new entry safe.
 *
 * `kill` is what a dead process leaves: all that was written. `power` is what a power loss leaves:
 * unflushed content is lost, kept or garbled by sectors, sizes may be the old or the new ones, and
 * of the unsettled changes to directories any number may be missing: new names in any order, but
 * where names were removed as well, the last changes. Journalling file systems keep them in order.
 * `disorder` is as `power` on a system that keeps no order at all.
 */
import { NotFoundError, ReadOnlyError } from '../../../src/lib/errors';
import { openPatiently } from '../../../src/lib/store/file-system';
import type { FileSystem, WritableFile } from '../../../src/lib/store/file-system';

export class CrashError extends Error {
  override readonly name = 'CrashError';
}

type Bytes = Uint8Array<ArrayBuffer>;

interface Inode {
  content: Bytes; // never changed in place: copies are shared between snapshots
  flushed: Bytes;
  held: boolean;
}

const SECTOR = 512;

/** A generator of numbers in [0, 1) from a seed (mulberry32). */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type Crash = 'kill' | 'power' | 'disorder';

export class CrashingFileSystem implements FileSystem {
  /** Operations that changed something, so far. */
  operations = 0;
  /** The operation during which it crashes. */
  crashAt = Infinity;
  crashed = false;
  readonly #now = new Map<string, Inode>();
  readonly #settled = new Map<string, Inode>();
  #settledCount = 0;
  readonly #unsettled: [path: string, inode: Inode | undefined][] = [];

  read(path: string): Promise<Blob | undefined> {
    this.#alive();
    const inode = this.#now.get(path);
    return Promise.resolve(inode && new Blob([inode.content]));
  }

  readBytes(path: string, from = 0, length = Infinity): Promise<Uint8Array | undefined> {
    this.#alive();
    return Promise.resolve(this.#now.get(path)?.content.slice(from, from + length));
  }

  async open(path: string, options: { create: boolean }): Promise<WritableFile> {
    return openPatiently(path, () => {
      this.#alive();
      let inode = this.#now.get(path);
      if (!inode) {
        if (!options.create) throw new NotFoundError('No such file.', { subject: path });
        inode = { content: new Uint8Array(0), flushed: new Uint8Array(0), held: false };
        const made = inode;
        this.step(() => this.#link(path, made));
      }
      return Promise.resolve(inode.held ? 'held' : new CrashingFile(this, inode));
    });
  }

  async remove(path: string): Promise<void> {
    this.#alive();
    const inode = this.#now.get(path);
    if (inode?.held) throw new ReadOnlyError('The file is held open.', { subject: path });
    if (inode) this.step(() => this.#link(path, undefined));
    return Promise.resolve();
  }

  list(directory: string): Promise<string[]> {
    this.#alive();
    const below = [...this.#now.keys()].filter((path) => path.startsWith(`${directory}/`));
    const names = below.map((path) => path.slice(directory.length + 1).split('/', 1)[0] ?? '');
    return Promise.resolve([...new Set(names)].sort());
  }

  files(): Promise<string[]> {
    this.#alive();
    return Promise.resolve([...this.#now.keys()].sort());
  }

  /** A point in time, for `settle`. */
  mark(): number {
    return this.#settledCount + this.#unsettled.length;
  }

  /** Time passes: the changes to directories up to a mark, or all, have reached the disk. */
  settle(mark = this.mark()): void {
    const changes = this.#unsettled.splice(0, mark - this.#settledCount);
    for (const [path, inode] of changes) {
      if (inode) this.#settled.set(path, inode);
      else this.#settled.delete(path);
    }
    this.#settledCount += changes.length;
  }

  /** Counts an operation; the crash may come before it, or when `partly` of it is done. */
  step(whole: () => void, partly: () => void = () => undefined): void {
    this.#alive();
    if (++this.operations < this.crashAt) {
      whole();
      return;
    }
    partly();
    this.crashed = true;
    throw new CrashError('crash');
  }

  #alive(): void {
    if (this.crashed) throw new CrashError('crashed before');
  }

  #link(path: string, inode: Inode | undefined): void {
    if (inode) this.#now.set(path, inode);
    else this.#now.delete(path);
    this.#unsettled.push([path, inode]);
  }

  /** What the next start finds. The same seed gives the same remains. */
  afterCrash(kind: Crash, seed: number): CrashingFileSystem {
    const chance = random(seed);
    const next = new CrashingFileSystem();
    const directory = new Map(kind === 'kill' ? this.#now : this.#settled);
    if (kind !== 'kill') {
      const keep = chance();
      const inOrder = kind === 'power' && this.#unsettled.some(([, inode]) => !inode);
      const prefix = Math.floor(keep * (this.#unsettled.length + 1));
      for (const [i, [path, inode]] of this.#unsettled.entries()) {
        if (inOrder ? i >= prefix : chance() >= keep) continue;
        if (inode) directory.set(path, inode);
        else directory.delete(path);
      }
    }
    for (const [path, inode] of directory) {
      const content = kind === 'kill' ? inode.content : garbled(inode, chance);
      const remains = { content, flushed: content, held: false };
      next.#now.set(path, remains);
      next.#settled.set(path, remains);
    }
    return next;
  }
}

class CrashingFile implements WritableFile {
  #open = true;

  constructor(
    private readonly fs: CrashingFileSystem,
    private readonly inode: Inode,
  ) {
    inode.held = true;
  }

  size(): number {
    return this.#now().content.byteLength;
  }

  read(at: number, length: number): Bytes {
    return this.#now().content.slice(at, at + length);
  }

  write(at: number, bytes: Uint8Array): void {
    const inode = this.#now();
    const content = overwritten(inode.content, at, bytes);
    const half = bytes.subarray(0, bytes.byteLength >> 1);
    this.fs.step(
      () => (inode.content = content),
      () => (inode.content = overwritten(inode.content, at, half)),
    );
  }

  truncate(size: number): void {
    const inode = this.#now();
    const content = new Uint8Array(size);
    content.set(inode.content.subarray(0, size));
    this.fs.step(() => (inode.content = content));
  }

  flush(): void {
    const inode = this.#now();
    this.fs.step(() => (inode.flushed = inode.content));
  }

  close(): void {
    if (this.#open) this.inode.held = false;
    this.#open = false;
  }

  #now(): Inode {
    if (!this.#open) throw new Error('The file is closed.');
    return this.inode;
  }
}

function overwritten(content: Bytes, at: number, bytes: Uint8Array): Bytes {
  const next = new Uint8Array(Math.max(content.byteLength, at + bytes.byteLength));
  next.set(content);
  next.set(bytes, at);
  return next;
}

/** Each sector that was not flushed is old, new, zero or noise; the size is old or new. */
function garbled({ content, flushed }: Inode, chance: () => number): Bytes {
  if (content === flushed) return content;
  const mood = chance();
  if (mood < 0.2) return flushed;
  if (mood < 0.4) return content;
  const size = chance() < 0.5 ? content.byteLength : flushed.byteLength;
  const result = new Uint8Array(size);
  for (let at = 0; at < size; at += SECTOR) {
    const [before, after] = [flushed, content].map((of) => of.subarray(at, at + SECTOR));
    if (!before || !after) continue;
    const unchanged =
      before.byteLength === after.byteLength && before.every((b, i) => b === after[i]);
    const fate = unchanged ? 0 : chance();
    if (fate < 0.3) result.set(before.subarray(0, size - at), at);
    else if (fate < 0.7) result.set(after.subarray(0, size - at), at);
    else if (fate < 0.9)
      for (let i = at; i < Math.min(size, at + SECTOR); i++) result[i] = chance() * 256;
  }
  return result;
}
