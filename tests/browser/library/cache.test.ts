/** The cache is no truth: it may be empty, broken, or gone, and nothing else may notice. */
import { deleteDB, openDB } from 'idb';
import { afterEach, describe, expect, test } from 'vitest';
import { Cache } from '../../../src/lib/library/cache';
import { openLibrary, type Library } from '../../../src/lib';

const opened: Library[] = [];

async function open(name: string): Promise<Library> {
  const library = await openLibrary({ name, assetsUrl: '/' });
  opened.push(library);
  return library;
}

afterEach(async () => {
  for (const library of opened.splice(0)) await library.close();
});

describe('the cache', () => {
  test('keeps what it was given, and forgets what it was not given again', async () => {
    const cache = new Cache('keeps');
    await cache.keepProbe('compact', { works: true, detail: 'seen' });
    expect(await cache.probe('compact')).toEqual({ works: true, detail: 'seen' });
    expect(await cache.probe('universal')).toBeUndefined();
    await cache.close();
    await deleteDB('memreel-cache:keeps');
  });

  test('of a database that is newer than the app is an empty one', async () => {
    const newer = await openDB('memreel-cache:newer', 99);
    const cache = new Cache('newer');
    await cache.keepProbe('compact', { works: true, detail: 'seen' });
    expect(await cache.probe('compact')).toBeUndefined();
    newer.close();
    await deleteDB('memreel-cache:newer');
  });

  test('deleted between two visits loses nothing of the library', async () => {
    const name = `vanishing-${crypto.randomUUID()}`;
    const before = await open(name);
    const shard = await before.create({ name: 'Notes', profile: 'compact' });
    await shard.ingest([new File(['The flutter of a panel.'], 'panel.txt')]);
    const shards = await before.shards();
    await before.close();
    opened.length = 0;
    await deleteDB(`memreel-cache:${name}`);
    const after = await open(name);
    expect(await after.shards()).toEqual(shards);
    const [hit] = await (await after.open(shard.id)).search('panel flutter');
    expect(hit).toMatchObject({ text: 'The flutter of a panel.', from: 'video' });
  });
});

describe('a library in memory', () => {
  test('does everything, and keeps nothing', async () => {
    const options = { name: 'forgetful', storage: 'memory', assetsUrl: '/' } as const;
    const library = await openLibrary(options);
    expect(library.storageKind).toBe('memory');
    const shard = await library.create({ name: 'Notes' });
    await shard.ingest([new File(['The flutter of a panel.'], 'panel.txt')]);
    expect(await shard.search('panel')).toHaveLength(1);
    expect(await library.persist()).toBe(false);
    expect((await library.storage()).kind).toBe('memory');
    await library.close();
    const again = await openLibrary(options);
    expect(await again.shards()).toEqual([]);
    await again.close();
  });
});
