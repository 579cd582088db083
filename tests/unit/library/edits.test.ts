import { describe, expect, test } from 'vitest';
import type { ChunkEdit } from '../../../src/lib/library/library-protocol';
import { ConflictError, InvalidError, NotFoundError } from '../../../src/lib/errors';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { openEdited, problemsOf, wordsOf } from './edited-library';
import { file, libraryInNode, shardOf } from './library-in-node';

const SENTENCES = [
  'Alpha wings lift.',
  'Beta cakes rise.',
  'Gamma rivers flow.',
  'Delta stars shine.',
];

async function open() {
  const fs = new MemoryFileSystem();
  const calls = await libraryInNode(fs);
  const lines = SENTENCES.map((text) => JSON.stringify({ text })).join('\n');
  const id = await shardOf(calls, [file('four.jsonl', lines)]);
  const change = (edit: ChunkEdit, seen = {}) =>
    calls.call('change', { id, edit, message: undefined, seen });
  const chunks = (deleted = false) => calls.call('chunks', { id, deleted });
  const found = async (query: string): Promise<string[]> =>
    texts(await calls.call('search', { id, query, options: { mode: 'lexical' } }));
  const problems = async () => (await calls.call('check', { deep: true })).problems;
  return { fs, calls, id, change, chunks, found, problems };
}

/** A line of a file keeps its end. */
const texts = (chunks: readonly { text: string }[]): string[] =>
  chunks.map(({ text }) => text.trim());

describe('an edit', () => {
  test('is found at once, from the overlay, and the old words are not', async () => {
    const { calls, id, change, chunks, found, problems } = await open();
    const [first] = await chunks();
    const uuid = first?.uuid ?? '';
    const { version } = await change({ kind: 'edit', uuid, text: 'Omega kites soar.' });
    expect(version).toMatchObject({ operation: 'edit', counts: { chunks: 4, edited: 1 } });
    expect(await found('kites')).toEqual(['Omega kites soar.']);
    expect(await found('wings')).toEqual([]);
    const [hit] = await calls.call('search', { id, query: 'kites', options: {} });
    expect(hit).toMatchObject({ uuid, from: 'overlay', edited: true, deleted: false });
    expect(await problems()).toEqual([]);
  });

  test('of a text that changed since it was seen is a conflict', async () => {
    const { change, chunks } = await open();
    const [first] = await chunks();
    if (!first) throw new Error('There are four chunks.');
    const seen = { [first.uuid]: first.sha256 };
    await change({ kind: 'edit', uuid: first.uuid, text: 'One.' }, seen);
    await expect(
      change({ kind: 'edit', uuid: first.uuid, text: 'Two.' }, seen),
    ).rejects.toBeInstanceOf(ConflictError);
  });

  test('and an undo of it leave what was there; a redo brings it back', async () => {
    const { change, chunks, found } = await open();
    const before = await chunks(true);
    const uuid = before[1]?.uuid ?? '';
    const { version } = await change({ kind: 'edit', uuid, text: 'Omega kites soar.' });
    const undone = await change({ kind: 'undo', version: version?.id ?? '' });
    expect(await chunks(true)).toEqual(before);
    expect(await found('cakes')).toEqual(['Beta cakes rise.']);
    await change({ kind: 'redo', version: undone.version?.id ?? '' });
    expect(await found('kites')).toEqual(['Omega kites soar.']);
  });
});

describe('split, join and insert', () => {
  test('keep order, and the first part keeps its UUID', async () => {
    const { change, chunks, found, problems } = await open();
    const all = await chunks();
    const uuid = all[1]?.uuid ?? '';
    await change({ kind: 'split', uuid, at: 5 });
    let now = await chunks();
    expect(texts(now)).toEqual(['Alpha wings lift.', 'Beta', 'cakes rise.', ...SENTENCES.slice(2)]);
    expect(now[1]?.uuid).toBe(uuid);
    expect(now[2]?.from).toBe(uuid);
    await change({ kind: 'join', uuids: [uuid, now[2]?.uuid ?? ''] });
    now = await chunks();
    expect(texts(now)).toEqual(SENTENCES);
    await change({ kind: 'insert', after: uuid, text: 'Epsilon bells ring.' });
    expect(texts(await chunks())[2]).toBe('Epsilon bells ring.');
    expect(await found('bells')).toEqual(['Epsilon bells ring.']);
    await change({ kind: 'insert', after: null, text: 'Zeta first.' });
    expect(texts(await chunks())[0]).toBe('Zeta first.');
    expect(await problems()).toEqual([]);
  });
});

