/** A bare MP4 is enough: chunks come back from frames alone, and a lost frame costs itself. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Chunk, ImportReport, ShardInfo } from '../../../src/lib/api';
import { CorruptError, UnsupportedError } from '../../../src/lib/errors';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { openMp4 } from '../../../src/lib/video/mp4-index';
import { file, libraryInNode, shardOf, type Calls } from './library-in-node';

const newLibrary = (): Promise<Calls> => libraryInNode(new MemoryFileSystem());

const chunksOf = (calls: Calls, id: string): Promise<Chunk[]> =>
  calls.call('chunks', { id, at: undefined, limit: 10_000 });

async function imported(
  calls: Calls,
  video: File,
): Promise<{ info: ShardInfo; report: ImportReport }> {
  const [first] = await calls.call('import', { files: [video] });
  if (!first) throw new Error('Nothing was imported.');
  return first;
}

/** Random words do not compress: a few passages fill a frame. */
const text = (at: number): string =>
  `Passage ${String(at)}. ${Array.from({ length: 60 }, (_, word) => ((at * 7919 + word * 104_729) % 1e9).toString(36)).join(' ')}`;

/** What frames say of a chunk: not which one it was split from. */
const said = ({ uuid, text: words, place, source }: Chunk): object => ({
  ...{ uuid, text: words, place },
  source: 'name' in source ? [source.id, source.name, source.type] : source.type,
});

describe('a bare MP4', () => {
  let calls: Calls;
  let live: Chunk[];
  let video: File;
  beforeAll(async () => {
    calls = await newLibrary();
    const lines = Array.from({ length: 120 }, (_, at) => JSON.stringify({ text: text(at) }));
    const id = await shardOf(calls, [file('a.jsonl', lines.join('\n'))]);
    const [first, second] = await chunksOf(calls, id);
    const change = { id, message: undefined, seen: {} };
    await calls.call('change', {
      ...change,
      edit: { kind: 'edit', uuid: first?.uuid ?? '', text: 'Edited by hand.' },
    });
    await calls.call('change', {
      ...change,
      edit: { kind: 'delete', what: [second?.uuid ?? ''] },
    });
    await calls.call('change', {
      ...change,
      edit: { kind: 'insert', after: first?.uuid ?? '', text: 'Inserted by hand.' },
    });
    live = await chunksOf(calls, id);
    const made = await calls.call('export', { id, format: 'mp4' });
    if (!(made instanceof File)) throw new Error('There is no file.');
    video = made;
  });

  test('rebuilds every chunk with UUID, text, source and place, in order', async () => {
    const other = await newLibrary();
    const { info, report } = await imported(other, video);
    const back = await chunksOf(other, info.id);
    expect(back.map(said)).toEqual(live.map(said));
    expect(info).toMatchObject({ name: 'Notes', model: 'static-en', profile: 'compact' });
    expect(report).toMatchObject({
      kind: 'mp4',
      frames: { unread: [], missing: [] },
      warnings: [],
    });
    const [hit] = await other.call('search', {
      id: info.id,
      query: 'inserted by hand',
      options: {},
    });
    expect(hit).toMatchObject({ text: 'Inserted by hand.', from: 'video' });
    expect(await other.call('check', { deep: true })).toMatchObject({ ok: true });
  });

  test('with damaged frames names them and keeps the rest', async () => {
    const bytes = new Uint8Array(await video.arrayBuffer());
    const mp4 = await openMp4(video);
    expect(mp4.frames).toBeGreaterThan(5);
    const [run] = mp4.runs;
    const damaged = [1, 4];
    for (const frame of damaged) {
      const start =
        (run?.start ?? 0) + mp4.sizes.subarray(0, frame).reduce((sum, size) => sum + size, 0);
      bytes.fill(0x42, start + 5, start + 60);
    }
    const other = await newLibrary();
    const { info, report } = await imported(other, new File([bytes], 'damaged.mp4'));
    expect(report.frames).toEqual({ found: mp4.frames, unread: damaged, missing: [] });
    expect(report.warnings).toHaveLength(1);
    const back = new Map((await chunksOf(other, info.id)).map((chunk) => [chunk.uuid, chunk.text]));
    expect(back.size).toBe(report.chunks);
    expect(back.size).toBeLessThan(live.length);
    for (const { uuid, text: words } of live) expect([words, undefined]).toContain(back.get(uuid));
  });

  test('that was cut off keeps the frames that are there', async () => {
    const mp4 = await openMp4(video);
    const cut = new File([video.slice(0, video.size - 5000)], 'cut.mp4');
    const other = await newLibrary();
    const { report } = await imported(other, cut);
    expect(report.frames.missing.length).toBeGreaterThan(0);
    expect(report.frames.missing.at(-1)).toBe(mp4.frames - 1);
    expect(report.frames.unread).toEqual([]);
    expect(report.chunks).toBeGreaterThan(0);
  });

  test('without a frame of ours, or none at all, is refused by name', async () => {
    const bytes = new Uint8Array(await video.arrayBuffer());
    const mp4 = await openMp4(video);
    bytes.fill(0x17, mp4.runs[0]?.start, mp4.runs[0]?.end);
    const other = await newLibrary();
    const strange = imported(other, new File([bytes], 'holiday.mp4'));
    await expect(strange).rejects.toThrow(UnsupportedError);
    await expect(strange).rejects.toThrow('holiday.mp4');
    const stub = imported(other, new File([bytes.slice(0, 100)], 'stub.mp4'));
    await expect(stub).rejects.toThrow(CorruptError);
    await expect(stub).rejects.toThrow('stub.mp4');
    expect(await other.call('shards', { removed: true })).toEqual([]);
  });

  test('exported again is the same video', async () => {
    const other = await newLibrary();
    const { info } = await imported(other, video);
    const again = await other.call('export', { id: info.id, format: 'mp4' });
    expect(new Uint8Array((await again?.arrayBuffer()) ?? new ArrayBuffer())).toEqual(
      new Uint8Array(await video.arrayBuffer()),
    );
  });
});
