/** How a document would be cut, by the real library: its worker, an extracting worker, the model's own tokens. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ZipWriter, BlobWriter, TextReader } from '@zip.js/zip.js/lib/zip-core-native.js';
import { openLibrary, type Library } from '../../../src/lib';
import { CorruptError, InvalidError, UnsupportedError } from '../../../src/lib/errors';

let library: Library;

beforeEach(async () => {
  library = await openLibrary({ name: 'preview', storage: 'memory', assetsUrl: '/' });
});
afterEach(async () => {
  await library.close();
});

const SENTENCE = 'A passage of some words stands here, and another one follows it. ';
const GUIDE = `# Guide\n\n${SENTENCE.repeat(30)}\n\n## Second part\n\n${SENTENCE.repeat(30)}\n`;

test('a preview is what an ingest then writes, and writes nothing itself', async () => {
  const guide = new File([GUIDE], 'guide.md');
  for (const chunking of [{}, { size: 300 }, { size: 60, unit: 'tokens' as const }]) {
    const preview = await library.preview(guide, { chunking, limit: 1000 });
    expect(await library.shards()).toEqual([]);
    expect(preview).toMatchObject({ file: 'guide.md', type: 'text/markdown', more: false });
    const shard = await library.create({ name: 'guide' });
    await shard.ingest([guide], { chunking });
    const chunks = await shard.chunks();
    expect(preview.chunks.map(({ text, place }) => ({ text, place }))).toEqual(
      chunks.map(({ text, place }) => ({ text, place })),
    );
    await library.remove(shard.id);
    await library.gc();
  }
});

test('tokens are counted where the size is in tokens, and none takes half as much again', async () => {
  const guide = new File([GUIDE], 'guide.md');
  const { chunks } = await library.preview(guide, { chunking: { size: 40, unit: 'tokens' } });
  expect(chunks.length).toBeGreaterThan(8);
  for (const { tokens } of chunks) expect(tokens).toBeLessThanOrEqual(60);
  expect(Math.max(...chunks.map(({ tokens = 0 }) => tokens))).toBeGreaterThan(20);
  const characters = await library.preview(guide);
  expect(characters.chunks.some(({ tokens }) => tokens !== undefined)).toBe(false);
});

test('it reads only as far as it shows', async () => {
  const long = new File([SENTENCE.repeat(200_000)], 'long.txt');
  const preview = await library.preview(long, { limit: 3 });
  expect(preview.chunks).toHaveLength(3);
  expect(preview.more).toBe(true);
});

test('of an archive it shows the first file that can be read, and says what could not', async () => {
  const zip = new ZipWriter(new BlobWriter('application/zip'));
  await zip.add('broken.pdf', new TextReader('%PDF-1.7 nothing more'));
  await zip.add('notes/a.md', new TextReader('# Notes\n\nSome words.\n'));
  const preview = await library.preview(new File([await zip.close()], 'all.zip'));
  expect(preview).toMatchObject({ file: 'all.zip', member: 'notes/a.md', more: false });
  expect(preview.chunks.map(({ text }) => text)).toEqual(['# Notes\n\nSome words.\n']);
  expect(preview.warnings.join()).toContain('broken.pdf');
});

test('what cannot be cut is refused, with the reason', async () => {
  const guide = new File([GUIDE], 'guide.md');
  const tokens = { size: 100, unit: 'tokens' } as const;
  await expect(
    library.preview(guide, { chunking: tokens, model: 'multilingual-e5-small' }),
  ).rejects.toThrow(/Bring it in Settings, or count characters/u);
  await expect(
    library.preview(guide, { chunking: tokens, model: 'multilingual-e5-small' }),
  ).rejects.toBeInstanceOf(UnsupportedError);
  await expect(library.preview(guide, { chunking: { size: 5 } })).rejects.toBeInstanceOf(
    InvalidError,
  );
  await expect(library.preview(guide, { limit: 0 })).rejects.toBeInstanceOf(InvalidError);
  const broken = new File(['%PDF-1.7 nothing more'], 'broken.pdf');
  await expect(library.preview(broken)).rejects.toBeInstanceOf(CorruptError);
  const stopped = new AbortController();
  stopped.abort(new DOMException('Typed on', 'AbortError'));
  await expect(library.preview(guide, { signal: stopped.signal })).rejects.toThrow('Typed on');
});
