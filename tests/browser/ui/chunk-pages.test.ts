import { expect, test, vi } from 'vitest';
import type { Chunk } from '../../../src/lib/api';
import { rowOf } from '../../../src/lib/ui/chunk-order';
import { ChunkPages, PAGE_SIZE } from '../../../src/lib/ui/chunk-pages.svelte';
import { chunkOf, readerOfList, rowsOfCount } from './chunk-rows';

/** Lets all promises that are settled run on. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}

test('after a renewal the old rows stay until the new ones are there', async () => {
  const pages = new ChunkPages(
    'v1',
    readerOfList(() => rowsOfCount(150)),
    150,
  );
  pages.need(0, 150);
  await settle();
  let give: (rows: Chunk[]) => void = () => undefined;
  pages.renew('v2', () => new Promise((resolve) => (give = resolve)), 151);
  expect(pages.version).toBe('v2');
  expect(pages.count).toBe(151);
  pages.need(0, 10);
  expect(pages.at(0)?.uuid).toBe('c0');
  expect(pages.isFresh(0)).toBe(false);
  expect(rowOf(pages, 'c0')).toBe(0);
  give([chunkOf('new'), ...rowsOfCount(99)]);
  await settle();
  expect(pages.at(0)?.uuid).toBe('new');
  expect(rowOf(pages, 'c0')).toBe(1);
  // Not asked for since: what was read of the version before is still shown.
  expect(pages.at(120)?.uuid).toBe('c120');
});

test('a read that a renewal overtook changes nothing, however it ends', async () => {
  const ends: { give: (rows: Chunk[]) => void; fail: (error: Error) => void }[] = [];
  const slow = (): Promise<Chunk[]> =>
    new Promise((give, fail) => {
      ends.push({ give, fail });
    });
  const pages = new ChunkPages('v1', slow, 300);
  pages.need(0, 200);
  pages.renew(
    'v2',
    readerOfList(() => [chunkOf('new')]),
    1,
  );
  pages.need(0, 1);
  await settle();
  ends[0]?.give(rowsOfCount(100));
  ends[1]?.fail(new Error('lost'));
  await settle();
  expect(pages.at(0)?.uuid).toBe('new');
  expect(pages.error).toBeNull();
  expect(pages.busy).toBe(false);
});

test.for([0, 1, 99, 100, 101, 250, 400])(
  'a filtered list of 350 finds its end again when it has become %i long',
  async (after) => {
    let list = rowsOfCount(350);
    const read = readerOfList(() => list);
    const pages = new ChunkPages('v1', read, undefined);
    const walk = async (): Promise<void> => {
      for (let step = 0; step < 20 && !pages.known; step += 1) {
        pages.need(Math.max(0, pages.count - 1), pages.count);
        await settle();
      }
    };
    await walk();
    expect(pages.count).toBe(350);
    list = rowsOfCount(after);
    pages.renew('v2', read, undefined);
    await walk();
    expect([pages.known, pages.count]).toEqual([true, after]);
  },
);

test('a range is what lies in it, read or not', async () => {
  const all = rowsOfCount(450);
  const read = vi.fn(readerOfList(() => all));
  const pages = new ChunkPages('v', read, all.length);
  pages.need(100, 200);
  await settle();
  read.mockClear();
  for (const [first, last] of [
    [0, 450],
    [99, 101],
    [150, 150],
    [199, 201],
  ] as const) {
    expect(await pages.range(first, last)).toEqual(all.slice(first, last));
  }
  expect(read).not.toHaveBeenCalledWith(PAGE_SIZE, PAGE_SIZE);
});
