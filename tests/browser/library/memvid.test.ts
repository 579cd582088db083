/** memvid v1 in and out through real workers: its own video, ours as it reads them, and the way back. */
import { BlobReader, BlobWriter, ZipReader, ZipWriter } from '@zip.js/zip.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Chunk, ImportReport } from '../../../src/lib/api';
import { decodeFaiss } from '../../../src/lib/archive/memvid-faiss';
import { parseMemvidIndex } from '../../../src/lib/archive/memvid-index';
import { UnsupportedError } from '../../../src/lib/errors';
import { disposeEncoders } from '../../../src/lib/video/encode';
import { encodeForeign } from '../../../src/lib/video/foreign-encoder';
import { layoutForeignMp4 } from '../../../src/lib/video/foreign-mp4';
import earlyIndexUrl from '../../fixtures/memvid/early_index.json?url';
import earlyUrl from '../../fixtures/memvid/early.mp4?url';
import { MINILM, minilmLibrary, vectorOf, type MiniLmLibrary } from './minilm-library';

let library: MiniLmLibrary;
beforeEach(async () => {
  library = await minilmLibrary();
});
afterEach(() => library.close());

const fetched = async (url: string, name: string): Promise<File> =>
  new File([await (await fetch(url)).blob()], name);

async function imported(files: File[]): Promise<{ report: ImportReport; texts: string[] }> {
  const [first] = await library.calls.call('import', { files });
  if (!first) throw new Error('Nothing was imported.');
  const chunks = await library.calls.call('chunks', { id: first.info.id, at: undefined });
  return { report: first.report, texts: textsOf(chunks) };
}

const textsOf = (chunks: readonly Chunk[]): string[] => chunks.map(({ text }) => text);

async function unzipped(zip: Blob): Promise<File[]> {
  const files: File[] = [];
  for (const entry of await new ZipReader(new BlobReader(zip)).getEntries()) {
    if (entry.directory) continue;
    files.push(new File([await entry.getData(new BlobWriter())], entry.filename));
  }
  return files;
}

describe('what memvid made', () => {
  test('becomes a shard: texts from frames, held against the index', async () => {
    const video = await fetched(earlyUrl, 'early.mp4');
    const index = await fetched(earlyIndexUrl, 'early_index.json');
    const texts = parseMemvidIndex(await index.text()).entries.map(({ text }) => text);
    const made = await imported([index, video]);
    expect(made.texts).toEqual(texts);
    expect(made.report).toMatchObject({
      kind: 'memvid',
      frames: { found: 2, unread: [], missing: [] },
      texts: { fromVideo: 2, fromIndex: 0 },
      warnings: [],
    });
    const alone = await imported([video]);
    expect(alone).toMatchObject({ texts, report: { texts: { fromVideo: 2, fromIndex: 0 } } });
  });

  test('in a zip, with an index that says something else, keeps what the index says', async () => {
    const video = await fetched(earlyUrl, 'early.mp4');
    const index = await (await fetched(earlyIndexUrl, '')).text();
    const { entries } = parseMemvidIndex(index);
    const other = JSON.stringify({
      metadata: [
        ...entries.map((entry) => (entry.id === 1 ? { ...entry, text: 'Changed.' } : entry)),
        { id: 7, text: 'Of a frame that is gone.', frame: 5 },
      ],
    });
    const writer = new ZipWriter(new BlobWriter(), { useWebWorkers: false });
    await writer.add('a/early.mp4', new BlobReader(video));
    await writer.add('a/early_index.json', new BlobReader(new Blob([other])));
    await writer.add('a/early_index.faiss', new BlobReader(new Blob(['anything'])));
    const made = await imported([new File([await writer.close()], 'early.zip')]);
    expect(made.texts).toEqual([entries[0]?.text, 'Changed.', 'Of a frame that is gone.']);
    expect(made.report).toMatchObject({
      frames: { found: 2, unread: [1], missing: [5] },
      texts: { fromVideo: 1, fromIndex: 2 },
      warnings: [expect.stringContaining('something else than the index, which is believed: 1.')],
    });
  });

  test('with symbols of somebody else alone is refused by name', async () => {
    const { track, samples } = await encodeForeign(['A symbol of somebody else.', '{"id":0}']);
    disposeEncoders();
    const head = layoutForeignMp4(
      track,
      Uint32Array.from(samples, ({ length }) => length),
    );
    const strange = imported([new File([head, ...samples], 'holiday.mp4')]);
    await expect(strange).rejects.toThrow(UnsupportedError);
    await expect(strange).rejects.toThrow('holiday.mp4');
    expect(await library.calls.call('shards', { removed: true })).toEqual([]);
  });
});

