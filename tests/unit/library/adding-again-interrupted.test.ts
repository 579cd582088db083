/** A source that is added again, where the first try was given up, or the source could not be read. */
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import {
  abandon,
  contents,
  copyOf,
  framesOf,
  ingest,
  newShard,
  notesIn,
  NotingFileSystem,
  opened,
  prose,
} from './interrupted-ingests';
import { file, libraryInNode } from './library-in-node';

const NAME = 'long.txt';
const before = prose(9_000, 1);
const [half, end] = [before.slice(0, 4_003), before.slice(4_003)];
/** Some segments of new text inside what is there. */
const now = half + prose(40_000, 2) + end;

/** The new text over the old one, and what a reader sees then. */
async function undisturbed() {
  const fs = new MemoryFileSystem();
  const library = await opened(fs);
  const id = await newShard(library);
  await ingest(library, id, [file(NAME, before)]);
  const frames = await ingest(library, id, [file(NAME, now)]);
  await library.close();
  return { drawn: frames, ...(await contents(fs, id)) };
}

test('finds what the first try has finished', async () => {
  const fs = new NotingFileSystem();
  const library = await opened(fs);
  const id = await newShard(library);
  await ingest(library, id, [file(NAME, before)]);
  await abandon(fs, library, id, 2, [file(NAME, now)]);
  const finished = framesOf((await notesIn(fs, id)).slice(0, 2));
  const frames = await ingest(library, id, [file(NAME, now)]);
  await library.close();
  const expected = await undisturbed();
  expect(finished).toBeGreaterThan(0);
  expect(frames).toBeLessThanOrEqual(expected.drawn - finished + 1);
  const { texts, sources } = await contents(fs, id);
  expect({ texts, sources }).toEqual({ texts: expected.texts, sources: expected.sources });
  expect(texts.map(({ text }) => text).join('')).toBe(now);
});

test('makes it anew where the source is another one by then', async () => {
  const fs = new NotingFileSystem();
  const library = await opened(fs);
  const id = await newShard(library);
  await ingest(library, id, [file(NAME, before)]);
  await abandon(fs, library, id, 2, [file(NAME, now)]);
  const source = await sourceIn(await copyOf(fs), id);
  await library.calls.call('change', {
    ...{ id, message: undefined, seen: {} },
    edit: { kind: 'delete', what: { source } },
  });
  await ingest(library, id, [file(NAME, now)]);
  await library.close();
  const after = await contents(fs, id);
  expect(after.texts.map(({ text }) => text).join('')).toBe(now);
  expect(after.sources.filter(({ chunks }) => chunks > 0)).toHaveLength(1);
});

async function sourceIn(fs: MemoryFileSystem, id: string): Promise<string> {
  const calls = await libraryInNode(fs);
  const [source] = await calls.call('sources', { id });
  await calls.call('close', null);
  return source?.id ?? '';
}
