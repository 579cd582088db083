/**
 * An ingest that was interrupted, and the same files given again: what comes out is what an
 * undisturbed ingest makes, and no finished segment is encoded twice.
 */
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { CorruptError } from '../../../src/lib/errors';
import { Catalogue } from '../../../src/lib/library/catalogue';
import { FrameTexts } from '../../../src/lib/library/frame-texts';
import { LibraryWrites } from '../../../src/lib/library/library-writes';
import type { WriteProtocol } from '../../../src/lib/library/library-protocol';
import { Quarantine } from '../../../src/lib/library/quarantine';
import { openView } from '../../../src/lib/library/view';
import type { Caller } from '../../../src/lib/rpc/protocol';
import { callDirectly } from '../../../src/lib/rpc/server';
import { LEAVES, referencesOf } from '../../../src/lib/shard/objects';
import type { FileSystem, WritableFile } from '../../../src/lib/store/file-system';
import { blobPath } from '../../../src/lib/store/layout';
import { MemoryLocks } from '../../../src/lib/store/locks';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { Store } from '../../../src/lib/store/store';
import { CrashError, CrashingFileSystem, random } from '../store/crashing';
import { enginesInNode } from './engines-in-node';
import { file, libraryInNode } from './library-in-node';

/** Some frames each, so that an ingest has several. */
const SEGMENT_BYTES = 24 * 1024;
const DAY = 24 * 60 * 60 * 1000;

const WORDS = Array.from({ length: 900 }, (_, at) => {
  const chance = random(at + 1);
  return Array.from({ length: 3 + (at % 6) }, () =>
    String.fromCharCode(97 + Math.floor(chance() * 26)),
  ).join('');
});

/** Sentences that no other seed has. */
function prose(characters: number, seed: number): string {
  const chance = random(seed);
  let text = '';
  while (text.length < characters) {
    const words = Array.from({ length: 12 }, () => WORDS[Math.floor(chance() * WORDS.length)]);
    text += `${words.join(' ')}.\n`;
  }
  return text;
}

/** Three segments and some of a fourth; the second file lies in all but the last of them. */
const FILES = [
  file('a.txt', prose(9_000, 1)),
  file('b.txt', prose(52_000, 2)),
  file('c.txt', prose(20_000, 3)),
];

/** What a test sees of a library: its writes, and how many frames it encoded. */
interface Opened {
  readonly calls: Caller<WriteProtocol>;
  readonly store: Store;
  readonly frames: { encoded: number };
  close(): Promise<void>;
}

/** The writing half of a library, with small segments. */
async function opened(fs: FileSystem): Promise<Opened> {
  const frames = { encoded: 0 };
  const engines = enginesInNode({
    spoil: (samples) => {
      frames.encoded += samples.length;
    },
  });
  const locks = new MemoryLocks();
  const name = 'test';
  const store = await Store.open({ fs, locks, name, references: referencesOf, leaves: LEAVES });
  await store.becomeWriter();
  const catalogue = new Catalogue(store, undefined);
  const writes = new LibraryWrites({
    parts: {
      ...{ name, fs, locks, engines, storageKind: 'memory', assetsUrl: 'unused' },
      ...{ cache: undefined, peers: undefined },
    },
    ...{ store, catalogue, segmentBytes: SEGMENT_BYTES },
    texts: new FrameTexts(store, engines.decode),
    view: async (id) => {
      const entry = await catalogue.entry(id);
      return openView(catalogue, entry, entry.head);
    },
    forget: () => {
      catalogue.forget();
      return Promise.resolve();
    },
    changed: () => Promise.resolve(),
  });
  return { calls: callDirectly(writes.handlers()), store, frames, close: () => store.close() };
}

async function newShard({ calls }: Opened, name = 'Notes'): Promise<string> {
  const { id } = await calls.call('create', { name, profile: 'compact', model: 'static-en' });
  return id;
}

/** Frames that an ingest encoded; what it made is looked at by `contents`. */
async function ingest(
  { calls, frames }: Opened,
  id: string,
  files: File[] = FILES,
  options: Partial<Pick<WriteProtocol['ingest']['args'], 'chunking' | 'ttlSeconds'>> = {},
): Promise<number> {
  const before = frames.encoded;
  await calls.call('ingest', { id, files, chunking: {}, ttlSeconds: undefined, ...options });
  return frames.encoded - before;
}

