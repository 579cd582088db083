/**
 * The hand of the one writer: its epoch, the open journal, HEAD slots, and the reserve. Who becomes
 * the writer is for `store.ts` and its lock; that a writer which lost its place writes no more is
 * for the fence here.
 */
import { QuotaError, ReadOnlyError } from '../errors';
import { readEpoch, writeEpoch } from './epoch';
import type { FileSystem, WritableFile } from './file-system';
import { encodeHead } from './head';
import type { Head } from './head';
import { headPath, journalPath, RESERVE_BYTES, RESERVE_PATH, slotOf } from './layout';

export class Writer {
  readonly epoch: number;
  readonly #fs: FileSystem;
  #journal: WritableFile | undefined;
  #end = 0;
  #lost = false;

  private constructor(fs: FileSystem, epoch: number) {
    this.#fs = fs;
    this.epoch = epoch;
  }

  /** Stores a higher epoch than all before, which fences every other writer from here on. */
  static async start(fs: FileSystem, highestSeen: number): Promise<Writer> {
    const epoch = Math.max(highestSeen, await readEpoch(fs)) + 1;
    await writeEpoch(fs, epoch);
    return new Writer(fs, epoch);
  }

  /** Whether a fence or a failed write has ended this writer. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Bytes of the current journal. */
  get journalBytes(): number {
    return this.#end;
  }

  /** Opens the journal of a generation as it is and keeps it open; nobody else can then. */
  async openJournal(generation: number): Promise<void> {
    this.#journal?.close();
    this.#journal = undefined;
    this.#journal = await this.#fs.open(journalPath(slotOf(generation)), { create: true });
    this.#end = this.#journal.size();
  }

  /** Cuts the journal after its last record, and flushes what a crash left unflushed before. */
  cutJournal(end: number): void {
    if (!this.#journal) throw new Error('No journal is open.');
    this.#journal.truncate(end);
    this.#journal.flush();
    this.#end = end;
  }

  /**
   * Appends one record and flushes it. On failure the journal is as before, or the writer is lost.
   * `frees` gives the reserve up when the disk is full.
   * @throws QuotaError, ReadOnlyError
   */
  async append(record: Uint8Array, frees: boolean): Promise<void> {
    await this.fence();
    try {
      this.#write(record);
    } catch (error) {
      if (!frees || !(error instanceof QuotaError) || this.#lost) throw error;
      await this.giveReserve();
      this.#write(record);
      await this.takeReserve();
    }
  }

  /** Writes the HEAD slot of a generation and flushes it. */
  async writeHead(head: Head): Promise<void> {
    const bytes = await encodeHead(head);
    const file = await this.#fs.open(headPath(slotOf(head.generation)), { create: true });
    try {
      await this.fence();
      file.write(0, bytes);
      file.truncate(bytes.byteLength);
      file.flush();
    } finally {
      file.close();
    }
  }

  /** Empties the HEAD slot of a generation. */
  async eraseHead(generation: number): Promise<void> {
    const file = await this.#fs.open(headPath(slotOf(generation)), { create: true });
    try {
      await this.fence();
      file.truncate(0);
      file.flush();
    } finally {
      file.close();
    }
  }

  /** Fills the reserve up again where the disk allows. */
  async takeReserve(): Promise<void> {
    const file = await this.#fs.open(RESERVE_PATH, { create: true });
    try {
      if (file.size() !== RESERVE_BYTES) fillReserve(file);
    } catch (error) {
      if (!(error instanceof QuotaError)) throw error;
      file.truncate(0); // the disk is still full: the next writer, checkpoint or freeing commit tries again
    } finally {
      file.close();
    }
  }

  /** The writer writes no more. */
  close(): void {
    this.#lost = true;
    this.#journal?.close();
    this.#journal = undefined;
  }

  #write(record: Uint8Array): void {
    const journal = this.#journal;
    if (!journal) throw new Error('No journal is open.');
    try {
      journal.write(this.#end, record);
      journal.flush();
    } catch (error) {
      try {
        journal.truncate(this.#end);
        journal.flush();
      } catch {
        this.close(); // nobody knows what the journal holds now; `error` says why
      }
      throw error;
    }
    this.#end += record.byteLength;
  }

  /** @throws ReadOnlyError when another writer has come since */
  async fence(): Promise<void> {
    if (!this.#lost && (await readEpoch(this.#fs)) !== this.epoch) this.close();
    if (this.#lost) {
      throw new ReadOnlyError('Another tab has taken over writing to this library.');
    }
  }

  /** Makes the room of the reserve free; `takeReserve` has to follow. */
  async giveReserve(): Promise<void> {
    const file = await this.#fs.open(RESERVE_PATH, { create: true });
    try {
      file.truncate(0);
      file.flush();
    } finally {
      file.close();
    }
  }
}

/** Real bytes: a file system that keeps holes or compresses zeros would reserve nothing. */
export function fillReserve(file: WritableFile): void {
  const noise = new Uint8Array(RESERVE_BYTES);
  crypto.getRandomValues(noise.subarray(0, 65_536));
  for (let at = 65_536; at < RESERVE_BYTES; at += 65_536) noise.copyWithin(at, 0, 65_536);
  file.write(0, noise);
  file.truncate(RESERVE_BYTES);
  file.flush();
}
