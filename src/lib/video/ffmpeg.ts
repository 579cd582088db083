/**
 * ffmpeg.wasm, single-threaded, from our own origin: runs one command at a time on one input file
 * and hands back one output file. Knows no profiles. The core is under the GPL.
 *
 * What the wrapper leaves to its user is done here: a worker that dies is noticed (watchdog), a
 * non-zero exit is an error, a trap costs the instance, an abort ends the work, files are removed.
 */
import coreURL from '@ffmpeg/core?url';
import wasmURL from '@ffmpeg/core/wasm?url';
import { FFmpeg } from '@ffmpeg/ffmpeg';
import { fetchFile } from '@ffmpeg/util';
import { WorkerLostError } from '../errors';

/** The wasm traps after many runs and its memory never shrinks: take a new one before. */
const RUNS_PER_INSTANCE = 8;
/** Without a word for this long, an instance is lost. A run says something twice a second. */
const SILENCE_MS = 60_000;
/** Loading says nothing, and brings 32 MB. */
const LOAD_MS = 300_000;
/** Lines of ffmpeg's log that an error carries. */
const LOG_LINES = 12;

const INPUT = 'input';
const OUTPUT = 'output';

/** One command: `before` goes in front of `-i input`, `after` between it and the output's name. */
export interface FfmpegRun {
  readonly before: readonly string[];
  readonly input: Blob;
  readonly after: readonly string[];
  /** Ends the instance; the run rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/** ffmpeg ran, and said no. */
export class FfmpegExitError extends Error {
  override readonly name = 'FfmpegExitError';
}

class Instance {
  runs = 0;
  /** Ended from outside, not by a failure. */
  closed = false;
  #log: string[] = [];
  readonly #ffmpeg = new FFmpeg();
  #loading: Promise<unknown> | undefined;
  #heard: () => void = () => undefined;

  constructor() {
    this.#ffmpeg.on('log', ({ message }) => {
      this.#log.push(message);
      if (this.#log.length > LOG_LINES) this.#log.shift();
      this.#heard();
    });
    this.#ffmpeg.on('progress', () => {
      this.#heard();
    });
  }

  /** Begins to load; `load` waits for it. */
  warm(): Promise<unknown> {
    // Absolute, because the wrapper's worker resolves them against its own address.
    return (this.#loading ??= this.#ffmpeg.load({
      coreURL: new URL(coreURL, self.location.href).href,
      wasmURL: new URL(wasmURL, self.location.href).href,
    }));
  }

  async load(signal: AbortSignal | undefined): Promise<void> {
    await this.#watch(LOAD_MS, signal, () => this.warm());
  }

  /** After a failure the instance has ended, and its files with it. */
  async run({ before, input, after, signal }: FfmpegRun): Promise<Uint8Array> {
    this.runs++;
    this.#log = [];
    const ffmpeg = this.#ffmpeg;
    // `writeFile` takes the buffer away, and this copy is its own.
    const bytes = await fetchFile(input);
    return await this.#watch(SILENCE_MS, signal, async () => {
      await ffmpeg.writeFile(INPUT, bytes);
      const exit = await ffmpeg.exec([...before, '-i', INPUT, ...after, OUTPUT]);
      if (exit !== 0) throw new FfmpegExitError(`ffmpeg: exit ${exit}\n${this.#log.join('\n')}`);
      const output = await ffmpeg.readFile(OUTPUT);
      await ffmpeg.deleteFile(INPUT);
      await ffmpeg.deleteFile(OUTPUT);
      if (typeof output === 'string') throw new TypeError('ffmpeg gave text for a binary file');
      return output;
    });
  }

  end(): void {
    this.#ffmpeg.terminate();
  }

  /** Ends the instance on failure, on abort, and after `limit` ms of silence. */
  async #watch<T>(
    limit: number,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    const silence = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    // Ending rejects all calls that wait for the instance.
    const end = (): void => {
      this.end();
    };
    this.#heard = () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        silence.abort(new WorkerLostError(`ffmpeg said nothing for ${limit / 1000} s`));
        end();
      }, limit);
    };
    signal?.addEventListener('abort', end, { once: true });
    try {
      signal?.throwIfAborted();
      this.#heard();
      return await work();
    } catch (error) {
      end();
      signal?.throwIfAborted();
      silence.signal.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(timer);
      this.#heard = () => undefined;
      signal?.removeEventListener('abort', end);
    }
  }
}

let current: Instance | undefined;
let queue: Promise<unknown> = Promise.resolve();

/**
 * Runs one command; runs wait for each other. Resolves with the output file's bytes.
 * @throws FfmpegExitError where ffmpeg exits with anything but 0
 * @throws WorkerLostError where it stops talking, traps twice, or is closed
 */
export function runFfmpeg(run: FfmpegRun): Promise<Uint8Array> {
  const result = queue.then(() => runOrRetry(run));
  queue = result.catch(() => undefined); // the caller has the error
  return result;
}

/** Begins to load an instance where there is none. Where that fails, the next run says so. */
export function warmFfmpeg(): void {
  if (current) return;
  current = new Instance();
  current.warm().catch(() => undefined);
}

/**
 * Ends the instance; a run under way rejects with WorkerLostError. The next run loads a new one.
 */
export function closeFfmpeg(): void {
  if (!current) return;
  current.closed = true;
  current.end();
  current = undefined;
}

async function runOrRetry(run: FfmpegRun): Promise<Uint8Array> {
  try {
    return await runOnce(run);
  } catch (error) {
    run.signal?.throwIfAborted();
    if (error instanceof FfmpegExitError || error instanceof WorkerLostError) throw error;
    // A trap: the wasm's memory is spoilt now and then from the second run on. A fresh instance
    // does the same work; where that traps too, it is not the instance.
    return await runOnce(run).catch((cause: unknown) => {
      run.signal?.throwIfAborted();
      if (cause instanceof FfmpegExitError) throw cause;
      throw new WorkerLostError(`ffmpeg failed twice: ${String(cause)}`, { cause });
    });
  }
}

async function runOnce(run: FfmpegRun): Promise<Uint8Array> {
  if (current && current.runs >= RUNS_PER_INSTANCE) closeFfmpeg();
  const instance = (current ??= new Instance());
  try {
    if (instance.runs === 0) await instance.load(run.signal);
    return await instance.run(run);
  } catch (error) {
    instance.end();
    if (current === instance) current = undefined;
    if (instance.closed) throw new WorkerLostError('ffmpeg was closed', { cause: error });
    throw error;
  }
}
