/** The graph that stands in for exact scans of large shards: built beside the questions. */
import { describe, expect, test } from 'vitest';
import { SearchViews } from '../../../src/lib/library/asking/search-views';
import { analyserFor } from '../../../src/lib/search/analyse';
import { buildPostings, Postings } from '../../../src/lib/search/postings';
import { quantise, Vectors } from '../../../src/lib/search/vectors';

const ROWS = 300;
const DIMENSIONS = 16;

function segment(id: string, seed: number) {
  const values = new Float32Array(ROWS * DIMENSIONS);
  for (let row = 0; row < ROWS; row++) {
    let length = 0;
    for (let at = 0; at < DIMENSIONS; at++) {
      const value = Math.sin(seed + row * 7.3 + at * (row + 1) * 1.7);
      values[row * DIMENSIONS + at] = value;
      length += value * value;
    }
    for (let at = 0; at < DIMENSIONS; at++) values[row * DIMENSIONS + at]! /= Math.sqrt(length);
  }
  const texts = Array.from({ length: ROWS }, (_, row) => `row ${String(row)}`);
  return {
    id,
    postings: Postings.open(buildPostings(texts, analyserFor('en'))),
    vectors: Vectors.open(quantise(values, DIMENSIONS)),
  };
}

const [first, second] = [segment('a', 1), segment('b', 2)];
const view = (key: string, live: Uint8Array | null = null) => ({
  key,
  language: 'en' as const,
  segments: [
    { id: 'a', live },
    { id: 'b', live: null },
  ],
});

function ask(views: SearchViews, key: string, row: number) {
  const vector = first.vectors.vector(row);
  return views.get(key).query({ text: '', vector, topK: 3, mode: 'semantic' });
}

/** Waits for as long as building takes here. */
async function graphOf(views: SearchViews, key: string): Promise<void> {
  await expect.poll(() => views.hasGraph(key)).toBe(true);
}

describe('views', () => {
  test('above the exact size answer through a graph as they answered exactly', async () => {
    const exact = new SearchViews(Infinity);
    const views = new SearchViews(2 * ROWS - 1);
    for (const one of [exact, views]) {
      one.load(first);
      one.load(second);
      one.set(view('head'));
    }
    expect(views.hasGraph('head')).toBe(false);
    expect(ask(views, 'head', 5)).toEqual(ask(exact, 'head', 5)); // exactly, while it is built
    await graphOf(views, 'head');
    for (const row of [0, 17, 123, 299]) {
      expect(ask(views, 'head', row)).toEqual(ask(exact, 'head', row));
    }
  });

  test('of one shard share the graph, and a tombstone of one is none of the other', async () => {
    const views = new SearchViews(1);
    views.load(first);
    views.load(second);
    views.set(view('before'));
    await graphOf(views, 'before');
    const live = new Uint8Array(Math.ceil(ROWS / 8)).fill(255);
    live[0] = 0b11011111; // row 5 is deleted
    views.set(view('after', live));
    expect(views.hasGraph('after')).toBe(true);
    expect(ask(views, 'after', 5).map(({ segment: id, row }) => [id, row])).not.toContainEqual([
      'a',
      5,
    ]);
    expect(ask(views, 'before', 5)[0]).toMatchObject({ segment: 'a', row: 5 });
  });

  test('that were let go are gone', () => {
    const views = new SearchViews();
    views.load(first);
    views.load(second);
    views.set(view('head'));
    views.unload(['head'], ['a']);
    expect(() => views.get('head')).toThrow('no view');
    expect(() => views.set(view('again'))).toThrow('not loaded');
  });
});
