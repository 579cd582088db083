/**
 * Several workers of one kind: `WorkerPool` behind one caller, each with one call at a time,
 * `LendingPool` each with one caller. Both start them when they are first needed, replace one that
 * dies, and end those that were idle for a while, for the memory of WebAssembly never shrinks.
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

/** A worker that one caller has for a while. Closing it ends it. */
export interface Loan<P extends Protocol<P>> extends Caller<P> {
  /** Leaves the worker to whoever asks next: nothing may be under way in it. */
  giveBack(): void;
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

  /** Starts workers that are not there yet, up to `count`, so that they load while others work. */
  warm(count: number): void {
    if (this.#closed) return;
    const missing = Math.min(count, this.#options.size) - this.#idle.length - this.#busy.size;
    for (let started = 0; started < missing; started++) this.#idle.unshift(this.#start());
    if (missing > 0) this.#endIdleLater();
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

/**
 * Workers that are lent, each to one caller for several calls: for work that stays with the worker it
 * was begun in. Starts as many as are asked for; ends those that nobody asked for again.
 */
export class LendingPool<P extends Protocol<P>> {
  readonly #start: () => Client<P>;
  readonly #idleTime: number;
  readonly #idle: Client<P>[] = [];
  readonly #lent = new Set<Client<P>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** @param idle milliseconds after which workers that are not lent are ended */
  constructor(start: () => Client<P>, { idle }: { idle: number }) {
    this.#start = start;
    this.#idleTime = idle;
  }

  /** @throws WorkerLostError once closed */
  lend(): Loan<P> {
    if (this.#closed) throw closed();
    const client = this.#idle.pop() ?? this.#start();
    this.#lent.add(client);
    return {
      call: (method, args, options) => client.call(method, args, options),
      close: () => {
        this.#lent.delete(client);
        client.close();
      },
      giveBack: () => {
        if (!this.#lent.delete(client) || client.lost) return;
        this.#idle.push(client);
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => {
          for (const unused of this.#idle.splice(0)) unused.close();
        }, this.#idleTime);
      },
    };
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const client of [...this.#idle.splice(0), ...this.#lent]) client.close();
    this.#lent.clear();
  }
}

const closed = (): WorkerLostError => new WorkerLostError('The workers were closed.');
