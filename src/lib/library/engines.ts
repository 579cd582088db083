/**
 * The workers that a library uses, by kind of work. `startEngines` starts real workers; tests may
 * hand in callers that run in the same thread.
 */
import type { ProfileName } from '../api';
import { wrapWorker, type Client } from '../rpc/client';
import { LendingPool, WorkerPool, type Loan } from '../rpc/pool';
import type { Caller, CallOptions } from '../rpc/protocol';
import { callDirectly } from '../rpc/server';
import type {
  DecodeProtocol,
  EmbedProtocol,
  EncodeProtocol,
  ExtractProtocol,
  SearchProtocol,
} from './protocol';

export interface Engines {
  /** A document stays with the worker that opened it, so each reader of documents has its own. */
  extract(): Loan<ExtractProtocol>;
  readonly encode: Caller<EncodeProtocol>;
  readonly decode: Caller<DecodeProtocol>;
  readonly embed: Caller<EmbedProtocol>;
  readonly search: Caller<SearchProtocol>;
  /** How many calls of `encode` and `decode` run side by side. */
  readonly lanes: number;
  /** Starts what an ingest of about so many parts will need, while its first document is read. */
  warm(profile: ProfileName, parts: number): void;
  close(): void;
}

/**
 * More than four encoders gain nothing on the machines measured: 139, 252, 411, 231 frames a second
 * with one to four of them on four cores (AV1, 1 px a module).
 */
const LANES = 4;

/** Milliseconds after which idle workers are ended: encoders have 60 MB of ffmpeg each. */
const IDLE = 60_000;

export function startEngines(): Engines {
  const lanes = Math.max(1, Math.min(LANES, navigator.hardwareConcurrency));
  const extract = new LendingPool<ExtractProtocol>(
    () =>
      wrapWorker(
        new Worker(new URL('../../workers/extract.ts', import.meta.url), { type: 'module' }),
      ),
    { idle: IDLE },
  );
  const encode = new WorkerPool<EncodeProtocol>(
    () =>
      wrapWorker(
        new Worker(new URL('../../workers/encode.ts', import.meta.url), { type: 'module' }),
      ),
    { size: lanes, idle: IDLE },
  );
  const decode = new WorkerPool<DecodeProtocol>(
    () =>
      wrapWorker(
        new Worker(new URL('../../workers/decode.ts', import.meta.url), { type: 'module' }),
      ),
    { size: lanes, idle: IDLE },
  );
  const embed = new EmbedWorkers(() =>
    wrapWorker(new Worker(new URL('../../workers/embed.ts', import.meta.url), { type: 'module' })),
  );
  const search = new WorkerPool<SearchProtocol>(
    () =>
      wrapWorker(
        new Worker(new URL('../../workers/search.ts', import.meta.url), { type: 'module' }),
      ),
    { size: 1 },
  );
  return {
    extract: () => extract.lend(),
    encode,
    decode,
    embed: embed.caller,
    search,
    lanes,
    warm(profile, parts) {
      for (let lane = 0; lane < Math.min(lanes, parts); lane++) {
        // What cannot be loaded is said by the call that needs it.
        encode.call('warm', { profile }).catch(() => undefined);
      }
      embed.warm();
      search.warm(1);
      decode.warm(Math.min(lanes, parts));
    },
    close() {
      for (const pool of [extract, encode, decode, embed, search]) pool.close();
    },
  };
}

/**
 * One worker for the built-in model, which stays, and one for larger ones, which is ended when it was
 * idle for a while. After a failed run ONNX Runtime takes no other: that worker is ended at once.
 */
class EmbedWorkers {
  readonly caller: Caller<EmbedProtocol>;
  readonly #start: () => Client<EmbedProtocol>;
  readonly #builtIn: WorkerPool<EmbedProtocol>;
  #larger: WorkerPool<EmbedProtocol>;

  constructor(start: () => Client<EmbedProtocol>) {
    this.#start = start;
    this.#builtIn = new WorkerPool(start, { size: 1 });
    this.#larger = new WorkerPool(start, { size: 1, idle: IDLE });
    this.caller = callDirectly<EmbedProtocol>({
      embed: (args, { signal, progress }) =>
        args.brought
          ? this.#embedLarger(args, { signal, onProgress: progress })
          : this.#builtIn.call('embed', args, { signal }),
      selfCheck: (args, { signal }) => this.#builtIn.call('selfCheck', args, { signal }),
    });
  }

  warm(): void {
    this.#builtIn.warm(1);
  }

  close(): void {
    this.#builtIn.close();
    this.#larger.close();
  }

  async #embedLarger(
    args: EmbedProtocol['embed']['args'],
    options: CallOptions<EmbedProtocol['embed']> & { signal: AbortSignal },
  ): Promise<EmbedProtocol['embed']['reply']> {
    const pool = this.#larger;
    try {
      return await pool.call('embed', args, options);
    } catch (error) {
      if (!options.signal.aborted && pool === this.#larger) {
        this.#larger = new WorkerPool(this.#start, { size: 1, idle: IDLE });
        pool.close();
      }
      throw error;
    }
  }
}
