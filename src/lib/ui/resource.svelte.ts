/** A value that a screen reads from the library, and reads again when something changed. */

export type Loading<T> =
  { phase: 'loading' } | { phase: 'ready'; value: T } | { phase: 'failed'; error: unknown };

/** Holds the newest answer of `read`; while it reads again, the old value stays on the screen. */
export class Resource<T> {
  state: Loading<T> = $state.raw({ phase: 'loading' });
  #turn = 0;
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

  /** Reads; an answer that was overtaken by a later `refresh` is dropped. Never rejects. */
  async refresh(): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    let next: Loading<T>;
    try {
      next = { phase: 'ready', value: await this.#read() };
    } catch (error) {
      next = { phase: 'failed', error };
    }
    if (turn === this.#turn) this.state = next;
  }
}
