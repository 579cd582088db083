/**
 * Bare MP4s through real decoders: a round trip of both profiles, with a damaged frame, and copies
 * that x264 has made. What becomes of frames is tested in Node.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  openLibrary,
  type Chunk,
  type ImportReport,
  type Library,
  type Shard,
} from '../../../src/lib';
import { openMp4 } from '../../../src/lib/video/mp4-index';
import compactUrl from '../../fixtures/video/compact-crf-18.mp4?url';
import matroskaUrl from '../../fixtures/video/compact-crf-23.mkv?url';
import said from '../../fixtures/video/copies.json';
import universalUrl from '../../fixtures/video/universal-crf-23.mp4?url';
import halfUrl from '../../fixtures/video/universal-half.mp4?url';

let library: Library;
beforeEach(async () => {
  library = await openLibrary({ name: crypto.randomUUID(), storage: 'memory', assetsUrl: '/' });
});
afterEach(() => library.close());

async function imported(video: File): Promise<{ shard: Shard; report: ImportReport }> {
  const reports: ImportReport[] = [];
  const shard = await library.import([video], { onReport: (report) => reports.push(report) });
  const [report] = reports;
  if (!report) throw new Error('There is no report.');
  return { shard, report };
}

/** What frames say of a chunk. */
const facts = ({ uuid, text, place, source }: Chunk): object => ({
  ...{ uuid, text, place },
  source: 'name' in source ? [source.id, source.name, source.type] : source.type,
});

/** Random words do not compress: a few passages fill a frame. */
const text = (at: number): string =>
  Array.from({ length: 60 }, (_, word) => ((at * 7919 + word * 104_729) % 1e9).toString(36)).join(
    ' ',
  );

describe.each(['compact', 'universal'] as const)('a bare MP4, %s', (profile) => {
  test('comes back whole, and without what was in a damaged frame', async () => {
    const shard = await library.create({ name: 'Notes', profile });
    const lines = Array.from({ length: 40 }, (_, at) => JSON.stringify({ text: text(at) }));
    await shard.ingest([new File([lines.join('\n')], 'words.jsonl')]);
    const chunks = await shard.chunks({ limit: 1000 });
    const video = await shard.export({ format: 'mp4' });
    if (!video) throw new Error('There is no file.');

    const whole = await imported(new File([video], 'notes.mp4'));
    expect(whole.report.frames).toMatchObject({ unread: [], missing: [] });
    expect((await whole.shard.chunks({ limit: 1000 })).map(facts)).toEqual(chunks.map(facts));

    const bytes = new Uint8Array(await video.arrayBuffer());
    const mp4 = await openMp4(video);
    expect(mp4.frames).toBeGreaterThan(1);
    const at = (mp4.runs[0]?.start ?? 0) + (mp4.sizes[0] ?? 0);
    crypto.getRandomValues(bytes.subarray(at + 40, at + (mp4.sizes[1] ?? 0) - 40));
    const damaged = await imported(new File([bytes], 'damaged.mp4'));
    expect(damaged.report.frames).toEqual({ found: mp4.frames, unread: [1], missing: [] });
    const left = await damaged.shard.chunks({ limit: 1000 });
    const lost = chunks.filter(({ frame }) => frame?.index === 1);
    expect(lost.length).toBeGreaterThan(0);
    expect(left.map(facts)).toEqual(chunks.filter((chunk) => !lost.includes(chunk)).map(facts));
    expect(await library.check({ deep: true })).toMatchObject({ ok: true });
  });
});

describe('a copy that x264 has made', () => {
  test.each([
    ['compact.mp4', compactUrl, 'compact'],
    ['compact.mkv', matroskaUrl, 'compact'],
    ['universal.mp4', universalUrl, 'universal'],
    ['half.mp4', halfUrl, 'universal'],
  ])('%s is read and drawn anew, with its UUIDs', async (name, url, profile) => {
    const video = new File([await (await fetch(url)).blob()], name);
    const { shard, report } = await imported(video);
    expect(report).toMatchObject({
      kind: 'mp4',
      frames: { found: said.frames, unread: [], missing: [] },
      texts: { fromVideo: said.chunks.length, fromIndex: 0 },
    });
    const chunks = await shard.chunks({ limit: 1000 });
    expect(chunks.map((chunk) => ({ uuid: chunk.uuid, text: chunk.text }))).toEqual(said.chunks);
    const [info] = await library.shards();
    expect(info?.profile).toBe(profile);
    expect(await library.check({ deep: true })).toMatchObject({ ok: true, problems: [] });
  });
});
