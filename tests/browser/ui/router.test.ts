import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  formatRoute,
  parseRoute,
  SEARCH_MODES,
  shardRoute,
  type Route,
} from '../../../src/lib/ui/route';
import { NO_FILTER, PLACE_FIELDS } from '../../../src/lib/ui/search-filter';
import { Router } from '../../../src/lib/ui/router.svelte';

/** Words as a person or a library may have them; a lone surrogate has no place in a URL. */
const words = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .filter((text) => !/\p{Surrogate}/u.test(text));
const id = words.filter((text) => text !== '');

const route: fc.Arbitrary<Route> = fc.oneof(
  fc.record({ screen: fc.constant('library' as const), query: words }),
  fc.record({ screen: fc.constant('add' as const), shard: fc.option(words) }),
  fc.record({ screen: fc.constant('settings' as const) }),
  fc.record({
    screen: fc.constant('search' as const),
    shard: id,
    query: words,
    mode: fc.constantFrom(...SEARCH_MODES),
    sources: fc.array(words, { maxLength: 4 }),
    filter: fc.record({
      types: fc.array(words, { maxLength: 3 }),
      from: fc.constantFrom('', '2026-11-22'),
      to: words,
      place: fc.dictionary(fc.constantFrom(...PLACE_FIELDS), id, { noNullPrototype: true }),
    }),
  }),
  fc.record({ screen: fc.constant('chunks' as const), shard: id, find: words }),
  fc.record({ screen: fc.constantFrom('history' as const, 'overview' as const), shard: id }),
);

test('every state has an address that leads back to it', () => {
  fc.assert(
    fc.property(route, (there) => {
      expect(parseRoute(formatRoute(there))).toEqual(there);
    }),
  );
});

test('any hash at all is read, and what no screen answers to leads nowhere', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (hash) => {
      expect(() => parseRoute(`#/${hash}`)).not.toThrow();
    }),
  );
  expect(parseRoute('#/shard/%E0%A4%A')).toEqual({
    screen: 'nowhere',
    path: 'shard/%E0%A4%A',
  });
  expect(parseRoute('#/shard//search').screen).toBe('nowhere');
  expect(parseRoute('#/shard/a/search/b').screen).toBe('nowhere');
  expect(parseRoute('#/settings/more').screen).toBe('nowhere');
  expect(parseRoute('').screen).toBe('library');
});

let before = '';
beforeEach(() => {
  before = location.hash;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  history.replaceState(null, '', before === '' ? location.pathname + location.search : before);
});

test('typing changes the route at once and the address later, without a new step', () => {
  const router = new Router(window);
  const stop = router.listen();
  router.go(shardRoute('a', 'search'));
  const steps = history.length;
  for (const query of ['w', 'wi', 'wing']) {
    router.replace({
      screen: 'search',
      shard: 'a',
      query,
      mode: 'hybrid',
      sources: [],
      filter: NO_FILTER,
    });
    expect(router.route).toMatchObject({ query });
  }
  expect(location.hash).toBe('#/shard/a/search');
  vi.runAllTimers();
  expect(location.hash).toBe('#/shard/a/search?q=wing');
  expect(history.length).toBe(steps);
  stop();
});

test('a step to another screen keeps what was typed before it', () => {
  const router = new Router(window);
  const stop = router.listen();
  router.go(shardRoute('a', 'search'));
  const write = vi.spyOn(history, 'replaceState');
  router.replace({
    screen: 'search',
    shard: 'a',
    query: 'lift',
    mode: 'hybrid',
    sources: [],
    filter: NO_FILTER,
  });
  router.go({ screen: 'settings' });
  expect(write).toHaveBeenCalledExactlyOnceWith(null, '', '#/shard/a/search?q=lift');
  expect(location.hash).toBe('#/settings');
  stop();
  write.mockRestore();
});

test('back and forward are followed', () => {
  const router = new Router(window);
  const stop = router.listen();
  history.replaceState(null, '', '#/shard/b/overview');
  window.dispatchEvent(new PopStateEvent('popstate'));
  expect(router.route).toEqual({ screen: 'overview', shard: 'b' });
  stop();
  history.replaceState(null, '', '#/settings');
  window.dispatchEvent(new PopStateEvent('popstate'));
  expect(router.route).toEqual({ screen: 'overview', shard: 'b' });
});
