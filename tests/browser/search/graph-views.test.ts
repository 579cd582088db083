/** Graphs over edited versions: which ones they serve, when they are asked, and when they go. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SearchViews } from '../../../src/lib/library/asking/search-views';
import { analyserFor } from '../../../src/lib/search/analyse';
import { hasBit, newBitmap, setBit } from '../../../src/lib/search/bitmap';
import { Hnsw } from '../../../src/lib/search/hnsw';
import { buildPostings, Postings } from '../../../src/lib/search/postings';
import { quantise, Vectors } from '../../../src/lib/search/vectors';

const ROWS = 300;
const DIMENSIONS = 16;

/** Numbers from -1 to 1 that are the same in every run (Park and Miller's generator). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 0x7fff_ffff;
    return (state / 0x7fff_ffff) * 2 - 1;
  };
}

function unit(id: string, rows: number, seed: number) {
  const next = randomNumbers(seed);
  const values = Float32Array.from(
    Array.from({ length: rows }, () => {
      const vector = Array.from({ length: DIMENSIONS }, next);
      return vector.map((x) => x / Math.hypot(...vector));
    }).flat(),
  );
  return {
    id,
    postings: Postings.open(buildPostings(Array<string>(rows).fill('text'), analyserFor('en'))),
    vectors: Vectors.open(quantise(values, DIMENSIONS)),
  };
}

const [a, b, c] = [unit('a', ROWS, 1), unit('b', ROWS, 2), unit('c', ROWS, 3)];
const delta = unit('delta', 3, 4);

function loaded(exactLimit: number): SearchViews {
  const views = new SearchViews(exactLimit);
  for (const segment of [a, b, c]) views.load(segment);
  views.loadDelta(delta);
  return views;
}

type Shown = string | readonly [id: string, live: Uint8Array];

/** Shows some units under a key, all of their rows live but where said otherwise. */
function show(views: SearchViews, key: string, shown: readonly Shown[]): void {
  const segments = shown.map((one) =>
    typeof one === 'string' ? { id: one, live: null } : { id: one[0], live: one[1] },
  );
  views.set({ key, language: 'en', segments });
}

function ask(views: SearchViews, key: string, vector: Float32Array, topK = 5) {
  return views.get(key).query({ text: '', vector, topK, mode: 'semantic' });
}

/** Waits for as long as building takes here. */
async function graphOf(views: SearchViews, key: string): Promise<void> {
  await expect.poll(() => views.hasGraph(key)).toBe(true);
}

/** About this share of rows, spread by chance. */
function some(rows: number, share: number, seed: number): Uint8Array {
  const next = randomNumbers(seed);
  const bitmap = newBitmap(rows);
  for (let row = 0; row < rows; row++) if ((next() + 1) / 2 < share) setBit(bitmap, row);
  return bitmap;
}

/** The first rows, exactly so many. */
function first(rows: number, live: number): Uint8Array {
  const bitmap = newBitmap(rows);
  for (let row = 0; row < live; row++) setBit(bitmap, row);
  return bitmap;
}

const builds = vi.spyOn(Hnsw, 'build');
const asks = vi.spyOn(Hnsw.prototype, 'nearest');
const disposals = vi.spyOn(Hnsw.prototype, 'dispose');

beforeEach(() => {
  for (const spy of [builds, asks, disposals]) spy.mockClear();
});

const opened: SearchViews[] = [];
afterEach(() => {
  for (const views of opened.splice(0)) views.unload(['one', 'two', 'three'], []);
});

function open(exactLimit: number): SearchViews {
  const views = loaded(exactLimit);
  opened.push(views);
  return views;
}

