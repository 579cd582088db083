/** What the Chunks screen lists: the query out of its address, and the pages of what fits it. */
import { untrack } from 'svelte';
import type { Shard, ShardInfo } from '../api';
import { ChunkPages } from './chunk-pages.svelte';
import { listKey, parseChunkQuery, totalOf, type ChunkQuery } from './chunk-query';
import { readerOf } from './chunk-reader';

type Info = Pick<ShardInfo, 'head' | 'chunks' | 'deleted'>;

/** Made by a component, whose properties it follows. */
export class ChunkListing {
  readonly #find: () => string;
  readonly #info: () => Info;
  readonly #open: () => Promise<Pick<Shard, 'chunks'>>;
  readonly query: ChunkQuery = $derived.by(() => parseChunkQuery(this.#find()));
  /** Equal as long as the same chunks are listed. */
  readonly key: string = $derived(listKey(this.query));
  /** How many chunks are listed, where that is known without reading them. */
  readonly total: number | undefined = $derived.by(() => totalOf(this.query, this.#info()));
  /** Another filter is another list; another version of the shard renews the one that is there. */
  readonly pages: ChunkPages = $derived(this.#list(this.key));

  constructor(find: () => string, info: () => Info, open: () => Promise<Pick<Shard, 'chunks'>>) {
    this.#find = find;
    this.#info = info;
    this.#open = open;
  }

  #list(key: string): ChunkPages {
    const query = parseChunkQuery(key);
    return untrack(() => {
      const info = this.#info();
      return new ChunkPages(info.head, readerOf(this.#open, query), totalOf(query, info));
    });
  }

  /** Brings the pages up to the shard's newest version. False where they show it already. */
  renew(): boolean {
    const { pages, query } = this;
    const info = this.#info();
    if (pages.version === info.head) return false;
    pages.renew(info.head, readerOf(this.#open, query), totalOf(query, info));
    return true;
  }
}
