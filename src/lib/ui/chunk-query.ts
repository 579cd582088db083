/**
 * What the Chunks screen shows: words, sources, state, and the chunk that is open. Pure; kept as one
 * string in the address, and read back from there.
 */
import type { Filter, ShardInfo } from '../api';

export type ChunkState = 'live' | 'deleted' | 'all';
export const CHUNK_STATES: readonly ChunkState[] = ['live', 'deleted', 'all'];

export interface ChunkQuery {
  /** As it was typed, with the spaces around it. */
  readonly text: string;
  /** Source ids; none means all. */
  readonly sources: readonly string[];
  readonly state: ChunkState;
  /** Overlays alone. */
  readonly edited: boolean;
  /** The UUID of the chunk in the editor. */
  readonly open: string | null;
}

/** Every live chunk, and none open. */
export const ALL_CHUNKS: ChunkQuery = {
  text: '',
  sources: [],
  state: 'live',
  edited: false,
  open: null,
};

/**
 * Words alone stay as they are; anything more becomes `?text=…&in=…&state=…&edited&open=…`.
 * `parseChunkQuery` reads it back without loss.
 */
export function formatChunkQuery(query: ChunkQuery): string {
  const fields = new URLSearchParams();
  for (const source of query.sources) fields.append('in', source);
  if (query.state !== 'live') fields.set('state', query.state);
  if (query.edited) fields.set('edited', '');
  if (query.open !== null) fields.set('open', query.open);
  if (fields.size === 0 && !query.text.startsWith('?')) return query.text;
  if (query.text !== '') fields.set('text', query.text);
  return `?${fields.toString()}`;
}

export function parseChunkQuery(find: string): ChunkQuery {
  if (!find.startsWith('?')) return { ...ALL_CHUNKS, text: find };
  const fields = new URLSearchParams(find.slice(1));
  return {
    text: fields.get('text') ?? '',
    sources: fields.getAll('in'),
    state: CHUNK_STATES.find((state) => state === fields.get('state')) ?? 'live',
    edited: fields.has('edited'),
    open: fields.get('open'),
  };
}

/** Equal for queries that list the same chunks. */
export function listKey(query: ChunkQuery): string {
  return formatChunkQuery({ ...query, text: query.text.trim(), open: null });
}

/** The filter of a query; undefined where it takes every source and every text. */
export function filterOf(query: ChunkQuery): Filter | undefined {
  const text = query.text.trim();
  const filter: Filter = {
    ...(text === '' ? {} : { text }),
    ...(query.sources.length === 0 ? {} : { sources: [...query.sources] }),
    ...(query.edited ? { edited: true } : {}),
  };
  return Object.keys(filter).length === 0 ? undefined : filter;
}

/** How many chunks a query lists, where that is known without reading them. */
export function totalOf(
  query: ChunkQuery,
  { chunks, deleted }: Pick<ShardInfo, 'chunks' | 'deleted'>,
): number | undefined {
  if (filterOf(query)) return undefined;
  return { live: chunks, deleted, all: chunks + deleted }[query.state];
}
