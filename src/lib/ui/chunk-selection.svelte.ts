/** Which chunks of a list are selected, one by one and by ranges. */
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { Chunk } from '../api';

/** What is kept of a selected chunk: its text may be long, and there may be many. */
export interface Selected {
  readonly uuid: string;
  readonly deleted: boolean;
  /** The source's id, or `note`. */
  readonly source: string;
}

function slim({ uuid, deleted, source }: Chunk): Selected {
  return { uuid, deleted, source: 'id' in source ? source.id : source.type };
}

export class ChunkSelection {
  readonly #chosen = new SvelteMap<string, Selected>();
  /** What the range that is being drawn has put in: a new end replaces it. */
  readonly #range = new SvelteSet<string>();

  get size(): number {
    return this.#chosen.size;
  }

  get list(): Selected[] {
    return [...this.#chosen.values()];
  }

  /** UUIDs of those that are live, or of the tombstones. */
  uuids(which: 'live' | 'deleted'): string[] {
    return this.list
      .filter(({ deleted }) => deleted === (which === 'deleted'))
      .map(({ uuid }) => uuid);
  }

  has(uuid: string): boolean {
    return this.#chosen.has(uuid);
  }

  toggle(chunk: Chunk): void {
    this.#range.clear();
    if (!this.#chosen.delete(chunk.uuid)) this.#chosen.set(chunk.uuid, slim(chunk));
  }

  /** Selects a range; its end may move until something else is selected. */
  span(chunks: readonly Chunk[]): void {
    const last = [...this.#range];
    // What was selected before the range was drawn stays when the range shrinks.
    const next = chunks
      .map(({ uuid }) => uuid)
      .filter((uuid) => !this.#chosen.has(uuid) || this.#range.has(uuid));
    this.#range.clear();
    for (const uuid of next) this.#range.add(uuid);
    for (const uuid of last) if (!this.#range.has(uuid)) this.#chosen.delete(uuid);
    for (const chunk of chunks) this.#chosen.set(chunk.uuid, slim(chunk));
  }

  clear(): void {
    this.#range.clear();
    this.#chosen.clear();
  }
}
