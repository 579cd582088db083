/**
 * An ingest that was interrupted, and the same files given again: what comes out is what an
 * undisturbed ingest makes, and no finished segment is encoded twice.
 */
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { CorruptError } from '../../../src/lib/errors';
import { Catalogue } from '../../../src/lib/library/catalogue';
import { Quarantine } from '../../../src/lib/library/ingest/quarantine';
import type { FileSystem } from '../../../src/lib/store/file-system';
import { blobPath } from '../../../src/lib/store/layout';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { CrashError, CrashingFileSystem } from '../store/crashing';
import {
  abandon,
  abandoned,
  contents,
  copyOf,
  encodedFrames,
  FILES,
  framesOf,
  ingest,
  newShard,
  notesIn,
  opened,
  prose,
  undisturbed,
  write,
  type Opened,
} from './interrupted-ingests';
import { file } from './library-in-node';

const DAY = 24 * 60 * 60 * 1000;

afterEach(() => {
  vi.useRealTimers();
});

describe('the same files given again', () => {
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
    for (let at = 1; at < operations; at += 7) {
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
    expect([...reused]).toEqual(expect.arrayContaining([0, 1, 2, 3]));
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

  test('lose nothing when the power goes after the commit', async () => {
    const { fs, library, id } = await uncommitted();
    await library.close();
    const { texts: whole } = await undisturbed();
    const seen = new Set<number>();
    for (let seed = 1; seed <= 8; seed++) {
      const young = await unsettled(fs);
      const again = await opened(young);
      expect(await ingest(again, id)).toBe(0);
      const { texts } = await contents(young.afterCrash('power', seed), id);
      expect([[], whole], `seed ${String(seed)}`).toContainEqual(texts);
      seen.add(texts.length);
    }
    expect(seen).toEqual(new Set([0, whole.length]));
  });
});

/** The same files, of which a power loss may take blobs and notes: their directories are young. */
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

describe('nothing is taken', () => {
  const [a, b, c] = FILES as [File, File, File];
  const others: [what: string, files: File[], chunking: object][] = [
    ['other content', [file('a.txt', prose(4_500, 9).slice(0, a.size)), b, c], {}],
    ['another name', [file('z.txt', prose(4_500, 1)), b, c], {}],
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
    const other = await ingest(library, id, [file('d.txt', prose(3000, 5))]);
    const encoded = await ingest(library, id);
    await library.close();
    const { frames, uuids } = await contents(fs, id);
    expect(other + encoded).toBe(frames);
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
    const changed = file('b.txt', `${text.slice(0, 20_000)}Changed.${text.slice(20_008)}`);
    const encoded = await ingest(library, id, [a, c, changed]);
    await library.close();
    const { frames, texts } = await contents(fs, id);
    expect(texts).toEqual((await undisturbed([a, c, changed])).texts);
    // The source's digest is another one: all segments that name it go.
    expect(encoded).toBe(frames - framesOf(notes.slice(0, 1)));
  });
});

describe('what is harmed is made anew', () => {
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

/** Stops where all files are listed, as a `gc` does before it deletes. */
class ListingFileSystem extends MemoryFileSystem {
  onList: () => Promise<void> = () => Promise.resolve();

  override async files(): Promise<string[]> {
    await this.onList();
    return super.files();
  }
}

describe('gc', () => {
  test('during an ingest keeps what it has put, and what it is about to take', async () => {
    const { fs, library, id } = await abandoned(2);
    await library.close();
    const notes = await notesIn(fs, id);
    const again = await opened(fs);
    const collecting: Promise<unknown>[] = [];
    const before = encodedFrames();
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
    const encoded = encodedFrames() - before;
    await again.close();
    const made = await contents(fs, id);
    expect(made.texts).toEqual((await undisturbed()).texts);
    expect(encoded).toBe(made.frames - framesOf(notes));
  });

  test('that is at work when an ingest begins does not take its blobs for strays', async () => {
    const fs = new ListingFileSystem();
    const library = await opened(fs);
    const id = await newShard(library);
    await library.store.putBlob(Uint8Array.of(1, 2, 3)); // so that there is something to delete
    let ingesting: Promise<number> | undefined;
    fs.onList = async () => {
      ingesting ??= ingest(library, id, [file('d.txt', prose(3000, 5))]);
      // Let in, it would have put its blobs by then.
      for (let turn = 0; turn < 2000; turn++) await new Promise(setImmediate);
    };
    expect((await library.calls.call('gc', null)).freedBytes).toBe(3);
    expect(await ingesting).toBeGreaterThan(0);
    await library.close();
    expect((await contents(fs, id)).texts.length).toBeGreaterThan(1);
  });

  test('keeps what was noted for 7 days, and lets go of all else', async () => {
    const { fs, library } = await abandoned(2);
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

test('a purge leaves nothing of an interrupted ingest', async () => {
  const { fs, library, id } = await abandoned(2);
  const other = await newShard(library, 'Other');
  await ingest(library, other, [file('d.txt', prose(3000, 5))]);
  await library.close();
  const [uuid = ''] = (await contents(fs, other)).uuids;
  const noted = await new Quarantine(fs).blobs();
  const again = await opened(fs);
  await again.calls.call('purge', { id: other, uuids: [uuid] });
  expect(await fs.list('quarantine')).toEqual([]);
  for (const digest of noted) expect(await fs.read(blobPath(digest))).toBeUndefined();
  const encoded = await ingest(again, id);
  await again.close();
  expect(encoded).toBe((await contents(fs, id)).frames);
});

test('an ingest that fails keeps what it has finished', async () => {
  const { fs, library, id } = await uncommitted();
  expect(await ingest(library, id)).toBe(0);
  await library.close();
  const { texts, sources } = await contents(fs, id);
  expect({ texts, sources }).toEqual(await undisturbed());
});

/** A library in which an ingest had finished everything, and could not commit it. */
async function uncommitted() {
  const fs = new MemoryFileSystem();
  const library = await opened(fs);
  const id = await newShard(library);
  vi.spyOn(library.store, 'commit').mockRejectedValueOnce(new CorruptError('Not today.'));
  await expect(ingest(library, id)).rejects.toThrow('Not today.');
  return { fs, library, id };
}
