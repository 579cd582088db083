/**
 * A purge: after it no stored byte, no frame and no answer has the text, in any version of any shard,
 * and everything else is as it was.
 */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { NotFoundError, ReadOnlyError } from '../../../src/lib/errors';
import type { FileSystem } from '../../../src/lib/store/file-system';
import {
  engines,
  inStore,
  openAgain,
  openEdited,
  problemsOf,
  SENTENCES,
  viewsOf,
  wordsOf,
  type Opened,
  type ShardCalls,
} from './edited-library';
import { loadCompressor } from '../../../src/lib/shard/compression';
import { decodeFrame } from '../../../src/lib/shard/payload';
import { openMp4 } from '../../../src/lib/video/mp4-index';

const [ALPHA = '', BETA = '', GAMMA = '', DELTA = ''] = SENTENCES;
/** A word that only the purged texts have. */
const SECRET = 'xylophonist';
const SECRETS = [`The ${SECRET} lives here.`, `A second ${SECRET} came later.`];

const purge = ({ calls, id }: ShardCalls, ...uuids: string[]) => calls.call('purge', { id, uuids });

/** Files of a library in which some bytes stand. */
async function filesWith(fs: FileSystem, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const path of await fs.files()) {
    const bytes = await fs.readBytes(path);
    if (bytes && Buffer.from(bytes).includes(text)) found.push(path);
  }
  return found;
}

/** Every text of every frame of every segment of every version of every shard. */
async function framesOf({ fs, calls }: Pick<Opened, 'fs' | 'calls'>): Promise<string[]> {
  const shards = await calls.call('shards', { removed: true });
  return inStore(fs, async (catalogue, store) => {
    const texts: string[] = [];
    for (const { id } of shards) {
      for (const view of await viewsOf(catalogue, id)) {
        for (const segment of view.segments) {
          const file = { id: segment.id, file: await store.get(segment.video) };
          const frames = Array.from({ length: segment.frames }, (_, at) => at);
          const read = await engines.decode.call('read', { segment: file, frames });
          texts.push(...read.flatMap(({ chunks }) => chunks.map(({ text }) => text)));
          expect(read.every(({ chunks }) => chunks.length > 0)).toBe(true);
        }
      }
    }
    return texts;
  });
}

/** What every version of a shard shows, but for some chunks. */
async function pastOf(shard: ShardCalls, without: ReadonlySet<string>) {
  const states = [];
  for (const { id, operation, tags } of await shard.history()) {
    if (operation === 'purge') continue;
    const chunks = (await shard.chunks(true, id)).filter(({ uuid }) => !without.has(uuid));
    states.push({
      ...{ id, operation, tags },
      chunks: chunks.map(({ uuid, text, deleted, place }) => ({ uuid, text, deleted, place })),
    });
  }
  return states;
}

