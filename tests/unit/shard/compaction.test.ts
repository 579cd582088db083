import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CorruptError, InvalidError } from '../../../src/lib/errors';
import { planCompaction, type RowUse, type SegmentUse } from '../../../src/lib/shard/compaction';
import type { SegmentId } from '../../../src/lib/shard/ids';
import type { SegmentEntry } from '../../../src/lib/shard/objects';
import type { Digest } from '../../../src/lib/store/digest';

function segmentOf(
  id: string,
  frames: number,
  video: number,
  rows: readonly RowUse[],
): SegmentEntry {
  const digest = id.repeat(64).slice(0, 64) as Digest;
  const text = rows.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    id: id as SegmentId,
    video: digest,
    page: digest,
    postings: digest,
    vectors: digest,
    frames,
    chunks: rows.length,
    bytes: { video, page: 1, postings: 1, vectors: 1, text, gzip: 1 },
    payload: { text, metadata: 0, unfilled: 0 },
  };
}

/** A segment from its frames, each as the uses of its rows: 100 bytes of text and 1,000 of video. */
function use(id: string, ...frames: RowUse['use'][][]): SegmentUse {
  const rows = frames.flatMap((uses, frame) =>
    uses.map((one): RowUse => ({ frame, bytes: 100 / uses.length, use: one })),
  );
  return { segment: segmentOf(id, frames.length, frames.length * 1000, rows), rows };
}

const noOverlays = { chunks: 0, textBytes: 0 };
const threshold = fc.oneof(fc.constantFrom(0, 0.2, 1), fc.double({ min: 0, max: 1, noNaN: true }));
const segmentUse = fc
  .tuple(
    fc.array(
      fc.array(
        fc.record({
          bytes: fc.integer({ min: 1, max: 3000 }),
          use: fc.constantFrom<RowUse['use']>('live', 'live', 'live', 'dead', 'redraw'),
        }),
        { minLength: 1, maxLength: 5 },
      ),
      { minLength: 1, maxLength: 8 },
    ),
    fc.integer({ min: 1, max: 50_000 }),
    fc.nat(),
  )
  .map(([frames, video, number]): SegmentUse => {
    const rows = frames.flatMap((chunks, frame) => chunks.map((chunk) => ({ frame, ...chunk })));
    // A page is in reading order, not in that of the frames.
    const shuffled = rows.map((_, at) => rows[(at * 7919 + number) % rows.length] ?? rows[at]);
    const distinct = new Set(shuffled).size === rows.length ? shuffled : rows;
    const read = distinct.flatMap((row) => row ?? []);
    return { segment: segmentOf(`s${number}`, frames.length, video, read), rows: read };
  });
const uses = fc.array(segmentUse, { maxLength: 6 });
const overlays = fc.record({ chunks: fc.nat(9), textBytes: fc.nat(100_000) });

