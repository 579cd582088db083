/**
 * Crashes at every single operation of random scripts. After each: the state before or after the
 * interrupted step, everything acknowledged there, nothing dangling, and the store goes on working.
 *
 * One exception has to be, see docs/store.md: when the power fails before the system has written
 * new directory entries out, a commit that refers to a blob of these last seconds can go with the
 * blob. Then that entry stands as before, and no other entry suffers: keys `e` never refer to blobs.
 */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../../src/lib/store/store';
import { CrashError, CrashingFileSystem, random } from './crashing';
import { contents, encodeNode, leaf, nodeOf, openWriter, set } from './objects';

type Contents = Record<string, unknown>;
type Step = (store: Store) => Promise<void>;

/** What has been promised: grows with each acknowledged step. */
interface Promised {
  /** The state after each step, the last one acknowledged last. */
  states: Contents[];
  /** The state that the step under way would give, where a crash interrupted one. */
  next: Contents | undefined;
  /** The step up to which directory entries have reached the disk. */
  settled: number;
}

const STEPS = 10;

/** Plays a script that depends on the seed alone, until its end or the crash. */
async function play(fs: CrashingFileSystem, seed: number, blobs: boolean): Promise<Promised> {
  const chance = random(seed);
  const pick = (count: number) => Math.floor(chance() * count);
  const promised: Promised = { states: [{}], next: undefined, settled: 0 };
  let mark = 0;
  let markedAt = 0;
  try {
    let store = await openWriter(fs);
    fs.settle(); // a library that is some seconds old
    mark = fs.mark();
    for (let i = 0; i < STEPS; i++) {
      const before = promised.states.at(-1) ?? {};
      const next: Contents = { ...before };
      const edited = `e${pick(3)}`;
      const source = `s${pick(2)}`;
      const value = `${seed}.${i} ${'x'.repeat(pick(2) * pick(1500))}`;
      const steps: Step[] = [
        async (s) => {
          next[edited] = value;
          await set(s, edited, value);
        },
        async (s) => {
          // Two entries at once: both or none.
          next['e0'] = next['e1'] = value;
          const bytes = encodeNode(value);
          const to = await nodeOf(bytes);
          await s.commit({ set: { e0: to, e1: to }, inline: [bytes] });
        },
        async (s) => {
          if (!(edited in before)) return;
          Reflect.deleteProperty(next, edited);
          await s.commit({ set: { [edited]: null }, inline: [] });
        },
        async (s) => {
          // A checkpoint comes a minute after the one before: what was there then has settled.
          fs.settle(mark);
          promised.settled = markedAt;
          await s.checkpoint({ force: true });
          mark = fs.mark();
          markedAt = i + 1;
        },
        async (s) => {
          await s.close();
          store = await openWriter(fs);
        },
        async (s) => {
          const size = 1 + pick(3000);
          const content = Uint8Array.from({ length: size }, () => pick(256));
          next[source] = [value, size];
          await set(s, source, value, [leaf(await s.putBlob(content))]);
        },
        async (s) => {
          // An edit of what was ingested: refers to the entry's object before.
          const now = s.entries()[source];
          if (!now) return;
          next[source] = [value, before[source]];
          await set(s, source, value, [now]);
        },
        async (s) => {
          // A clone shares the object.
          const now = s.entries()[source];
          if (!now) return;
          next[`c${source}`] = before[source];
          await s.commit({ set: { [`c${source}`]: now }, inline: [] });
        },
      ];
      promised.next = next;
      await steps[pick(blobs ? steps.length : 5)]?.(store);
      promised.states.push(next);
      promised.next = undefined;
    }
    await store.close();
  } catch (error) {
    onlyCrash(error);
  }
  return promised;
}

function onlyCrash(error: unknown): void {
  if (!(error instanceof CrashError)) throw error;
}

/** The laws that hold after any crash, whatever the crash. */
async function examine(
  fs: CrashingFileSystem,
  promised: Promised,
  kind: 'kill' | 'power',
): Promise<void> {
  const store = await openWriter(fs);
  const now = await contents(store);
  const last = promised.states.at(-1) ?? {};
  const allowed = promised.next ? [last, promised.next] : [last];
  const { skipped } = store.recovery;
  if (kind === 'kill' || skipped.length === 0) {
    expect(allowed).toContainEqual(now);
  } else {
    expect(allowed.map(edits)).toContainEqual(edits(now));
    const since = [...promised.states.slice(promised.settled), ...allowed];
    for (const key of ['s0', 's1', 'cs0', 'cs1']) {
      expect(since.map((state) => state[key])).toContainEqual(now[key]);
    }
  }
  expect((await store.check()).problems).toEqual([]);

  // It goes on working, over a checkpoint and a restart.
  const sequence = store.sequence();
  const more = { ...now, e9: 'more' };
  expect(await set(store, 'e9', 'more')).toBe(sequence + 1);
  await store.close();
  const again = await openWriter(fs);
  await again.checkpoint({ force: true });
  expect(await contents(again)).toEqual(more);
  expect((await again.check()).problems).toEqual([]);
  await again.close();
}

function edits(state: Contents): Contents {
  return Object.fromEntries(Object.entries(state).filter(([key]) => key.startsWith('e')));
}

async function operationsOf(seed: number, blobs: boolean): Promise<number> {
  const fs = new CrashingFileSystem();
  await play(fs, seed, blobs);
  return fs.operations;
}

/** Crashes at operation `at`, and again while recovering. */
async function crashAndRecover(seed: number, blobs: boolean, at: number): Promise<void> {
  const fs = new CrashingFileSystem();
  fs.crashAt = at;
  const promised = await play(fs, seed, blobs);
  fs.crashed = true;
  for (const [kind, garbling] of [
    ['kill', 0],
    ['power', 1],
    ['power', 2],
  ] as const) {
    const where = `script ${seed}, operation ${at}, ${kind} ${garbling}`;
    try {
      const remains = fs.afterCrash(kind, at * 8 + garbling);
      await examine(remains.afterCrash('kill', 0), promised, kind);
      if (garbling === 2) continue;
      // The start after it crashes as well.
      remains.crashAt = 1 + (at % 12);
      await openWriter(remains).then((store) => store.close(), onlyCrash);
      remains.crashed = true;
      await examine(remains.afterCrash('power', at * 8 + garbling), promised, kind);
    } catch (error) {
      throw new Error(where, { cause: error });
    }
  }
}

const scripts = [
  ...[1, 2].map((seed) => ({ seed, blobs: false })),
  ...[4, 5, 7].map((seed) => ({ seed, blobs: true })),
];

describe('a crash at any operation', () => {
  for (const { seed, blobs } of scripts) {
    const name = `script ${seed} of ${blobs ? 'everything' : 'edits'}: before or after, never a third`;
    it(name, async () => {
      const operations = await operationsOf(seed, blobs);
      expect(operations).toBeGreaterThan(30);
      for (let at = 1; at <= operations; at++) await crashAndRecover(seed, blobs, at);
    });
  }
});