/** Ways in which a text gets about before it has to go. */
const LIVES: Readonly<Record<string, (opened: Opened, uuid: string) => Promise<void>>> = {
  'just as it was drawn': async () => undefined,
  'edited twice, with undo': async ({ shard }, uuid) => {
    const version = await shard.edit(uuid, SECRETS[1] ?? '');
    await shard.undo(version);
    await shard.edit(uuid, `${SECRETS[1] ?? ''} And more.`);
  },
  'deleted, and compacted away': async ({ shard }, uuid) => {
    await shard.delete(uuid);
    await shard.compact();
  },
  'edited, compacted and reindexed': async ({ shard }, uuid) => {
    await shard.edit(uuid, SECRETS[1] ?? '');
    await shard.compact();
    await shard.delete(await shard.uuid(GAMMA));
    await shard.reindex();
  },
  'in clones, tags and a removed shard': async ({ calls, shard }, uuid) => {
    await calls.call('tag', { id: shard.id, name: 'then', at: undefined });
    const [clone, gone] = [await shard.clone('Clone'), await shard.clone('Gone')];
    await shard.edit(uuid, SECRETS[1] ?? '');
    await clone.edit(uuid, 'Nothing of that kind.');
    await clone.compact();
    await gone.delete(uuid);
    await calls.call('remove', { id: gone.id });
  },
  'patched in, merged, rolled back': async ({ shard }, uuid) => {
    const clone = await shard.clone();
    const path = `/chunks/${uuid}/text`;
    await clone.apply({ op: 'add', path, value: SECRETS[1] ?? '' });
    const { head } = await shard.info();
    await shard.merge(clone);
    await shard.change({ kind: 'rollback', to: head });
    await clone.change({ kind: 'split', uuid, at: 4 });
    // The second part of a split is another chunk: it goes by its own UUID.
    const [, , second] = await clone.chunks();
    await clone.edit(second?.uuid ?? '', 'The rest.');
    await clone.release();
  },
  'let go, with a skeleton in its place': async ({ calls, shard }, uuid) => {
    const clone = await shard.clone();
    await shard.edit(await shard.uuid(ALPHA), 'Mine.');
    await clone.edit(uuid, SECRETS[1] ?? '');
    await shard.release();
    await clone.release();
    await calls.call('gc', null);
  },
};

describe.each(Object.keys(LIVES))('a chunk %s', (name) => {
  test('leaves nothing behind, and everything else stays', async () => {
    const opened = await openEdited([ALPHA, SECRETS[0] ?? '', GAMMA, DELTA]);
    const { fs, locks, calls, shard } = opened;
    await shard.ingest('more.jsonl', ['Eta ducks swim.', 'Zeta clouds drift.']);
    const uuid = await shard.uuid(SECRETS[0] ?? '');
    await LIVES[name]?.(opened, uuid);
    const splits = name.startsWith('patched') ? ['The rest.'] : [];
    const shards = (await calls.call('shards', { removed: true })).map(({ id }) =>
      shard.through(calls, id),
    );
    const uuids = [uuid];
    for (const one of shards) {
      for (const chunk of await one.chunks(true)) {
        if (splits.includes(chunk.text)) uuids.push(chunk.uuid);
      }
    }
    const gone = new Set(uuids);
    const before = await Promise.all(shards.map((one) => pastOf(one, gone)));
    const headers = await calls.call('shards', { removed: true });
    const tags = await calls.call('tags', { id: shard.id });

    const report = await purge(shard, ...gone);

    expect(report).toMatchObject({ chunks: gone.size, found: [] });
    expect(report.scanned.frames).toBeGreaterThan(0);
    expect(await filesWith(fs, SECRET)).toEqual([]);
    expect((await framesOf(opened)).filter((text) => text.includes(SECRET))).toEqual([]);
    const judge = async (all: readonly ShardCalls[]): Promise<void> => {
      expect(await Promise.all(all.map((one) => pastOf(one, gone)))).toEqual(before);
      for (const one of all) {
        for (const { id } of await one.history()) {
          const chunks = await one.chunks(true, id);
          expect(chunks.filter((chunk) => gone.has(chunk.uuid))).toEqual([]);
          expect(await one.found(SECRET, id)).toEqual([]);
          const live = wordsOf(chunks.filter(({ deleted }) => !deleted));
          for (const word of ['wings', 'rivers', 'stars', 'ducks', 'clouds']) {
            const wanted = live.filter((text) => text.includes(word));
            expect(await one.found(word, id), word).toEqual(wanted);
          }
        }
        const { chunks, deleted } = await one.info();
        const all = await one.chunks(true);
        expect({ chunks, deleted }).toEqual({
          chunks: all.filter((chunk) => !chunk.deleted).length,
          deleted: all.filter((chunk) => chunk.deleted).length,
        });
      }
      expect(await calls.call('tags', { id: shard.id })).toEqual(tags);
      expect(await problemsOf(calls)).toEqual([]);
    };
    await judge(shards);
    const after = await calls.call('shards', { removed: true });
    expect(after.map(({ id, name }) => [id, name])).toEqual(
      headers.map(({ id, name }) => [id, name]),
    );

    await calls.call('close', null);
    const again = await openAgain(fs, locks);
    for (const one of shards) {
      const reopened = one.through(again);
      expect(await pastOf(reopened, gone)).toEqual(before[shards.indexOf(one)]);
      expect(await reopened.found(SECRET)).toEqual([]);
      await expect(again.call('chunk', { id: one.id, uuid })).rejects.toBeInstanceOf(NotFoundError);
    }
    expect(await problemsOf(again)).toEqual([]);
    // And nothing that is done afterwards brings it back.
    const reopened = shard.through(again);
    await expect(reopened.restore(uuid)).rejects.toBeInstanceOf(NotFoundError);
    await reopened.compact();
    await reopened.change({ kind: 'rollback', to: (await reopened.history()).at(-2)?.id ?? '' });
    expect(await reopened.found(SECRET)).toEqual([]);
    expect(await filesWith(fs, SECRET)).toEqual([]);
    expect(await problemsOf(again)).toEqual([]);
  });
});

