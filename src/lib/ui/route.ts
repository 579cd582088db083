/** The screens' addresses, kept in the URL's hash so that any static host serves them. Pure. */
import type { SearchOptions } from '../api';
import { NO_FILTER, readFilter, writeFilter, type SearchFilter } from './search-filter';

export type SearchMode = NonNullable<SearchOptions['mode']>;
export const SEARCH_MODES: readonly SearchMode[] = ['hybrid', 'lexical', 'semantic'];

/** One side of a comparison. */
export interface CompareSide {
  /** Another shard's id; null for the one whose screen it is. */
  readonly shard: string | null;
  /** A version id or a tag; null for the head. */
  readonly at: string | null;
}

export type Route =
  | { screen: 'library'; query: string }
  | { screen: 'add'; shard: string | null }
  | { screen: 'settings' }
  | {
      screen: 'search';
      shard: string;
      query: string;
      mode: SearchMode;
      sources: string[];
      filter: SearchFilter;
    }
  | { screen: 'chunks'; shard: string; find: string }
  | { screen: 'history'; shard: string }
  | { screen: 'compare'; shard: string; query: string; left: CompareSide; right: CompareSide }
  | { screen: 'overview'; shard: string }
  | { screen: 'nowhere'; path: string };

export type ShardScreen = 'search' | 'chunks' | 'history' | 'compare' | 'overview';

const HEAD: CompareSide = { shard: null, at: null };

/** The plain address of one of a shard's screens. */
export function shardRoute(shard: string, screen: ShardScreen): Route {
  switch (screen) {
    case 'search':
      return { screen, shard, query: '', mode: 'hybrid', sources: [], filter: NO_FILTER };
    case 'chunks':
      return { screen, shard, find: '' };
    case 'compare':
      return { screen, shard, query: '', left: HEAD, right: HEAD };
    case 'history':
    case 'overview':
      return { screen, shard };
  }
}

/** `#/shard/<id>/search?q=…` and so on; `parseRoute` reads it back. */
export function formatRoute(route: Route): string {
  const query = new URLSearchParams();
  const path = (...parts: string[]): string => {
    const search = query.toString();
    return `#/${parts.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
  };
  switch (route.screen) {
    case 'library':
      if (route.query !== '') query.set('q', route.query);
      return path();
    case 'add':
      if (route.shard !== null) query.set('to', route.shard);
      return path('add');
    case 'settings':
      return path('settings');
    case 'search':
      if (route.query !== '') query.set('q', route.query);
      if (route.mode !== 'hybrid') query.set('mode', route.mode);
      for (const source of route.sources) query.append('in', source);
      writeFilter(route.filter, query);
      return path('shard', route.shard, 'search');
    case 'chunks':
      if (route.find !== '') query.set('find', route.find);
      return path('shard', route.shard, 'chunks');
    case 'compare':
      if (route.query !== '') query.set('q', route.query);
      for (const side of ['left', 'right'] as const) {
        const { shard, at } = route[side];
        if (shard !== null) query.set(`${side}-of`, shard);
        if (at !== null) query.set(side, at);
      }
      return path('shard', route.shard, 'compare');
    case 'history':
    case 'overview':
      return path('shard', route.shard, route.screen);
    case 'nowhere':
      return `#/${route.path}`;
  }
}

/** Reads a hash; what no screen answers to becomes `nowhere`. */
export function parseRoute(hash: string): Route {
  const plain = hash.replace(/^#?\/?/u, '');
  const nowhere: Route = { screen: 'nowhere', path: plain };
  const cut = plain.indexOf('?');
  const query = new URLSearchParams(cut < 0 ? '' : plain.slice(cut + 1));
  const parts = decodeParts(cut < 0 ? plain : plain.slice(0, cut));
  if (!parts) return nowhere;
  const [head, shard, screen, ...rest] = parts;
  if (head === '' && shard === undefined) return { screen: 'library', query: query.get('q') ?? '' };
  if (head === 'add' && shard === undefined) return { screen: 'add', shard: query.get('to') };
  if (head === 'settings' && shard === undefined) return { screen: 'settings' };
  if (head !== 'shard' || shard === undefined || shard === '' || rest.length > 0) return nowhere;
  switch (screen) {
    case undefined:
    case 'search': {
      const mode = SEARCH_MODES.find((name) => name === query.get('mode')) ?? 'hybrid';
      const sources = query.getAll('in');
      const asked = query.get('q') ?? '';
      return { screen: 'search', shard, query: asked, mode, sources, filter: readFilter(query) };
    }
    case 'chunks':
      return { screen, shard, find: query.get('find') ?? '' };
    case 'compare': {
      const side = (name: string): CompareSide => ({
        shard: query.get(`${name}-of`),
        at: query.get(name),
      });
      const asked = query.get('q') ?? '';
      return { screen, shard, query: asked, left: side('left'), right: side('right') };
    }
    case 'history':
    case 'overview':
      return { screen, shard };
    default:
      return nowhere;
  }
}

function decodeParts(path: string): string[] | null {
  try {
    return path.split('/').map(decodeURIComponent);
  } catch (error) {
    // A hash typed or cut by hand, such as `#/shard/%`: an address that leads nowhere.
    if (error instanceof URIError) return null;
    throw error;
  }
}
