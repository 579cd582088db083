/** What the store's main steps cost on a file system, in milliseconds: printed, never asserted. */
import type { FileSystem } from '../../../src/lib/store/file-system';
import { leaf, openWriter, set } from '../../unit/store/objects';

export async function measure(fs: FileSystem): Promise<Record<string, number>> {
  const bytes = new Uint8Array(5_000_000);
  const raw = await fs.open('raw', { create: true });
  const appends: number[] = [];
  const snapshots: number[] = [];
  for (let i = 0; i < 60; i++) {
    const from = performance.now();
    raw.write(4096 * i, bytes.subarray(0, 4096));
    raw.flush();
    const read = performance.now();
    await fs.readBytes('raw', 4096 * i);
    appends.push(read - from);
    snapshots.push(performance.now() - read);
  }
  raw.close();
  const wholes: number[] = [];
  for (let i = 0; i < 5; i++) {
    const from = performance.now();
    const file = await fs.open(`raw-${i}`, { create: true });
    file.write(0, bytes);
    file.flush();
    file.read(0, bytes.length);
    file.close();
    wholes.push(performance.now() - from);
  }
  const store = await openWriter(fs, navigator.locks);
  const commits: number[] = [];
  for (let i = 0; i < 60; i++) {
    const from = performance.now();
    await set(store, `e${i % 10}`, `${i} ${'x'.repeat(1000)}`);
    commits.push(performance.now() - from);
  }
  commits.sort((a, b) => a - b);
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
  await set(store, 'segment', 'dropped');
  const collecting = performance.now();
  const { freedBytes } = await store.collect();
  const scanning = performance.now();
  const needles = Array.from({ length: 20 }, () => crypto.getRandomValues(new Uint8Array(200)));
  const scanned = await store.scan(needles);
  const closed = performance.now();
  await store.close();
  const opening = performance.now();
  await (await openWriter(fs, navigator.locks)).close();
  const median = (of: number[]) => of.sort((a, b) => a - b)[of.length >> 1] ?? NaN;
  return {
    'append 4 KB and flush, alone': median(appends),
    'read a small file, alone': median(snapshots),
    'write, flush and read 5 MB, alone': median(wholes),
    'commit, median': median(commits),
    'commit, 95 %': commits[56] ?? NaN,
    'sha256 of 5 MB': median(digests),
    'put and commit 5 MB': median(puts),
    'checkpoint of 61 commits': collecting - checkpoint,
    [`collect, ${String(freedBytes >> 20)} MiB freed`]: scanning - collecting,
    [`scan ${String(scanned.bytes >> 20)} MiB for 20 needles`]: closed - scanning,
    'open and become the writer': performance.now() - opening,
  };
}
