/**
 * One extracting worker as a reader of documents has it: it is ended when nothing moves in it any
 * more, and what a person answered once is not asked again. What is read in it is the reader's.
 */
import type { Loan } from '../../rpc/pool';
import type { ExtractProtocol } from '../protocol';

/** A worker in which nothing moves for so long is given up, in milliseconds. */
const PATIENCE = 60_000;

/** How a call is watched: the same for each procedure. */
export interface Watch {
  signal: AbortSignal;
  onProgress: (bytes: number) => void;
  onQuestion: (ask: { password: string }) => Promise<string | undefined>;
}

export class ReadingWorker {
  readonly #loan: Loan<ExtractProtocol>;
  readonly #passwords: Passwords;
  /** How often this worker has asked for each password. */
  readonly #asked = new Map<string, number>();
  /** Documents begun, less those that were read to the end. */
  #unfinished = 0;
  #calls = 0;
  #questions = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(loan: Loan<ExtractProtocol>, passwords: Passwords) {
    this.#loan = loan;
    this.#passwords = passwords;
  }

  begin(): void {
    this.#unfinished++;
  }

  finish(): void {
    this.#unfinished--;
  }

  /**
   * Runs one call, with its progress and its questions watched.
   * @param file the position of the dropped file that the call is about
   * @throws WorkerLostError also where the worker was ended because nothing moved in it
   */
  async watch<T>(
    file: number,
    { signal, read }: { signal: AbortSignal; read: (bytes: number) => void },
    run: (worker: Loan<ExtractProtocol>, watch: Watch) => Promise<T>,
  ): Promise<T> {
    this.#calls++;
    this.#wait();
    try {
      return await run(this.#loan, {
        signal,
        onProgress: (bytes) => {
          this.#wait();
          read(bytes);
        },
        onQuestion: ({ password }) => this.#ask(file, password),
      });
    } finally {
      this.#calls--;
      this.#wait();
    }
  }

  /** Leaves the worker to the next reader; ends it where anything may be left behind in it. */
  close(): void {
    clearTimeout(this.#timer);
    // What failed or was given up may have left anything behind.
    if (this.#unfinished === 0) this.#loan.giveBack();
    else this.#loan.close();
  }

  async #ask(file: number, name: string): Promise<string | undefined> {
    const key = `${String(file)}\n${name}`;
    const time = this.#asked.get(key) ?? 0;
    this.#asked.set(key, time + 1);
    this.#questions++; // a person may think as long as they like
    this.#wait();
    try {
      return await this.#passwords.answer(key, name, time);
    } finally {
      this.#questions--;
      this.#wait();
    }
  }

  /** Waits anew, as long as something is under way that needs no person. */
  #wait(): void {
    clearTimeout(this.#timer);
    if (this.#calls === 0 || this.#questions > 0) return;
    this.#timer = setTimeout(() => {
      this.#loan.close();
    }, PATIENCE);
  }
}

/** What a person answered: the same in each worker, so that nothing is asked twice. */
export class Passwords {
  readonly #ask: (name: string) => Promise<string | undefined>;
  readonly #answers = new Map<string, Promise<string | undefined>[]>();

  constructor(ask: (name: string) => Promise<string | undefined>) {
    this.#ask = ask;
  }

  /** The answer to a worker's question number `time` about one document, from 0. */
  answer(key: string, name: string, time: number): Promise<string | undefined> {
    const answers = this.#answers.get(key) ?? [];
    this.#answers.set(key, answers);
    return (answers[time] ??= this.#ask(name));
  }
}