describe('a tombstone', () => {
  test('leaves search and lists at once, and comes back when it is restored', async () => {
    const { change, chunks, found, problems } = await open();
    const uuid = (await chunks())[2]?.uuid ?? '';
    await change({ kind: 'delete', what: [uuid] });
    expect(await found('rivers')).toEqual([]);
    expect(await chunks()).toHaveLength(3);
    expect((await chunks(true))[2]).toMatchObject({ deleted: true, text: 'Gamma rivers flow.\n' });
    await change({ kind: 'restore', uuids: [uuid] });
    expect(await found('rivers')).toEqual(['Gamma rivers flow.']);
    expect(await problems()).toEqual([]);
  });
});

describe('a purge', () => {
  test('leaves no byte of the text anywhere', async () => {
    const { calls, id, change, chunks, problems } = await open();
    const [, second, third] = await chunks();
    await change({ kind: 'edit', uuid: second?.uuid ?? '', text: 'A secret of mine.' });
    await calls.call('clone', { id, name: 'Clone', at: undefined });
    await change({ kind: 'delete', what: [third?.uuid ?? ''] });
    const uuids = [second?.uuid ?? '', third?.uuid ?? ''];
    const report = await calls.call('purge', { id, uuids });
    expect(report).toMatchObject({ chunks: 2, shards: 2, found: [] });
    expect(report.scanned.frames).toBeGreaterThan(0);
    expect(texts(await chunks(true))).toEqual(['Alpha wings lift.', 'Delta stars shine.']);
    expect(await problems()).toEqual([]);
  });
});

