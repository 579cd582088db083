/** A value that a screen reads from the library, and reads again when something changed. */

export type Loading<T> =
  { phase: 'loading' } | { phase: 'ready'; value: T } | { phase: 'failed'; error: unknown };

/** Holds the newest answer of `read`; while it reads again, the old value stays on the screen. */
export class Resource<T> {
  state: Loading<T> = $state.raw({ phase: 'loading' });
  /** Whether it was asked for since the last reading began. */
  #isStale = false;
  #reading: Promise<void> | undefined;
  readonly #read: () => Promise<T>;

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  /** The value, where one was read. */
  get value(): T | undefined {
    return this.state.phase === 'ready' ? this.state.value : undefined;
  }

  /** Reads now, and again after every change of what `cause` reads; for use in a component. */
  refreshOn(cause: () => unknown): void {
    $effect(() => {
      cause();
      void this.refresh();
    });
  }

  /**
   * Reads; resolves once the state is what a reading begun after this call said. One reading is under
   * way at a time: however often it is asked for meanwhile, one more follows. An answer that was
   * overtaken is dropped. Never rejects.
   */
  refresh(): Promise<void> {
    this.#isStale = true;
    this.#reading ??= this.#readAll();
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    // Not what it is now: to look at it would make whoever refreshes follow its own answer.
    let next: Loading<T> = { phase: 'loading' };
    while (this.#isStale) {
      this.#isStale = false;
      try {
        next = { phase: 'ready', value: await this.#read() };
      } catch (error) {
        next = { phase: 'failed', error };
      }
    }
    this.#reading = undefined;
    this.state = next;
  }
}
