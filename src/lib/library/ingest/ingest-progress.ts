/** How far an ingest is, as its stages tell it, and what they find out about scripts. */
import { knownShare } from '../../embedding/script';
import type { Progress } from '../../api';

/** How much of a document is in a script that a model for Latin script can know. */
export class ScriptMeter {
  #known = 0;
  #all = 0;

  add(texts: readonly string[]): void {
    const length = texts.reduce((sum, text) => sum + text.length, 0);
    this.#known += knownShare(texts) * length;
    this.#all += length;
  }

  get isForeign(): boolean {
    return this.#known < this.#all / 2;
  }
}

/** Adds up what the stages tell into progress that only moves forward. */
export class Meter {
  readonly #files: readonly File[];
  readonly #progress: (progress: Progress) => void;
  readonly #read: number[];
  readonly #total: number;
  #done = 0;
  #encoded = 0;
  #verified = 0;

  constructor(files: readonly File[], progress: (progress: Progress) => void) {
    this.#files = files;
    this.#progress = progress;
    this.#read = files.map(() => 0);
    this.#total = files.reduce((sum, file) => sum + file.size, 0);
  }

  begin(file: number): void {
    this.#tell(file, 'reading');
  }

  /** `bytes` of a file were read so far. */
  read(file: number, bytes: number): void {
    const size = this.#files[file]?.size ?? 0;
    const before = this.#read[file] ?? 0;
    const now = Math.max(before, Math.min(size, bytes));
    this.#read[file] = now;
    this.#done += now - before;
    this.#tell(file, 'reading');
  }

  end(file: number, state: 'done' | 'failed'): void {
    const size = this.#files[file]?.size ?? 0;
    this.#done += size - (this.#read[file] ?? 0);
    this.#read[file] = size;
    this.#tell(file, state);
  }

  frames(stage: 'encode' | 'verify', more: number): void {
    if (stage === 'encode') this.#encoded += more;
    else this.#verified += more;
    const done = stage === 'encode' ? this.#encoded : this.#verified;
    // How many frames there will be is known when all text is: until then the part read tells.
    const share = this.#total > 0 ? this.#done / this.#total : 1;
    const total = share > 0 ? Math.max(this.#encoded, Math.round(this.#encoded / share)) : 0;
    this.#progress({ stage, done, total });
  }

  #tell(file: number, state: 'reading' | 'done' | 'failed'): void {
    const name = this.#files[file]?.name ?? '';
    this.#progress({ stage: 'extract', done: this.#done, total: this.#total, file: name, state });
  }
}
