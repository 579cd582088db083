/**
 * The workers that a library uses, by kind of work. `startEngines` starts real workers; tests may
 * hand in callers that run in the same thread.
 */
import { wrapWorker } from '../rpc/client';
import { WorkerPool } from '../rpc/pool';
import type { Caller } from '../rpc/protocol';
import type {
  DecodeProtocol,
  EmbedProtocol,
  EncodeProtocol,
  ExtractProtocol,
  SearchProtocol,
} from './protocol';

export interface Engines {
  /** One document at a time in each: it stays with the worker that opened it. */
  extract(): Caller<ExtractProtocol>;
  readonly encode: Caller<EncodeProtocol>;
  readonly decode: Caller<DecodeProtocol>;
  readonly embed: Caller<EmbedProtocol>;
  readonly search: Caller<SearchProtocol>;
  /** How many calls of `encode` and `decode` run side by side. */
  readonly lanes: number;
  close(): void;
}

/**
 * More than four encoders gain nothing on the machines measured: 139, 252, 411, 231 frames a second
 * with one to four of them on four cores (AV1, 1 px a module).
 */
const LANES = 4;

/** Milliseconds after which idle encoders, with 60 MB of ffmpeg each, and idle decoders are ended. */
const IDLE = 60_000;

export function startEngines(): Engines {
  const lanes = Math.max(1, Math.min(LANES, navigator.hardwareConcurrency));
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
  const embed = new WorkerPool<EmbedProtocol>(
    () =>
      wrapWorker(
        new Worker(new URL('../../workers/embed.ts', import.meta.url), { type: 'module' }),
      ),
    { size: 1 },
  );
  const search = new WorkerPool<SearchProtocol>(
    () =>
      wrapWorker(
        new Worker(new URL('../../workers/search.ts', import.meta.url), { type: 'module' }),
      ),
    { size: 1 },
  );
  return {
    extract: () =>
      wrapWorker(
        new Worker(new URL('../../workers/extract.ts', import.meta.url), { type: 'module' }),
      ),
    encode,
    decode,
    embed,
    search,
    lanes,
    close() {
      for (const pool of [encode, decode, embed, search]) pool.close();
    },
  };
}
