/** A larger model through each way it can come: kept on OPFS, run in its worker, used by a shard. */
import { expect, test } from 'vitest';
import { loadSentenceModel } from '../../../src/lib/embedding/sentence-model';
import { tinyFiles, tinySpec } from '../embedding/tiny-model';
import type { BroughtReport, Way } from './models.worker';

test.each<Way>(['hub', 'folder', 'zip'])('from a %s', async (way) => {
  const worker = new Worker(new URL('./models.worker.ts', import.meta.url), { type: 'module' });
  const { report, error } = await new Promise<{ report?: BroughtReport; error?: string }>(
    (resolve, reject) => {
      worker.onmessage = (event: MessageEvent<{ report?: BroughtReport; error?: string }>) => {
        resolve(event.data);
      };
      worker.onerror = (event) => {
        reject(new Error(event.message));
      };
      worker.postMessage(way);
    },
  );
  worker.terminate();
  expect(error).toBeUndefined();
  expect(report).toMatchObject({
    states: ['absent', 'ready', 'ready'],
    matched: [['lexical'], ['lexical', 'semantic']],
    embedded: 1,
  });
  const model = await loadSentenceModel(tinySpec, await tinyFiles());
  expect(report?.vector).toEqual(await model.embed(['the cat sat'], 'passage'));
  model.dispose();
});
