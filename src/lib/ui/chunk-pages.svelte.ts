/** A shard's chunks as a list of any length, read page by page around what is on the screen. */
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { Chunk } from '../api';

/** Chunks in one read. */
export const PAGE_SIZE = 100;

/** Pages kept: 4,000 chunks of about 1,000 characters are some 8 MB. */
const MOST_PAGES = 40;

export type ReadChunks = (offset: number, limit: number) => Promise<Chunk[]>;

interface Page {
  readonly rows: readonly Chunk[];
  /** The renewal that it was read after. */
  readonly turn: number;
}

/**
 * Reads pages when they are needed, and forgets those read longest ago. After `renew` the old rows
 * stay on the screen until those of the new version are there.
 */
export class ChunkPages {
  /** Rows of the list. With a filter it is a lower bound plus one page until the end was seen. */
  count: number = $state(0);
  /** Whether `count` is final. */
  known = $state(false);
  error: unknown = $state.raw(null);
  readonly #pages = new SvelteMap<number, Page>();
  readonly #reading = new SvelteSet<number>();
  #turn = $state(0);
  #version: string;
  #read: ReadChunks;

  /** `total` is the number of chunks where it is known before. */
  constructor(version: string, read: ReadChunks, total: number | undefined) {
    this.#version = version;
    this.#read = read;
    this.count = total ?? PAGE_SIZE;
    this.known = total !== undefined;
  }

  /** The version whose chunks are listed. */
  get version(): string {
    return this.#version;
  }

  /** Whether any page is being read. */
  get busy(): boolean {
    return this.#reading.size > 0;
  }

  /** Shows another version of the same list. What is on the screen is read again when needed. */
  renew(version: string, read: ReadChunks, total: number | undefined): void {
    this.#version = version;
    this.#read = read;
    this.#turn += 1;
    this.#reading.clear();
    this.known = total !== undefined;
    this.count = total ?? Math.max(this.count, PAGE_SIZE);
  }

  /** The chunk of a row; undefined until its page is there. */
  at(row: number): Chunk | undefined {
    return this.#pages.get(Math.floor(row / PAGE_SIZE))?.rows[row % PAGE_SIZE];
  }

  /** Whether a row was read from the newest version. */
  isFresh(row: number): boolean {
    return this.#isFresh(Math.floor(row / PAGE_SIZE));
  }

  #isFresh(page: number): boolean {
    return this.#pages.get(page)?.turn === this.#turn;
  }

  /** All pages that are here, those of the newest version last: their first rows, and their chunks. */
  *runs(): Generator<[first: number, chunks: readonly Chunk[]]> {
    for (const fresh of [false, true]) {
      for (const [page, { rows, turn }] of this.#pages) {
        if ((turn === this.#turn) === fresh) yield [page * PAGE_SIZE, rows];
      }
    }
  }

  /** Sees to it that the rows `[first, last)` are there soon. */
  need(first: number, last: number): void {
    const end = Math.min(last, this.count);
    for (let page = Math.floor(first / PAGE_SIZE); page * PAGE_SIZE < end; page += 1) {
      if (!this.#isFresh(page) && !this.#reading.has(page)) void this.#load(page);
    }
  }

  /** The chunks of the rows `[first, last)`, read where they are not here. */
  async range(first: number, last: number): Promise<Chunk[]> {
    const chunks: Chunk[] = [];
    for (let start = first; start < last;) {
      const page = Math.floor(start / PAGE_SIZE);
      const known = this.#isFresh(page) ? this.#pages.get(page)?.rows : undefined;
      const rows = known ?? (await this.#read(page * PAGE_SIZE, PAGE_SIZE));
      chunks.push(...rows.slice(start - page * PAGE_SIZE, last - page * PAGE_SIZE));
      start = (page + 1) * PAGE_SIZE;
    }
    return chunks;
  }

  async #load(page: number): Promise<void> {
    const turn = this.#turn;
    this.#reading.add(page);
    try {
      const rows = await this.#read(page * PAGE_SIZE, PAGE_SIZE);
      if (turn !== this.#turn) return;
      // Set anew, so that the order of the map is the order of reading.
      this.#pages.delete(page);
      this.#pages.set(page, { rows, turn });
      this.error = null;
      this.#learn(page, rows.length);
      for (const oldest of this.#pages.keys()) {
        if (this.#pages.size <= MOST_PAGES) break;
        this.#pages.delete(oldest);
      }
    } catch (error) {
      if (turn === this.#turn) this.error = error;
    } finally {
      if (turn === this.#turn) this.#reading.delete(page);
    }
  }

  #learn(page: number, rows: number): void {
    if (this.known) return;
    const end = page * PAGE_SIZE + rows;
    if (rows < PAGE_SIZE) {
      this.count = end;
      // Nothing on a page says only that the list ends before it: the one before knows where.
      this.known = rows > 0 || page === 0 || this.#isFresh(page - 1);
    } else {
      const next = this.#isFresh(page + 1) ? this.#pages.get(page + 1) : undefined;
      // A list that has become shorter is looked at from behind.
      this.known = next?.rows.length === 0;
      this.count = this.known ? end : Math.max(this.count, end + PAGE_SIZE);
    }
  }
}
