/** The same questions asked of two sides, and what moved between their answers. */
import type { Hit, Library, Question, Shard } from '../api';
import { LongCall } from './long-call.svelte';
import { compareHits, rankExpected, type QuestionOutcome } from './ranks';
import type { CompareSide } from './route';
import { SearchSession } from './search.svelte';
import type { Shards } from './shards.svelte';

type Asked = Pick<Shard, 'search'>;

/**
 * Asks both sides every question; `done` is told after each. What is searched is the side's own
 * chunks, so that a clone is tried with the questions of the shard that one looks at.
 */
export async function tryQuestions(
  questions: readonly Question[],
  left: Asked,
  right: Asked,
  signal: AbortSignal,
  done: (count: number) => void,
): Promise<QuestionOutcome[]> {
  const outcomes: QuestionOutcome[] = [];
  for (const question of questions) {
    signal.throwIfAborted();
    const answers = await Promise.all([
      left.search(question.query, { fold: false, signal }),
      right.search(question.query, { fold: false, signal }),
    ]);
    outcomes.push({ question, ranks: rankExpected(question.expected, ...answers) });
    done(outcomes.length);
  }
  return outcomes;
}

/** Opens the sides of a comparison. */
export class Sides {
  readonly #library: Pick<Library, 'open'>;
  readonly #shards: Pick<Shards, 'open'>;
  readonly #own: string;

  /** `own` is the id of the shard that a side without one means. */
  constructor(library: Pick<Library, 'open'>, shards: Pick<Shards, 'open'>, own: string) {
    this.#library = library;
    this.#shards = shards;
    this.#own = own;
  }

  open({ shard, at }: CompareSide): Promise<Shard> {
    const id = shard ?? this.#own;
    return at === null ? this.#shards.open(id) : this.#library.open(id, { at });
  }
}

/** One side as it stands now. */
export interface AskedSide {
  readonly side: CompareSide;
  /** The version that answers: another one may answer otherwise. */
  readonly version: string;
}

/** Two sides that are asked the same, question by question or all saved ones. */
export class Comparison {
  readonly left: SearchSession<Hit>;
  readonly right: SearchSession<Hit>;
  /** How many questions of the present run both sides have answered. */
  done = $state(0);
  readonly run = new LongCall<{ key: string; outcomes: QuestionOutcome[] }>();
  #sides: { left: AskedSide; right: AskedSide } | null = $state.raw(null);
  readonly #open: (side: CompareSide) => Promise<Asked>;

  constructor(open: (side: CompareSide) => Promise<Asked>) {
    this.#open = open;
    const session = (name: 'left' | 'right'): SearchSession<Hit> =>
      new SearchSession(async ({ query }, signal) => {
        const asked = this.#sides;
        if (!asked) throw new Error('A side is asked before it is chosen');
        return (await open(asked[name].side)).search(query, { fold: false, signal });
      });
    this.left = session('left');
    this.right = session('right');
  }

  /** Asks both; a blank question clears both answers. */
  ask(query: string, left: AskedSide, right: AskedSide): void {
    this.#sides = { left, right };
    const question = { query, mode: 'hybrid' as const, sources: [] };
    this.left.ask({ ...question, version: left.version });
    this.right.ask({ ...question, version: right.version });
  }

  /** Both answers side by side; null until both have answered the same question. */
  get hits(): ReturnType<typeof compareHits> | null {
    const [left, right] = [this.left.answer, this.right.answer];
    if (left.phase !== 'answered' || right.phase !== 'answered') return null;
    if (left.question.query !== right.question.query) return null;
    return compareHits(left.hits, right.hits);
  }

  /** What the last run found, where the sides are still the ones that were asked. */
  get outcomes(): readonly QuestionOutcome[] | null {
    const { state } = this.run;
    return state.phase === 'done' && state.value.key === this.#key ? state.value.outcomes : null;
  }

  /** Asks both sides all of them. Never rejects: how it ended is in `run`. */
  async tryAll(questions: readonly Question[]): Promise<void> {
    const sides = this.#sides;
    const key = this.#key;
    if (!sides) return;
    this.done = 0;
    await this.run.run(async ({ signal }) => {
      const [left, right] = await Promise.all([
        this.#open(sides.left.side),
        this.#open(sides.right.side),
      ]);
      const outcomes = await tryQuestions(questions, left, right, signal, (done) => {
        this.done = done;
      });
      return { key, outcomes };
    });
  }

  /** Drops what is in flight. */
  close(): void {
    this.left.close();
    this.right.close();
    this.run.cancel();
  }

  get #key(): string {
    return JSON.stringify(this.#sides);
  }
}
