/** The part of Web Locks (W3C) that the store uses, and a stand-in for one process. */

/** `navigator.locks` fits as it is. */
export interface Locks {
  request<T>(
    name: string,
    options: { mode?: 'exclusive' | 'shared'; ifAvailable?: boolean; signal?: AbortSignal },
    callback: (lock: unknown) => Promise<T>,
  ): Promise<T>;
  /** Every lock that is held now, by whom ever; one row a holder. */
  query(): Promise<{ held?: readonly { name?: string }[] }>;
}

/** Lets a lock go; resolves once others can have it. */
export type Release = () => Promise<void>;

/**
 * Waits for a lock and keeps it until the returned function is called.
 * Rejects with `signal.reason` when aborted while waiting.
 */
export function holdLock(
  locks: Locks,
  name: string,
  mode: 'exclusive' | 'shared',
  signal?: AbortSignal,
): Promise<Release> {
  return new Promise((granted, refused) => {
    const options = { mode, ...(signal && { signal }) };
    const over: Promise<void> = locks.request(name, options, () => holding(granted, () => over));
    over.catch(refused);
  });
}

/** Takes a lock for itself alone if nobody holds or awaits it; null otherwise. Does not wait. */
export function tryLock(locks: Locks, name: string): Promise<Release | null> {
  return new Promise((granted, refused) => {
    const options = { mode: 'exclusive', ifAvailable: true } as const;
    const over: Promise<void> = locks.request(name, options, (lock) => {
      if (lock !== null) return holding(granted, () => over);
      granted(null);
      return Promise.resolve();
    });
    over.catch(refused);
  });
}

/** Lasts until the function that it hands out is called. */
function holding(granted: (release: Release) => void, over: () => Promise<void>): Promise<void> {
  return new Promise((release) => {
    granted(() => {
      release();
      return over(); // the platform gives the lock on only when the request is over
    });
  });
}

interface Waiting {
  mode: 'exclusive' | 'shared';
  start: () => void;
}

/** Locks among the stores of one process: for libraries in memory, and for tests. First come, first served. */
export class MemoryLocks implements Locks {
  readonly #held = new Map<string, { mode: 'exclusive' | 'shared'; count: number }>();
  readonly #waiting = new Map<string, Waiting[]>();

  async request<T>(
    name: string,
    options: { mode?: 'exclusive' | 'shared'; ifAvailable?: boolean; signal?: AbortSignal },
    callback: (lock: unknown) => Promise<T>,
  ): Promise<T> {
    const { mode = 'exclusive', signal } = options;
    signal?.throwIfAborted();
    const queue = this.#waiting.get(name) ?? [];
    this.#waiting.set(name, queue);
    if (options.ifAvailable && (queue.length > 0 || !this.#fits(name, mode))) return callback(null);
    await new Promise<void>((start, refuse) => {
      const waiting = { mode, start };
      queue.push(waiting);
      signal?.addEventListener(
        'abort',
        () => {
          const place = queue.indexOf(waiting);
          if (place < 0) return; // granted before
          queue.splice(place, 1);
          refuse(signal.reason as Error);
          this.#grant(name);
        },
        { once: true },
      );
      this.#grant(name);
    });
    try {
      return await callback({ name, mode });
    } finally {
      const held = this.#held.get(name);
      if (held && --held.count === 0) this.#held.delete(name);
      this.#grant(name);
    }
  }

  query(): Promise<{ held: { name: string }[] }> {
    const rows = [...this.#held].map(([name, { count }]) =>
      Array.from({ length: count }, () => ({ name })),
    );
    return Promise.resolve({ held: rows.flat() });
  }

  #fits(name: string, mode: 'exclusive' | 'shared'): boolean {
    const held = this.#held.get(name);
    return !held || (held.mode === 'shared' && mode === 'shared');
  }

  #grant(name: string): void {
    const queue = this.#waiting.get(name);
    for (let next = queue?.[0]; next && this.#fits(name, next.mode); next = queue?.[0]) {
      queue?.shift();
      const held = this.#held.get(name);
      if (held) held.count++;
      else this.#held.set(name, { mode: next.mode, count: 1 });
      next.start();
    }
  }
}