describe('the plan of a compaction', () => {
  test('divides the frames of a segment, and only those with nothing but live text stay whole', () => {
    fc.assert(
      fc.property(uses, overlays, (all, above) => {
        // At 0 everything with a frame that is not whole is there to be looked at.
        const { plan, work } = planCompaction(all, above, 0);
        for (const { segment, whole, part, dead } of work) {
          const rows = all.find((one) => one.segment === segment)?.rows ?? [];
          const usesOf = (frame: number): RowUse['use'][] =>
            rows.filter((row) => row.frame === frame).map((row) => row.use);
          for (const frame of whole) expect(new Set(usesOf(frame))).toEqual(new Set(['live']));
          for (const frame of dead) expect(new Set(usesOf(frame))).toEqual(new Set(['dead']));
          for (const frame of part) {
            const held = new Set(usesOf(frame));
            expect(held.has('live') || held.has('redraw')).toBe(true);
            expect(held.has('dead') || held.has('redraw')).toBe(true);
          }
          for (const frames of [whole, part, dead]) {
            expect(frames).toEqual(frames.toSorted((a, b) => a - b));
          }
          expect([...whole, ...part, ...dead].toSorted((a, b) => a - b)).toEqual(
            Array.from({ length: segment.frames }, (_, frame) => frame),
          );
        }
        expect(work.map(({ segment }) => segment.id)).toEqual(
          plan.segments.filter(({ rewrite }) => rewrite).map(({ id }) => id),
        );
      }),
    );
  });

  test('rewrites by the share of dead text', () => {
    fc.assert(
      fc.property(uses, overlays, threshold, (all, above, share) => {
        const { plan } = planCompaction(all, above, share);
        plan.segments.forEach((segment, at) => {
          const rows = all[at]?.rows ?? [];
          const dead = rows.filter((row) => row.use === 'dead');
          const sum = (list: readonly RowUse[]): number =>
            list.reduce((total, { bytes }) => total + bytes, 0);
          expect(segment.textBytes).toBe(sum(rows));
          expect(segment.deadTextBytes).toBe(sum(dead));
          expect(segment.rewrite).toBe(
            dead.length === rows.length ||
              sum(dead) / sum(rows) > share ||
              (share === 0 && rows.some((row) => row.use !== 'live')),
          );
          expect(segment.wholeFrames + segment.partFrames + segment.deadFrames).toBe(
            segment.frames,
          );
        });
      }),
    );
  });

  test('a lower threshold rewrites no segment less', () => {
    fc.assert(
      fc.property(uses, threshold, threshold, (all, one, other) => {
        const [low, high] = one < other ? [one, other] : [other, one];
        const rewritten = (share: number): SegmentEntry[] =>
          planCompaction(all, noOverlays, share).work.map(({ segment }) => segment);
        for (const segment of rewritten(high)) expect(rewritten(low)).toContain(segment);
      }),
    );
  });

  test('its estimates are finite, and nothing to do costs nothing', () => {
    fc.assert(
      fc.property(uses, overlays, threshold, (all, above, share) => {
        const { plan, work } = planCompaction(all, above, share);
        for (const { before, after } of [plan.frames, plan.bytes]) {
          expect(Number.isSafeInteger(before)).toBe(true);
          expect(Number.isSafeInteger(after) && after >= 0).toBe(true);
        }
        if (work.length === 0 && above.textBytes === 0) {
          expect(plan.frames.after).toBe(plan.frames.before);
          expect(plan.bytes.after).toBe(plan.bytes.before);
        }
      }),
    );
  });

  test('in figures', () => {
    const first = use('a', ['live'], ['dead', 'live'], ['dead'], ['redraw']);
    const second = use('b', ['live'], ['live'], ['live'], ['live']);
    const { plan, work } = planCompaction([first, second], { chunks: 2, textBytes: 120 }, 0.2);
    expect(plan).toEqual({
      threshold: 0.2,
      segments: [
        {
          id: 'a',
          frames: 4,
          bytes: 4000,
          textBytes: 400,
          deadTextBytes: 150,
          wholeFrames: 1,
          partFrames: 2,
          deadFrames: 1,
          rewrite: true,
        },
        {
          id: 'b',
          frames: 4,
          bytes: 4000,
          textBytes: 400,
          deadTextBytes: 0,
          wholeFrames: 4,
          partFrames: 0,
          deadFrames: 0,
          rewrite: false,
        },
      ],
      overlays: { chunks: 2, textBytes: 120 },
      // 1 + 4 stay; 50 + 100 live bytes and 120 of overlays make 3 frames of 100 bytes.
      frames: { before: 8, after: 8 },
      bytes: { before: 8000, after: 8000 },
    });
    expect(work).toEqual([{ segment: first.segment, whole: [0], part: [1, 3], dead: [2] }]);
  });

  test('exactly at the threshold a segment stays', () => {
    const fifth = use('a', ['dead'], ['live'], ['live'], ['live'], ['live']);
    expect(planCompaction([fifth], noOverlays, 0.2).work).toEqual([]);
    expect(planCompaction([fifth], noOverlays, 0.19).work).toHaveLength(1);
  });

  test('a segment without live text goes even at a threshold of 1', () => {
    const { plan, work } = planCompaction([use('a', ['dead'], ['dead'])], noOverlays, 1);
    expect(work).toEqual([expect.objectContaining({ whole: [], part: [], dead: [0, 1] })]);
    expect(plan.frames.after).toBe(0);
    expect(plan.bytes.after).toBe(0);
  });

  test('what is only to be redrawn is rewritten at 0 alone', () => {
    const moved = use('a', ['live'], ['live', 'redraw']);
    expect(planCompaction([moved], noOverlays, 0.000_001).work).toEqual([]);
    expect(planCompaction([moved], noOverlays, 0).work).toEqual([
      { segment: moved.segment, whole: [0], part: [1], dead: [] },
    ]);
  });

  test('of a shard that is all overlays has frames for them', () => {
    const { plan } = planCompaction([], { chunks: 20, textBytes: 20_000 }, 0.2);
    expect(plan.frames).toEqual({ before: 0, after: 3 });
    expect(plan.bytes.after).toBeGreaterThan(3 * 3916); // the modules of a symbol as bits
  });

  test.each([-0.1, 1.1, NaN, Infinity])('a threshold of %s is refused', (share) => {
    expect(() => planCompaction([], noOverlays, share)).toThrow(
      expect.objectContaining({ name: InvalidError.name, subject: 'threshold' }),
    );
  });

  test('a row in a frame that is not there is refused', () => {
    const { segment } = use('a', ['live']);
    const rows: RowUse[] = [{ frame: 1, bytes: 1, use: 'live' }];
    expect(() => planCompaction([{ segment, rows }], noOverlays, 0.2)).toThrow(CorruptError);
  });
});
