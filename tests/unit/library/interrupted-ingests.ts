/** A library with small segments, ingests that are interrupted in it, and what they left. */
import { expect } from 'vitest';
import { Catalogue } from '../../../src/lib/library/catalogue';
import { FrameTexts } from '../../../src/lib/library/asking/frame-texts';
import { LibraryWrites } from '../../../src/lib/library/library-writes';
import type { WriteProtocol } from '../../../src/lib/library/library-protocol';
import { OcrLanguages } from '../../../src/lib/library/ingest/ocr-languages';
import { openView } from '../../../src/lib/library/view';
import type { Caller } from '../../../src/lib/rpc/protocol';
import { callDirectly } from '../../../src/lib/rpc/server';
import { LEAVES, referencesOf } from '../../../src/lib/shard/objects';
import type { FileSystem, WritableFile } from '../../../src/lib/store/file-system';
import { MemoryLocks } from '../../../src/lib/store/locks';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { Store } from '../../../src/lib/store/store';
import { random } from '../store/crashing';
import { enginesInNode } from './engines-in-node';
import { modelsInNode } from './models-in-node';
import { file, libraryInNode } from './library-in-node';

/** Some frames each, so that an ingest has several. */
const SEGMENT_BYTES = 12 * 1024;

const WORDS = Array.from({ length: 900 }, (_, at) => {
  const chance = random(at + 1);
  return Array.from({ length: 3 + (at % 6) }, () =>
    String.fromCharCode(97 + Math.floor(chance() * 26)),
  ).join('');
});

/** Sentences that no other seed has. */
export function prose(characters: number, seed: number): string {
  const chance = random(seed);
  let text = '';
  while (text.length < characters) {
    const words = Array.from({ length: 12 }, () => WORDS[Math.floor(chance() * WORDS.length)]);
    text += `${words.join(' ')}.\n`;
  }
  return text;
}

/** Three segments and some of a fourth; the second file lies in all but the last of them. */
export const FILES = [
  file('a.txt', prose(4_500, 1)),
  file('b.txt', prose(26_000, 2)),
  file('c.txt', prose(10_000, 3)),
];

/** One for all libraries: reading the model costs more than an ingest. */
const engines = enginesInNode({
  spoil: (samples) => {
    framesEncoded += samples.length;
  },
});
let framesEncoded = 0;

/** Frames encoded so far, by all libraries. */
export const encodedFrames = (): number => framesEncoded;

/** The writing half of a library, as far as a test sees it. */
export interface Opened {
  readonly calls: Caller<WriteProtocol>;
  readonly store: Store;
  close(): Promise<void>;
}

/** A library with small segments. */
export async function opened(fs: FileSystem): Promise<Opened> {
  const locks = new MemoryLocks();
  const name = 'test';
  const store = await Store.open({ fs, locks, name, references: referencesOf, leaves: LEAVES });
  await store.becomeWriter();
  const catalogue = new Catalogue(store, undefined);
  const writes = new LibraryWrites({
    parts: {
      ...{ name, fs, locks, engines, storageKind: 'memory', assetsUrl: 'unused' },
      ...{ cache: undefined, peers: undefined, models: modelsInNode() },
      ocr: new OcrLanguages(new MemoryFileSystem()),
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
  return { calls: callDirectly(writes.handlers()), store, close: () => store.close() };
}

export async function newShard({ calls }: Opened, name = 'Notes'): Promise<string> {
  const { id } = await calls.call('create', { name, profile: 'compact', model: 'static-en' });
  return id;
}

/** Frames that an ingest encoded; what it made is looked at by `contents`. */
export async function ingest(
  { calls }: Opened,
  id: string,
  files: File[] = FILES,
  options: Partial<Pick<WriteProtocol['ingest']['args'], 'chunking' | 'ttlSeconds'>> = {},
): Promise<number> {
  const before = framesEncoded;
  await calls.call('ingest', { id, files, chunking: {}, ttlSeconds: undefined, ...options });
  return framesEncoded - before;
}

/** A shard as a reader sees it, all its frames decoded; and its check, which has to be clean. */
export async function contents(fs: FileSystem, id: string) {
  const calls = await libraryInNode(fs, { engines });
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
export async function undisturbed(files: File[] = FILES, chunking = {}) {
  const fs = new MemoryFileSystem();
  const library = await opened(fs);
  const id = await newShard(library);
  await ingest(library, id, files, { chunking });
  await library.close();
  const { texts, sources } = await contents(fs, id);
  return { texts, sources };
}

/** The notes in a library's directory; a stranger's reading of their lines. */
export async function notesIn(fs: FileSystem, id: string): Promise<Note[]> {
  const bytes = (await fs.readBytes(`quarantine/${id}`)) ?? new Uint8Array(0);
  const lines = new TextDecoder().decode(bytes).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line.slice(8)) as Note);
}

export interface Note {
  from: number;
  to: number;
  segment: { video: string; page: string; frames: number };
}

export const framesOf = (notes: Note[]): number =>
  notes.reduce((sum, { segment }) => sum + segment.frames, 0);

/** Says when a note is being written. */
export class NotingFileSystem extends MemoryFileSystem {
  noted = 0;
  onNote: (count: number) => void = () => undefined;

  override open(path: string, options: { create: boolean }): Promise<WritableFile> {
    if (path.startsWith('quarantine/')) this.onNote(++this.noted);
    return super.open(path, options);
  }
}

/** A library whose person gave an ingest up when so many segments were finished. */
export async function abandoned(segments = 2, files = FILES) {
  const fs = new NotingFileSystem();
  const library = await opened(fs);
  const id = await newShard(library);
  await abandon(fs, library, id, segments, files);
  return { fs, library, id };
}

export async function abandon(
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

export async function write(
  fs: FileSystem,
  path: string,
  at: number,
  bytes: Uint8Array,
): Promise<void> {
  const written = await fs.open(path, { create: true });
  written.write(at, bytes);
  written.close();
}

export async function copyOf(fs: FileSystem): Promise<MemoryFileSystem> {
  const copy = new MemoryFileSystem();
  for (const path of await fs.files()) {
    await write(copy, path, 0, (await fs.readBytes(path)) ?? new Uint8Array(0));
  }
  return copy;
}
