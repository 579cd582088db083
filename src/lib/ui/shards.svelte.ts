/** The library's shards as the screens list them, fresh after every change of this or another tab. */
import type { Library, LibraryChange, Shard, ShardInfo } from '../api';
import { untrack } from 'svelte';
import { SvelteMap } from 'svelte/reactivity';
import { Resource } from './resource.svelte';

interface Listing {
  live: ShardInfo[];
  removed: ShardInfo[];
}

/** Lists shards, and opens each once. */
export class Shards {
  readonly listing: Resource<Listing>;
  readonly #library: Library;
  /** The shards as they were listed last, each with what it says. */
  #told: readonly { shard: ShardInfo; said: string }[] = [];
  readonly #opened = new SvelteMap<string, Promise<Shard>>();

  constructor(library: Library) {
    this.#library = library;
    this.listing = new Resource(async () => {
      const all = this.#unlessChanged(await library.shards({ removed: true }));
      return {
        live: all.filter((shard) => shard.removedAt === undefined),
        // A shard that never held anything is not worth bringing back.
        removed: all.filter(
          (shard) => shard.removedAt !== undefined && shard.chunks + shard.deleted > 0,
        ),
      };
    });
  }

  /** Follows the library's changes; returns how to stop. */
  listen(): () => void {
    void this.listing.refresh();
    return this.#library.subscribe((change: LibraryChange) => {
      if (change.kind === 'removed') for (const id of change.shards) this.#opened.delete(id);
      void this.listing.refresh();
    });
  }

  /**
   * The same shards, each as the very object it was before unless something in it changed: a row is
   * drawn again only then, and one change among a hundred shards draws one row.
   */
  #unlessChanged(shards: readonly ShardInfo[]): ShardInfo[] {
    const before = Object.fromEntries(this.#told.map((one) => [one.shard.id, one]));
    this.#told = shards.map((shard) => {
      const said = JSON.stringify(shard);
      const old = before[shard.id];
      return old?.said === said ? old : { shard, said };
    });
    return this.#told.map(({ shard }) => shard);
  }

  get live(): ShardInfo[] {
    return this.listing.value?.live ?? [];
  }

  get removed(): ShardInfo[] {
    return this.listing.value?.removed ?? [];
  }

  find(id: string): ShardInfo | undefined {
    return this.live.find((shard) => shard.id === id);
  }

  /** Opens a shard at its head. @throws NotFoundError */
  open(id: string): Promise<Shard> {
    const known = untrack(() => this.#opened.get(id));
    if (known) return known;
    const opening = this.#library.open(id);
    this.#opened.set(id, opening);
    // A failed opening is not kept: the next call tries again. The caller sees this rejection.
    opening.catch(() => {
      this.#opened.delete(id);
    });
    return opening;
  }
}
