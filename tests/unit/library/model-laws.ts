/** The real library beside the model, and what must agree between them after every step. */
import { expect } from 'vitest';
import type { Chunk, Operation, Version } from '../../../src/lib/api';
import type { ChunkEdit } from '../../../src/lib/library/library-protocol';
import type { FileSystem } from '../../../src/lib/store/file-system';
import { Models } from '../../../src/lib/library/models/models';
import type { EmbedProtocol } from '../../../src/lib/library/protocol';
import type { Caller } from '../../../src/lib/rpc/protocol';
import { MemoryLocks, type Locks } from '../../../src/lib/store/locks';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { enginesInNode } from './engines-in-node';
import { libraryInNode, type Calls } from './library-in-node';
import type { Bytes } from './model-bytes';
import {
  isDue,
  live,
  wordsIn,
  type ModelChunk,
  type ModelLibrary,
  type ModelShard,
  type ModelVersion,
} from './model-state';

/** More than any shard has. */
const ALL = 10_000;

/** The model of embedding is read once for all libraries; it holds nothing of them. */
const { embed } = enginesInNode();

/** Larger models are the built-in one under other names: their vectors are not looked at here. */
class EveryModelIsHere extends Models {
  override state(): Promise<'ready'> {
    return Promise.resolve('ready');
  }

  override embedder(given: Caller<EmbedProtocol>): Caller<EmbedProtocol> {
    return given;
  }
}

const openCalls = (fs: FileSystem, locks: Locks): Promise<Calls> =>
  libraryInNode(fs, {
    ...{ locks, engines: { ...enginesInNode(), embed } },
    models: new EveryModelIsHere({ fs, locks, assetsUrl: 'unused', hubUrl: 'unused' }),
  });

export class RealLibrary {
  readonly fs: FileSystem;
  readonly locks: Locks;
  calls: Calls;
  /** What its shards were made of after the step before. */
  bytes: Bytes = new Map();

  private constructor(fs: FileSystem, locks: Locks, calls: Calls) {
    this.fs = fs;
    this.locks = locks;
    this.calls = calls;
  }

  static async open(): Promise<RealLibrary> {
    const [fs, locks] = [new MemoryFileSystem(), new MemoryLocks()];
    return new RealLibrary(fs, locks, await openCalls(fs, locks));
  }

  close(): Promise<void> {
    return this.calls.call('close', null);
  }

  async reopen(): Promise<void> {
    await this.close();
    this.calls = await openCalls(this.fs, this.locks);
  }

  chunks(id: string, at?: string): Promise<Chunk[]> {
    return this.calls.call('chunks', { id, at, deleted: true, limit: ALL });
  }

  async change(id: string, edit: ChunkEdit): Promise<Version | null> {
    const { version } = await this.calls.call('change', { id, edit, message: undefined, seen: {} });
    return version;
  }
}

/**
 * Takes the newest version of a shard into the model, as what the model says it has to be.
 * @param made null where nothing must have been written
 */
export async function advance(
  { model, real }: { model: ModelLibrary; real: RealLibrary },
  shard: ModelShard,
  made: Pick<ModelVersion, 'chunks'> & {
    operation: Operation;
    ttl?: boolean;
    merged?: string;
  },
): Promise<void> {
  const head = model.head(shard);
  const [newest] = await real.calls.call('history', { id: shard.id, limit: 1, before: undefined });
  const parents = [head.id, ...(made.merged === undefined ? [] : [made.merged])];
  expect(newest).toMatchObject({ operation: made.operation, parents });
  const { ttl = head.ttl } = made;
  model.add(shard, { id: newest?.id ?? '', parents, chunks: made.chunks, ttl });
}

/** Everything that a reader can ask, against the model. */
export async function agree(model: ModelLibrary, real: RealLibrary): Promise<void> {
  const infos = await real.calls.call('shards', { removed: true });
  const ids = model.shards.map(({ id }) => id);
  expect(infos.map(({ id }) => id).sort()).toEqual(ids.sort());
  for (const shard of model.shards) await agreeOn(shard, model, real);
  const { problems } = await real.calls.call('check', { deep: true });
  expect(problems).toEqual([]);
}

async function agreeOn(shard: ModelShard, model: ModelLibrary, real: RealLibrary): Promise<void> {
  const { id } = shard;
  const { calls } = real;
  const head = model.head(shard);
  const now = new Date();
  expect(shown(await real.chunks(id), shard, head, model)).toEqual(head.chunks.map(told));

  const shownNow = live(head.chunks).filter((chunk) => !isDue(chunk, now));
  const chunks = await calls.call('chunks', { id, limit: ALL });
  expect(chunks.map(({ uuid, text }) => [uuid, text])).toEqual(
    shownNow.map(({ uuid, text }) => [uuid, text]),
  );
  const alive = live(head.chunks);
  const counts = { chunks: alive.length, deleted: head.chunks.length - alive.length };
  const info = await calls.call('info', { id });
  expect(info).toMatchObject({ ...counts, head: head.id, due: alive.length - shownNow.length });
  const bytes = alive.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  expect(await calls.call('stats', { id })).toMatchObject({ ...counts, textBytes: bytes });

  const kept = model.kept(shard);
  const history = await calls.call('history', { id, limit: ALL, before: undefined });
  expect(history.map((version) => version.id)).toEqual(kept.map((one) => one.id).reverse());
  expect(await calls.call('tags', { id })).toEqual(Object.fromEntries(shard.tags));

  await agreeOnSearch(shard, shownNow, model, real);
  await agreeOnThePast(shard, kept, model, real);
}

