/**
 * Sweeps what is due when a library is opened, and hourly. Only the tab that writes does. A clock
 * that is far ahead may be wrong, and tombstones nothing by itself: the person is asked.
 */
import { MemreelError } from '../../errors';
import { asksFirst } from '../../shard/retention';
import type { ShardEntry } from '../../shard/objects';
import { isPresent, type Catalogue } from '../catalogue';

/** Milliseconds between sweeps. */
const PERIOD = 3_600_000;

export interface SweeperContext {
  readonly catalogue: Catalogue;
  /** Whether this tab may write. */
  isWriter(): boolean;
  sweep(shard: string, now: Date): Promise<void>;
}

export class Sweeper {
  readonly #context: SweeperContext;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(context: SweeperContext) {
    this.#context = context;
  }

  /** Sweeps now and hourly from now on. */
  start(): void {
    this.#timer ??= setInterval(() => void this.#sweepAll(), PERIOD);
    void this.#sweepAll();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #sweepAll(): Promise<void> {
    if (!this.#context.isWriter()) return;
    for (const entry of await this.#context.catalogue.entries()) {
      if (!isPresent(entry) || !(entry.facts.expires || entry.facts.retains)) continue;
      try {
        await this.#sweepOne(entry);
      } catch (error) {
        // A full disk or a tab that took over: what is due stays hidden, and the next hour tries again.
        if (!(error instanceof MemreelError)) throw error;
      }
    }
  }

  async #sweepOne(entry: ShardEntry): Promise<void> {
    const { catalogue, sweep } = this.#context;
    const now = new Date();
    const { createdAt } = await catalogue.version(entry.head);
    if (!asksFirst(createdAt, now)) await sweep(entry.id, now);
  }
}
