import fc from 'fast-check';
import { expect, test } from 'vitest';
import { excerptRange, splitMarks } from '../../../src/lib/ui/marks';

/** A half of a surrogate pair; with `u`, whole pairs do not match. */
const LONE = /\p{Surrogate}/u;

const passage = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }).chain((text) =>
  fc.record({
    text: fc.constant(text),
    marks: fc.array(
      fc.tuple(
        fc.integer({ min: -3, max: text.length + 3 }),
        fc.integer({ min: -3, max: text.length + 3 }),
      ),
      { maxLength: 12 },
    ),
  }),
);

test('the runs, joined in order, are the passage, and none is empty', () => {
  fc.assert(
    fc.property(passage, ({ text, marks }) => {
      const runs = splitMarks(text, marks);
      expect(runs.map((run) => run.text).join('')).toBe(text);
      expect(runs.every((run) => run.text !== '')).toBe(true);
    }),
  );
});

test('a character is marked exactly where some mark covers it', () => {
  fc.assert(
    fc.property(passage, ({ text, marks }) => {
      const naive = Array.from({ length: text.length }, (_, at) =>
        marks.some(([start, end]) => start <= at && at < end),
      );
      const found = splitMarks(text, marks).flatMap((run) =>
        Array.from({ length: run.text.length }, () => run.marked),
      );
      expect(found).toEqual(naive);
    }),
  );
});

test('runs alternate: neighbours are never both marked or both plain', () => {
  fc.assert(
    fc.property(passage, ({ text, marks }) => {
      const runs = splitMarks(text, marks);
      runs.slice(1).forEach((run, index) => {
        expect(run.marked).not.toBe(runs[index]?.marked);
      });
    }),
  );
});

test('an excerpt lies in the text, is not much longer than asked, and splits no surrogate pair', () => {
  fc.assert(
    fc.property(passage, fc.integer({ min: 20, max: 120 }), ({ text, marks }, length) => {
      const [start, end] = excerptRange(text, marks, length);
      expect(start).toBeGreaterThanOrEqual(0);
      expect(end).toBeLessThanOrEqual(text.length);
      expect(end - start).toBeLessThanOrEqual(length * 1.3 + 40);
      expect(LONE.test(text.slice(start, end))).toBe(false);
    }),
  );
});

test('an excerpt holds the first mark', () => {
  const text = `${'lorem ipsum '.repeat(60)}slipstream ${'dolor sit amet '.repeat(60)}`;
  const at = text.indexOf('slipstream');
  const [start, end] = excerptRange(text, [[at, at + 10]], 300);
  expect(text.slice(start, end)).toContain('slipstream');
});
