/**
 * A library as an older version of the app wrote it, on OPFS, with its real frames: its texts are
 * read for ever, and it is edited like any other. What needs no frame is tested in Node.
 */
import { deleteDB, openDB } from 'idb';
import { afterEach, expect, test } from 'vitest';
import { openLibrary, type Library, type Shard } from '../../../src/lib';
import said from '../../fixtures/library/before-editing.json';

const FOLDER = '../../fixtures/library/before-editing/';
const FILES = import.meta.glob<string>('../../fixtures/library/before-editing/**', {
  query: '?url&inline', // without an extension a served file would pass for a module
  import: 'default',
  eager: true,
});

const [FIELD = '', RECIPES = '', TUNNEL = ''] = ['Field notes', 'Recipes', 'Wind tunnel'].map(
  (wanted) => said.shards.find(({ name }) => name === wanted)?.id,
);

let name: string;
let opened: Library | undefined;

/** Puts the files of the library where `open` finds them. */
async function keepGolden(): Promise<void> {
  name = `golden-${crypto.randomUUID()}`;
  const root = await navigator.storage.getDirectory();
  const library = await root.getDirectoryHandle(`memreel-${name}`, { create: true });
  for (const [path, url] of Object.entries(FILES)) {
    const parts = path.slice(FOLDER.length).split('/');
    let directory = library;
    for (const part of parts.slice(0, -1)) {
      directory = await directory.getDirectoryHandle(part, { create: true });
    }
    const handle = await directory.getFileHandle(parts.at(-1) ?? '', { create: true });
    const file = await handle.createWritable();
    await file.write(await (await fetch(url)).arrayBuffer());
    await file.close();
  }
}

async function open(): Promise<Library> {
  opened = await openLibrary({ name, assetsUrl: '/' });
  return opened;
}

async function reopened(): Promise<Library> {
  await opened?.close();
  return open();
}

afterEach(async () => {
  await opened?.close();
  opened = undefined;
  await deleteDB(`memreel-cache:${name}`);
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(`memreel-${name}`, { recursive: true });
});

const textsOf = async (shard: Shard): Promise<string[]> =>
  (await shard.chunks()).map(({ text }) => text);

const saidIn = (shard: 'tunnel' | 'field'): string[] => said.chunks[shard].map(({ text }) => text);

const expectSound = async (library: Library): Promise<void> => {
  expect(await library.check({ deep: true })).toMatchObject({ ok: true, problems: [] });
};

test('a library from before editing says what it said to its own app', async () => {
  await keepGolden();
  const library = await open();
  expect(await library.shards({ removed: true })).toMatchObject(said.shards);
  const tunnel = await library.open(TUNNEL);
  expect(await tunnel.chunks()).toMatchObject(said.chunks.tunnel);
  expect(await (await library.open(FIELD)).chunks()).toMatchObject(said.chunks.field);
  const hits = await library.search('flutter speed');
  expect(hits.map(({ text, shard }) => ({ text, shard }))).toEqual(
    said.hits.map(({ text, shard }) => ({ text, shard })),
  );
  hits.forEach(({ score, from }, at) => {
    expect(from).toBe('video');
    expect(score).toBeCloseTo(said.hits[at]?.score ?? NaN, 5);
  });
  const report = await library.check({ deep: true });
  expect(report).toMatchObject({ ok: true, problems: [], checked: { frames: 4 } });
});

test('it is edited, cloned, merged, added to and compacted, and opens again', async () => {
  await keepGolden();
  let library = await open();
  const tunnel = await library.open(TUNNEL);
  const [flutter, , felt, cafe] = await tunnel.chunks();
  const before = tunnel.head;
  const clone = await tunnel.clone({ name: 'Tunnel, checked' });

  await tunnel.edit(flutter?.uuid ?? '', 'The flutter speed was 421 feet per second.\n');
  await tunnel.delete([felt?.uuid ?? '']);
  await tunnel.ingest([new File(['The barometer fell all night.\n'], 'night.txt')]);
  await clone.edit(cafe?.uuid ?? '', 'The façade was repainted in 1988.\n');
  expect(await tunnel.merge(clone.id)).toMatchObject({ merged: true, taken: { edited: 1 } });
  const field = await library.open(FIELD);
  await field.ingest([new File(['Swifts came late.\n'], 'swifts.txt')]);

  const now = await textsOf(tunnel);
  const [, second = '', , , fifth = '', sixth = ''] = saidIn('tunnel');
  expect(now).toEqual([
    'The flutter speed was 421 feet per second.\n',
    second,
    'The façade was repainted in 1988.\n',
    fifth,
    sixth,
    'The barometer fell all night.\n',
  ]);
  const compacted = await tunnel.compact({ threshold: 0 });
  expect(compacted.version).not.toBeNull();
  expect(await textsOf(tunnel)).toEqual(now);

  library = await reopened();
  const again = await library.open(TUNNEL);
  expect(await textsOf(again)).toEqual(now);
  expect(await textsOf(await library.open(TUNNEL, { at: before }))).toEqual(saidIn('tunnel'));
  expect(await textsOf(await library.open(FIELD))).toEqual([
    ...saidIn('field'),
    'Swifts came late.\n',
  ]);
  const [hit] = await again.search('flutter speed 421');
  expect(hit).toMatchObject({ uuid: flutter?.uuid, from: 'video' });
  await expectSound(library);
});

test('its removed shard is restored, and a chunk is purged from all its versions', async () => {
  await keepGolden();
  let library = await open();
  await library.restore(RECIPES);
  expect(await textsOf(await library.open(RECIPES))).toEqual([
    'Crème brûlée wants patience and a blowtorch.\n',
  ]);
  const tunnel = await library.open(TUNNEL);
  const [, , felt] = await tunnel.chunks();
  expect(await tunnel.purge([felt?.uuid ?? ''])).toMatchObject({ chunks: 1, found: [] });

  library = await reopened();
  const left = saidIn('tunnel').filter((text) => text !== felt?.text);
  const again = await library.open(TUNNEL);
  expect(await textsOf(again)).toEqual(left);
  const history = await again.history();
  expect(history.map(({ operation }) => operation)).toEqual([
    'purge',
    'ingest',
    'ingest',
    'create',
  ]);
  expect(await textsOf(await library.open(TUNNEL, { at: history[2]?.id ?? '' }))).toEqual(
    left.slice(0, 4),
  );
  await expectSound(library);
});

test('what its app left in IndexedDB is not believed', async () => {
  await keepGolden();
  // As that app kept entries: by digest, in the shape that it stored.
  const cache = await openDB(`memreel-cache:${name}`, 1, {
    upgrade(database) {
      for (const store of ['entries', 'probes', 'exports']) database.createObjectStore(store);
    },
  });
  for (const url of Object.values(FILES)) {
    const bytes = await (await fetch(url)).arrayBuffer();
    const text = new TextDecoder().decode(bytes);
    if (!text.startsWith('{"format":"memreel/shard/1"')) continue;
    const raw = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    const digest = Array.from(raw, (byte) => byte.toString(16).padStart(2, '0')).join('');
    await cache.put('entries', JSON.parse(text), digest);
  }
  expect(await cache.count('entries')).toBeGreaterThan(0);
  cache.close();
  const library = await open();
  expect(await library.shards({ removed: true })).toMatchObject(said.shards);
  const tunnel = await library.open(TUNNEL);
  await tunnel.rename('Tunnel');
  expect((await tunnel.history()).length).toBe(3);
});
