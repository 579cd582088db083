import { expect, test, vi } from 'vitest';
import type { Chunk } from '../../../src/lib/api';
import { ChunkPages, PAGE_SIZE } from '../../../src/lib/ui/chunk-pages.svelte';

function chunk(row: number): Chunk {
  return {
    uuid: String(row),
    text: `row ${String(row)}`,
    source: { type: 'note' },
    place: null,
    frame: null,
    deleted: false,
    edited: false,
    sha256: '',
  };
}

/** Lets all promises that are settled run on. */
async function settle(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
}

/** Reads from a list of `total` chunks. */
const listOf =
  (total: number) =>
  (offset: number, limit: number): Promise<Chunk[]> =>
    Promise.resolve(
      Array.from({ length: Math.max(0, Math.min(limit, total - offset)) }, (_, index) =>
        chunk(offset + index),
      ),
    );

test('rows come from the page they lie in, and a page is read once', async () => {
  const read = vi.fn(listOf(1000));
  const pages = new ChunkPages('v', read, 1000);
  pages.need(195, 205);
  pages.need(195, 205);
  await expect.poll(() => pages.at(204)?.uuid).toBe('204');
  expect(pages.at(195)?.uuid).toBe('195');
  expect(pages.at(0)).toBeUndefined();
  expect(read.mock.calls).toEqual([
    [100, PAGE_SIZE],
    [200, PAGE_SIZE],
  ]);
});

test.for([0, 1, 99, 100, 101, 200, 250])(
  'a list of unknown length (%i) is walked to its end and no further',
  async (total) => {
    const pages = new ChunkPages('v', listOf(total), undefined);
    while (!pages.known) {
      const { count } = pages;
      pages.need(Math.max(0, count - 1), count);
      await expect.poll(() => pages.known || pages.count > count).toBe(true);
    }
    expect(pages.count).toBe(total);
  },
);

test('memory stays flat: what was read long ago is forgotten and read again', async () => {
  const read = vi.fn(listOf(100_000));
  const pages = new ChunkPages('v', read, 100_000);
  for (let row = 0; row < 10_000; row += PAGE_SIZE) {
    pages.need(row, row + 1);
    await settle();
    expect(pages.at(row)).toBeDefined();
  }
  expect(pages.at(0)).toBeUndefined();
  pages.need(0, 1);
  await expect.poll(() => pages.at(0)?.uuid).toBe('0');
});

test('a page that could not be read is asked for again', async () => {
  let broken = true;
  const read = (offset: number, limit: number): Promise<Chunk[]> =>
    broken ? Promise.reject(new Error('lost')) : listOf(50)(offset, limit);
  const pages = new ChunkPages('v', read, 50);
  pages.need(0, 10);
  await expect.poll(() => pages.error).toMatchObject({ message: 'lost' });
  broken = false;
  pages.need(0, 10);
  await expect.poll(() => pages.at(9)?.uuid).toBe('9');
  expect(pages.error).toBeNull();
});
