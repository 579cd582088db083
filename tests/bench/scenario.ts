/** What a benchmark scenario is. `scripts/bench.mjs` runs every one that a `*.bench.ts` exports. */
import type { Page } from 'playwright';

export interface Scenario {
  readonly name: string;
  /** Drives `window.memreel` in a page of its own, in a fresh profile with an empty library. */
  run(page: Page, context: ScenarioContext): Promise<Measure[]>;
}

export interface ScenarioContext {
  /** Where the built app is served. */
  readonly url: string;
  /** The folder of corpora and samples, which may not be there. */
  readonly shared: string;
}

/** One figure, as it was measured. */
export interface Measure {
  readonly what: string;
  readonly value: number;
  /** Such as `ms`, `chunks/s`, `bytes/frame`; empty for a ratio. */
  readonly unit: string;
}
