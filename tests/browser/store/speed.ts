/** What the store's main steps cost on a file system, in milliseconds: printed, never asserted. */
import type { FileSystem } from '../../../src/lib/store/file-system';
import { leaf, openWriter, set } from '../../unit/store/objects';

export async function measure(fs: FileSystem): Promise<Record<string, number>> {
  const store = await openWriter(fs, navigator.locks);
  const commits: number[] = [];
  for (let i = 0; i < 60; i++) {
    const from = performance.now();
    await set(store, `e${i % 10}`, `${i} ${'x'.repeat(1000)}`);
    commits.push(performance.now() - from);
  }
  commits.sort((a, b) => a - b);
  const bytes = new Uint8Array(5_000_000);
  const puts: number[] = [];
  const digests: number[] = [];
  for (let i = 0; i < 5; i++) {
    for (let at = 0; at < bytes.length; at += 65_536) {
      crypto.getRandomValues(bytes.subarray(at, at + 65_536));
    }
    const hashed = performance.now();
    await crypto.subtle.digest('SHA-256', bytes);
    const from = performance.now();
    digests.push(from - hashed);
    await set(store, 'segment', `${i}`, [leaf(await store.putBlob(bytes))]);
    puts.push(performance.now() - from);
  }
  const checkpoint = performance.now();
  await store.checkpoint({ force: true });
  const closed = performance.now();
  await store.close();
  const opening = performance.now();
  await (await openWriter(fs, navigator.locks)).close();
  const median = (of: number[]) => of.sort((a, b) => a - b)[of.length >> 1] ?? NaN;
  return {
    'commit, median': median(commits),
    'commit, 95 %': commits[56] ?? NaN,
    'sha256 of 5 MB': median(digests),
    'put and commit 5 MB': median(puts),
    'checkpoint of 61 commits': closed - checkpoint,
    'open and become the writer': performance.now() - opening,
  };
}
