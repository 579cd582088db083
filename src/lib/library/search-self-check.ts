/** Whether vectors can be searched here, and how fast. */
import type { SelfCheckItem } from '../api';
import { quantise, Vectors } from '../search/vectors';
import { attempt } from './attempt';

const ROWS = 20_000;
const DIMENSIONS = 128;

export async function searchSelfCheck(): Promise<SelfCheckItem[]> {
  return [
    await attempt('vectors', 'Searching vectors exactly', () => {
      const values = new Float32Array(ROWS * DIMENSIONS);
      for (let at = 0; at < values.length; at++) values[at] = Math.sin(at * at);
      const vectors = Vectors.open(quantise(values, DIMENSIONS));
      const query = vectors.vector(ROWS / 2);
      const scores = new Float32Array(ROWS);
      const began = performance.now();
      vectors.scan(query, scores);
      const took = performance.now() - began;
      const exact = vectors.dot(ROWS / 2, query);
      if (Math.abs((scores[ROWS / 2] ?? 0) - exact) > 0.01 * exact) {
        throw new Error('The fast and the exact way differ');
      }
      const detail = `${String(ROWS)} chunks in ${took.toFixed(1)} ms`;
      return Promise.resolve({ state: 'works', detail });
    }),
  ];
}
