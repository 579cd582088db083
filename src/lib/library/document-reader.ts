/**
 * Documents into chunks, in the order they were given, a few files ahead. Each reading worker can be
 * ended: a document that hangs or exhausts its worker costs itself and nothing else.
 */
import type { ChunkingOptions } from '../api';
import { WorkerLostError } from '../errors';
import type { Caller } from '../rpc/protocol';
import { newSourceId, type Lineage, type SourceId } from '../shard/ids';
import type { Engines } from './engines';
import type { DraftChunk, ExtractBatch, ExtractProtocol } from './protocol';

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

/** How a call to a reading worker is watched: the same for each of its procedures. */
interface Watch {
  signal: AbortSignal;
  onProgress: (bytes: number) => void;
  onQuestion: (ask: { password: string }) => Promise<string | undefined>;
}

export class DocumentReader {
  readonly #options: ReaderOptions;
  readonly #workers: (Caller<ExtractProtocol> | undefined)[] = [];

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
    for (const worker of this.#workers) worker?.close();
    this.#workers.length = 0;
  }

  async #open(files: readonly File[], at: number): Promise<OpenedDocument | { error: unknown }> {
    const file = files[at];
    if (!file) throw new Error(`There is no file ${String(at)}.`);
    const { lineage, chunking, assetsUrl } = this.#options;
    const source = newSourceId();
    const lane = at % READERS;
    try {
      const { reading, type, sha256, first } = await this.#watched(lane, at, (worker, watch) =>
        worker.call('open', { file, source, lineage, chunking, assetsUrl }, watch),
      );
      const warnings: string[] = [];
      const batches = (): AsyncGenerator<readonly DraftChunk[]> =>
        this.#batches({ lane, at, reading, warnings }, first);
      return { source, type, sha256, warnings, chunks: batches };
    } catch (error) {
      return { error };
    }
  }

  async *#batches(
    {
      lane,
      at,
      reading,
      warnings,
    }: { lane: number; at: number; reading: number; warnings: string[] },
    first: ExtractBatch,
  ): AsyncGenerator<readonly DraftChunk[]> {
    for (let batch = first; ;) {
      yield batch.chunks;
      if (batch.end) {
        warnings.push(...batch.end.warnings);
        return;
      }
      batch = await this.#watched(lane, at, (worker, watch) =>
        worker.call('next', { reading }, watch),
      );
    }
  }

  /** Runs one call with its progress watched; ends the worker when nothing moves any more. */
  async #watched<T>(
    lane: number,
    at: number,
    run: (worker: Caller<ExtractProtocol>, watch: Watch) => Promise<T>,
  ): Promise<T> {
    const { signal, progress, password, engines } = this.#options;
    const worker = (this.#workers[lane] ??= engines.extract());
    let timer: ReturnType<typeof setTimeout> | undefined;
    const wait = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        worker.close();
      }, PATIENCE);
    };
    wait();
    try {
      return await run(worker, {
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
    } catch (error) {
      if (error instanceof WorkerLostError && this.#workers[lane] === worker) {
        this.#workers[lane] = undefined;
        worker.close();
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
