/**
 * Crashes at every single operation of letting go. The entries are the same after each, and nothing
 * is missing: on systems that keep the order of changes to directories, and on those that do not.
 */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../../src/lib/store/store';
import { CrashError, CrashingFileSystem, random } from './crashing';
import type { Crash } from './crashing';
import { contents, encodeNode, leaf, nodeOf, openWriter, set } from './objects';

interface Played {
  /** The operations with which collecting begins and ends. */
  from: number;
  to: number;
  expected: Record<string, unknown>;
}

/** A life that depends on the seed alone, then a collection, until its end or the crash. */
async function play(fs: CrashingFileSystem, seed: number): Promise<Played> {
  const played: Played = { from: Infinity, to: Infinity, expected: {} };
  const chance = random(seed);
  const pick = (count: number) => Math.floor(chance() * count);
  try {
    let store = await openWriter(fs);
    const collectTwice = pick(3) === 0;
    const rounds = pick(4);
    for (let round = 0; round <= rounds; round++) {
      for (let i = 0; i < 3; i++) {
        const content = Uint8Array.from({ length: 1 + pick(2000) }, () => pick(256));
        const blob = leaf(await store.putBlob(content));
        if (pick(3) > 0) await set(store, `s${pick(3)}`, `${seed}.${round}.${i}`, [blob]);
      }
      const now = store.entries()['s0'];
      if (now) await set(store, 's1', 'over it', [now]);
      fs.settle(); // blobs are older than a minute: nothing promises those of the last seconds
      if (round === rounds) break;
      await store.checkpoint({ force: true });
      if (pick(3) === 0) fs.settle();
      else await edit(store, `${seed}.${round}`, pick);
      fs.settle(); // as a checkpoint of its own accord is due only then
    }
    if (pick(2) === 0) await store.checkpoint({ force: true });
    if (pick(4) === 0) {
      await store.close();
      store = await openWriter(fs);
    }
    await edit(store, `${seed} last`, pick);
    if (collectTwice) {
      await store.collect();
      await edit(store, `${seed} between`, pick);
    }
    played.from = fs.operations + 1;
    played.expected = await contents(store);
    await store.collect();
    played.to = fs.operations;
    await store.close();
  } catch (error) {
    onlyCrash(error);
  }
  return played;
}

/** Commits that carry all that they need: these may be as young as they like. */
async function edit(store: Store, value: string, pick: (count: number) => number): Promise<void> {
  for (let i = 0; i <= pick(3); i++) {
    await set(store, `e${pick(3)}`, `${value} ${i} ${'x'.repeat(pick(2) * pick(1500))}`);
  }
  const now = store.entries()[`s${pick(3)}`];
  const bytes = encodeNode(value, now ? [now] : []);
  const to = await nodeOf(bytes);
  await store.commit({ set: { clone: to, e1: pick(2) === 0 ? null : to }, inline: [bytes] });
}

function onlyCrash(error: unknown): void {
  if (!(error instanceof CrashError)) throw error;
}

async function examine(fs: CrashingFileSystem, expected: Played['expected']): Promise<void> {
  const store = await openWriter(fs);
  expect(await contents(store)).toEqual(expected);
  expect((await store.check()).problems).toEqual([]);
  expect(store.recovery.skipped).toEqual([]);
  await set(store, 'e9', 'more');
  await store.collect();
  await store.close();
  const again = await openWriter(fs);
  expect(await contents(again)).toEqual({ ...expected, e9: 'more' });
  const { problems, notes } = await again.check();
  expect([problems, notes]).toEqual([[], []]);
  await again.close();
}

const crashes: Crash[] = ['kill', 'power', 'disorder'];
/** Between them: a checkpoint just before, a restart, a collection before, and none of these. */
const lives = [1, 2, 3, 4, 6, 10];

describe('a crash at any operation of a collection', () => {
  for (const seed of lives) {
    it(`of life ${seed}: the same entries, and nothing missing`, async () => {
      const { from, to } = await play(new CrashingFileSystem(), seed);
      expect(to - from).toBeGreaterThan(20);
      for (let at = from; at <= to + 1; at++) {
        const fs = new CrashingFileSystem();
        fs.crashAt = at;
        const { expected } = await play(fs, seed);
        fs.crashed = true;
        for (const [i, kind] of crashes.entries()) {
          const remains = fs.afterCrash(kind, (seed * 1000 + at) * 8 + i);
          try {
            // The start after it crashes as well, every other time.
            if ((at + i) % 2 === 0) {
              remains.crashAt = 1 + (at % 9);
              await openWriter(remains).then((store) => store.close(), onlyCrash);
              remains.crashed = true;
              await examine(remains.afterCrash(kind, at), expected);
            } else {
              await examine(remains, expected);
            }
          } catch (cause) {
            throw new Error(`life ${seed}, operation ${at} of ${from} to ${to}, ${kind} ${i}`, {
              cause,
            });
          }
        }
      }
    });
  }
});