describe('a purge', () => {
  test('of several chunks leaves no vector, posting or record of them', async () => {
    const { fs, calls, shard } = await openEdited();
    const uuids = [await shard.uuid(BETA), await shard.uuid(DELTA)];
    await shard.edit(uuids[0] ?? '', 'Omega kites soar.');
    await purge(shard, ...uuids);
    await calls.call('close', null);
    await inStore(fs, async (catalogue) => {
      for (const view of await viewsOf(catalogue, shard.id)) {
        for (const { id, chunks } of view.segments) {
          expect(chunks).toBe(2);
          expect(view.pageOf(id)).toHaveLength(2);
        }
        expect(view.units().reduce((sum, { rows }) => sum + rows, 0)).toBe(
          view.segments.length * 2,
        );
        expect(uuids.some((uuid) => view.find(uuid))).toBe(false);
      }
    });
  });

  test('of all that a segment held takes the segment along', async () => {
    const { calls, shard } = await openEdited();
    await shard.ingest('more.jsonl', ['Eta ducks swim.']);
    const uuids = (await shard.chunks()).slice(0, 4).map(({ uuid }) => uuid);
    await purge(shard, ...uuids);
    expect(await shard.words()).toEqual(['Eta ducks swim.']);
    expect(await shard.info()).toMatchObject({ chunks: 1, deleted: 0 });
    expect(await calls.call('stats', { id: shard.id })).toMatchObject({ segments: 1, chunks: 1 });
    await purge(shard, await shard.uuid('Eta ducks swim.'));
    expect(await shard.words()).toEqual([]);
    expect(await shard.found('ducks')).toEqual([]);
    await shard.ingest('again.jsonl', [ALPHA]);
    expect(await shard.words()).toEqual([ALPHA]);
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('says where another chunk has the same words', async () => {
    const { shard } = await openEdited();
    await shard.ingest('twice.jsonl', [BETA]);
    const [, beta, , , other] = await shard.chunks();
    const report = await purge(shard, beta?.uuid ?? '');
    expect(report.found).toHaveLength(1);
    expect(report.found[0]?.where).toMatch(/^frame 0 of /u);
    expect(report.found[0]?.message).toContain(other?.uuid ?? 'no other chunk');
    expect(await shard.found('cakes')).toEqual([BETA]);
    const { found } = await purge(shard, other?.uuid ?? '');
    expect(found).toEqual([]);
  });

  test('counts in each shard what was taken from it', async () => {
    const { shard } = await openEdited();
    const [beta, gamma] = [await shard.uuid(BETA), await shard.uuid(GAMMA)];
    const clone = await shard.clone();
    await clone.delete(beta);
    await purge(shard, beta, gamma);
    const [mine] = await shard.history(1);
    const [theirs] = await clone.history(1);
    expect(mine).toMatchObject({ operation: 'purge', counts: { chunks: 2, removed: 2 } });
    expect(theirs).toMatchObject({ counts: { chunks: 2, deleted: 0, removed: 1 } });
  });

  test('leaves shards alone that never had the chunk, and knows no others', async () => {
    const { calls, shard } = await openEdited();
    const { id } = await calls.call('create', {
      ...{ name: 'Other', profile: 'compact', model: 'static-en' },
    });
    const other = shard.through(calls, id);
    await other.ingest('other.jsonl', ['Eta ducks swim.']);
    const before = [await other.info(), await other.history(), await other.chunks()];
    const unknown = '00000000-0000-8000-8000-000000000000';
    const mine = [await shard.info(), await shard.chunks(true)];
    await expect(purge(shard, unknown)).rejects.toBeInstanceOf(NotFoundError);
    await expect(purge(shard, await shard.uuid(BETA), unknown)).rejects.toBeInstanceOf(
      NotFoundError,
    );
    expect([await shard.info(), await shard.chunks(true)]).toEqual(mine);
    expect(await purge(shard, await shard.uuid(BETA))).toMatchObject({ shards: 1 });
    expect([await other.info(), await other.history(), await other.chunks()]).toEqual(before);
  });

  test('is refused while another tab has the library open, and changes nothing', async () => {
    const { fs, locks, calls, shard } = await openEdited();
    const reader = shard.through(await openAgain(fs, locks));
    const before = [await shard.info(), await shard.chunks(true), await shard.history()];
    const uuid = await shard.uuid(BETA);
    const error = await purge(shard, uuid).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ReadOnlyError);
    expect(error).toHaveProperty('message', expect.stringContaining('1 other tab'));
    expect([await shard.info(), await shard.chunks(true), await shard.history()]).toEqual(before);
    await reader.calls.call('close', null);
    expect(await purge(shard, uuid)).toMatchObject({ found: [] });
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('aborted before it writes leaves all as it was', async () => {
    const { calls, shard } = await openEdited();
    const before = await shard.chunks(true);
    const reason = new Error('Not after all.');
    const args = { id: shard.id, uuids: [await shard.uuid(BETA)] };
    const purging = calls.call('purge', args, { signal: AbortSignal.abort(reason) });
    await expect(purging).rejects.toBe(reason);
    expect(await shard.chunks(true)).toEqual(before);
    expect(await problemsOf(calls)).toEqual([]);
  });
});

/** What the frames of an exported video say. */
async function textsIn(video: Blob): Promise<string[]> {
  const { decompress } = await loadCompressor();
  const mp4 = await openMp4(video);
  const samples = await mp4.samples(0, mp4.frames);
  const frames = await Promise.all(
    samples.map(async (sample) => decodeFrame(await decompress(sample))),
  );
  return frames.flatMap(({ chunks }) => chunks.map(({ text }) => text));
}

test('what was deleted before a reindexing stays out of exports after a purge of another chunk', async () => {
  const sentences = Array.from({ length: 24 }, (_, at) => {
    const noise = randomBytes(300).toString('hex');
    return `Sentence ${String(at)} ${noise}.`;
  });
  const { calls, shard } = await openEdited(sentences);
  const chunks = await shard.chunks();
  const [, gone] = chunks;
  const last = chunks.at(-1);
  expect(gone?.frame?.index).not.toBe(last?.frame?.index);
  await shard.delete(gone?.uuid ?? '');
  await shard.reindex();
  expect(await purge(shard, last?.uuid ?? '')).toMatchObject({ found: [] });
  const file = await calls.call('export', { id: shard.id, format: 'mp4' });
  const texts = await textsIn(file ?? new Blob());
  expect(texts).toHaveLength(22);
  expect(texts).not.toContain(gone?.text);
  await shard.compact();
  const compacted = await calls.call('export', { id: shard.id, format: 'mp4' });
  expect(await textsIn(compacted ?? new Blob())).not.toContain(gone?.text);
});
