/** Whether vectors can be searched here, and how fast. */
import type { SelfCheckItem } from '../../api';
import { quantise, Vectors } from '../../search/vectors';
import { attempt } from '../attempt';

const ROWS = 20_000;
const DIMENSIONS = 128;
const GRAPH_ROWS = 1000;

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
    await attempt('graph', 'Searching vectors by a graph (HNSW)', async () => {
      const { Hnsw } = await import('../../search/hnsw');
      const values = new Float32Array(GRAPH_ROWS * DIMENSIONS);
      for (let at = 0; at < values.length; at++) values[at] = Math.sin(at * at);
      const vectors = Vectors.open(quantise(values, DIMENSIONS));
      const graph = await Hnsw.build([{ id: 'self-check', vectors }]);
      try {
        const wanted = GRAPH_ROWS / 2;
        const [nearest] = graph.nearest(vectors.vector(wanted), 1, () => true);
        if (nearest !== wanted) throw new Error('The graph does not find what it was given');
        return { state: 'works', detail: `${String(GRAPH_ROWS)} chunks linked and found` };
      } finally {
        graph.dispose();
      }
    }),
  ];
}
