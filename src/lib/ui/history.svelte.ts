/** A shard's versions and their changes as lists that grow page by page, never all at once. */
import { untrack } from 'svelte';
import type { ChunkChange, Shard, Version } from '../api';
import { Resource } from './resource.svelte';

/** Versions in one read: about three screens. */
export const VERSIONS_PAGE = 30;

/** Changes in one read: their texts come out of frames. */
export const CHANGES_PAGE = 20;

/** A list that is read from its beginning, as far as a person asks for. */
export class Pages<T> {
  items: T[] = $state.raw([]);
  /** Whether the last item was seen. */
  ended = $state(false);
  busy = $state(false);
  /** Of the last read; the items read before stay. */
  error: unknown = $state.raw(null);
  #turn = 0;
  readonly #page: number;
  readonly #read: (known: readonly T[], limit: number) => Promise<T[]>;

  /** `read` gives up to `limit` items that follow the `known` ones; fewer only at the end. */
  constructor(page: number, read: (known: readonly T[], limit: number) => Promise<T[]>) {
    this.#page = page;
    this.#read = read;
  }

  /** Reads one page more. Never rejects. */
  async more(): Promise<void> {
    if (this.busy || this.ended) return;
    await this.#load(this.items, this.#page);
  }

  /** Reads what is shown once again, because it may have changed; at least the first page. */
  async refresh(): Promise<void> {
    await this.#load([], Math.max(this.#page, this.items.length));
  }

  async #load(known: readonly T[], limit: number): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    this.busy = true;
    try {
      const read = await this.#read(known, limit);
      // A later read overtook this one.
      if (turn !== this.#turn) return;
      this.items = [...known, ...read];
      this.ended = read.length < limit;
      this.error = null;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.error = error;
    }
    this.busy = false;
  }
}

type HistoryShard = Pick<Shard, 'history' | 'tags'>;

/** The versions of a shard, newest first, with the tags that name them. */
export class VersionHistory {
  readonly versions: Pages<Version>;
  /** Version ids by tag. The tags in a `Version` are as old as its page. */
  readonly #tags: Resource<Record<string, string>>;

  constructor(open: () => Promise<HistoryShard>) {
    this.versions = new Pages(VERSIONS_PAGE, async (known, limit) => {
      const shard = await open();
      const last = known.at(-1);
      return shard.history({ limit, ...(last ? { before: last.id } : {}) });
    });
    this.#tags = new Resource(async () => (await open()).tags());
  }

  /** Reads again what is shown. */
  async refresh(): Promise<void> {
    await Promise.all([this.versions.refresh(), this.#tags.refresh()]);
  }

  /** Reads now, and again after every change of what `cause` reads; for use in a component. */
  refreshOn(cause: () => unknown): void {
    $effect(() => {
      cause();
      untrack(() => void this.refresh());
    });
  }

  /** Version ids by tag; empty until they are read. */
  get tags(): Record<string, string> {
    return this.#tags.value ?? {};
  }

  /** The tags of a version. */
  tagsOf(version: Version): readonly string[] {
    if (!this.#tags.value) return version.tags;
    return Object.entries(this.tags).flatMap(([tag, id]) => (id === version.id ? [tag] : []));
  }
}

/** What a version changed of the one before it, in the order of the text. */
export function changesOf(
  open: () => Promise<Pick<Shard, 'diff'>>,
  from: string,
  to: string,
): Pages<ChunkChange> {
  return new Pages(CHANGES_PAGE, async (known, limit) =>
    (await open()).diff(from, to, { offset: known.length, limit }),
  );
}
