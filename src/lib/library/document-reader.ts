/**
 * Documents into chunks, in the order they were given, a few files ahead. Each reading worker can be
 * ended: a document that hangs or exhausts its worker costs itself and nothing else. Workers that
 * read all they were given to the end are left to the next reader; all others are ended.
 */
import type { ChunkingOptions } from '../api';
import { WorkerLostError } from '../errors';
import type { Loan } from '../rpc/pool';
import { newSourceId, type Lineage, type SourceId } from '../shard/ids';
import type { Engines } from './engines';
import type { DraftChunk, ExtractProtocol } from './protocol';

/** Files whose first batch is read before they are asked for. */
const AHEAD = 6;

/** Reading workers: extraction is light beside encoding, but for PDF. */
const READERS = 2;

/** A document that shows no progress for so long is given up, in milliseconds. */
const PATIENCE = 60_000;

export interface ReaderOptions {
  readonly engines: Engines;
  readonly lineage: Lineage;
  readonly chunking: ChunkingOptions;
  readonly assetsUrl: string;
  readonly signal: AbortSignal;
  /** Ids that sources got in an earlier try, by the positions of their files; the others get new ones. */
  readonly sourceIds?: ReadonlyMap<number, SourceId>;
  password(file: string): Promise<string | undefined>;
  /** Bytes of a file read so far. */
  progress(file: number, bytes: number): void;
}

/** What is known of a document once its first batch is there. */
export interface OpenedDocument {
  readonly source: SourceId;
  readonly type: string;
  readonly sha256: string;
  /** All batches, the first one included; ends with the document, throws where it fails. */
  chunks(): AsyncGenerator<readonly DraftChunk[]>;
  /** Complete once `chunks` has ended. */
  readonly warnings: string[];
}

/** A document as it is read, perhaps a second time. */
interface Document {
  readonly file: File;
  readonly at: number;
  readonly source: SourceId;
}

interface Begun {
  readonly worker: Loan<ExtractProtocol>;
  readonly reply: ExtractProtocol['open']['reply'];
  /** The worker reads nothing else. */
  readonly alone: boolean;
}

/** How a call to a reading worker is watched: the same for each of its procedures. */
interface Watch {
  signal: AbortSignal;
  onProgress: (bytes: number) => void;
  onQuestion: (ask: { password: string }) => Promise<string | undefined>;
}

export class DocumentReader {
  readonly #options: ReaderOptions;
  readonly #workers: (Loan<ExtractProtocol> | undefined)[] = [];
  /** Documents begun in each worker, less those that were read to the end. */
  readonly #unfinished = new Map<Loan<ExtractProtocol>, number>();

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** One result a file, in order: the opened document, or why it could not be opened. */
  async *read(
    files: readonly File[],
  ): AsyncGenerator<{ file: File; at: number; opened: OpenedDocument | { error: unknown } }> {
    const ahead: Promise<OpenedDocument | { error: unknown }>[] = [];
    for (let at = 0; at < files.length; at++) {
      while (ahead.length < AHEAD && at + ahead.length < files.length) {
        ahead.push(this.#open(files, at + ahead.length));
      }
      const file = files[at];
      const opened = await ahead.shift();
      this.#options.signal.throwIfAborted();
      if (file && opened) yield { file, at, opened };
    }
  }

  close(): void {
    for (const worker of this.#workers) {
      // What failed or was given up may have left anything behind.
      if (worker && this.#unfinished.get(worker) === 0) worker.giveBack();
      else worker?.close();
    }
    this.#workers.length = 0;
  }

  async #open(files: readonly File[], at: number): Promise<OpenedDocument | { error: unknown }> {
    const file = files[at];
    if (!file) throw new Error(`There is no file ${String(at)}.`);
    const source = this.#options.sourceIds?.get(at) ?? newSourceId();
    const document: Document = { file, at, source };
    try {
      const begun = await this.#begin(document);
      const { type, sha256 } = begun.reply;
      const warnings: string[] = [];
      const chunks = (): AsyncGenerator<readonly DraftChunk[]> =>
        this.#batches(document, begun, warnings);
      return { source: document.source, type, sha256, warnings, chunks };
    } catch (error) {
      return { error };
    }
  }

  /**
   * Begins in a worker that others share. Where that is lost, perhaps over another document, begins
   * once more in a worker of its own: who fails there has failed by itself.
   */
  async #begin(document: Document): Promise<Begun> {
    const lane = document.at % READERS;
    const worker = (this.#workers[lane] ??= this.#options.engines.extract());
    try {
      return await this.#beginIn(worker, document);
    } catch (error) {
      if (!(error instanceof WorkerLostError)) throw error;
      if (this.#workers[lane] === worker) this.#workers[lane] = undefined;
      return this.#beginAlone(document);
    }
  }

  #beginAlone(document: Document): Promise<Begun> {
    const worker = this.#options.engines.extract();
    this.#workers.push(worker);
    return this.#beginIn(worker, document, true);
  }

  async #beginIn(
    worker: Loan<ExtractProtocol>,
    { file, at, source }: Document,
    alone = false,
  ): Promise<Begun> {
    const { lineage, chunking, assetsUrl } = this.#options;
    this.#count(worker, 1);
    const reply = await this.#watched(worker, at, (watch) =>
      worker.call('open', { file, source, lineage, chunking, assetsUrl }, watch),
    );
    return { worker, reply, alone };
  }

  async *#batches(
    document: Document,
    begun: Begun,
    warnings: string[],
  ): AsyncGenerator<readonly DraftChunk[]> {
    let { worker, reply, alone } = begun;
    let given = 0;
    let skip = 0;
    for (let batch = reply.first; ;) {
      const fresh = batch.chunks.slice(skip);
      skip -= batch.chunks.length - fresh.length;
      given += fresh.length;
      yield fresh;
      if (batch.end) {
        this.#count(worker, -1);
        warnings.push(...batch.end.warnings);
        return;
      }
      const { reading } = reply;
      const from = worker;
      try {
        batch = await this.#watched(from, document.at, (watch) =>
          from.call('next', { reading }, watch),
        );
      } catch (error) {
        if (alone || !(error instanceof WorkerLostError)) throw error;
        // Cutting is deterministic: what was given already is left out the second time.
        ({ worker, reply, alone } = await this.#beginAlone(document));
        batch = reply.first;
        skip = given;
      }
    }
  }

  #count(worker: Loan<ExtractProtocol>, more: 1 | -1): void {
    this.#unfinished.set(worker, (this.#unfinished.get(worker) ?? 0) + more);
  }

  /** Runs one call with its progress watched; ends the worker when nothing moves any more. */
  async #watched<T>(
    worker: Loan<ExtractProtocol>,
    at: number,
    run: (watch: Watch) => Promise<T>,
  ): Promise<T> {
    const { signal, progress, password } = this.#options;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wait = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        worker.close();
      }, PATIENCE);
    };
    wait();
    try {
      return await run({
        signal,
        onProgress: (bytes) => {
          wait();
          progress(at, bytes);
        },
        onQuestion: async ({ password: file }) => {
          clearTimeout(timer); // a person may think as long as they like
          const answer = await password(file);
          wait();
          return answer;
        },
      });
    } finally {
      clearTimeout(timer);
    }
  }
}
