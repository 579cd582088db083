/**
 * Several workers of one kind behind one caller. Starts them when they are first needed, gives each
 * one call at a time, replaces one that dies, and ends those that were idle for a while, for the
 * memory of WebAssembly never shrinks.
 */
import { WorkerLostError } from '../errors';
import type { Client } from './client';
import type { Caller, CallOptions, Protocol } from './protocol';

export interface PoolOptions {
  /** Workers at most. */
  size: number;
  /** Milliseconds after which a worker that is not used is ended; never without it. */
  idle?: number;
}

export class WorkerPool<P extends Protocol<P>> implements Caller<P> {
  readonly #start: () => Client<P>;
  readonly #options: PoolOptions;
  readonly #idle: Client<P>[] = [];
  readonly #busy = new Set<Client<P>>();
  readonly #waiting: { take(client: Client<P>): void; refuse(error: Error): void }[] = [];
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(start: () => Client<P>, options: PoolOptions) {
    this.#start = start;
    this.#options = options;
  }

  get size(): number {
    return this.#options.size;
  }

  async call<K extends keyof P>(
    method: K,
    args: P[K]['args'],
    options: CallOptions<P[K]> = {},
  ): Promise<P[K]['reply']> {
    options.signal?.throwIfAborted();
    const client = await this.#take();
    try {
      return await client.call(method, args, options);
    } finally {
      this.#giveBack(client);
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const client of [...this.#idle, ...this.#busy]) client.close();
    this.#idle.length = 0;
    for (const { refuse } of this.#waiting.splice(0)) refuse(closed());
  }

  #take(): Promise<Client<P>> {
    if (this.#closed) return Promise.reject(closed());
    const idle = this.#idle.pop();
    const client = idle ?? (this.#busy.size < this.#options.size ? this.#start() : undefined);
    if (!client) {
      return new Promise((take, refuse) => {
        this.#waiting.push({ take, refuse });
      });
    }
    this.#busy.add(client);
    return Promise.resolve(client);
  }

  #giveBack(client: Client<P>): void {
    this.#busy.delete(client);
    const next = this.#waiting.shift();
    const usable = client.lost ? undefined : client;
    if (next) {
      const taken = usable ?? this.#start();
      this.#busy.add(taken);
      next.take(taken);
    } else if (usable && !this.#closed) {
      this.#idle.push(usable);
      this.#endIdleLater();
    }
  }

  /** Ends the workers that are idle, once none was given back for a while. */
  #endIdleLater(): void {
    if (this.#options.idle === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      for (const client of this.#idle.splice(0)) client.close();
    }, this.#options.idle);
  }
}

const closed = (): WorkerLostError => new WorkerLostError('The workers were closed.');