/**
 * A word is found where a scan of all texts finds it: not in tombstones, nor in replaced texts. Asked
 * for are words of a live text, of texts that some version had, and of the newest one.
 */
async function agreeOnSearch(
  shard: ModelShard,
  shownNow: readonly ModelChunk[],
  model: ModelLibrary,
  real: RealLibrary,
): Promise<void> {
  const { id } = shard;
  const { calls } = real;
  const ever = model.kept(shard).flatMap(({ chunks }) => chunks);
  const asked = [shownNow, ever, ever].map((chunks, at) => {
    const chunk = chunks[pickOf(model, id, at) % Math.max(1, chunks.length)];
    return chunk && wordsIn(chunk.text).find((word) => /^w\d+x$/u.test(word));
  });
  for (const query of new Set([...asked, `w${String(model.words - 8)}x`])) {
    if (query === undefined) continue;
    const options = { mode: 'lexical', topK: 100, fold: false } as const; // texts may be alike
    const hits = await calls.call('search', { id, query, options });
    const scanned = shownNow.filter(({ text }) => wordsIn(text).includes(query));
    expect(hits.map(({ uuid, text }) => `${query} ${uuid} ${text}`).sort()).toEqual(
      scanned.map(({ uuid, text }) => `${query} ${uuid} ${text}`).sort(),
    );
  }
  const texts = new Map(shownNow.map(({ uuid, text }) => [uuid, text]));
  const found = await calls.call('search', { id, query: 'lamp of the river', options: {} });
  for (const { uuid, text, deleted } of found) {
    expect({ uuid, text, deleted }).toEqual({ uuid, text: texts.get(uuid), deleted: false });
  }
}

/** Old versions are as they were, and differ as two lists of texts do. */
async function agreeOnThePast(
  shard: ModelShard,
  kept: readonly ModelVersion[],
  model: ModelLibrary,
  real: RealLibrary,
): Promise<void> {
  const { id } = shard;
  const [from, to] = [3, 4].map((at) => kept[pickOf(model, id, at) % kept.length]);
  if (!from || !to) throw new Error('A shard has a version.');
  const old = await real.chunks(id, from.id);
  expect(shown(old, shard, from, model)).toEqual(from.chunks.map(told));
  const args = { id, from: from.id, to: to.id, offset: 0, limit: undefined };
  const changes = await real.calls.call('diff', args);
  const before = new Map(live(from.chunks).map(({ uuid, text }) => [uuid, text]));
  const after = new Map(live(to.chunks).map(({ uuid, text }) => [uuid, text]));
  const expected = [...new Set([...before.keys(), ...after.keys()])]
    .filter((uuid) => before.get(uuid) !== after.get(uuid))
    .map((uuid) => ({
      uuid,
      before: before.get(uuid) ?? null,
      after: after.get(uuid) ?? null,
    }));
  const byUuid = (a: { uuid: string }, b: { uuid: string }): number => (a.uuid < b.uuid ? -1 : 1);
  expect(changes.map(({ uuid, before, after }) => ({ uuid, before, after })).sort(byUuid)).toEqual(
    expected.sort(byUuid),
  );
}

/** Chunks as the model has them; a lost text, where it may be lost, counts as what it was. */
function shown(
  chunks: readonly Chunk[],
  shard: ModelShard,
  { chunks: expected }: ModelVersion,
  model: ModelLibrary,
): unknown[] {
  const known = new Map(expected.map((chunk) => [chunk.uuid, chunk]));
  return chunks.map((chunk) => {
    const { uuid, deleted, expiresAt } = chunk;
    const one = known.get(uuid);
    const isLost = chunk.text === '' && one !== undefined && model.mayBeLost(shard, one);
    const source = 'id' in chunk.source ? chunk.source.id : null;
    return { uuid, text: isLost ? one.text : chunk.text, deleted, expiresAt, source };
  });
}

const told = ({ uuid, text, deleted, expiresAt, source }: ModelChunk): unknown => ({
  ...{ uuid, text, deleted, expiresAt, source },
});

/** A number that is another one after each step, and the same whenever the steps are the same. */
function pickOf({ steps, shards }: ModelLibrary, id: string, at: number): number {
  const place = shards.findIndex((shard) => shard.id === id);
  return (steps * 7919 + place * 104_729 + at * 1_299_709) >>> 3;
}
