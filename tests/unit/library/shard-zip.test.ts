/** What goes out of a library as a zip comes back in as it was, and no damaged one comes in. */
import { beforeAll, describe, expect, test } from 'vitest';
import {
  BlobReader,
  Uint8ArrayWriter,
  ZipReader,
  ZipWriter,
  BlobWriter,
} from '@zip.js/zip.js/lib/zip-core-native.js';
import type { Chunk, ExportOptions, ImportReport, ShardInfo } from '../../../src/lib/api';
import { CorruptError, PasswordError, UnsupportedError } from '../../../src/lib/errors';
import type { ChunkEdit } from '../../../src/lib/library/library-protocol';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { file, libraryInNode, shardOf, type Calls } from './library-in-node';

const words = 'wing lift drag flow shock panel heat layer jet flap'.split(' ');
const passage = (at: number, name = 'a.jsonl'): string =>
  `Passage ${String(at)} of ${name} says ${Array.from({ length: 30 }, (_, word) => words[(at * 7 + word) % words.length]).join(' ')}.`;

const document = (name: string, count: number): File =>
  file(
    name,
    Array.from({ length: count }, (_, at) => JSON.stringify({ text: passage(at, name) })).join(
      '\n',
    ),
  );

const newLibrary = (): Promise<Calls> => libraryInNode(new MemoryFileSystem());

async function exported(
  calls: Calls,
  id: string,
  options: Pick<ExportOptions, 'include' | 'password'> & { format?: ExportOptions['format'] } = {},
): Promise<File> {
  const made = await calls.call('export', { id, format: 'zip', ...options });
  if (!(made instanceof File)) throw new Error('There is no file.');
  return made;
}

async function imported(
  calls: Calls,
  files: File[],
  options: { password?: string; ifPresent?: 'separate' | 'version'; name?: string } = {},
): Promise<{ info: ShardInfo; report: ImportReport }> {
  const [first] = await calls.call('import', { files, ...options });
  if (!first) throw new Error('Nothing was imported.');
  return first;
}

const chunksOf = (calls: Calls, id: string, at?: string): Promise<Chunk[]> =>
  calls.call('chunks', { id, at, limit: 10_000, deleted: true });

/** An ingested, edited, partly deleted shard with some history. */
async function editedShard(calls: Calls): Promise<string> {
  const id = await shardOf(calls, [document('a.jsonl', 40), document('b.jsonl', 25)]);
  const chunks = await chunksOf(calls, id);
  const uuid = (at: number): string => chunks[at]?.uuid ?? '';
  const change = (edit: ChunkEdit): Promise<unknown> => changed(calls, id, edit);
  await change({ kind: 'edit', uuid: uuid(3), text: 'An edited passage about butterflies.' });
  await change({ kind: 'delete', what: [uuid(5), uuid(50)] });
  await change({ kind: 'insert', after: uuid(7), text: 'An inserted passage about caterpillars.' });
  await calls.call('tag', { id, name: 'first', at: undefined });
  await change({ kind: 'edit', uuid: uuid(9), text: 'A second edit about moths.' });
  await calls.call('saveQuestion', {
    id,
    question: { id: 'q', query: 'butterflies', expected: [uuid(3)] },
  });
  return id;
}

function changed(calls: Calls, id: string, edit: ChunkEdit): Promise<unknown> {
  return calls.call('change', { id, edit, message: undefined, seen: {} });
}

const bytesOf = async (blob: Blob): Promise<Uint8Array> => new Uint8Array(await blob.arrayBuffer());

async function entriesOf(zip: Blob): Promise<Map<string, Uint8Array>> {
  const entries = new Map<string, Uint8Array>();
  for (const entry of await new ZipReader(new BlobReader(zip)).getEntries()) {
    if (!entry.directory) entries.set(entry.filename, await entry.getData(new Uint8ArrayWriter()));
  }
  return entries;
}

async function rezipped(entries: ReadonlyMap<string, Uint8Array>, name: string): Promise<File> {
  const zip = new ZipWriter(new BlobWriter());
  for (const [entry, bytes] of entries) {
    await zip.add(entry, new Blob([bytes as Uint8Array<ArrayBuffer>]).stream());
  }
  return new File([await zip.close()], name);
}