describe('a graph', () => {
  test('serves the version after an edit at once, and the overlay is found beside it', async () => {
    const exact = open(Infinity);
    const views = open(2 * ROWS - 1);
    show(views, 'one', ['a', 'b']);
    await graphOf(views, 'one');
    const after: Shown[] = [['a', first(ROWS, ROWS - 3)], 'b', 'delta'];
    for (const each of [views, exact]) show(each, 'two', after);
    expect(views.hasGraph('two')).toBe(true);
    expect(builds).toHaveBeenCalledTimes(1);
    for (const row of [0, 1, 2]) {
      const question = delta.vectors.vector(row);
      expect(ask(views, 'two', question)).toEqual(ask(exact, 'two', question));
      expect(ask(views, 'two', question)[0]).toMatchObject({ segment: 'delta', row });
      expect(ask(views, 'one', question).map(({ segment }) => segment)).not.toContain('delta');
    }
    expect(asks).toHaveBeenCalled();
  });

  test('covers no delta, and is not wanted for the rows of deltas', async () => {
    const views = open(2 * ROWS + 2);
    show(views, 'one', ['a', 'b', 'delta']);
    show(views, 'two', ['a', 'delta', 'b', 'c']);
    await graphOf(views, 'two');
    expect(builds.mock.calls.map(([covered]) => covered.map(({ id }) => id))).toEqual([
      ['a', 'b', 'c'],
    ]);
  });

  test('serves a version with a segment more, until what it leaves is too much to scan', async () => {
    const exact = open(Infinity);
    const views = open(ROWS);
    show(views, 'one', ['a', 'b']);
    await graphOf(views, 'one');
    for (const each of [views, exact]) show(each, 'two', ['c', 'b', 'a']);
    expect(views.hasGraph('two')).toBe(true);
    expect(builds).toHaveBeenCalledTimes(1);
    for (const segment of [a, b, c]) {
      const question = segment.vectors.vector(17);
      expect(ask(views, 'two', question)).toEqual(ask(exact, 'two', question));
    }
    views.load(unit('d', 1, 5));
    show(views, 'three', ['a', 'b', 'c', 'd']);
    await expect.poll(() => builds.mock.calls.length).toBe(2);
  });

  test('of segments that a version no longer has does not serve it', async () => {
    const views = open(ROWS);
    show(views, 'one', ['a', 'b']);
    await graphOf(views, 'one');
    show(views, 'two', ['b', 'c']);
    expect(views.hasGraph('two')).toBe(false);
    await graphOf(views, 'two');
    expect(builds).toHaveBeenCalledTimes(2);
  });

  test('is asked from 30 % of its rows live on, and below that all are scanned', async () => {
    const views = open(1);
    const question = a.vectors.vector(5);
    show(views, 'one', ['a']);
    await graphOf(views, 'one');
    show(views, 'two', [['a', first(ROWS, 0.3 * ROWS)], 'delta']);
    expect(ask(views, 'two', question)[0]).toMatchObject({ segment: 'a', row: 5 });
    expect(asks).toHaveBeenCalledTimes(1);
    show(views, 'three', [['a', first(ROWS, 0.3 * ROWS - 1)], 'delta']);
    expect(ask(views, 'three', question)[0]).toMatchObject({ segment: 'a', row: 5 });
    expect(asks).toHaveBeenCalledTimes(1);
  });

  test('never lets a dead row out, whatever is live', async () => {
    const views = open(1);
    show(views, 'one', ['a', 'b']);
    await graphOf(views, 'one');
    let seen = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const live = some(ROWS, seed / 40, seed);
      show(views, 'two', [['a', live], 'b']);
      const question = a.vectors.vector((seed * 7) % ROWS);
      const rows = ask(views, 'two', question, 300).filter(({ segment }) => segment === 'a');
      for (const { row } of rows) expect(hasBit(live, row), `row ${row}`).toBe(true);
      seen += rows.length;
    }
    expect(asks).toHaveBeenCalledTimes(40);
    expect(seen).toBeGreaterThan(1000);
  });

  test('goes with the last version that it serves', async () => {
    const views = open(ROWS);
    show(views, 'one', ['a', 'b']);
    await graphOf(views, 'one');
    show(views, 'two', ['a', 'b', 'delta']);
    views.unload(['one'], []);
    expect(disposals).not.toHaveBeenCalled();
    ask(views, 'two', a.vectors.vector(5));
    expect(asks).toHaveBeenCalledTimes(1);
    views.unload(['two'], ['delta']);
    expect(disposals).toHaveBeenCalledTimes(1);
  });
});