/** A shard as a reader sees it, all its frames decoded; and its check, which has to be clean. */
async function contents(fs: FileSystem, id: string) {
  const calls = await libraryInNode(fs);
  const chunks = await calls.call('chunks', { id });
  const sources = await calls.call('sources', { id });
  const stats = await calls.call('stats', { id });
  const check = await calls.call('check', { deep: true });
  await calls.call('close', null);
  expect(check.problems).toEqual([]);
  return {
    uuids: chunks.map(({ uuid }) => uuid),
    texts: chunks.map(({ text, source, place }) => ({
      text,
      source: 'name' in source ? source.name : '',
      place,
    })),
    sources: sources.map((source) => ({ name: source.name, chunks: source.chunks })),
    frames: stats.frames,
  };
}

/** What an ingest that nothing disturbs makes of some files. */
async function undisturbed(files: File[] = FILES, chunking = {}) {
  const fs = new MemoryFileSystem();
  const library = await opened(fs);
  const id = await newShard(library);
  await ingest(library, id, files, { chunking });
  await library.close();
  const { texts, sources } = await contents(fs, id);
  return { texts, sources };
}

/** The notes in a library's directory; a stranger's reading of their lines. */
async function notesIn(fs: FileSystem, id: string): Promise<Note[]> {
  const bytes = (await fs.readBytes(`quarantine/${id}`)) ?? new Uint8Array(0);
  const lines = new TextDecoder().decode(bytes).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line.slice(8)) as Note);
}

interface Note {
  from: number;
  to: number;
  segment: { video: string; page: string; frames: number };
}

const framesOf = (notes: Note[]): number =>
  notes.reduce((sum, { segment }) => sum + segment.frames, 0);

/** Says when a note is being written. */
class NotingFileSystem extends MemoryFileSystem {
  noted = 0;
  onNote: (count: number) => void = () => undefined;

  override open(path: string, options: { create: boolean }): Promise<WritableFile> {
    if (path.startsWith('quarantine/')) this.onNote(++this.noted);
    return super.open(path, options);
  }
}

/** A library whose person gave an ingest up when so many segments were finished. */
async function abandoned(segments = 2, files = FILES) {
  const fs = new NotingFileSystem();
  const library = await opened(fs);
  const id = await newShard(library);
  await abandon(fs, library, id, segments, files);
  return { fs, library, id };
}

