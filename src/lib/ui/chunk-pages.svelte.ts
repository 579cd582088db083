/** A shard's chunks as a list of any length, read page by page around what is on the screen. */
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { Chunk } from '../api';

/** Chunks in one read. */
export const PAGE_SIZE = 100;

/** Pages kept: 4,000 chunks of about 1,000 characters are some 8 MB. */
const MOST_PAGES = 40;

/** Reads pages when they are needed, and forgets those read longest ago. */
export class ChunkPages {
  /** Rows of the list. With a filter it is a lower bound plus one page until the end was seen. */
  count: number = $state(0);
  /** Whether `count` is final. */
  known = $state(false);
  error: unknown = $state.raw(null);
  readonly #pages = new SvelteMap<number, Chunk[]>();
  readonly #reading = new SvelteSet<number>();
  readonly #read: (offset: number, limit: number) => Promise<Chunk[]>;

  /** `total` is the number of chunks where it is known before. */
  constructor(
    /** The version whose chunks are listed. */
    readonly version: string,
    read: (offset: number, limit: number) => Promise<Chunk[]>,
    total: number | undefined,
  ) {
    this.#read = read;
    this.count = total ?? PAGE_SIZE;
    this.known = total !== undefined;
  }

  /** The chunk of a row; undefined until its page is there. */
  at(row: number): Chunk | undefined {
    return this.#pages.get(Math.floor(row / PAGE_SIZE))?.[row % PAGE_SIZE];
  }

  /** Sees to it that the rows `[first, last)` are there soon. */
  need(first: number, last: number): void {
    const end = Math.min(last, this.count);
    for (let page = Math.floor(first / PAGE_SIZE); page * PAGE_SIZE < end; page += 1) {
      if (!this.#pages.has(page) && !this.#reading.has(page)) void this.#load(page);
    }
  }

  async #load(page: number): Promise<void> {
    this.#reading.add(page);
    try {
      const rows = await this.#read(page * PAGE_SIZE, PAGE_SIZE);
      this.#pages.set(page, rows);
      this.error = null;
      this.#learn(page, rows.length);
      for (const oldest of this.#pages.keys()) {
        if (this.#pages.size <= MOST_PAGES) break;
        this.#pages.delete(oldest);
      }
    } catch (error) {
      this.error = error;
    } finally {
      this.#reading.delete(page);
    }
  }

  #learn(page: number, rows: number): void {
    if (this.known) return;
    const seen = page * PAGE_SIZE + rows;
    if (rows < PAGE_SIZE) {
      this.count = seen;
      this.known = true;
    } else {
      this.count = Math.max(this.count, seen + PAGE_SIZE);
    }
  }
}
