/** What each screen is called: in the window's title, and in the palette. */
import type { ShardInfo } from '../api';
import type { Destination } from './Palette.svelte';
import { formatRoute, shardRoute, type Route, type ShardScreen } from './route';
import { strings } from './strings';

/** The title of a route; `shard` is the name of the shard it is about. */
export function titleOf(route: Route, shard: string | undefined): string {
  switch (route.screen) {
    case 'library':
      return strings.nav.library;
    case 'add':
      return strings.add.title;
    case 'settings':
      return strings.nav.settings;
    case 'nowhere':
      return strings.app.nowhere;
    case 'search':
    case 'chunks':
    case 'history':
    case 'compare':
    case 'overview':
      return shard === undefined
        ? strings.nav[route.screen]
        : `${shard} › ${strings.nav[route.screen]}`;
  }
}

const SHARD_SCREENS: readonly ShardScreen[] = [
  'search',
  'chunks',
  'history',
  'compare',
  'overview',
];

/** Every screen, for the palette; a shard's search stands first of its screens. */
export function destinationsOf(shards: readonly ShardInfo[]): Destination[] {
  const screens: Route[] = [
    { screen: 'library', query: '' },
    { screen: 'add', shard: null },
    { screen: 'settings' },
  ];
  const general = screens.map((route) => ({
    label: titleOf(route, undefined),
    detail: '',
    href: formatRoute(route),
  }));
  const inShards = SHARD_SCREENS.flatMap((screen) =>
    shards.map(({ id, name }) => ({
      label: name,
      detail: strings.nav[screen],
      href: formatRoute(shardRoute(id, screen)),
    })),
  );
  return [...general, ...inShards];
}
