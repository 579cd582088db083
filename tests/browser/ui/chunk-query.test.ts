import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ALL_CHUNKS,
  CHUNK_STATES,
  filterOf,
  formatChunkQuery,
  listKey,
  parseChunkQuery,
  totalOf,
  type ChunkQuery,
} from '../../../src/lib/ui/chunk-query';
import { formatRoute, parseRoute } from '../../../src/lib/ui/route';

const anyQuery: fc.Arbitrary<ChunkQuery> = fc.record({
  // A lone surrogate is no text: an address cannot hold it, nor can anybody type it.
  text: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('?', '?in=a', ' wing ', 'a&b=c')),
  sources: fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { maxLength: 3 }),
  state: fc.constantFrom(...CHUNK_STATES),
  edited: fc.boolean(),
  open: fc.option(fc.uuid()),
});

test('what the screen shows survives the address', () => {
  fc.assert(
    fc.property(anyQuery, (query) => {
      const hash = formatRoute({ screen: 'chunks', shard: 'x', find: formatChunkQuery(query) });
      const route = parseRoute(hash);
      expect(route.screen === 'chunks' && parseChunkQuery(route.find)).toEqual(query);
    }),
  );
});

test('words alone stand in the address as they were typed', () => {
  expect(formatChunkQuery({ ...ALL_CHUNKS, text: 'panel flutter ' })).toBe('panel flutter ');
});

test('an address with an unknown state shows live chunks', () => {
  expect(parseChunkQuery('?state=half&text=a')).toEqual({ ...ALL_CHUNKS, text: 'a' });
});

test('the open chunk and spaces around the words make no other list; all else does', () => {
  fc.assert(
    fc.property(anyQuery, fc.option(fc.uuid()), (query, open) => {
      expect(listKey({ ...query, open, text: ` ${query.text} ` })).toBe(listKey(query));
      expect(listKey({ ...query, edited: !query.edited })).not.toBe(listKey(query));
      expect(listKey({ ...query, sources: [...query.sources, 'z'] })).not.toBe(listKey(query));
    }),
  );
});

test('the length of a list is known where no filter has to be tried', () => {
  const counts = { chunks: 7, deleted: 2 };
  expect(CHUNK_STATES.map((state) => totalOf({ ...ALL_CHUNKS, state }, counts))).toEqual([7, 2, 9]);
  expect(totalOf({ ...ALL_CHUNKS, text: ' ' }, counts)).toBe(7);
  expect(totalOf({ ...ALL_CHUNKS, text: 'a' }, counts)).toBeUndefined();
  expect(totalOf({ ...ALL_CHUNKS, edited: true }, counts)).toBeUndefined();
  expect(filterOf({ ...ALL_CHUNKS, text: ' a ', sources: ['s'], edited: true })).toEqual({
    text: 'a',
    sources: ['s'],
    edited: true,
  });
});
