/** A source that is added again: what stays, what goes, and what a person's own text becomes. */
import { describe, expect, test } from 'vitest';
import type { Chunk, IngestReport } from '../../../src/lib/api';
import { CorruptError } from '../../../src/lib/errors';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import {
  engines,
  inStore,
  lines,
  openEdited,
  problemsOf,
  SENTENCES,
  viewsOf,
  wordsOf,
} from './edited-library';
import { makeZip } from '../text/extract/made-zip';
import { file, libraryInNode, shardOf } from './library-in-node';

const [ALPHA = '', BETA = '', GAMMA = '', DELTA = ''] = SENTENCES;
const KITES = 'Kappa kites soar.';
const DUCKS = 'Eta ducks swim.';
const NAME = 'lines.jsonl';

async function begun(sentences: readonly string[] = SENTENCES) {
  const opened = await openEdited(sentences);
  const { calls, shard } = opened;
  const { id } = shard;
  const add = async (...files: File[]): Promise<IngestReport> =>
    (await calls.call('ingest', { id, files, chunking: {} })).report;
  const again = (...now: string[]): Promise<IngestReport> => add(lines(NAME, now));
  const chunks = (deleted: boolean | 'only' = false): Promise<Chunk[]> =>
    calls.call('chunks', { id, deleted, limit: 10_000 });
  const words = (): Promise<string[]> => shard.words();
  const drifted = async (): Promise<string[]> =>
    wordsOf((await chunks(true)).filter(({ drift }) => drift));
  return { ...opened, id, add, again, chunks, words, drifted };
}

const reportOf = ({ files }: IngestReport) => files[0]?.again;

describe('the same content', () => {
  test('is not read again, and nothing is written', async () => {
    const { shard, again, chunks } = await begun();
    await shard.delete(await shard.uuid(BETA));
    const before = [await chunks(true), await shard.history()];
    const report = await again(...SENTENCES);
    expect(report).toMatchObject({ chunks: 0, version: null });
    const source = sourceId(await chunks());
    expect(reportOf(report)).toEqual({ source, kept: 3, replaced: 0, drifted: 0 });
    expect([await chunks(true), await shard.history()]).toEqual(before);
  });

  test('under another name is the source that is there; beside it new files are added', async () => {
    const { add, words, chunks } = await begun();
    const report = await add(lines('copy.jsonl', SENTENCES), lines('new.jsonl', [DUCKS]));
    expect(report.files[0]?.again).toEqual({
      ...{ source: sourceId(await chunks()), sameAs: NAME, kept: 4, replaced: 0, drifted: 0 },
    });
    expect(report.files[1]?.again).toBeUndefined();
    expect(await words()).toEqual([...SENTENCES, DUCKS]);
  });

  test('of a source without anything live is added anew, as another source', async () => {
    const { shard, again, chunks, words } = await begun();
    const before = sourceId(await chunks());
    await shard.change({ kind: 'delete', what: { source: before } });
    const report = await again(...SENTENCES);
    expect(report).toMatchObject({ chunks: 4 });
    expect(reportOf(report)).toBeUndefined();
    expect(await words()).toEqual(SENTENCES);
    expect(sourceId(await chunks())).not.toBe(before);
  });
});