async function abandon(
  fs: NotingFileSystem,
  { calls }: Opened,
  id: string,
  segments: number,
  files = FILES,
): Promise<void> {
  const abort = new AbortController();
  fs.noted = 0;
  fs.onNote = (count) => {
    if (count === segments) abort.abort(new Error('given up'));
  };
  const args = { id, files, chunking: {}, ttlSeconds: undefined };
  await expect(calls.call('ingest', args, { signal: abort.signal })).rejects.toThrow('given up');
  fs.onNote = () => undefined;
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the same files given again', { timeout: 120_000 }, () => {
  test('after a crash make what an undisturbed ingest makes, and encode no finished segment', async () => {
    const whole = await undisturbed();
    const crashed = async (at: number) => {
      const fs = new CrashingFileSystem();
      const library = await opened(fs);
      const id = await newShard(library);
      fs.settle();
      const before = fs.operations;
      fs.crashAt = before + at;
      const outcome = await ingest(library, id).catch((error: unknown) => error);
      return { fs, id, outcome, operations: fs.operations - before };
    };
    const { operations } = await crashed(Infinity);
    expect(operations).toBeGreaterThan(50);
    const reused = new Set<number>();
    for (let at = 1; at < operations; at += 3) {
      const { fs, id, outcome } = await crashed(at);
      for (const kind of ['kill', 'power'] as const) {
        const label = `${kind} at ${String(at)}`;
        const remains = fs.afterCrash(kind, at);
        const again = await opened(remains);
        const notes = await notesIn(remains, id).catch(() => []); // a torn one is no JSON
        const isCommitted =
          Object.values(again.store.entries()).length > 0 && (await isFull(again, id));
        if (isCommitted) {
          await again.close();
          continue;
        }
        expect(outcome, label).toBeInstanceOf(CrashError);
        const encoded = await ingest(again, id);
        await again.close();
        const { uuids, frames, ...made } = await contents(remains, id);
        expect(made, label).toEqual(whole);
        expect(new Set(uuids).size, label).toBe(uuids.length);
        expect(await remains.list('quarantine'), label).toEqual([]);
        if (kind === 'kill') {
          expect(encoded, label).toBe(frames - framesOf(notes));
          reused.add(notes.length);
        }
      }
    }
    expect([...reused].sort()).toEqual([0, 1, 2, 3, 4]);
  });

  test('after an abort go on where it ended, with the chunks of the first try', async () => {
    const { fs, library, id } = await abandoned(2);
    const notes = await notesIn(fs, id);
    expect(notes.map(({ from, to }) => to > from)).toEqual([true, true]);
    const encoded = await ingest(library, id);
    await library.close();
    const { uuids, frames, ...made } = await contents(fs, id);
    expect(made).toEqual(await undisturbed());
    expect(encoded).toBe(frames - framesOf(notes));
    expect(framesOf(notes)).toBeGreaterThan(2);
    expect(uuids.length).toBeGreaterThan(notes.at(-1)?.to ?? 0);
    expect(await fs.list('quarantine')).toEqual([]);
  });

  test('go on again and again', async () => {
    const { fs, library, id } = await abandoned(1);
    const first = await notesIn(fs, id);
    await abandon(fs, library, id, 2);
    const notes = await notesIn(fs, id);
    expect(notes).toHaveLength(3);
    expect(notes.slice(0, 1)).toEqual(first);
    const encoded = await ingest(library, id);
    await library.close();
    const { frames, uuids, ...made } = await contents(fs, id);
    expect(made).toEqual(await undisturbed());
    expect(new Set(uuids).size).toBe(uuids.length);
    expect(encoded).toBe(frames - framesOf(notes));
  });

  test('stay when the power goes after the commit', async () => {
    const fs = new CrashingFileSystem();
    const first = await opened(fs);
    const id = await newShard(first);
    fs.settle();
    const mark = fs.operations;
    await ingest(first, id);
    const operations = fs.operations - mark;
    const whole = await undisturbed();
    for (let seed = 1; seed <= 12; seed++) {
      const next = new CrashingFileSystem();
      const interrupted = await opened(next);
      const shard = await newShard(interrupted);
      next.settle();
      next.crashAt = next.operations + Math.floor(operations * 0.8);
      await expect(ingest(interrupted, shard)).rejects.toBeInstanceOf(CrashError);
      const remains = next.afterCrash('kill', seed);
      // The process ended, the system did not: its directories have reached no disk yet.
      const young = await unsettled(remains);
      const again = await opened(young);
      await ingest(again, shard);
      const after = young.afterCrash('power', seed);
      const { texts } = await contents(after, shard);
      expect([[], whole.texts], `seed ${String(seed)}`).toContainEqual(texts);
    }
  });
});

/** The same files, of which only those that a new library has are safe from a power loss. */
async function unsettled(fs: FileSystem): Promise<CrashingFileSystem> {
  const copy = new CrashingFileSystem();
  const paths = await fs.files();
  const isLate = (path: string) => path.startsWith('blobs/') || path.startsWith('quarantine/');
  for (const late of [false, true]) {
    for (const path of paths.filter((one) => isLate(one) === late)) {
      const written = await copy.open(path, { create: true });
      written.write(0, (await fs.readBytes(path)) ?? new Uint8Array(0));
      written.flush();
      written.close();
    }
    if (!late) copy.settle();
  }
  return copy;
}

async function isFull({ store }: Opened, id: string): Promise<boolean> {
  const catalogue = new Catalogue(store, undefined);
  return (await catalogue.entry(id)).facts.chunks > 0;
}

