/** A full disk: the old state stays, nothing is left behind, and what frees space still gets in. */
import { describe, expect, it } from 'vitest';
import { QuotaError } from '../../../src/lib/errors';
import { RESERVE_BYTES, RESERVE_PATH } from '../../../src/lib/store/layout';
import { contents, encodeNode, leaf, nodeOf, openStore, openWriter, set } from './objects';
import { FullFileSystem } from './full';

const size = async (fs: FullFileSystem, path: string) => (await fs.read(path))?.size;

const answers = ['what fits', 4294967288] as const;

describe.each(answers)('a full disk that answers %s', (shortCount) => {
  async function filled() {
    const fs = new FullFileSystem();
    fs.shortCount = shortCount;
    const store = await openWriter(fs);
    await set(store, 'a', 'one');
    return { fs, store };
  }

  it('refuses a commit at any number of bytes and keeps the state, here and on disk', async () => {
    for (const left of [0, 1, 55, 57, 4095]) {
      const { fs, store } = await filled();
      const used = fs.used();
      fs.capacity = used + left;
      await expect(set(store, 'a', 'two')).rejects.toThrow(QuotaError);
      expect(fs.used()).toBe(used);
      expect(await contents(store)).toEqual({ a: 'one' });
      expect(await contents(await openStore(fs))).toEqual({ a: 'one' });
      expect(store.isWriter).toBe(true);
      fs.capacity = Infinity;
      expect(await set(store, 'a', 'three')).toBe(2);
      await store.close();
      expect(await contents(await openStore(fs))).toEqual({ a: 'three' });
    }
  });

  it('gives the reserve up for a commit that frees space, and takes it again', async () => {
    const { fs, store } = await filled();
    await set(store, 'b', 'two');
    fs.capacity = fs.used() + 100;
    await expect(store.commit({ set: { b: null }, inline: [] })).rejects.toThrow(QuotaError);
    expect(await size(fs, RESERVE_PATH)).toBe(RESERVE_BYTES);
    expect(await store.commit({ set: { b: null }, inline: [], frees: true })).toBe(3);
    expect(await contents(store)).toEqual({ a: 'one' });
    expect(await size(fs, RESERVE_PATH)).toBe(0);
    fs.capacity = Infinity;
    await store.checkpoint({ force: true });
    expect(await size(fs, RESERVE_PATH)).toBe(RESERVE_BYTES);
    await store.close();
    expect(await contents(await openStore(fs))).toEqual({ a: 'one' });
  });

  it('leaves nothing of a blob that did not fit, from memory or from a stream', async () => {
    const { fs, store } = await filled();
    const used = fs.used();
    fs.capacity = used + 1000;
    const bytes = new Uint8Array(20 << 20).fill(1);
    let cancelled: unknown;
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(bytes);
      },
      cancel: (reason) => {
        cancelled = reason;
      },
    });
    await expect(store.putBlob(bytes.subarray(0, 1001))).rejects.toThrow(QuotaError);
    await expect(store.putBlob(stream)).rejects.toThrow(QuotaError);
    expect(cancelled).toBeInstanceOf(QuotaError);
    expect(fs.used()).toBe(used);
    const fits = await store.putBlob(bytes.subarray(0, 1000));
    fs.capacity = Infinity;
    await set(store, 'a', 'two', [leaf(fits)]);
    expect((await store.check()).problems).toEqual([]);
    await store.close();
  });

  it('fails a checkpoint at any number of bytes with everything still in the journal', async () => {
    for (const left of [0, 30, 60, 200, 400]) {
      const { fs, store } = await filled();
      const bytes = encodeNode('two'.repeat(99));
      await store.commit({ set: { b: await nodeOf(bytes) }, inline: [bytes] });
      const before = await contents(store);
      fs.capacity = fs.used() + left;
      await expect(store.checkpoint({ force: true })).rejects.toThrow(QuotaError);
      expect(await contents(store)).toEqual(before);
      fs.capacity = Infinity;
      await set(store, 'c', 'three');
      await store.checkpoint({ force: true });
      expect(await contents(store)).toEqual({ ...before, c: 'three' });
      expect((await store.check()).problems).toEqual([]);
      await store.close();
    }
  });

  it('collects with the help of the reserve, and takes it again', async () => {
    for (const left of [0, 30, 200]) {
      const { fs, store } = await filled();
      const bytes = new Uint8Array(6 << 20).fill(3);
      await set(store, 'b', 'large', [leaf(await store.putBlob(bytes))]);
      await set(store, 'c', 'x'.repeat(100_000));
      fs.capacity = fs.used() + left;
      await expect(store.commit({ set: { b: null }, inline: [] })).rejects.toThrow(QuotaError);
      await store.commit({ set: { b: null, none: null }, inline: [], frees: true });
      expect(await size(fs, RESERVE_PATH)).toBe(0);
      const before = await contents(store);
      expect(Object.keys(before)).toEqual(['a', 'c']);
      const { freedBytes } = await store.collect();
      expect(freedBytes).toBeGreaterThanOrEqual(bytes.byteLength);
      expect(await size(fs, RESERVE_PATH)).toBe(RESERVE_BYTES);
      expect(await contents(store)).toEqual(before);
      const { problems, notes } = await store.check();
      expect([problems, notes]).toEqual([[], []]);
      await set(store, 'a', 'there is room again');
      await store.close();
      const next = await openStore(fs);
      expect(await contents(next)).toEqual({ ...before, a: 'there is room again' });
      await next.close();
    }
  });

  it('collects with young blobs at any room that is left', async () => {
    for (let room = 0; room <= 18; room += 2) {
      const { fs, store } = await filled();
      for (const part of [1, 2]) {
        const bytes = new Uint8Array(7 << 20).fill(part);
        await set(store, `young ${part}`, 'young', [leaf(await store.putBlob(bytes))]);
      }
      await store.checkpoint({ force: true });
      await set(store, 'c', 'later');
      const before = await contents(store);
      fs.capacity = fs.used() + (room << 20);
      await store.collect();
      expect(await contents(store), `${room} MiB`).toEqual(before);
      expect((await store.check()).problems).toEqual([]);
      await store.close();
    }
  });

  it('says so where even the reserve is too small, and keeps the state', async () => {
    const { fs, store } = await filled();
    // As large as what travels in commits may be.
    const parts = Array.from('abcdefghi', (letter) => letter.repeat(1e6));
    for (const [i, part] of parts.entries()) await set(store, `p${i}`, part);
    await set(store, 'a', 'superseded');
    await set(store, 'a', 'two');
    const before = await contents(store);
    fs.capacity = fs.used();
    await expect(store.collect()).rejects.toThrow(QuotaError);
    expect(store.isWriter).toBe(true);
    expect(await contents(store)).toEqual(before);
    expect(await contents(await openStore(fs))).toEqual(before);
    fs.capacity = Infinity;
    await store.collect();
    expect(await contents(store)).toEqual(before);
    expect(await size(fs, RESERVE_PATH)).toBe(RESERVE_BYTES);
    expect((await store.check()).problems).toEqual([]);
    await store.close();
  });
});
