/** A question that changes while it is typed: one request at a time, and only the newest counts. */
import type { Filter, Hit } from '../api';
import type { SearchMode } from './route';

export interface Question {
  readonly query: string;
  readonly mode: SearchMode;
  readonly sources: readonly string[];
  /** What of the shard is asked, sources included; all of it where left out. */
  readonly filter?: Filter | undefined;
  /** The version that is asked: another one may answer otherwise. */
  readonly version: string;
}

export type Answer<H> =
  | { phase: 'idle' }
  | { phase: 'asking' }
  | { phase: 'answered'; question: Question; hits: H[]; milliseconds: number }
  | { phase: 'failed'; question: Question; error: unknown };

/** Asks as fast as answers come: typing aborts the request in flight, and the newest one follows. */
export class SearchSession<H extends Hit> {
  answer: Answer<H> = $state.raw({ phase: 'idle' });
  /** True while a newer answer than the one shown is on its way. */
  busy = $state(false);
  #flight: AbortController | undefined;
  #next: Question | undefined;
  readonly #search: (question: Question, signal: AbortSignal) => Promise<H[]>;

  constructor(search: (question: Question, signal: AbortSignal) => Promise<H[]>) {
    this.#search = search;
  }

  /** Asks, or clears the answer where the question is blank. */
  ask(question: Question): void {
    this.#next = question;
    if (this.#flight) this.#flight.abort(new DOMException('A newer question', 'AbortError'));
    else void this.#run();
  }

  /** Drops what is in flight. */
  close(): void {
    this.#next = undefined;
    this.#flight?.abort(new DOMException('The screen closed', 'AbortError'));
  }

  async #run(): Promise<void> {
    this.busy = true;
    for (let question = this.#take(); question; question = this.#take()) {
      if (question.query.trim() === '') {
        this.answer = { phase: 'idle' };
        continue;
      }
      if (this.answer.phase !== 'answered') this.answer = { phase: 'asking' };
      const flight = new AbortController();
      this.#flight = flight;
      const begun = performance.now();
      try {
        const hits = await this.#search(question, flight.signal);
        const milliseconds = performance.now() - begun;
        // An engine may answer in spite of the abort: that answer is stale all the same.
        if (!flight.signal.aborted) {
          this.answer = { phase: 'answered', question, hits, milliseconds };
        }
      } catch (error) {
        if (!flight.signal.aborted) this.answer = { phase: 'failed', question, error };
      }
      this.#flight = undefined;
    }
    this.busy = false;
  }

  #take(): Question | undefined {
    const question = this.#next;
    this.#next = undefined;
    return question;
  }
}
