import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidError } from '../../../src/lib/errors';
import type { ChunkUuid } from '../../../src/lib/shard/ids';
import {
  planMerge,
  type Content,
  type Contents,
  type MergePlan,
  type Resolution,
} from '../../../src/lib/shard/merge';

const uuids = Array.from({ length: 6 }, (_, at) => `chunk-${at}` as ChunkUuid);
const content: fc.Arbitrary<Content> = fc.record({
  sha256: fc.constantFrom('x', 'y', 'z'),
  deleted: fc.boolean(),
});
const contents: fc.Arbitrary<Contents> = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...uuids), content), { selector: ([uuid]) => uuid })
  .map((rows) => new Map(rows));
const sides = fc.record({ base: contents, mine: contents, theirs: contents });
interface Sides {
  base: Contents;
  mine: Contents;
  theirs: Contents;
}

/** The tables of the rule, spelled out state by state: what becomes of one chunk. */
function naive(
  { base, mine, theirs }: Sides,
  uuid: ChunkUuid,
): 'nothing' | 'added' | 'edited' | 'removed' | 'restored' | 'conflict' {
  const state = (side: Contents): string => {
    const one = side.get(uuid);
    if (one === undefined || one.deleted) return 'dead';
    return `live ${one.sha256}`;
  };
  const [b, m, t] = [state(base), state(mine), state(theirs)];
  const isTombstone = (side: Contents): boolean =>
    !base.has(uuid) && side.get(uuid)?.deleted === true;
  if (t === m) return 'nothing';
  if (t === b && !isTombstone(theirs)) return 'nothing';
  if (m !== b || isTombstone(mine)) return 'conflict';
  if (t === 'dead') return 'removed';
  if (m !== 'dead') return 'edited';
  return !base.has(uuid) && !mine.has(uuid) ? 'added' : 'restored';
}

/** Mine after the plan was carried out; a written text stands for its own digest. */
function carryOut({ mine, theirs }: Sides, plan: MergePlan): Contents {
  const after = new Map(mine);
  for (const { uuid, kind } of plan.take) {
    const other = theirs.get(uuid) ?? mine.get(uuid);
    if (!other) throw new Error(`${uuid} cannot be ${kind}.`);
    after.set(uuid, kind === 'removed' ? { ...other, deleted: true } : other);
  }
  for (const { uuid, text } of plan.write) after.set(uuid, { sha256: text, deleted: false });
  return after;
}

const nothing = { take: [], write: [], conflicts: [] };
const resolution: fc.Arbitrary<Resolution> = fc.oneof(
  fc.constantFrom<Resolution>('mine', 'theirs'),
  fc.record({ text: fc.constantFrom('x', 'new') }),
);

describe('a merge', () => {
  test('does with each chunk what the table says', () => {
    fc.assert(
      fc.property(sides, (three) => {
        const { take, write, conflicts } = planMerge(three);
        for (const uuid of uuids) {
          const taken = take.filter((one) => one.uuid === uuid).map(({ kind }) => kind);
          const found = conflicts.filter((one) => one === uuid).map(() => 'conflict');
          const expected = naive(three, uuid);
          expect([...taken, ...found]).toEqual(expected === 'nothing' ? [] : [expected]);
        }
        expect(write).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  test('has the same conflicts from both sides, and what both took is the same', () => {
    fc.assert(
      fc.property(sides, ({ base, mine, theirs }) => {
        const here = planMerge({ base, mine, theirs });
        const there = planMerge({ base, mine: theirs, theirs: mine });
        expect(new Set(here.conflicts)).toEqual(new Set(there.conflicts));
        const open = new Set(here.conflicts);
        const mineAfter = carryOut({ base, mine, theirs }, here);
        const theirsAfter = carryOut({ base, mine: theirs, theirs: mine }, there);
        for (const uuid of uuids) {
          if (!open.has(uuid)) expect(live(mineAfter, uuid)).toBe(live(theirsAfter, uuid));
        }
      }),
    );
  });

  test('done twice takes nothing more, whether theirs is the new base or not', () => {
    fc.assert(
      fc.property(sides, (three) => {
        const plan = planMerge(three);
        const mine = carryOut(three, plan);
        expect(planMerge({ ...three, mine })).toEqual({ ...plan, take: [] });
        expect(planMerge({ base: three.theirs, mine, theirs: three.theirs })).toEqual(nothing);
      }),
    );
  });

  test('resolved as theirs has their state, as mine is left, and as a text is written', () => {
    fc.assert(
      fc.property(sides, resolution, (three, way) => {
        const { conflicts, take } = planMerge(three);
        const plan = planMerge(three, { resolve: new Map(conflicts.map((uuid) => [uuid, way])) });
        const after = carryOut(three, plan);
        for (const uuid of conflicts) {
          const side = way === 'mine' ? three.mine : three.theirs;
          expect(live(after, uuid)).toBe(typeof way === 'object' ? way.text : live(side, uuid));
        }
        expect(plan.take.length).toBe(take.length + (way === 'theirs' ? conflicts.length : 0));
        expect(plan.take.filter(({ kind }) => kind === 'added')).toEqual(
          take.filter(({ kind }) => kind === 'added'),
        );
      }),
    );
  });

  test('of picked chunks leaves all others alone', () => {
    fc.assert(
      fc.property(sides, fc.subarray(uuids), (three, picked) => {
        const pick = new Set(picked);
        const all = planMerge(three);
        expect(planMerge(three, { pick })).toEqual({
          take: all.take.filter(({ uuid }) => pick.has(uuid)),
          write: [],
          conflicts: all.conflicts.filter((uuid) => pick.has(uuid)),
        });
      }),
    );
  });

  test('refuses a resolution where there is no conflict, or none that was picked', () => {
    fc.assert(
      fc.property(sides, fc.subarray(uuids), fc.constantFrom(...uuids), (three, picked, uuid) => {
        const pick = new Set(picked);
        const isConflict = naive(three, uuid) === 'conflict' && pick.has(uuid);
        const merge = (): MergePlan =>
          planMerge(three, { pick, resolve: new Map([[uuid, 'theirs']]) });
        if (isConflict) expect(merge().conflicts).not.toContain(uuid);
        else expect(merge).toThrow(expect.objectContaining({ code: 'invalid', subject: uuid }));
      }),
    );
    expect(() =>
      planMerge(
        { base: new Map(), mine: new Map(), theirs: new Map() },
        { resolve: new Map([['nowhere' as ChunkUuid, 'mine']]) },
      ),
    ).toThrow(InvalidError);
  });

  test('names what it takes in their order', () => {
    const text = (sha256: string): Content => ({ sha256, deleted: false });
    const [a, b, c] = uuids as [ChunkUuid, ChunkUuid, ChunkUuid];
    const base = new Map([[a, text('x')]]);
    const theirs = new Map([c, b].map((uuid) => [uuid, text('y')] as const));
    expect(planMerge({ base, mine: base, theirs }).take).toEqual([
      { uuid: c, kind: 'added' },
      { uuid: b, kind: 'added' },
      { uuid: a, kind: 'removed' },
    ]);
  });
});

function live(side: Contents, uuid: ChunkUuid): string | null {
  const one = side.get(uuid);
  return one && !one.deleted ? one.sha256 : null;
}