describe('a shard zip', () => {
  let calls: Calls;
  let id: string;
  beforeAll(async () => {
    calls = await newLibrary();
    id = await editedShard(calls);
  });

  test('of what is visible comes back with the same chunks, and again as the same bytes', async () => {
    const zip = await exported(calls, id);
    const other = await newLibrary();
    const { info, report } = await imported(other, [zip]);
    expect(info.id).toBe(id);
    expect(report.frames).toMatchObject({ unread: [], missing: [] });
    const live = (await chunksOf(calls, id)).filter(({ deleted }) => !deleted);
    const back = await chunksOf(other, info.id);
    const said = ({ uuid, text, sha256, source, place, from }: Chunk): object => ({
      ...{ uuid, text, sha256, source, place, from },
    });
    expect(back.map(said)).toEqual(live.map(said));
    expect(back.every(({ edited, deleted }) => !edited && !deleted)).toBe(true);
    for (const query of ['butterflies', 'shock panel', 'passage 12']) {
      const ask = (library: Calls): Promise<object> =>
        library
          .call('search', { id, query, options: { topK: 10 } })
          .then((hits) => hits.map(({ uuid, score }) => [uuid, score.toFixed(6)]));
      expect(await ask(other)).toEqual(await ask(calls));
    }
    const again = await exported(other, info.id);
    expect(await bytesOf(again)).toEqual(await bytesOf(zip));
  });

  test('of what is visible has no byte of a deleted or replaced text', async () => {
    const all = await chunksOf(calls, id);
    const gone = all.filter(({ deleted }) => deleted).map(({ text }) => text);
    expect(gone.length).toBeGreaterThan(0);
    const other = await newLibrary();
    const { info } = await imported(other, [await exported(calls, id)]);
    const texts = new Set((await chunksOf(other, info.id)).map(({ text }) => text));
    for (const text of [...gone, passage(3), passage(9)]) expect(texts.has(text)).toBe(false);
    const entries = await entriesOf(await exported(calls, id));
    const index = new TextDecoder().decode(entries.get('memory_index.json'));
    for (const { uuid } of all.filter(({ deleted }) => deleted)) expect(index).not.toContain(uuid);
    expect([...entries.keys()]).toEqual([
      'memory.mp4',
      'memory_index.json',
      'vectors.bin',
      'manifest.json',
    ]);
  });

  test('of everything comes back with tombstones, overlays and versions, and as the same bytes', async () => {
    const zip = await exported(calls, id, { include: 'everything' });
    const other = await newLibrary();
    const { info } = await imported(other, [zip]);
    expect(await chunksOf(other, info.id)).toEqual(await chunksOf(calls, id));
    const history = await calls.call('history', { id, limit: 100, before: undefined });
    expect(await other.call('history', { id: info.id, limit: 100, before: undefined })).toEqual(
      history,
    );
    for (const version of history) {
      expect(await chunksOf(other, id, version.id)).toEqual(await chunksOf(calls, id, version.id));
    }
    expect(await other.call('tags', { id })).toEqual(await calls.call('tags', { id }));
    expect(await other.call('questions', { id })).toEqual(await calls.call('questions', { id }));
    const again = await exported(other, id, { include: 'everything' });
    expect(await bytesOf(again)).toEqual(await bytesOf(zip));
    const checked = await other.call('check', { deep: true });
    expect(checked.problems).toEqual([]);
  });

  test('survives compaction, reindexing and merging before it is exported', async () => {
    const library = await newLibrary();
    const shard = await editedShard(library);
    await library.call('compact', { id: shard, threshold: 0 });
    await library.call('reindex', { id: shard, model: undefined });
    const { id: clone } = await library.call('clone', { id: shard, name: 'Clone', at: undefined });
    const [one] = await chunksOf(library, clone);
    await changed(library, clone, { kind: 'edit', uuid: one?.uuid ?? '', text: 'Merged in.' });
    await library.call('merge', {
      ...{ id: shard, from: clone, pick: undefined, resolve: {}, message: undefined },
    });
    for (const include of ['live', 'everything'] as const) {
      const zip = await exported(library, shard, { include });
      const other = await newLibrary();
      await imported(other, [zip]);
      const left = (await chunksOf(library, shard)).filter(
        ({ deleted }) => include === 'everything' || !deleted,
      );
      const texts = (chunks: Chunk[]): string[] =>
        chunks.map(({ uuid, text }) => `${uuid} ${text}`);
      expect(texts(await chunksOf(other, shard))).toEqual(texts(left));
      expect(await bytesOf(await exported(other, shard, { include }))).toEqual(await bytesOf(zip));
    }
  });

  test.each([
    // Of everything, only the last passage is new.
    ['everything', 1],
    // Of what is visible, so are the originals of two edits and of a deletion: they were not in it.
    ['live', 4],
  ] as const)(
    'of %s keeps which texts are a person’s own when a source is added again',
    async (include, added) => {
      const library = await newLibrary();
      const shard = await editedShard(library);
      await library.call('compact', { id: shard, threshold: 0 });
      const other = await newLibrary();
      await imported(other, [await exported(library, shard, { include })]);
      const files = [document('a.jsonl', 41)];
      const { report } = await other.call('ingest', { id: shard, files, chunking: {} });
      expect(report.files[0]).toMatchObject({ chunks: added, again: { replaced: 0 } });
      const live = (await chunksOf(other, shard)).filter(({ deleted }) => !deleted);
      expect(live.map(({ text }) => text)).toContain('An edited passage about butterflies.');
    },
  );

  test('of a shard that is here becomes another shard, or its newest version', async () => {
    const library = await newLibrary();
    const shard = await editedShard(library);
    const zip = await exported(library, shard);
    const { info: beside } = await imported(library, [zip], { name: 'Beside' });
    expect(beside.id).not.toBe(shard);
    expect(beside.name).toBe('Beside');
    expect(beside.origin?.shard).toBe(shard);
    const before = await chunksOf(library, shard);
    const [first] = before;
    await changed(library, shard, {
      kind: 'edit',
      uuid: first?.uuid ?? '',
      text: 'Changed afterwards.',
    });
    const { info } = await imported(library, [zip], { ifPresent: 'version' });
    expect(info.id).toBe(shard);
    const [head] = await library.call('history', { id: shard, limit: 1, before: undefined });
    expect(head?.operation).toBe('import');
    expect(head?.counts.edited).toBe(1);
    const texts = (chunks: Chunk[]): string[] => chunks.map(({ uuid, text }) => `${uuid} ${text}`);
    expect(texts(await chunksOf(library, shard))).toEqual(
      texts(before.filter(({ deleted }) => !deleted)),
    );
    const [, older] = await library.call('history', { id: shard, limit: 2, before: undefined });
    expect((await chunksOf(library, shard, older?.id))[0]?.text).toBe('Changed afterwards.');
  });

  test('sealed opens with its password alone', async () => {
    const zip = await exported(calls, id, { password: 'correct horse' });
    expect(zip.name).toBe('Notes.zip.age');
    const other = await newLibrary();
    await expect(imported(other, [zip])).rejects.toThrow(PasswordError);
    await expect(imported(other, [zip], { password: 'wrong' })).rejects.toThrow(PasswordError);
    const { info } = await imported(other, [zip], { password: 'correct horse' });
    expect(info.chunks).toBe((await chunksOf(calls, id)).filter(({ deleted }) => !deleted).length);
  });

  test('that is damaged anywhere is refused, names the file, and leaves nothing', async () => {
    const zip = await exported(calls, id, { include: 'everything' });
    const bytes = await bytesOf(zip);
    const other = await newLibrary();
    const whole = await chunksOf(calls, id);
    let refused = 0;
    for (let at = 40; at < bytes.length; at += Math.floor(bytes.length / 25)) {
      const bad = bytes.slice();
      bad[at] = (bad[at] ?? 0) ^ 0x55;
      const importing = imported(other, [new File([bad], 'bad.zip')]);
      const { info } = await importing.catch((error: unknown) => {
        expect(String(error)).toContain('bad.zip');
        refused++;
        return { info: null };
      });
      if (!info) continue;
      // A byte that says nothing of the content, such as a date: then all of it is as it was.
      expect(await chunksOf(other, info.id)).toEqual(whole);
      await other.call('remove', { id: info.id });
      await other.call('gc', null);
    }
    expect(refused).toBeGreaterThan(20);
    for (const length of [0, 10, 1000, bytes.length - 30]) {
      const cut = new File([bytes.slice(0, length)], 'cut.zip');
      await expect(imported(other, [cut])).rejects.toThrow(/cut\.zip/u);
    }
    expect(await other.call('shards', { removed: true })).toEqual([]);
    expect(await other.call('check', { deep: true })).toMatchObject({ ok: true });
  });

  test('whose parts were exchanged is refused', async () => {
    const entries = await entriesOf(await exported(calls, id));
    const other = await newLibrary();
    const index = new TextDecoder().decode(entries.get('memory_index.json'));
    const changedIndex = new Map(entries).set(
      'memory_index.json',
      new TextEncoder().encode(index.replace('"slot":0', '"slot":1')),
    );
    await expect(imported(other, [await rezipped(changedIndex, 'odd.zip')])).rejects.toThrow(
      CorruptError,
    );
    const without = new Map(entries);
    without.delete('memory.mp4');
    await expect(imported(other, [await rezipped(without, 'odd.zip')])).rejects.toThrow(
      CorruptError,
    );
    const manifest = JSON.parse(new TextDecoder().decode(entries.get('manifest.json'))) as object;
    const newer = new Map(entries).set(
      'manifest.json',
      new TextEncoder().encode(JSON.stringify({ ...manifest, format: 'memreel/zip/2' })),
    );
    await expect(imported(other, [await rezipped(newer, 'odd.zip')])).rejects.toThrow(
      UnsupportedError,
    );
    // Zipped again by another program it is the same archive.
    const { info } = await imported(other, [await rezipped(entries, 'again.zip')]);
    expect(info.id).toBe(id);
  });

  test('of a whole library brings back every shard', async () => {
    const library = await newLibrary();
    const first = await shardOf(library, [document('a.jsonl', 12)]);
    const { id: second } = await library.call('clone', { id: first, name: 'Clone', at: undefined });
    await library.call('create', { name: 'Empty', profile: 'compact', model: 'static-en' });
    const zip = await library.call('exportAll', { include: 'live' });
    const other = await newLibrary();
    await other.call('import', { files: [new File([zip ?? ''], 'all.zip')] });
    const ids = (await other.call('shards', { removed: false })).map((info) => info.id);
    expect(ids.sort()).toEqual([first, second].sort());
    expect(await chunksOf(other, second)).toEqual(await chunksOf(library, second));
  });
});

