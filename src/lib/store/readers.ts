/**
 * The lock that every open store of a library shares. Whoever holds it alone may delete what others
 * would still be reading. Knows nothing of files.
 */
import { ReadOnlyError } from '../errors';
import { holdLock, tryLock } from './locks';
import type { Locks, Release } from './locks';

/** What came of trying to be alone. */
export type Alone<T> = { done: T } | { others: number };

export class Readers {
  readonly #locks: Locks;
  readonly #name: string;
  #held: { mode: 'shared' | 'exclusive'; release: Release } | undefined;
  /** Changes of the lock come one after another. */
  #change: Promise<unknown> = Promise.resolve();
  /** How many others there were when this turn began; while it lasts, more work joins it. */
  #turn: Promise<number> | undefined;
  #users = 0;
  #left = false;

  private constructor(locks: Locks, name: string, release: Release) {
    this.#locks = locks;
    this.#name = name;
    this.#held = { mode: 'shared', release };
  }

  /** Takes the lock with all others; waits while one is alone. */
  static async join(locks: Locks, library: string): Promise<Readers> {
    const name = `memreel:${library}:readers`;
    return new Readers(locks, name, await holdLock(locks, name, 'shared'));
  }

  /**
   * Runs `work` while no other store of the library is open, and keeps others from opening; does
   * not run it, and counts the others, where there are any. Within other such work it runs straight.
   * @throws ReadOnlyError after `leave`
   */
  async alone<T>(work: () => Promise<T>): Promise<Alone<T>> {
    this.#users++;
    try {
      this.#turn ??= this.#next(() => this.#takeAlone());
      const others = await this.#turn;
      return others > 0 ? { others } : { done: await work() };
    } finally {
      if (--this.#users === 0) {
        this.#turn = undefined;
        await this.#next(() => this.#share());
      }
    }
  }

  /** Lets the lock go for good, once the work under way has ended. */
  async leave(): Promise<void> {
    this.#left = true;
    if (this.#users === 0) await this.#next(() => this.#share());
  }

  /**
   * Lets go first: no lock can be raised from shared to exclusive. In between, this store holds
   * nothing, and another may be alone. That harms nothing: only the writer deletes blobs, so either
   * that is this store, or its reads find a new state when a blob has gone.
   */
  async #takeAlone(): Promise<number> {
    if (this.#left) throw new ReadOnlyError('The store is closed.');
    await this.#letGo();
    const release = await tryLock(this.#locks, this.#name);
    if (release) {
      this.#held = { mode: 'exclusive', release };
      return 0;
    }
    const { held = [] } = await this.#locks.query();
    await this.#share();
    // At least the one that was in the way, though it may have gone since.
    return Math.max(1, held.filter(({ name }) => name === this.#name).length);
  }

  /** Back among the others, or gone. The same gap as above. */
  async #share(): Promise<void> {
    if (this.#held?.mode === 'shared' && !this.#left) return;
    await this.#letGo();
    if (this.#left) return;
    this.#held = { mode: 'shared', release: await holdLock(this.#locks, this.#name, 'shared') };
  }

  async #letGo(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    await held?.release();
  }

  #next<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#change.then(change);
    this.#change = turn.then(
      () => undefined,
      () => undefined, // its own caller hears of it
    );
    return turn;
  }
}

/** In words for people: how many other tabs are in the way. */
export function otherTabs(count: number): string {
  return count === 1 ? '1 other tab' : `${String(count)} other tabs`;
}
