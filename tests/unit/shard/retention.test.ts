import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RetentionPolicy } from '../../../src/lib/api';
import { CorruptError } from '../../../src/lib/errors';
import type { ChunkUuid } from '../../../src/lib/shard/ids';
import {
  asksFirst,
  checkedPolicy,
  dueChunks,
  isDue,
  nextDue,
  type Kept,
} from '../../../src/lib/shard/retention';

const now = new Date('2026-06-01T12:00:00.000Z');
const from = (seconds: number): string => new Date(now.getTime() + seconds * 1000).toISOString();
/** Few, so that they are equal often. */
const seconds = fc.integer({ min: -5, max: 5 });
const live: fc.Arbitrary<Kept[]> = fc
  .array(
    fc.record(
      {
        bytes: fc.nat(50),
        addedAt: fc.option(seconds.map((at) => from(at - 5))),
        uses: fc.nat(3),
        expiresAt: seconds.map(from),
      },
      { requiredKeys: ['bytes', 'addedAt', 'uses'] },
    ),
    { maxLength: 12 },
  )
  .map((chunks) => chunks.map((chunk, at) => ({ ...chunk, uuid: `chunk-${at}` as ChunkUuid })));
const policy: fc.Arbitrary<RetentionPolicy> = fc.record(
  {
    ttlSeconds: fc.integer({ min: 1, max: 10 }),
    maxBytes: fc.integer({ min: 1, max: 300 }),
    evict: fc.constantFrom('oldest' as const, 'least-used' as const),
  },
  { requiredKeys: [] },
);

function kept(at: number, rest: Partial<Kept> = {}): Kept {
  return { uuid: `chunk-${at}` as ChunkUuid, bytes: 10, addedAt: from(-100), uses: 0, ...rest };
}

describe('what is due', () => {
  test('is expired in order, as isDue says of each', () => {
    fc.assert(
      fc.property(live, policy, (chunks, rules) => {
        expect(dueChunks(chunks, rules, now).expired).toEqual(
          chunks.filter((chunk) => isDue(chunk, rules, now)).map(({ uuid }) => uuid),
        );
      }),
    );
  });

  test('expires to the millisecond, by its own time or the policy’s', () => {
    const later = (ms: number): Date => new Date(now.getTime() + ms);
    expect(isDue({ addedAt: null, expiresAt: from(0) }, undefined, later(-1))).toBe(false);
    expect(isDue({ addedAt: null, expiresAt: from(0) }, undefined, later(0))).toBe(true);
    expect(isDue({ addedAt: from(-60) }, { ttlSeconds: 60 }, later(-1))).toBe(false);
    expect(isDue({ addedAt: from(-60) }, { ttlSeconds: 60 }, later(0))).toBe(true);
    expect(isDue({ addedAt: from(-60) }, { maxBytes: 1 }, now)).toBe(false);
    expect(isDue({ addedAt: null }, { ttlSeconds: 1 }, now)).toBe(false);
    expect(isDue({ addedAt: from(-60) }, undefined, now)).toBe(false);
    expect(isDue({ addedAt: from(0), expiresAt: from(-1) }, { ttlSeconds: 9 }, now)).toBe(true);
  });

  test('is evicted until the rest is within the limit, and not one more', () => {
    fc.assert(
      fc.property(live, policy, (chunks, rules) => {
        const { expired, evicted } = dueChunks(chunks, rules, now);
        const gone = new Set([...expired, ...evicted]);
        expect(gone.size).toBe(expired.length + evicted.length);
        const bytes = (without: ReadonlySet<ChunkUuid>): number =>
          chunks.reduce((sum, chunk) => sum + (without.has(chunk.uuid) ? 0 : chunk.bytes), 0);
        const limit = rules.maxBytes ?? Infinity;
        expect(bytes(gone)).toBeLessThanOrEqual(limit);
        const last = evicted.at(-1);
        if (last === undefined) return;
        gone.delete(last);
        expect(bytes(gone)).toBeGreaterThan(limit);
      }),
    );
  });

  test('is evicted before all that stays, by the order that was asked for', () => {
    /** Whether the one at `a` goes before the one at `b`. */
    const isBefore = (chunks: readonly Kept[], a: number, b: number, byUse: boolean): boolean => {
      const [one, other] = [chunks[a], chunks[b]];
      if (!one || !other) throw new Error('There is no such chunk.');
      if (byUse && one.uses !== other.uses) return one.uses < other.uses;
      if (one.addedAt !== other.addedAt) {
        if (one.addedAt === null) return false;
        return other.addedAt === null || one.addedAt < other.addedAt;
      }
      return a < b;
    };
    fc.assert(
      fc.property(live, policy, (chunks, rules) => {
        const { expired, evicted } = dueChunks(chunks, rules, now);
        const positions = new Map(chunks.map(({ uuid }, at) => [uuid, at]));
        const at = (uuid: ChunkUuid): number => positions.get(uuid) ?? -1;
        const gone = new Set([...expired, ...evicted]);
        const stays = chunks.filter(({ uuid }) => !gone.has(uuid)).map(({ uuid }) => at(uuid));
        const turns = evicted.map(at);
        turns.forEach((turn, index) => {
          for (const later of [...turns.slice(index + 1), ...stays]) {
            expect(isBefore(chunks, turn, later, rules.evict === 'least-used')).toBe(true);
          }
        });
      }),
    );
  });

  test('counts no expired text against the limit', () => {
    const chunks = [kept(0, { expiresAt: from(-1) }), kept(1), kept(2)];
    expect(dueChunks(chunks, { maxBytes: 20 }, now)).toEqual({ expired: ['chunk-0'], evicted: [] });
  });

  test('is nothing without a policy or a time', () => {
    expect(dueChunks([kept(0), kept(1)], undefined, now)).toEqual({ expired: [], evicted: [] });
    expect(dueChunks([kept(0), kept(1)], {}, now)).toEqual({ expired: [], evicted: [] });
  });

  test('compares times, not their spelling', () => {
    const offset = kept(0, { addedAt: '2026-06-01T13:00:00+02:00' }); // 11:00 UTC
    const utc = kept(1, { addedAt: '2026-06-01T11:30:00Z' });
    expect(dueChunks([utc, offset], { maxBytes: 10 }, now).evicted).toEqual(['chunk-0']);
  });

  test('a time that is none is an error, for it would never come', () => {
    const odd = [kept(0, { expiresAt: 'soon' })];
    expect(() => dueChunks(odd, undefined, now)).toThrow(CorruptError);
    expect(() => nextDue(odd, undefined)).toThrow(CorruptError);
    expect(() => isDue({ addedAt: 'once' }, { ttlSeconds: 1 }, now)).toThrow(CorruptError);
    expect(() => asksFirst('', now)).toThrow(CorruptError);
  });
});

