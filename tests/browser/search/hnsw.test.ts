import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyserFor } from '../../../src/lib/search/analyse';
import { newBitmap, setBit } from '../../../src/lib/search/bitmap';
import { Hnsw } from '../../../src/lib/search/hnsw';
import { buildPostings, Postings } from '../../../src/lib/search/postings';
import type { NeighbourGraph } from '../../../src/lib/search/semantic-ranking';
import { ShardSearch } from '../../../src/lib/search/shard-search';
import { quantise, Vectors } from '../../../src/lib/search/vectors';

const DIMENSIONS = 32;
const ROWS = 1500;

/** Numbers from -1 to 1 that are the same in every run (Park and Miller's generator). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 0x7fff_ffff;
    return (state / 0x7fff_ffff) * 2 - 1;
  };
}

function unitVectors(rows: number, seed: number): Float32Array {
  const next = randomNumbers(seed);
  const all = new Float32Array(rows * DIMENSIONS);
  for (let row = 0; row < rows; row++) {
    const vector = Array.from({ length: DIMENSIONS }, next);
    const length = Math.hypot(...vector);
    all.set(
      vector.map((x) => x / length),
      row * DIMENSIONS,
    );
  }
  return all;
}

function segment(id: string, rows: number, seed: number) {
  return {
    id,
    postings: Postings.open(buildPostings(Array<string>(rows).fill(''), analyserFor('und'))),
    vectors: Vectors.open(quantise(unitVectors(rows, seed), DIMENSIONS)),
    live: null,
  };
}

/** Every nth row. */
function some(rows: number, n: number): Uint8Array {
  const bitmap = newBitmap(rows);
  for (let row = 0; row < rows; row += n) setBit(bitmap, row);
  return bitmap;
}

const segments = [segment('a', ROWS / 2, 1), segment('b', ROWS / 2, 2)];
const late = segment('late', 100, 3);
let graph: Hnsw;

beforeAll(async () => {
  graph = await Hnsw.build(segments);
});

afterAll(() => {
  graph.dispose();
});

/** The mean share of the exact ten best that the graph's answer holds, over 30 questions. */
function recall(
  shown: ConstructorParameters<typeof ShardSearch>[0],
  allow?: Map<string, Uint8Array>,
) {
  const exact = new ShardSearch(shown, analyserFor('und'));
  const approximate = new ShardSearch(shown, analyserFor('und'), graph);
  let found = 0;
  for (let i = 0; i < 30; i++) {
    const asked = {
      text: '',
      vector: unitVectors(1, 1000 + i),
      topK: 10,
      mode: 'semantic' as const,
      ...(allow ? { allow } : {}),
    };
    const names = (search: ShardSearch): string[] =>
      search.query(asked).map(({ segment, row }) => `${segment}/${row}`);
    const expected = new Set(names(exact));
    expect(expected.size).toBe(10);
    found += names(approximate).filter((name) => expected.has(name)).length;
  }
  return found / 300;
}

describe('an HNSW graph', () => {
  it('finds what the exact scan finds', () => {
    expect(recall(segments)).toBeGreaterThanOrEqual(0.95);
  });

  it('finds it among the rows that are live and allowed', () => {
    const live = segments.map((all) => ({ ...all, live: some(all.postings.rows, 2) }));
    expect(recall(live)).toBeGreaterThanOrEqual(0.95);
    const allow = new Map(segments.map(({ id }) => [id, some(ROWS / 2, 3)]));
    expect(recall(segments, allow)).toBeGreaterThanOrEqual(0.95);
  });

  it('leaves segments that it does not cover to the exact scan', () => {
    expect(recall([late, ...segments])).toBeGreaterThanOrEqual(0.95);
    const onlyLate = new Map([['late', new Uint8Array(13).fill(255, 0, 12)]]);
    expect(recall([...segments, late], onlyLate)).toBe(1);
  });

  it('is really asked, but not where few rows may answer', () => {
    let asked = 0;
    const counting: NeighbourGraph = {
      segments: graph.segments,
      nearest: (query, size, accept) => {
        asked++;
        return graph.nearest(query, size, accept);
      },
    };
    const search = new ShardSearch(segments, analyserFor('und'), counting);
    const question = { text: '', vector: unitVectors(1, 7), topK: 10, mode: 'semantic' as const };
    search.query(question);
    expect(asked).toBe(1);
    search.query({ ...question, allow: new Map(segments.map(({ id }) => [id, some(750, 5)])) });
    expect(asked).toBe(1);
  });

  it('asked for more than may answer gives what there is', () => {
    const labels = graph.nearest(unitVectors(1, 5), 100, (label) => label < 20);
    expect(labels.length).toBeLessThanOrEqual(20);
    expect(labels.every((label) => label < 20)).toBe(true);
    expect(new Set(graph.nearest(unitVectors(1, 5), 5000, () => true)).size).toBeGreaterThan(1400);
  });

  it('leaves zero vectors out, but counts them', async () => {
    const rows = Float32Array.from([0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    const small = await Hnsw.build([{ id: 's', vectors: Vectors.open(quantise(rows, 2)) }]);
    expect(small.rows).toBe(2);
    expect(small.nearest(Float32Array.of(0.6, 0.8), 5, () => true)).toEqual([4, 2]);
    small.dispose();
    expect(() => small.nearest(Float32Array.of(1, 0), 1, () => true)).toThrow('disposed');
  });

  it('is the same for the same vectors', async () => {
    const again = await Hnsw.build(segments);
    const query = unitVectors(1, 11);
    expect(again.nearest(query, 50, () => true)).toEqual(graph.nearest(query, 50, () => true));
    again.dispose();
  });

  it('stops being built when aborted', async () => {
    const stop = new AbortController();
    const done: number[] = [];
    const build = Hnsw.build(segments, {
      signal: stop.signal,
      onRows: (rows) => {
        done.push(rows);
        if (rows === 500) stop.abort(new Error('enough'));
      },
    });
    await expect(build).rejects.toThrow('enough');
    expect(done.at(0)).toBe(0);
    expect(done.at(-1)).toBe(500); // and no step after
  });
});

it('works under a content security policy without unsafe-eval', async () => {
  const module = (path: string): string =>
    new URL(`../../../src/lib/search/${path}`, import.meta.url).href;
  const frame = document.createElement('iframe');
  frame.srcdoc = `
    <meta http-equiv="Content-Security-Policy"
      content="default-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; connect-src 'self'">
    <script type="module">
      let evaluates = true;
      try { new Function('') } catch { evaluates = false }
      try {
        const { Hnsw } = await import(${JSON.stringify(module('hnsw.ts'))});
        const { Vectors, quantise } = await import(${JSON.stringify(module('vectors.ts'))});
        const vectors = Vectors.open(quantise(Float32Array.of(1, 0, 0, 1, 0.6, 0.8), 2));
        const graph = await Hnsw.build([{ id: 'a', vectors }]);
        const labels = [...graph.nearest(Float32Array.of(0, 1), 3, (label) => label !== 0)];
        graph.dispose();
        parent.postMessage({ evaluates, labels }, '*');
      } catch (error) {
        parent.postMessage({ evaluates, error: String(error) }, '*');
      }
    </script>`;
  const answer = new Promise((resolve) => {
    addEventListener('message', function listen({ source, data }) {
      if (source !== frame.contentWindow) return;
      removeEventListener('message', listen);
      resolve(data);
    });
  });
  document.body.append(frame);
  expect(await answer).toEqual({ evaluates: false, labels: [1, 2] });
  frame.remove();
});
