/** Which files are memvid's: told by what is in them, and never one of ours. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { UnsupportedError } from '../../../src/lib/errors';
import { isMemvidIndex, isMemvidVideo } from '../../../src/lib/library/exchange/import-memvid';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { file, libraryInNode, shardOf } from './library-in-node';

const samples = path.join(process.env['MEMREEL_CORPORA'] ?? '../shared', 'samples', 'memvid-v1');
const fixtures = 'tests/fixtures/memvid';
const opened = async (name: string): Promise<Blob> => new Blob([await readFile(name)]);

describe('a video of memvid’s', () => {
  test.each(['early.mp4', 'h265.mkv'])('%s', async (name) => {
    expect(await isMemvidVideo(await opened(path.join(fixtures, name)))).toBe(true);
  });

  test.skipIf(!existsSync(samples)).each(['early.mp4', 'later.mp4', 'later-h264.mkv'])(
    '%s, as memvid wrote it',
    async (name) => {
      expect(await isMemvidVideo(await opened(path.join(samples, name)))).toBe(true);
    },
  );

  test('an AVI file is one, and a RIFF file of another kind is none', async () => {
    expect(await isMemvidVideo(new Blob(['RIFF0000AVI LIST']))).toBe(true);
    expect(await isMemvidVideo(new Blob(['RIFF0000WAVEfmt ']))).toBe(false);
    expect(await isMemvidVideo(new Blob([]))).toBe(false);
  });

  test('ours is none, whole, cut off, or without what it says of itself', async () => {
    const calls = await libraryInNode(new MemoryFileSystem());
    const id = await shardOf(calls, [file('a.txt', 'A wing in the slipstream.')]);
    const video = await calls.call('export', { id, format: 'mp4' });
    if (!video) throw new Error('There is no file.');
    expect(await isMemvidVideo(video)).toBe(false);
    expect(await isMemvidVideo(video.slice(0, 100))).toBe(false);
    const text = Buffer.from(await video.arrayBuffer()).toString('latin1');
    const silent = Buffer.from(text.replaceAll('memreel/', 'another/'), 'latin1');
    expect(await isMemvidVideo(new Blob([silent]))).toBe(false);
  });

  test('an index goes by its name', () => {
    expect(['a_index.json', 'index.json', 'a.json'].map(isMemvidIndex)).toEqual([
      true,
      false,
      false,
    ]);
  });
});

test('an index alone is refused, and the message says what belongs to it', async () => {
  const calls = await libraryInNode(new MemoryFileSystem());
  const files = [file('a_index.json', '{"metadata":[]}')];
  const refused = calls.call('import', { files });
  await expect(refused).rejects.toThrow(UnsupportedError);
  await expect(refused).rejects.toThrow('memvid’s video and its _index.json');
});