describe('the next time that something expires', () => {
  test('until then nothing does, and then something does', () => {
    fc.assert(
      fc.property(live, policy, (chunks, rules) => {
        const waiting = chunks.filter((chunk) => !isDue(chunk, rules, now));
        const next = nextDue(waiting, rules);
        const dueAt = (ms: number): boolean =>
          waiting.some((chunk) => isDue(chunk, rules, new Date(ms)));
        if (next === null) {
          expect(dueAt(8.64e15)).toBe(false);
          return;
        }
        expect(Date.parse(next)).toBeGreaterThan(now.getTime());
        expect(dueAt(Date.parse(next) - 1)).toBe(false);
        expect(dueAt(Date.parse(next))).toBe(true);
      }),
    );
  });

  test('is never where that is after the last day', () => {
    expect(nextDue([kept(0)], { ttlSeconds: Number.MAX_VALUE })).toBeNull();
    expect(isDue(kept(0), { ttlSeconds: Number.MAX_VALUE }, now)).toBe(false);
  });
});

describe('a policy', () => {
  test('that is one comes back as it was', () => {
    fc.assert(
      fc.property(policy, (rules) => {
        expect(checkedPolicy(rules)).toEqual(rules);
      }),
    );
    expect(checkedPolicy({ maxBytes: undefined })).toStrictEqual({});
  });

  test.each([
    ['retention', null],
    ['retention', undefined],
    ['retention', []],
    ['retention', 'all'],
    ['ttlSeconds', { ttlSeconds: 0 }],
    ['ttlSeconds', { ttlSeconds: -1 }],
    ['ttlSeconds', { ttlSeconds: NaN }],
    ['ttlSeconds', { ttlSeconds: Infinity }],
    ['ttlSeconds', { ttlSeconds: '60' }],
    ['maxBytes', { maxBytes: 0 }],
    ['maxBytes', { maxBytes: 0.5 }],
    ['maxBytes', { maxBytes: null }],
    ['evict', { evict: 'newest' }],
    ['ttl', { ttl: 60 }],
    ['__proto__', JSON.parse('{"__proto__": {"maxBytes": 1}}')],
  ])('with an odd %s is refused: %j', (subject, rules: unknown) => {
    expect(() => checkedPolicy(rules)).toThrow(
      expect.objectContaining({ code: 'invalid', subject }),
    );
  });
});

describe('a clock', () => {
  test('more than a day ahead of the newest version is asked about', () => {
    const newest = from(0);
    const day = 24 * 60 * 60 * 1000;
    const later = (ms: number): Date => new Date(now.getTime() + ms);
    expect(asksFirst(newest, later(day))).toBe(false);
    expect(asksFirst(newest, later(day + 1))).toBe(true);
    expect(asksFirst(newest, later(-day * 9))).toBe(false);
  });
});
