/**
 * Crashes in the middle of editing and letting go: at every operation on the disk. Opened again the
 * library shows the old state or the new one, never a third; `check` is clean; and it goes on working.
 */
import { describe, expect, test } from 'vitest';
import { CrashError, CrashingFileSystem } from '../store/crashing';
import { lines, openAgain, problemsOf, SENTENCES, ShardCalls } from './edited-library';
import { shardOf, type Calls } from './library-in-node';

/** Everything that a person sees of a library. */
async function stateOf(calls: Calls): Promise<unknown> {
  const shards = await calls.call('shards', { removed: true });
  return Promise.all(
    shards.map(async ({ id, name, removedAt }) => {
      const shard = new ShardCalls(calls, id);
      const chunks = await shard.chunks(true);
      return {
        name,
        isRemoved: removedAt !== undefined,
        chunks: chunks.map(({ text, deleted }) => ({ text: text.trim(), deleted })),
        operations: (await shard.history()).map(({ operation }) => operation),
        found: (await shard.found('wings cakes kites secret')).sort(),
      };
    }),
  );
}

interface Begun {
  readonly fs: CrashingFileSystem;
  readonly shard: ShardCalls;
  /** The chunks of the document. */
  readonly uuids: readonly string[];
}

type Work = (begun: Begun) => Promise<unknown>;

const doNothing: Work = () => Promise.resolve();

/** A library with one shard of four sentences and what else is needed. */
async function begun(prepare: Work): Promise<Begun> {
  const fs = new CrashingFileSystem();
  const calls = await openAgain(fs);
  const id = await shardOf(calls, [lines('lines.jsonl', SENTENCES)]);
  const shard = new ShardCalls(calls, id);
  const uuids = (await shard.chunks()).map(({ uuid }) => uuid);
  await prepare({ fs, shard, uuids });
  return { fs, shard, uuids };
}

interface Remains {
  /** The library, opened again. */
  readonly opened: Begun;
  /** The work had ended, and nothing but the process was lost. */
  readonly isSafe: boolean;
  readonly label: string;
}

/** Operations are shared out among so many tests, so that none takes long. */
const TURNS = [1, 2, 3] as const;

/** What is left of a library when `work` crashes at one of its operations, for every such one. */
async function* crashes(prepare: Work, work: Work, turn = 1, turns = 1): AsyncGenerator<Remains> {
  const { fs: before, shard, uuids } = await begun(prepare);
  for (let crash = turn; ; crash += turns) {
    // Some seconds later, by which time all that was done before has reached the disk.
    const fs = before.afterCrash('kill', crash);
    const there = shard.through(await openAgain(fs));
    fs.crashAt = fs.operations + crash;
    const outcome = await work({ fs, shard: there, uuids }).then(
      () => 'done' as const,
      (error: unknown) => error,
    );
    if (outcome === 'done' && !fs.crashed) return;
    if (outcome !== 'done') expect(outcome).toBeInstanceOf(CrashError);
    for (const kind of ['kill', 'power'] as const) {
      const remains = fs.afterCrash(kind, crash);
      const calls = await openAgain(remains);
      yield {
        opened: { fs: remains, shard: shard.through(calls), uuids },
        isSafe: outcome === 'done' && kind === 'kill',
        label: `${kind}, operation ${String(crash)}`,
      };
      await calls.call('close', null);
    }
  }
}

/** Judges all that crashes leave: how many there were. */
async function crashEverywhere(
  work: Work,
  {
    prepare = doNothing,
    between = [],
    turn,
    turns,
  }: {
    prepare?: Work;
    /** States that the work goes through, where it commits more than once. */
    between?: readonly Work[];
    turn?: number;
    turns?: number;
  } = {},
): Promise<number> {
  const states: unknown[] = [];
  for (const one of [doNothing, ...between, work]) {
    const whole = await begun(prepare);
    await one(whole);
    states.push(await stateOf(whole.shard.calls));
  }
  let judged = 0;
  for await (const { opened, isSafe, label } of crashes(prepare, work, turn, turns)) {
    const { shard } = opened;
    const state = await stateOf(shard.calls);
    if (isSafe) expect(state, label).toEqual(states.at(-1));
    else expect(states, label).toContainEqual(state);
    expect(await problemsOf(shard.calls), label).toEqual([]);
    const { uuid = '' } = (await shard.chunks()).at(-1) ?? {};
    await shard.edit(uuid, 'It goes on.');
    expect(await shard.found('goes'), label).toEqual(['It goes on.']);
    judged++;
  }
  return judged;
}