describe('changed content', () => {
  test('keeps UUID, frame and vector of what stays, and nothing else is drawn', async () => {
    const { calls, id, again, chunks, words, shard } = await begun();
    const before = await chunks();
    const stats = await calls.call('stats', { id });
    const report = await again(ALPHA, KITES, GAMMA, DELTA, DUCKS);
    expect(reportOf(report)).toMatchObject({ kept: 3, replaced: 1, drifted: 0 });
    expect(report.chunks).toBe(2);
    expect(await words()).toEqual([ALPHA, KITES, GAMMA, DELTA, DUCKS]);
    const now = await chunks();
    for (const text of [ALPHA, GAMMA, DELTA]) {
      const [old, kept] = [find(before, text), find(now, text)];
      expect([kept.uuid, kept.frame, kept.sha256]).toEqual([old.uuid, old.frame, old.sha256]);
    }
    expect(new Set(now.map(sourceOfChunk))).toEqual(new Set([sourceId(before)]));
    const { frames } = await calls.call('stats', { id });
    expect(frames).toBe(stats.frames + 1);
    const [version] = await shard.history();
    expect(version).toMatchObject({
      operation: 'ingest',
      message: `Added ${NAME} again`,
      counts: { chunks: 5, deleted: 1, added: 2, removed: 1, edited: 0, restored: 0 },
    });
    expect(
      await calls.call('search', { id, query: 'kites', options: { mode: 'lexical' } }),
    ).toHaveLength(1);
    expect(
      await calls.call('search', { id, query: 'cakes', options: { mode: 'lexical' } }),
    ).toEqual([]);
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('gives what stays the place that it has now, and the source its new facts', async () => {
    const { calls, id, add, chunks } = await begun([]);
    const prose = (from: number): string =>
      Array.from({ length: 40 }, (_, at) => `Sentence ${String(from + at)} is one of many.\n`).join(
        '',
      );
    await add(file('prose.txt', prose(0)));
    const before = await chunks();
    const [source] = await calls.call('sources', { id });
    await add(file('prose.txt', `A new beginning of it all.\n\n${prose(0)}`));
    const now = await chunks();
    const shift = 'A new beginning of it all.\n\n'.length;
    expect(now.length).toBe(before.length + 1);
    for (const [at, { uuid, place }] of before.entries()) {
      expect(now[at + 1]).toMatchObject({
        uuid,
        place: { start: (place?.start ?? 0) + shift, end: (place?.end ?? 0) + shift },
      });
    }
    const [newer] = await calls.call('sources', { id });
    expect(newer).toMatchObject({ id: source?.id, name: 'prose.txt', chunks: now.length });
    expect(newer?.sha256).not.toBe(source?.sha256);
    expect((newer?.addedAt ?? '') > (source?.addedAt ?? '')).toBe(true);
    expect(await calls.call('sources', { id })).toHaveLength(1);
  });

  test('comes back as it was when the earlier content is added again', async () => {
    const { again, chunks, words } = await begun();
    const before = await chunks();
    await again(ALPHA, KITES, GAMMA, DELTA);
    const report = await again(...SENTENCES);
    expect(report.chunks).toBe(0);
    expect(reportOf(report)).toMatchObject({ kept: 4, replaced: 1, drifted: 0 });
    expect(await words()).toEqual(SENTENCES);
    expect(await chunks()).toEqual(before);
  });

  test('stands where it stands in the document, among other documents too', async () => {
    const { add, again, words } = await begun();
    await add(lines('behind.jsonl', [DUCKS]));
    const more = Array.from({ length: 100 }, (_, at) => `Number ${String(at)} comes here.`);
    await add(
      lines('third.jsonl', ['Third one.']),
      lines(NAME, [KITES, ALPHA, ...more, BETA, GAMMA, DELTA, 'Omega.']),
    );
    expect(await words()).toEqual([
      ...[KITES, ALPHA, ...more, BETA, GAMMA, DELTA, 'Omega.', DUCKS, 'Third one.'],
    ]);
    const last = await again(...SENTENCES, 'End.');
    expect(last.chunks).toBe(1);
    expect((await words()).slice(0, 5)).toEqual([...SENTENCES, 'End.']);
  });

  test('at the end of the shard stands before the documents that come along', async () => {
    const { add, words } = await begun();
    await add(lines('other.jsonl', [DUCKS]), lines(NAME, [...SENTENCES, KITES]));
    expect(await words()).toEqual([...SENTENCES, KITES, DUCKS]);
  });

  test('makes new keys that stay short', async () => {
    const { fs, id, again, words } = await begun();
    const more = Array.from({ length: 500 }, (_, at) => `Number ${String(at)} comes here.`);
    await again(ALPHA, ...more, BETA, GAMMA, DELTA);
    expect(await words()).toEqual([ALPHA, ...more, BETA, GAMMA, DELTA]);
    const views = await inStore(fs, (catalogue) => viewsOf(catalogue, id));
    const orders = (views.at(-1)?.ordered() ?? []).map(({ order }) => order.length);
    expect(Math.max(...orders)).toBeLessThan(24);
  });
});

describe('an archive', () => {
  test('is added again file by file, whatever it is called', async () => {
    const { add, words, calls, id } = await begun([]);
    const parts = { 'a.txt': `${ALPHA} In a file.`, 'b.txt': `${BETA} In another.` };
    const zipped = async (name: string, given: Record<string, string>): Promise<File> =>
      new File([await makeZip(given)], name);
    await add(await zipped('notes.zip', parts));
    const changed = { ...parts, 'a.txt': `${KITES} In a file.`, 'c.txt': `${DUCKS} New.` };
    const report = await add(await zipped('notes.zip', changed));
    expect(report.files[0]?.members?.map(({ name, again }) => [name, again?.kept])).toEqual([
      ['a.txt', 0],
      ['b.txt', 1],
      ['c.txt', undefined],
    ]);
    expect(await words()).toEqual([changed['a.txt'], changed['b.txt'], changed['c.txt']]);
    expect(await calls.call('sources', { id })).toHaveLength(3);
    const renamed = await add(await zipped('copy.zip', changed));
    expect(renamed.version).toBeNull();
    expect(renamed.files[0]?.members?.map(({ again }) => again?.sameAs)).toEqual([
      ...['notes.zip/a.txt', 'notes.zip/b.txt', 'notes.zip/c.txt'],
    ]);
  });
});

describe('a source that cannot be read to its end', () => {
  test('stays as it was, and what was read of it is not there', async () => {
    const extract = (): ReturnType<typeof engines.extract> => {
      const worker = engines.extract();
      const call = worker.call.bind(worker);
      worker.call = (name, args, options) =>
        name === 'next'
          ? Promise.reject(new CorruptError('It ends in the middle.'))
          : call(name, args, options);
      return worker;
    };
    const calls = await libraryInNode(new MemoryFileSystem(), { engines: { ...engines, extract } });
    const id = await shardOf(calls, [lines(NAME, [ALPHA, BETA])]);
    const before = await calls.call('chunks', { id });
    // More than a batch of the reader takes: the first one comes, and no other.
    const long = Array.from({ length: 40 }, (_, at) => `${String(at)} ${'long '.repeat(900)}`);
    const files = [lines(NAME, [ALPHA, ...long]), lines('new.jsonl', [DUCKS])];
    const { report } = await calls.call('ingest', { id, files, chunking: { size: 8000 } });
    expect(report.files[0]).toMatchObject({ chunks: 0, error: { code: 'corrupt' } });
    expect(report).toMatchObject({ chunks: 1 });
    const after = await calls.call('chunks', { id });
    expect(after.slice(0, 2)).toEqual(before);
    expect(wordsOf(after)).toEqual([ALPHA, BETA, DUCKS]);
    expect(await calls.call('info', { id })).toMatchObject({ chunks: 3 });
    // What it would have been is not the shard's: it is read when it comes again.
    const again = await calls.call('ingest', { id, files: files.slice(0, 1), chunking: {} });
    expect(again.report.files[0]?.error).toBeDefined();
    expect(await problemsOf(calls)).toEqual([]);
  });
});

describe('what a person did', () => {
  test('stays: an edit of a passage that is still there, and a deletion', async () => {
    const { shard, again, words, drifted } = await begun();
    await shard.edit(await shard.uuid(BETA), 'My own cakes.');
    await shard.delete(await shard.uuid(GAMMA));
    const report = await again(ALPHA, BETA, KITES, GAMMA, DELTA);
    expect(reportOf(report)).toMatchObject({ kept: 3, replaced: 0, drifted: 0 });
    expect(report.chunks).toBe(1);
    expect(await words()).toEqual([ALPHA, 'My own cakes.', KITES, DELTA]);
    expect(await drifted()).toEqual([]);
  });

  test('stays and drifts: an edit of a passage that is another one now', async () => {
    const { calls, shard, again, words, drifted } = await begun();
    await shard.edit(await shard.uuid(BETA), 'My own cakes.');
    const report = await again(ALPHA, KITES, GAMMA, DELTA);
    expect(reportOf(report)).toMatchObject({ kept: 3, replaced: 0, drifted: 1 });
    expect((await words()).sort()).toEqual([ALPHA, KITES, 'My own cakes.', GAMMA, DELTA].sort());
    expect(await drifted()).toEqual(['My own cakes.']);
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('drifts no more after the next edit, after a restore, and with its passage back', async () => {
    const acts: Record<
      string,
      (given: Awaited<ReturnType<typeof begun>>, uuid: string) => unknown
    > = {
      edit: ({ shard }, uuid) => shard.edit(uuid, 'Mine once more.'),
      restore: async ({ shard }, uuid) => {
        await shard.delete(uuid);
        await shard.restore(uuid);
      },
      'the source': ({ again }) => again(...SENTENCES, DUCKS),
      undo: async ({ shard }) => {
        const [made] = await shard.history();
        await shard.change({ kind: 'insert', after: null, text: 'Something else.' });
        if (made) await shard.undo(made);
      },
    };
    for (const [name, act] of Object.entries(acts)) {
      const given = await begun();
      const uuid = await given.shard.uuid(BETA);
      await given.shard.edit(uuid, 'My own cakes.');
      await given.again(ALPHA, GAMMA, DELTA);
      expect(await given.drifted()).toEqual(['My own cakes.']);
      await act(given, uuid);
      expect({ name, drifted: await given.drifted() }).toEqual({ name, drifted: [] });
      expect((await given.chunks()).map((chunk) => chunk.uuid)).toContain(uuid);
    }
  });

  test('stays where it was put: inserted, split and joined passages', async () => {
    const { shard, again, words, drifted } = await begun();
    const after = await shard.uuid(ALPHA);
    await shard.change({ kind: 'insert', after, text: 'A note of mine.' });
    await shard.change({ kind: 'split', uuid: await shard.uuid(BETA), at: 4 });
    await shard.change({
      kind: 'join',
      uuids: [await shard.uuid(GAMMA), await shard.uuid(DELTA)],
    });
    const before = await words();
    await again(ALPHA, KITES, BETA, GAMMA, DELTA);
    expect(await words()).toEqual([ALPHA, 'A note of mine.', KITES, ...before.slice(2)]);
    expect(await drifted()).toEqual([]);
    const report = await again(KITES, GAMMA, DELTA);
    expect(reportOf(report)).toMatchObject({ kept: 2, replaced: 1, drifted: 3 });
    expect(await drifted()).toEqual(['A note of mine.', 'Beta', 'cakes rise.']);
  });

  test('stays when it is in the video by now, and is not doubled', async () => {
    const { calls, id, shard, again, words, drifted } = await begun();
    await shard.edit(await shard.uuid(BETA), 'My own cakes.');
    await shard.edit(await shard.uuid(GAMMA), 'My own rivers.');
    await shard.edit(await shard.uuid(DELTA), 'No stars.');
    await shard.delete(await shard.uuid('No stars.'));
    await calls.call('compact', { id, threshold: 0 });
    const report = await again(ALPHA, BETA, KITES, DELTA);
    expect(reportOf(report)).toMatchObject({ kept: 2, replaced: 0, drifted: 1 });
    expect(report.chunks).toBe(1);
    expect((await words()).sort()).toEqual(
      [ALPHA, 'My own cakes.', KITES, 'My own rivers.'].sort(),
    );
    expect(await drifted()).toEqual(['My own rivers.']);
    await calls.call('compact', { id, threshold: 0 });
    expect(await drifted()).toEqual(['My own rivers.']);
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('a deleted passage stays away when it has moved, too', async () => {
    const { shard, again, words } = await begun();
    await shard.delete(await shard.uuid(ALPHA));
    await again(BETA, GAMMA, DELTA, ALPHA);
    expect(await words()).toEqual([BETA, GAMMA, DELTA]);
  });

  test('to one of two alike passages is no reason for the other one to go', async () => {
    for (const act of ['edit', 'delete'] as const) {
      const { shard, again, words, drifted } = await begun([ALPHA, BETA, ALPHA]);
      const [first = '', , second = ''] = (await shard.chunks()).map(({ uuid }) => uuid);
      await (act === 'edit' ? shard.edit(first, 'My own stars.') : shard.delete(first));
      // The document has it once by now.
      await again(ALPHA, BETA);
      const now = await shard.chunks();
      expect(now.find(({ uuid }) => uuid === second)?.text.trim(), act).toBe(ALPHA);
      expect(await words()).toEqual(
        act === 'edit' ? ['My own stars.', BETA, ALPHA] : [BETA, ALPHA],
      );
      expect(await drifted()).toEqual(act === 'edit' ? ['My own stars.'] : []);
    }
  });

  test('while the file is read counts', async () => {
    const { calls, shard, add, words, drifted, id } = await begun();
    const [beta, gamma] = [await shard.uuid(BETA), await shard.uuid(GAMMA)];
    const read = new FileReadAfter(lines(NAME, [ALPHA, KITES, GAMMA, DELTA]), async () => {
      await shard.edit(beta, 'Edited meanwhile.');
      await shard.delete(gamma);
    });
    const report = await add(read);
    expect(reportOf(report)).toMatchObject({ kept: 2, replaced: 0, drifted: 1 });
    expect((await words()).sort()).toEqual([ALPHA, 'Edited meanwhile.', KITES, DELTA].sort());
    expect(await drifted()).toEqual(['Edited meanwhile.']);
    expect(await calls.call('chunk', { id, uuid: gamma })).toMatchObject({ deleted: true });
  });
});

describe('going back', () => {
  test('takes all of it back, by the version before and chunk by chunk', async () => {
    for (const isLater of [false, true]) {
      const { shard, again, chunks, calls, id, words } = await begun();
      await shard.edit(await shard.uuid(BETA), 'My own cakes.');
      const before = [await chunks(true), await calls.call('sources', { id })] as const;
      await again(KITES, GAMMA, DELTA, DUCKS);
      const [made] = await shard.history();
      if (!made) throw new Error('There is a version.');
      const policy = { maxBytes: 1 << 30 };
      if (isLater) await shard.change({ kind: 'retention', policy });
      const after = await chunks(true);
      const undone = await shard.undo(made);
      expect([await chunks(true), await calls.call('sources', { id })]).toEqual(before);
      if (!isLater) {
        await shard.change({ kind: 'redo', version: undone.id });
        expect(await chunks(true)).toEqual(after);
        expect((await again(KITES, GAMMA, DELTA, DUCKS)).version).toBeNull();
        continue;
      }
      // The undone content is not the shard's: it is read when it comes again.
      const report = await again(KITES, GAMMA, DELTA, DUCKS);
      expect(reportOf(report)).toMatchObject({ replaced: 1, drifted: 1 });
      expect(await words()).toContain(KITES);
    }
  });

  test('an undone addition of an end alone is read again', async () => {
    const { shard, again, words } = await begun();
    await shard.edit(await shard.uuid(BETA), 'My own cakes.');
    await again(...SENTENCES, DUCKS);
    const [made] = await shard.history();
    await shard.change({ kind: 'insert', after: null, text: 'Later.' });
    if (made) await shard.undo(made);
    expect(await words()).not.toContain(DUCKS);
    expect(await again(...SENTENCES, DUCKS)).toMatchObject({ chunks: 1 });
    expect(await words()).toContain(DUCKS);
    expect((await again(...SENTENCES, DUCKS)).version).toBeNull();
  });

  test('compaction, reindexing and a clone show the same', async () => {
    const { calls, id, shard, again, chunks } = await begun();
    await shard.edit(await shard.uuid(BETA), 'My own cakes.');
    await again(KITES, GAMMA, DELTA, DUCKS);
    const before = (await chunks(true)).map(withoutFrame);
    await shard.reindex();
    expect((await chunks(true)).map(withoutFrame)).toEqual(before);
    const clone = await shard.clone();
    expect((await clone.chunks(true)).map(withoutFrame)).toEqual(before);
    await calls.call('compact', { id, threshold: 0 });
    const edited = before.map((chunk) => ({ ...chunk, edited: false }));
    expect(
      (await chunks(true)).map(withoutFrame).map((chunk) => ({ ...chunk, edited: false })),
    ).toEqual(edited);
    expect(await again(KITES, GAMMA, DELTA, DUCKS)).toMatchObject({ version: null });
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('keeps what is young: age counts from when the source came last', async () => {
    const { shard, again, words } = await begun();
    await again(ALPHA, GAMMA, DELTA, DUCKS);
    const [source] = await shard.calls.call('sources', { id: shard.id });
    const added = Date.parse(source?.addedAt ?? '');
    await shard.change({ kind: 'retention', policy: { ttlSeconds: 1000 } });
    const sweep = (seconds: number) =>
      shard.tryChange({ kind: 'sweep', now: new Date(added + seconds * 1000).toISOString() });
    expect(await sweep(999)).toBeNull();
    expect(await words()).toHaveLength(4);
    expect(await sweep(1001)).not.toBeNull();
    expect(await words()).toEqual([]);
  });
});

function find(chunks: readonly Chunk[], text: string): Chunk {
  const found = chunks.find((chunk) => chunk.text.trim() === text);
  if (!found) throw new Error(`No chunk says ${text}`);
  return found;
}

function sourceOfChunk({ source }: Chunk): string {
  if (!('id' in source)) throw new Error('It is a note.');
  return source.id;
}

function sourceId([first]: readonly Chunk[]): string {
  if (!first) throw new Error('There is no chunk.');
  return sourceOfChunk(first);
}

function withoutFrame({ frame: _, ...chunk }: Chunk): Omit<Chunk, 'frame'> {
  return chunk;
}

/** A file that something happens before, when it is first read. */
class FileReadAfter extends File {
  #before: (() => Promise<void>) | undefined;

  constructor(file: File, before: () => Promise<void>) {
    super([file], file.name);
    this.#before = before;
  }

  override slice(...range: Parameters<File['slice']>): Blob {
    const part = super.slice(...range);
    const read = part.arrayBuffer.bind(part);
    part.arrayBuffer = async () => {
      const before = this.#before;
      this.#before = undefined;
      await before?.();
      return read();
    };
    return part;
  }
}
