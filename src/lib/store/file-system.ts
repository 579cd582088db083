/**
 * The port to whatever keeps files: `opfs.ts` and `memory.ts` implement it, and one contract suite
 * runs on both. It knows paths and bytes, and translates the platform's errors. It does not know
 * what the store means by them.
 */
import { ReadOnlyError } from '../errors';

/** The most that is written or read at once: browsers copy what they are given. */
export const PIECE_BYTES = 4 << 20;

/** Files in directories; paths are relative, parts joined by `/`. Directories come by themselves. */
export interface FileSystem {
  /** A snapshot for reading, as a whole or in slices; undefined when there is no such file. */
  read(path: string): Promise<Blob | undefined>;
  /**
   * The bytes of a file as it stands now, from offset `from` on, at most `length` of them;
   * undefined when there is no such file. For files that others write meanwhile: may show half of
   * a write, never an old snapshot.
   */
  readBytes(path: string, from?: number, length?: number): Promise<Uint8Array | undefined>;
  /**
   * Opens for writing, exclusively. Waits a little while another holder has the file.
   * @throws NotFoundError when it is not there and `create` is false
   * @throws ReadOnlyError when someone else keeps holding it
   */
  open(path: string, options: { create: boolean }): Promise<WritableFile>;
  /** No error when it is not there. @throws ReadOnlyError when someone holds it open */
  remove(path: string): Promise<void>;
  /** The names in a directory, sorted; none when there is no such directory. */
  list(directory: string): Promise<string[]>;
  /** The paths of all files, in directories of any depth, sorted. */
  files(): Promise<string[]>;
}

/** An open file. Offsets and sizes in bytes. */
export interface WritableFile {
  size(): number;
  /** Shorter than `length` at the end of the file. */
  read(at: number, length: number): Uint8Array<ArrayBuffer>;
  /** All or an error; what a failed write left behind is the caller's to truncate. @throws QuotaError */
  write(at: number, bytes: Uint8Array): void;
  /** Cuts, or extends with zeros. @throws QuotaError */
  truncate(size: number): void;
  /** Content reaches the disk. The directory entry of a new file may not: nothing covers that. */
  flush(): void;
  /** Does not flush. Twice is fine. */
  close(): void;
}

/** Milliseconds between attempts, 1.3 s in all: locks outlive a reload or a crash for a while. */
const PATIENCE = [5, 10, 20, 40, 80, 160, 320, 640];

/** Repeats `attempt` while it answers `held`. @throws ReadOnlyError in the end */
export async function openPatiently<T>(path: string, attempt: () => Promise<T | 'held'>) {
  for (const pause of [...PATIENCE, undefined]) {
    const opened = await attempt();
    if (opened !== 'held') return opened;
    if (pause !== undefined) await new Promise((resolve) => setTimeout(resolve, pause));
  }
  throw new ReadOnlyError(
    'Another tab or window holds this library open. Close it there and try again.',
    { subject: path },
  );
}
