/** An export holds what is visible now: every live text, and no word of what was taken away. */
import { describe, expect, test } from 'vitest';
import { InvalidError } from '../../../src/lib/errors';
import { exportMp4 } from '../../../src/lib/library/exchange/export-mp4';
import { loadCompressor } from '../../../src/lib/shard/compression';
import { decodeFrame } from '../../../src/lib/shard/payload';
import { openMp4 } from '../../../src/lib/video/mp4-index';
import type { EditedShard } from './edited-shard';
import { shardInNode } from './edited-shard-in-node';

/** UUID and text of all chunks in all frames, in the order of their keys. */
async function chunksIn(video: Blob): Promise<[uuid: string, text: string][]> {
  const compressor = await loadCompressor();
  const mp4 = await openMp4(video);
  const frames = await Promise.all(
    (await mp4.samples(0, mp4.frames)).map(async (sample) =>
      decodeFrame(await compressor.decompress(sample)),
    ),
  );
  return frames
    .flatMap(({ chunks }) => chunks)
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ uuid, text }) => [uuid, text]);
}

function exported(shard: EditedShard, work: { to?: WritableStream; signal?: AbortSignal } = {}) {
  const { progress, signal } = shard.context;
  return exportMp4(shard.view, shard.context, { to: undefined, signal, progress, ...work });
}

async function exportedChunks(shard: EditedShard): Promise<[string, string][]> {
  const file = await exported(shard);
  if (!file) throw new Error('There is no file.');
  return chunksIn(file);
}

const visible = (shard: EditedShard, gone: readonly string[] = []) =>
  shard.view
    .ordered()
    .filter(({ uuid, deleted }) => !deleted && !gone.includes(uuid))
    .map(({ uuid }) => [uuid, shard.said.get(uuid)]);

async function blobsOf(shard: EditedShard): Promise<string[]> {
  const folders = await shard.fs.list('blobs');
  const files = await Promise.all(folders.map((folder) => shard.fs.list(`blobs/${folder}`)));
  return files.flat().sort();
}

describe('an export of what is live', () => {
  test('copies everything where everything is visible', async () => {
    const shard = await shardInNode([30, 12]);
    shard.told.length = 0;
    expect(await exportedChunks(shard)).toEqual(visible(shard));
    expect(new Set(shard.told.map(({ stage }) => stage))).toEqual(new Set(['export']));
  });

  test('holds no deleted, replaced or expired text, and all others', async () => {
    const shard = await shardInNode([30, 12, 8]);
    const [deleted, replaced, expired] = [shard.at(2), shard.at(9), shard.at(33)];
    const taken = [deleted, replaced, expired].map(({ uuid }) => shard.said.get(uuid));
    await shard.remove(deleted);
    await shard.edit(replaced, 'What stands here instead.');
    await shard.expire(expired);
    await shard.insertAfter(20, 'A note between two passages.');
    const before = await blobsOf(shard);
    const chunks = await exportedChunks(shard);
    expect(chunks).toEqual(visible(shard, [expired.uuid]));
    const texts = chunks.map(([, text]) => text);
    for (const text of taken) expect(texts).not.toContain(text);
    expect(texts).toContain('What stands here instead.');
    expect(await blobsOf(shard)).toEqual(before);
  });

  test('says how many chunks it has, and leaves the joined file alone behind', async () => {
    const shard = await shardInNode([10]);
    await shard.remove(shard.at(0));
    const file = await exported(shard);
    const { metadata } = await openMp4(file ?? new Blob());
    expect(metadata).toMatchObject({ title: 'Notes' });
    expect(metadata['comment']).toContain('chunks=9');
    const left = await shard.fs.list('exports');
    expect(left).toHaveLength(1);
    expect(left[0]).toMatch(/\.mp4$/);
  });

  test('into a stream leaves nothing behind', async () => {
    const shard = await shardInNode([10]);
    await shard.remove(shard.at(0));
    const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>>();
    const [file] = await Promise.all([
      new Response(readable).blob(),
      exported(shard, { to: writable }),
    ]);
    expect(await chunksIn(file)).toEqual(visible(shard));
    expect(await shard.fs.list('exports')).toEqual([]);
  });

  test('that is stopped while it is passed on leaves nothing behind', async () => {
    const shard = await shardInNode([10]);
    await shard.remove(shard.at(0));
    const stop = new AbortController();
    const to = new WritableStream({
      write() {
        stop.abort(new Error('enough'));
      },
    });
    await expect(exported(shard, { to, signal: stop.signal })).rejects.toThrow('enough');
    expect(await shard.fs.list('exports')).toEqual([]);
  });

  test('draws all frames anew where those of another encoder do not join', async () => {
    const shard = await shardInNode([10, 10]);
    await shard.edit(shard.at(3));
    shard.engines.configuration = Uint8Array.of(0x81, 0x05, 0x0c, 0x00);
    expect(await exportedChunks(shard)).toEqual(visible(shard));
  });

  test('is refused where nothing is visible', async () => {
    const shard = await shardInNode([2]);
    for (const record of shard.view.ordered()) await shard.remove(record);
    await expect(exported(shard)).rejects.toThrow(InvalidError);
    expect(await shard.fs.list('exports')).toEqual([]);
  });
});