describe('nothing is taken', { timeout: 60_000 }, () => {
  const [a, b, c] = FILES as [File, File, File];
  const others: [what: string, files: File[], chunking: object][] = [
    ['other content', [file('a.txt', prose(9_000, 9).slice(0, a.size)), b, c], {}],
    ['another name', [file('z.txt', prose(9_000, 1)), b, c], {}],
    ['another order', [b, a, c], {}],
    ['one file less', [a, b], {}],
    ['one file more', [a, b, c, file('d.txt', 'More.')], {}],
    ['another chunk size', [a, b, c], { size: 500 }],
    ['an overlap', [a, b, c], { overlap: 40 }],
  ];
  test.each(others)('for %s', async (_, files, chunking) => {
    const { fs, library, id } = await abandoned(2);
    const encoded = await ingest(library, id, files, { chunking });
    await library.close();
    const { frames, texts, sources } = await contents(fs, id);
    expect({ texts, sources }).toEqual(await undisturbed(files, chunking));
    expect(encoded).toBe(frames);
    expect(await fs.list('quarantine')).toEqual([]);
  });

  test('for chunks that expire', async () => {
    const { fs, library, id } = await abandoned(2);
    const encoded = await ingest(library, id, FILES, { ttlSeconds: 3600 });
    await library.close();
    expect(encoded).toBe((await contents(fs, id)).frames);
  });

  test('for a shard that ends with other chunks meanwhile', async () => {
    const { fs, library, id } = await abandoned(2);
    await ingest(library, id, [file('d.txt', prose(3000, 5))]);
    const encoded = await ingest(library, id);
    expect(encoded).toBeGreaterThan(0);
    await library.close();
    const { frames, uuids } = await contents(fs, id);
    expect(library.frames.encoded).toBeGreaterThan(frames);
    expect(new Set(uuids).size).toBe(uuids.length);
  });

  test('for another shard', async () => {
    const { fs, library, id } = await abandoned(2);
    const notes = await notesIn(fs, id);
    const other = await newShard(library, 'Other');
    const encoded = await ingest(library, other);
    expect(encoded).toBe((await ingest(library, id)) + framesOf(notes));
    await library.close();
    const [one, two] = [await contents(fs, id), await contents(fs, other)];
    expect(one.texts).toEqual(two.texts);
    expect(new Set([...one.uuids, ...two.uuids]).size).toBe(2 * one.uuids.length);
  });

  test('of a file that has changed in its middle, but what lies before it', async () => {
    const { fs, library, id } = await abandoned(3, [a, c, b]);
    const notes = await notesIn(fs, id);
    const text = await b.text();
    const changed = file('b.txt', `${text.slice(0, 40_000)}Changed.${text.slice(40_008)}`);
    const encoded = await ingest(library, id, [a, c, changed]);
    await library.close();
    const { frames, texts } = await contents(fs, id);
    expect(texts).toEqual((await undisturbed([a, c, changed])).texts);
    // The source's digest is another one: all segments that name it go.
    expect(encoded).toBe(frames - framesOf(notes.slice(0, 1)));
  });
});

describe('what is harmed is made anew', { timeout: 120_000 }, () => {
  test.each(['video', 'page'] as const)('when a %s is gone or has changed', async (part) => {
    for (const harm of ['gone', 'changed']) {
      const { fs, library, id } = await abandoned(3);
      await library.close();
      const notes = await notesIn(fs, id);
      const digests = await new Quarantine(fs).blobs();
      const digest = digests.find((one) => one === notes[1]?.segment[part]);
      const path = digest ? blobPath(digest) : 'none';
      expect(await fs.read(path)).toBeDefined();
      if (harm === 'gone') await fs.remove(path);
      else await write(fs, path, 100, Uint8Array.of(1, 2, 3, 4, 5));
      const again = await opened(fs);
      const encoded = await ingest(again, id);
      await again.close();
      const { frames, texts } = await contents(fs, id);
      expect(texts).toEqual((await undisturbed()).texts);
      expect(encoded).toBe(frames - framesOf(notes.slice(0, 1)));
    }
  });

  test('when any bytes of the notes are lost', async () => {
    const { fs, library, id } = await abandoned(3);
    await library.close();
    const whole = await undisturbed();
    const notes = await notesIn(fs, id);
    const bytes = (await fs.readBytes(`quarantine/${id}`)) ?? new Uint8Array(0);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (at, mask, cut) => {
          const copy = await copyOf(fs);
          const changed = bytes.slice(0, cut ? at : undefined);
          if (!cut) changed[at] = (changed[at] ?? 0) ^ mask;
          await copy.remove(`quarantine/${id}`);
          await write(copy, `quarantine/${id}`, 0, changed);
          const again = await opened(copy);
          const encoded = await ingest(again, id);
          await again.close();
          const { frames, texts } = await contents(copy, id);
          expect(texts).toEqual(whole.texts);
          const intact = bytes.subarray(0, at).filter((byte) => byte === 10).length;
          expect(encoded).toBe(frames - framesOf(notes.slice(0, intact)));
        },
      ),
      { numRuns: 12 },
    );
  });
});

