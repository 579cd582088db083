/** One long call that a person starts, watches and may cancel. Not a queue: jobs.svelte.ts is one. */
import type { Progress } from '../api';

export type LongCallState<T> =
  | { phase: 'idle' }
  | { phase: 'running' }
  | { phase: 'done'; value: T }
  | { phase: 'cancelled' }
  | { phase: 'failed'; error: unknown };

/** Holds how the newest call stands. A call that was cancelled is over once its callee stopped. */
export class LongCall<T> {
  state: LongCallState<T> = $state.raw({ phase: 'idle' });
  progress: Progress | null = $state.raw(null);
  #abort: AbortController | undefined;

  get busy(): boolean {
    return this.state.phase === 'running';
  }

  /** 0 to 1; null where it is not known. */
  get fraction(): number | null {
    const { progress } = this;
    return progress && progress.total > 0 ? Math.min(1, progress.done / progress.total) : null;
  }

  /** Runs `act`, unless one runs already; resolves with its value where it gave one. Never rejects. */
  async run(
    act: (work: { signal: AbortSignal; onProgress: (progress: Progress) => void }) => Promise<T>,
  ): Promise<{ value: T } | undefined> {
    if (this.busy) return undefined;
    const abort = new AbortController();
    this.#abort = abort;
    this.progress = null;
    this.state = { phase: 'running' };
    try {
      const value = await act({
        signal: abort.signal,
        onProgress: (progress) => {
          this.progress = progress;
        },
      });
      this.state = { phase: 'done', value };
      return { value };
    } catch (error) {
      this.state = abort.signal.aborted ? { phase: 'cancelled' } : { phase: 'failed', error };
      return undefined;
    }
  }

  /** Asks the call to stop; it stays running until it has. */
  cancel(): void {
    this.#abort?.abort(new DOMException('Cancelled', 'AbortError'));
  }
}
