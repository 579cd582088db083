/** Defects that crashes have shown: what a power loss takes beside a commit must not come back wrong. */
import { expect, it } from 'vitest';
import { decodeHead } from '../../../src/lib/store/head';
import { blobPath, headPath } from '../../../src/lib/store/layout';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { contents, encodeNode, leaf, nodeOf, openStore, openWriter, set } from './objects';

const segment = new Uint8Array(5000).fill(3);

it('a clone goes with its lost origin, though the origin’s object is there as a blob', async () => {
  const fs = new MemoryFileSystem();
  const store = await openWriter(fs);
  await set(store, 'e', 'kept');
  const digest = await store.putBlob(segment);
  await set(store, 'origin', 'one', [leaf(digest)]);
  await store.checkpoint({ force: true });
  await store.commit({ set: { clone: store.entries()['origin'] ?? null }, inline: [] });
  await set(store, 'e', 'kept too');
  await store.close();
  const head = await decodeHead((await fs.readBytes(headPath(1))) ?? new Uint8Array(0));
  if (!head?.root) throw new Error('The checkpoint wrote no HEAD.');
  await fs.remove(blobPath(head.root));
  await fs.remove(blobPath(digest));

  for (const open of [openStore, openWriter, openStore]) {
    const next = await open(fs);
    expect(await contents(next)).toEqual({ e: 'kept too' });
    if (next.isWriter) expect((await next.check()).problems).toEqual([]);
    await next.close();
  }
});

it('a lost commit stays lost when its blob is put again', async () => {
  const fs = new MemoryFileSystem();
  const store = await openWriter(fs);
  const digest = await store.putBlob(segment);
  await set(store, 's', 'lost', [leaf(digest)]);
  await store.close();
  await fs.remove(blobPath(digest));

  const next = await openWriter(fs);
  expect(next.recovery.skipped).toEqual([1]);
  expect(await contents(next)).toEqual({});
  expect(await next.putBlob(segment)).toBe(digest);
  await set(next, 's', 'again', [leaf(digest)]);
  await next.close();
  for (const open of [openStore, openWriter]) {
    const last = await open(fs);
    expect(await contents(last)).toEqual({ s: ['again', segment.byteLength] });
    await last.close();
  }
});

it('a checkpoint is made good without its HEAD while a lost blob is written again', async () => {
  const fs = new MemoryFileSystem();
  const store = await openWriter(fs);
  await set(store, 'e', 'one');
  const moved = store.entries()['e']?.digest;
  if (!moved) throw new Error('The entry was set.');
  await store.checkpoint({ force: true });
  await store.close();
  await fs.remove(blobPath(moved));
  // The disk stops taking the blob half way, as a crash would.
  const open = fs.open.bind(fs);
  fs.open = async (path, options) => {
    if (path === blobPath(moved)) (await open(path, options)).close();
    if (path === blobPath(moved)) throw new Error('half way');
    return open(path, options);
  };
  await expect(openWriter(fs)).rejects.toThrow('half way');
  fs.open = open;
  const next = await openWriter(fs);
  expect(await contents(next)).toEqual({ e: 'one' });
  await next.close();
});

it('a commit goes with the one that it was computed from, and no other does', async () => {
  const fs = new MemoryFileSystem();
  const store = await openWriter(fs);
  const digest = await store.putBlob(segment);
  await set(store, 's', 'lost', [leaf(digest)]);
  const lost = store.entries()['s']?.digest ?? null;
  const bytes = encodeNode('from it');
  const computed = { set: { t: await nodeOf(bytes) }, inline: [bytes], expect: { s: lost } };
  expect(await store.commit(computed)).toBe(2);
  await set(store, 's', 'over it');
  await set(store, 'e', 'kept');
  await store.close();
  await fs.remove(blobPath(digest));

  const next = await openWriter(fs);
  expect(await contents(next)).toEqual({ e: 'kept' });
  expect(next.recovery.skipped).toEqual([1, 2, 3]);
  await next.close();
});