describe('a crash at any operation', () => {
  test('of an edit', async () => {
    const judged = await crashEverywhere(({ shard, uuids }) =>
      shard.edit(uuids[1] ?? '', 'Omega kites soar.'),
    );
    expect(judged).toBeGreaterThan(1);
  });

  test('of a deletion', async () => {
    const judged = await crashEverywhere(({ shard, uuids }) => shard.delete(uuids[1] ?? ''));
    expect(judged).toBeGreaterThan(1);
  });

  test('of a clone', async () => {
    const judged = await crashEverywhere(({ shard }) => shard.clone());
    expect(judged).toBeGreaterThan(1);
  });

  test('of a merge', async () => {
    const judged = await crashEverywhere(
      async ({ shard }) => {
        const shards = await shard.calls.call('shards', { removed: false });
        const clone = shards.find(({ name }) => name === 'Clone');
        await shard.merge(shard.through(shard.calls, clone?.id));
      },
      {
        prepare: async ({ shard, uuids }) => {
          const clone = await shard.clone();
          await clone.edit(uuids[1] ?? '', 'Omega kites soar.');
          await clone.delete(uuids[2] ?? '');
        },
      },
    );
    expect(judged).toBeGreaterThan(1);
  });

  test('of a compaction', async () => {
    const judged = await crashEverywhere(({ shard }) => shard.compact(), {
      prepare: async ({ shard, uuids }) => {
        await shard.edit(uuids[1] ?? '', 'Omega kites soar.');
        await shard.delete(uuids[2] ?? '');
      },
    });
    expect(judged).toBeGreaterThan(10);
  });

  test.each(TURNS)('of a release and a gc, with a removed shard (turn %i)', async (turn) => {
    const gc: Work = ({ shard }) => shard.calls.call('gc', null);
    const release: Work = ({ shard }) => shard.release();
    const both: Work = async (all) => {
      await release(all);
      await gc(all);
    };
    const judged = await crashEverywhere(both, {
      ...{ turn, turns: TURNS.length },
      between: [release],
      prepare: async ({ shard, uuids }) => {
        const clone = await shard.clone();
        await clone.edit(uuids[0] ?? '', 'Nothing more of this.');
        await shard.calls.call('remove', { id: clone.id });
        await shard.delete(uuids[2] ?? '');
        await shard.compact();
      },
    });
    expect(judged).toBeGreaterThan(10);
  });
});

describe('a crash at any operation of', () => {
  test.each(TURNS)('an ingest with a gc right behind it (turn %i)', async (turn) => {
    const ingest: Work = ({ shard }) => shard.ingest('more.jsonl', ['A second text.']);
    const judged = await crashEverywhere(
      async (all) => {
        await ingest(all);
        await all.shard.calls.call('gc', null);
      },
      { turn, turns: TURNS.length, between: [ingest] },
    );
    expect(judged).toBeGreaterThan(10);
  });
});

const SECRET = 'A secret of mine.';

/** What a person sees, but for the versions that say that a purge was here. */
function withoutRecords(state: unknown): unknown {
  const shards = state as { operations: string[] }[];
  return shards.map((one) => ({
    ...one,
    operations: one.operations.filter((operation) => operation !== 'purge'),
  }));
}

describe('a crash at any operation of a purge', () => {
  const purge: Work = ({ shard, uuids }) =>
    shard.calls.call('purge', { id: shard.id, uuids: uuids.slice(1, 2) });
  const prepare: Work = async ({ shard, uuids }) => {
    await shard.edit(uuids[1] ?? '', SECRET);
    await shard.clone();
  };

  test.each(TURNS)('leaves the chunk or takes it, whole (turn %i)', async (turn) => {
    const whole = await begun(prepare);
    const before = withoutRecords(await stateOf(whole.shard.calls));
    await purge(whole);
    const after = withoutRecords(await stateOf(whole.shard.calls));
    let judged = 0;
    for await (const { opened, isSafe, label } of crashes(prepare, purge, turn, TURNS.length)) {
      const { calls } = opened.shard;
      expect(await problemsOf(calls), label).toEqual([]);
      // The chunk goes everywhere at once; that it went is written down shard by shard.
      const state = withoutRecords(await stateOf(calls));
      expect(isSafe ? [after] : [before, after], label).toContainEqual(state);
      // Once more, where it was not done: then it is, to the last byte.
      if (JSON.stringify(state).includes(SECRET)) await purge(opened);
      else await calls.call('gc', null);
      for (const path of await opened.fs.files()) {
        const bytes = (await opened.fs.readBytes(path)) ?? new Uint8Array();
        expect(Buffer.from(bytes).includes(SECRET), `${label}: ${path}`).toBe(false);
      }
      expect(withoutRecords(await stateOf(calls)), label).toEqual(after);
      judged++;
    }
    expect(judged).toBeGreaterThan(10);
  });
});