describe('gc', { timeout: 60_000 }, () => {
  test('during an ingest keeps what it has put, and what it is about to take', async () => {
    const { fs, library, id } = await abandoned(2);
    await library.close();
    const notes = await notesIn(fs, id);
    const again = await opened(fs);
    const collecting: Promise<unknown>[] = [];
    const frames = again.frames.encoded;
    await again.calls.call(
      'ingest',
      { id, files: FILES, chunking: {}, ttlSeconds: undefined },
      {
        onProgress: ({ stage }) => {
          if (collecting.length < 20 && (stage === 'extract' || stage === 'verify')) {
            collecting.push(again.calls.call('gc', null));
          }
        },
      },
    );
    await Promise.all(collecting);
    expect(collecting.length).toBeGreaterThan(5);
    const encoded = again.frames.encoded - frames;
    await again.close();
    const made = await contents(fs, id);
    expect(made.texts).toEqual((await undisturbed()).texts);
    expect(encoded).toBe(made.frames - framesOf(notes));
  });

  test('keeps what was noted for 7 days, and lets go of all else', async () => {
    const { fs, library, id } = await abandoned(2);
    await library.close();
    const again = await opened(fs);
    await again.calls.call('gc', null);
    const kept = new Set(await new Quarantine(fs).blobs());
    expect(kept.size).toBe(8);
    for (const digest of kept) expect(await fs.read(blobPath(digest))).toBeDefined();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 7 * DAY - 60_000 });
    expect((await again.calls.call('gc', null)).freedBytes).toBe(0);
    vi.setSystemTime(Date.now() + 120_000);
    const { freedBytes } = await again.calls.call('gc', null);
    expect(freedBytes).toBeGreaterThan(0);
    expect(await fs.list('quarantine')).toEqual([]);
    for (const digest of kept) expect(await fs.read(blobPath(digest))).toBeUndefined();
    expect(await again.store.check()).toMatchObject({ problems: [], notes: [] });
    await again.close();
  });

  test('forgets the notes of shards that are gone, and notes that cannot be read', async () => {
    const { fs, library, id } = await abandoned(1);
    const other = await newShard(library, 'Other');
    await write(fs, `quarantine/${other}`, 0, new TextEncoder().encode('no note\n'));
    await library.calls.call('remove', { id });
    expect(await fs.list('quarantine')).toEqual([id, other].sort());
    await library.calls.call('gc', null);
    expect(await fs.list('quarantine')).toEqual([]);
    await library.close();
  });
});

test('a purge leaves nothing of an interrupted ingest', { timeout: 60_000 }, async () => {
  const { fs, library, id } = await abandoned(2);
  const other = await newShard(library, 'Other');
  await ingest(library, other, [file('d.txt', prose(3000, 5))]);
  const [uuid = ''] = (await libraryContents(fs, library, other)).uuids;
  const noted = await new Quarantine(fs).blobs();
  const again = await opened(fs);
  await again.calls.call('purge', { uuids: [uuid] });
  expect(await fs.list('quarantine')).toEqual([]);
  for (const digest of noted) expect(await fs.read(blobPath(digest))).toBeUndefined();
  const encoded = await ingest(again, id);
  await again.close();
  expect(encoded).toBe((await contents(fs, id)).frames);
});

test('an ingest that fails keeps what it has finished', { timeout: 60_000 }, async () => {
  const fs = new NotingFileSystem();
  const library = await opened(fs);
  const id = await newShard(library);
  vi.spyOn(library.store, 'commit').mockRejectedValueOnce(new CorruptError('Not today.'));
  await expect(ingest(library, id)).rejects.toThrow('Not today.');
  expect(await ingest(library, id)).toBe(0);
  await library.close();
  const { texts, sources } = await contents(fs, id);
  expect({ texts, sources }).toEqual(await undisturbed());
});

async function libraryContents(fs: FileSystem, library: Opened, id: string) {
  await library.close();
  return contents(fs, id);
}

async function write(fs: FileSystem, path: string, at: number, bytes: Uint8Array): Promise<void> {
  const written = await fs.open(path, { create: true });
  written.write(at, bytes);
  written.close();
}

async function copyOf(fs: FileSystem): Promise<MemoryFileSystem> {
  const copy = new MemoryFileSystem();
  for (const path of await fs.files()) {
    await write(copy, path, 0, (await fs.readBytes(path)) ?? new Uint8Array(0));
  }
  return copy;
}