describe('what is exported', () => {
  const passage = (at: number): string =>
    `Passage ${String(at)}: ${Array.from({ length: 120 }, (_, word) => ((at * 7919 + word * 104_729) % 1e7).toString(36)).join(' ')} – Ende.`;

  async function shard(texts: readonly string[], model: string): Promise<string> {
    const named = { name: 'My notes', profile: 'universal', model } as const;
    const { id } = await library.calls.call('create', named);
    const lines = texts.map((text) => JSON.stringify({ text }));
    const files = [new File([lines.join('\n')], 'a.jsonl')];
    await library.calls.call('ingest', { id, files, chunking: { size: 2000 } });
    return id;
  }

  test('comes back with the same texts, each read from its frame', async () => {
    const id = await shard(
      Array.from({ length: 70 }, (_, at) => passage(at)),
      MINILM,
    );
    const texts = textsOf(await library.calls.call('chunks', { id, at: undefined, limit: 1000 }));
    const zip = await library.calls.call('export', { id, format: 'memvid' });
    if (!zip) throw new Error('There is no file.');
    const again = await library.calls.call('export', { id, format: 'memvid' });
    expect(await zip.arrayBuffer()).toEqual(await again?.arrayBuffer());
    const files = await unzipped(zip);
    expect(files.map(({ name }) => name)).toEqual([
      'My notes.mp4',
      'My notes_index.json',
      'My notes_index.faiss',
    ]);
    const [video, index, faiss] = files;
    if (!video || !index || !faiss) throw new Error('A file is missing.');
    const { entries } = parseMemvidIndex(await index.text());
    expect(entries).toEqual(texts.map((text, at) => ({ id: at, text, frame: at })));
    const { dimensions, ids, vectors } = decodeFaiss(new Uint8Array(await faiss.arrayBuffer()));
    expect(ids).toEqual(entries.map((entry) => entry.id));
    for (const [row, text] of texts.entries()) {
      const vector = vectors.subarray(row * dimensions, (row + 1) * dimensions);
      const cosine = vectorOf(text).reduce((sum, value, at) => sum + value * (vector[at] ?? 0), 0);
      expect(cosine).toBeGreaterThan(0.999);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    }
    const back = await imported([new File([zip], 'notes.zip')]);
    expect(back.texts).toEqual(texts);
    expect(back.report).toMatchObject({
      frames: { found: texts.length, unread: [], missing: [] },
      texts: { fromVideo: texts.length, fromIndex: 0 },
    });
    expect((await library.fs.list('exports')).length).toBe(2); // the two files that were handed out
  });

  test('needs the model that memvid asks with, and texts that a symbol holds', async () => {
    const other = await shard(['One passage.'], 'static-en');
    const wrong = library.calls.call('export', { id: other, format: 'memvid' });
    await expect(wrong).rejects.toThrow(UnsupportedError);
    await expect(wrong).rejects.toThrow('reindex');
    const id = await shard(['One passage.'], MINILM);
    const [chunk] = await library.calls.call('chunks', { id, at: undefined });
    const text = Array.from({ length: 560 }, (_, at) =>
      Math.imul(at, 2_654_435_761).toString(36),
    ).join(' ');
    const edit = { kind: 'edit', uuid: chunk?.uuid ?? '', text } as const;
    await library.calls.call('change', { id, message: undefined, seen: {}, edit });
    const long = library.calls.call('export', { id, format: 'memvid' });
    await expect(long).rejects.toMatchObject({ code: 'unsupported', subject: chunk?.uuid });
    expect(await library.fs.list('exports')).toEqual([]);
  });
});
