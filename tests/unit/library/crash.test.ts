/**
 * Crashes of a whole library: at every operation that a `create` and an `ingest` make on the disk.
 * Opened again it shows the old state or the new one, never a third; what was acknowledged before is
 * there; `check` is clean; and it goes on working.
 */
import { describe, expect, test } from 'vitest';
import { CrashError, CrashingFileSystem } from '../store/crashing';
import { file, libraryInNode, shardOf, type Calls } from './library-in-node';

const WING = 'The slipstream of a propeller increases the lift of a wing behind it.\n';
const CAKE = 'A cake rises because baking powder gives off gas in the heat of the oven.\n';

/** Every remains of a crash is judged by this many seeds for each kind. */
const SEEDS = [1, 2];

type State = { name: string; texts: string[] }[];

async function stateOf(calls: Calls): Promise<State> {
  const shards = await calls.call('shards', { removed: true });
  return Promise.all(
    shards.map(async ({ id, name }) => ({
      name,
      texts: (await calls.call('chunks', { id })).map(({ text }) => text),
    })),
  );
}

/** A library that is some seconds old, with one shard of one document. */
async function begun(): Promise<{ fs: CrashingFileSystem; calls: Calls; id: string }> {
  const fs = new CrashingFileSystem();
  const calls = await libraryInNode(fs);
  const id = await shardOf(calls, [file('wing.txt', WING)]);
  fs.settle();
  return { fs, calls, id };
}

/** Runs `work` with a crash at each of its operations in turn, and judges what is left each time. */
async function crashEverywhere(
  work: (calls: Calls, id: string) => Promise<unknown>,
  after: State,
): Promise<number> {
  const before: State = [{ name: 'Notes', texts: [WING] }];
  for (let crash = 1; ; crash++) {
    const { fs, calls, id } = await begun();
    fs.crashAt = fs.operations + crash;
    const outcome = await work(calls, id).then(
      () => 'done' as const,
      (error: unknown) => error,
    );
    if (outcome === 'done' && !fs.crashed) return crash - 1;
    if (outcome !== 'done') expect(outcome).toBeInstanceOf(CrashError);
    for (const kind of ['kill', 'power'] as const) {
      for (const seed of SEEDS) {
        const remains = fs.afterCrash(kind, seed);
        const again = await libraryInNode(remains);
        const state = await stateOf(again);
        const label = `${kind}, operation ${String(crash)}, seed ${String(seed)}`;
        if (outcome === 'done' && kind === 'kill') expect(state, label).toEqual(after);
        else expect([before, after], label).toContainEqual(state);
        const check = await again.call('check', { deep: true });
        expect(check.problems, label).toEqual([]);
        await again.call('rename', { id, name: 'Goes on' });
        expect((await again.call('info', { id })).name).toBe('Goes on');
        await again.call('close', null);
      }
    }
  }
}

describe('a crash at any operation', () => {
  test('of an ingest leaves the old chunks or the new ones', async () => {
    const operations = await crashEverywhere(
      (calls, id) => calls.call('ingest', { id, files: [file('cake.txt', CAKE)], chunking: {} }),
      [{ name: 'Notes', texts: [WING, CAKE] }],
    );
    expect(operations).toBeGreaterThan(10); // four blobs and one append, each of several operations
  });

  test('of a create leaves the shards as they were, or with the new one', async () => {
    const operations = await crashEverywhere(
      (calls) => calls.call('create', { name: 'Second', profile: 'compact', model: 'static-en' }),
      [
        { name: 'Notes', texts: [WING] },
        { name: 'Second', texts: [] },
      ],
    );
    expect(operations).toBeGreaterThan(1);
  });
});
