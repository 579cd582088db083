/**
 * Files on their way in as shards: what was picked or dropped, how it shall come in, and what was
 * found. Whether a file is a shard is only guessed here; `library.import` looks at all of it.
 */
import { importSets, isMemvidSet } from './import-sets';
import type { ImportOptions, ImportReport, Shard } from '../api';
import { PasswordError } from '../errors';
import { handleOf, keepHandle } from './handles';
import { LongCall } from './long-call.svelte';
import { isShardFile } from './shard-file';

/** What is needed of a library. */
export interface ImportingLibrary {
  import(files: File[], options: ImportOptions): Promise<Pick<Shard, 'id'>>;
}

/** State of the dialog Import. */
export class Importing {
  isOpen = $state(false);
  /** What waits to be imported. */
  files: File[] = $state.raw([]);
  /** Whether they may as well be meant as documents. */
  isUnclear = $state(false);
  ifPresent: NonNullable<ImportOptions['ifPresent']> = $state('separate');
  password = $state('');
  /** What was found, one shard after another. */
  reports: ImportReport[] = $state.raw([]);
  /** A password was asked for, and whether one was wrong. */
  lock: { file: string; isWrong: boolean } | null = $state.raw(null);
  /** Another one after each closing: an import that is stopping has nothing to say any more. */
  call: LongCall<undefined> = $state.raw(new LongCall());
  readonly #library: ImportingLibrary;

  constructor(library: ImportingLibrary) {
    this.#library = library;
  }

  open(files: readonly File[] = [], { isUnclear = false } = {}): void {
    this.isOpen = true;
    this.isUnclear = isUnclear;
    this.put(files);
  }

  /** Adds files to what waits. */
  put(files: readonly File[]): void {
    if (!this.call.busy) this.files = [...this.files, ...files];
  }

  takeOut(file: File): void {
    this.files = this.files.filter((one) => one !== file);
    if (file.name === this.lock?.file) this.#unlock();
  }

  /** Imports one after another; what failed still waits. Never rejects. */
  async start(): Promise<void> {
    const { ifPresent, password, call } = this;
    let [current] = this.files;
    this.lock = null;
    await call.run(async (work) => {
      for (const set of importSets(this.files)) {
        [current] = set;
        const shard = await this.#library.import(set, {
          ...{ ...work, ifPresent },
          ...(password === '' ? {} : { password }),
          onReport: (report) => {
            if (call === this.call) this.reports = [...this.reports, report];
          },
        });
        this.files = this.files.filter((file) => !set.includes(file));
        this.password = '';
        const handle = current && set.length === 1 ? handleOf(current) : undefined;
        if (handle) await keepHandle(shard.id, handle);
      }
      return undefined;
    });
    const { state } = call;
    const isLocked = state.phase === 'failed' && state.error instanceof PasswordError;
    // Now that nothing runs: what is typed in can have the focus.
    if (isLocked && current && call === this.call) {
      this.lock = { file: current.name, isWrong: password !== '' };
    }
  }

  /** Closes the dialog; what is under way is stopped. */
  close(): void {
    this.call.cancel();
    this.isOpen = false;
    this.files = [];
    this.reports = [];
    this.ifPresent = 'separate';
    this.#unlock();
    this.call = new LongCall();
  }

  #unlock(): void {
    this.lock = null;
    this.password = '';
  }
}

/** What dropped files are likely meant as. */
export async function meaningOf(
  files: readonly File[],
): Promise<'shards' | 'documents' | 'unclear'> {
  if (files.length === 0) return 'documents';
  if (isMemvidSet(files)) return 'shards';
  const isShard = await Promise.all(files.map((file) => isShardFile(file)));
  if (isShard.every(Boolean)) return 'shards';
  const [first] = files;
  return files.length === 1 && first && (await mayBeMemvidZip(first)) ? 'unclear' : 'documents';
}

/** The end of a zip that is looked at for names. */
const TAIL = 64 * 1024;

async function mayBeMemvidZip(file: File): Promise<boolean> {
  if ((await file.slice(0, 2).text()) !== 'PK') return false;
  const tail = await file.slice(Math.max(0, file.size - TAIL)).text();
  return tail.includes('_index.json') && /\.(?:mp4|mkv|avi)/u.test(tail);
}
