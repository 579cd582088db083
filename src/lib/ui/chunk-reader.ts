/** Reads a shard's chunks as a query lists them. Keeps no chunks: pages do. */
import type { Shard } from '../api';
import type { ReadChunks } from './chunk-pages.svelte';
import { filterOf, type ChunkQuery, type ChunkState } from './chunk-query';

const DELETED = { live: false, deleted: 'only', all: true } as const satisfies Record<
  ChunkState,
  boolean | 'only'
>;

/** Reads what a query lists, in order; reads it from `open` at each call. */
export function readerOf(
  open: () => Promise<Pick<Shard, 'chunks'>>,
  query: ChunkQuery,
): ReadChunks {
  const filter = filterOf(query);
  return async (offset, limit) => {
    const shard = await open();
    const deleted = DELETED[query.state];
    return shard.chunks({ offset, limit, deleted, ...(filter ? { filter } : {}) });
  };
}
