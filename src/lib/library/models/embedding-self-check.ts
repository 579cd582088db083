/** Whether the built-in model answers as it should, and how fast. */
import type { SelfCheckItem } from '../../api';
import { hasGpu, wasmDetail } from '../../embedding/device';
import { BUILT_IN, loadModel, modelSpec } from '../../embedding/registry';
import { attempt } from '../attempt';

const PASSAGES = 500;

export async function embeddingSelfCheck(assetsUrl: string): Promise<SelfCheckItem[]> {
  return [
    await attempt('model', 'Built-in model', async () => {
      const model = await loadModel(modelSpec(BUILT_IN), { assetsUrl });
      const [near, far] = await cosines(model.embed.bind(model));
      if (!(near > far)) throw new Error('The model finds a car nearer to a cake than to a truck');
      const text = 'The slipstream of a propeller changes the lift of a wing. '.repeat(17);
      const began = performance.now();
      await model.embed(Array<string>(PASSAGES).fill(text), 'passage');
      const rate = Math.round(PASSAGES / ((performance.now() - began) / 1000));
      return { state: 'works', detail: `${String(rate)} passages of 1,000 characters a second` };
    }),
    await attempt('larger-models', 'Larger models', async () => {
      const where = wasmDetail();
      const detail = (await hasGpu())
        ? `${where}; WebGPU for a model that gives the same vectors there, and sooner`
        : `${where}; no WebGPU`;
      return { state: 'works', detail };
    }),
  ];
}

type Embed = Awaited<ReturnType<typeof loadModel>>['embed'];

async function cosines(embed: Embed): Promise<[near: number, far: number]> {
  const texts = ['car', 'truck', 'cake'];
  const vectors = await embed(texts, 'passage');
  const size = vectors.length / texts.length;
  const dot = (a: number, b: number): number => {
    let sum = 0;
    for (let at = 0; at < size; at++) {
      sum += (vectors[a * size + at] ?? 0) * (vectors[b * size + at] ?? 0);
    }
    return sum;
  };
  return [dot(0, 1), dot(0, 2)];
}