describe('open formats', () => {
  let calls: Calls;
  let id: string;
  let live: Chunk[];
  beforeAll(async () => {
    calls = await newLibrary();
    id = await editedShard(calls);
    live = (await chunksOf(calls, id)).filter(({ deleted }) => !deleted);
  });

  test('JSON Lines say each live chunk once, in order', async () => {
    const lines = (await (await exported(calls, id, { format: 'jsonl' })).text())
      .trim()
      .split('\n');
    const read = lines.map((line) => JSON.parse(line) as Chunk);
    expect(read.map(({ uuid, text, sha256 }) => ({ uuid, text, sha256 }))).toEqual(
      live.map(({ uuid, text, sha256 }) => ({ uuid, text, sha256 })),
    );
  });

  test('Markdown has a file a source with all its texts in order', async () => {
    const entries = await entriesOf(await exported(calls, id, { format: 'markdown' }));
    expect([...entries.keys()]).toEqual(['a.jsonl.md', 'b.jsonl.md']);
    for (const [name, bytes] of entries) {
      const text = new TextDecoder().decode(bytes);
      let at = 0;
      for (const chunk of live) {
        if (!('name' in chunk.source) || `${chunk.source.name}.md` !== name) continue;
        at = text.indexOf(chunk.text, at);
        expect(at).toBeGreaterThan(0);
      }
    }
  });

  test('vectors are what NumPy reads: a row a chunk', async () => {
    const bytes = await bytesOf(await exported(calls, id, { format: 'npy' }));
    expect([...bytes.subarray(0, 8)]).toEqual([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
    const length = (bytes[8] ?? 0) + 256 * (bytes[9] ?? 0);
    const head = new TextDecoder().decode(bytes.subarray(10, 10 + length));
    expect(head).toContain(`'shape': (${String(live.length)}, 128)`);
    expect((10 + length) % 64).toBe(0);
    expect(bytes.length).toBe(10 + length + live.length * 128 * 4);
    const values = new Float32Array(bytes.slice(10 + length).buffer);
    for (let row = 0; row < live.length; row++) {
      const norm = Math.hypot(...values.subarray(row * 128, row * 128 + 128));
      expect(norm).toBeCloseTo(1, 1);
    }
  });
});
