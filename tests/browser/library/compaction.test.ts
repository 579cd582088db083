/** Compaction and live export with real codecs: copied frames and drawn ones are one video. */
import { expect, test } from 'vitest';
import type { CompactedReport } from './compaction.worker';

test.each(['compact', 'universal'] as const)('%s', async (profile) => {
  const worker = new Worker(new URL('./compaction.worker.ts', import.meta.url), { type: 'module' });
  const { report, error } = await new Promise<{ report?: CompactedReport; error?: string }>(
    (resolve, reject) => {
      worker.onmessage = (event: MessageEvent<{ report?: CompactedReport; error?: string }>) => {
        resolve(event.data);
      };
      worker.onerror = (event) => {
        reject(new Error(event.message));
      };
      worker.postMessage(profile);
    },
  );
  worker.terminate();
  expect(error).toBeUndefined();
  expect(report?.read).toEqual(report?.said);
  expect(report?.said.length).toBeGreaterThan(50);
  expect(report?.frames?.copied).toBeGreaterThan(0);
  expect(report?.frames?.encoded).toBeGreaterThan(0);
  expect(report?.exported.configuration).toBe(true);
  expect(report?.left).toHaveLength(1);
});