describe('a restore takes the text from where it still is', () => {
  const GONE = 'Gamma rivers flow.';

  test('the next frame, after a compaction that dropped it and another that followed', async () => {
    const { calls, shard } = await openEdited();
    const uuid = await shard.uuid(GONE);
    const edited = await shard.uuid('Beta cakes rise.');
    await shard.edit(edited, 'Omega kites soar.');
    await shard.delete(uuid, edited);
    await shard.compact();
    expect(await shard.found('rivers')).toEqual([]);
    await shard.edit(await shard.uuid('Alpha wings lift.'), 'Alpha wings lift more.');
    await shard.compact();
    await shard.restore(uuid, edited);
    expect(await shard.words()).toEqual([
      'Alpha wings lift more.',
      'Omega kites soar.',
      GONE,
      'Delta stars shine.',
    ]);
    expect(await shard.found('rivers kites')).toHaveLength(2);
    await shard.compact();
    await shard.release();
    await calls.call('gc', null);
    expect(await shard.found('rivers')).toEqual([GONE]);
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('the search data, after a reindex that left it out', async () => {
    const { calls, shard } = await openEdited();
    const uuid = await shard.uuid(GONE);
    await shard.delete(uuid);
    await shard.reindex();
    expect(await shard.found('rivers')).toEqual([]);
    await shard.restore(uuid);
    expect(await shard.found('rivers')).toEqual([GONE]);
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('nowhere, once it was compacted away and let go', async () => {
    const { calls, shard } = await openEdited();
    const uuid = await shard.uuid(GONE);
    await shard.delete(uuid);
    await shard.compact();
    await shard.release();
    await calls.call('gc', null);
    const error = await shard.restore(uuid).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error).toHaveProperty('subject', uuid);
    const chunks = await shard.chunks(true);
    expect(chunks.find((chunk) => chunk.uuid === uuid)).toMatchObject({ deleted: true, text: '' });
    expect(await problemsOf(calls)).toEqual([]);
  });
});

describe('a text that was seen', () => {
  test('hinders only where that chunk’s own text changed since', async () => {
    const { shard } = await openEdited();
    const chunks = await shard.chunks();
    const seen = Object.fromEntries(chunks.map(({ uuid, sha256 }) => [uuid, sha256]));
    const [first = '', second = '', third = ''] = chunks.map(({ uuid }) => uuid);
    await shard.edit(first, 'Someone else was here.');
    await shard.delete(third);
    await shard.restore(third);
    await shard.change({ kind: 'edit', uuid: second, text: 'Omega kites soar.' }, seen);
    await shard.change({ kind: 'delete', what: [third] }, seen);
    const before = await shard.chunks(true);
    for (const edit of [
      { kind: 'edit', uuid: first, text: 'Mine.' },
      { kind: 'split', uuid: first, at: 8 },
      { kind: 'join', uuids: [first, second] },
      { kind: 'delete', what: [second, first] },
    ] satisfies ChunkEdit[]) {
      const error = await shard.change(edit, seen).catch((reason: unknown) => reason);
      expect(error, edit.kind).toBeInstanceOf(ConflictError);
    }
    expect(await shard.chunks(true)).toEqual(before);
  });
});

describe('bad input changes nothing', () => {
  const UNKNOWN = '00000000-0000-8000-8000-000000000000';

  /** Digits that no compressor makes much shorter. */
  const noise = Array.from({ length: 1200 }, (_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 5)
    .map((number) => number.toString(36))
    .join('');

  test.each([
    ['blank', ' \n\t '],
    ['empty', ''],
    ['half a character', 'wing \ud83d'],
    ['too long for a frame', noise],
  ])('a text that is %s', async (_, text) => {
    const { shard } = await openEdited();
    const uuid = await shard.uuid('Beta cakes rise.');
    const [head, before] = [(await shard.info()).head, await shard.chunks(true)];
    for (const edit of [
      { kind: 'edit', uuid, text },
      { kind: 'insert', after: uuid, text },
      { kind: 'apply', patch: [{ op: 'add', path: `/chunks/${uuid}/text`, value: text }] },
    ] satisfies ChunkEdit[]) {
      const error = await shard.change(edit).catch((reason: unknown) => reason);
      expect(error, edit.kind).toBeInstanceOf(InvalidError);
    }
    expect((await shard.info()).head).toBe(head);
    expect(await shard.chunks(true)).toEqual(before);
  });

  test('a UUID that is in no version, or of a tombstone', async () => {
    const { shard } = await openEdited();
    const gone = await shard.uuid('Beta cakes rise.');
    const live = await shard.uuid('Alpha wings lift.');
    await shard.delete(gone);
    const before = await shard.chunks(true);
    const edits = (uuid: string): ChunkEdit[] => [
      { kind: 'edit', uuid, text: 'New.' },
      { kind: 'split', uuid, at: 4 },
      { kind: 'join', uuids: [live, uuid] },
    ];
    const unknown: ChunkEdit[] = [
      { kind: 'insert', after: UNKNOWN, text: 'New.' },
      { kind: 'delete', what: [UNKNOWN] },
      { kind: 'delete', what: [live, UNKNOWN] },
      { kind: 'delete', what: { source: 'nothing' } },
      { kind: 'restore', uuids: [gone, UNKNOWN] },
      { kind: 'undo', version: UNKNOWN },
      { kind: 'rollback', to: UNKNOWN },
      {
        kind: 'apply',
        patch: [{ op: 'replace', path: `/chunks/${UNKNOWN}/deleted`, value: true }],
      },
    ];
    for (const edit of [...edits(UNKNOWN), ...edits(gone), ...unknown]) {
      const error = await shard.change(edit).catch((reason: unknown) => reason);
      expect(error, JSON.stringify(edit)).toBeInstanceOf(NotFoundError);
    }
    expect(await shard.chunks(true)).toEqual(before);
  });

  test('what is there already makes no version', async () => {
    const { shard } = await openEdited();
    const uuid = await shard.uuid('Beta cakes rise.');
    const { text = '' } = (await shard.chunks()).find((chunk) => chunk.uuid === uuid) ?? {};
    const path = `/chunks/${uuid}`;
    for (const edit of [
      { kind: 'edit', uuid, text },
      { kind: 'restore', uuids: [uuid] },
      { kind: 'delete', what: [] },
      { kind: 'apply', patch: [{ op: 'replace', path: `${path}/deleted`, value: false }] },
      { kind: 'apply', patch: [{ op: 'add', path: `${path}/text`, value: text }] },
      { kind: 'sweep', now: new Date().toISOString() },
    ] satisfies ChunkEdit[]) {
      expect(await shard.tryChange(edit), JSON.stringify(edit)).toBeNull();
    }
    expect((await shard.chunks())[1]).toMatchObject({ edited: false });
  });
});

describe('a split', () => {
  test('at its ends is refused, and inside a grapheme moves back', async () => {
    const family = '👨‍👩‍👧‍👦';
    const { calls, shard } = await openEdited([`Ab ${family} cd.`, 'e\u0301x.']);
    const [first, accent] = await shard.chunks();
    const { uuid, text } = first ?? { uuid: '', text: '' };
    for (const at of [0, -1, text.length, text.length + 5, 1.5, NaN]) {
      const error = await shard.change({ kind: 'split', uuid, at }).catch((e: unknown) => e);
      expect(error, String(at)).toBeInstanceOf(InvalidError);
    }
    // Before the second grapheme there is nothing to move back to but the start.
    await expect(
      shard.change({ kind: 'split', uuid: accent?.uuid ?? '', at: 1 }),
    ).rejects.toBeInstanceOf(InvalidError);
    for (let at = 3; at < 3 + family.length; at++) {
      const version = await shard.change({ kind: 'split', uuid, at });
      const [first, second] = await shard.chunks();
      expect(first?.text).toBe('Ab ');
      expect(`${first?.text ?? ''}${second?.text ?? ''}`).toBe(text);
      await shard.undo(version);
    }
    expect(await problemsOf(calls)).toEqual([]);
  });

  test('divides the place in the source, and a join puts both together', async () => {
    const { shard } = await openEdited();
    const [before] = await shard.chunks(true);
    if (!before?.place) throw new Error('A chunk of a document has a place.');
    const { uuid } = before;
    await shard.change({ kind: 'split', uuid, at: 6 });
    const [first, second] = await shard.chunks();
    const { start, end } = before.place;
    expect(first?.place).toMatchObject({ start, end: start + 6 });
    expect(second?.place).toMatchObject({ start: start + 6, end });
    await shard.change({ kind: 'join', uuids: [second?.uuid ?? '', uuid] });
    expect((await shard.chunks())[0]).toMatchObject({
      ...{ uuid, text: before.text, place: before.place },
      edited: false, // the video has this very text
    });
  });
});

describe('a join', () => {
  test('of chunks with another between them, or of two sources, is refused', async () => {
    const { shard } = await openEdited();
    await shard.ingest('more.jsonl', ['Eta ducks swim.']);
    const [a = '', b = '', c = '', d = '', e = ''] = (await shard.chunks()).map(({ uuid }) => uuid);
    for (const uuids of [[a, c], [a, b, d], [d, e], [a], [a, a], []]) {
      const error = await shard.change({ kind: 'join', uuids }).catch((reason: unknown) => reason);
      expect(error, uuids.join()).toBeInstanceOf(InvalidError);
    }
    await shard.delete(b);
    await shard.change({ kind: 'join', uuids: [c, a] });
    expect(wordsOf(await shard.chunks())[0]).toBe('Alpha wings lift.\nGamma rivers flow.');
  });

  test('does not mind what has expired between them: nobody sees it', async () => {
    const { shard } = await openEdited();
    const [a = '', b = '', c = ''] = (await shard.chunks()).map(({ uuid }) => uuid);
    await shard.expire(b);
    await shard.change({ kind: 'join', uuids: [a, c] });
    expect(await shard.words()).toHaveLength(2);
  });
});
