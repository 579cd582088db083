/** What becomes of frames that can be read, and of those that cannot, with an index and without. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MemvidEntry } from '../../../src/lib/archive/memvid-index';
import { joinMemvidTexts } from '../../../src/lib/archive/memvid-texts';

const shards = fc
  .array(fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => `${text}.`))
  .map((texts) => texts.map((text, id): MemvidEntry => ({ id, text, frame: id })));

interface Reading {
  readonly entries: readonly MemvidEntry[];
  readonly read: readonly MemvidEntry[];
}

/** Entries, and some of them in another order, some twice. */
const readings = shards.chain((entries): fc.Arbitrary<Reading> => {
  const read = entries.length > 0 ? fc.array(fc.constantFrom(...entries)) : fc.constant([]);
  return read.map((some) => ({ entries, read: some }));
});

describe('laws', () => {
  test('with an index nothing is lost, and every text is counted once', () => {
    fc.assert(
      fc.property(readings, ({ entries, read }) => {
        const joined = joinMemvidTexts(entries.length, read, { entries });
        const seen = new Set(read.map(({ frame }) => frame));
        expect(joined).toEqual({
          texts: entries.map(({ text }) => text),
          fromVideo: seen.size,
          fromIndex: entries.length - seen.size,
          unread: entries.map(({ frame }) => frame).filter((frame) => !seen.has(frame)),
          missing: [],
          warnings: [],
        });
      }),
    );
  });

  test('without one there is what frames say, in the order of the ids', () => {
    fc.assert(
      fc.property(readings, ({ entries, read }) => {
        const joined = joinMemvidTexts(entries.length, read, null);
        const seen = entries.filter((entry) => read.includes(entry));
        expect(joined.texts).toEqual(seen.map(({ text }) => text));
        expect([joined.fromVideo, joined.fromIndex]).toEqual([seen.length, 0]);
        expect(joined.unread.length).toBe(entries.length - seen.length);
      }),
    );
  });

  test('a frame that says anything else than the index counts as unread', () => {
    fc.assert(
      fc.property(shards, fc.nat(), fc.constantFrom('text', 'frame', 'id'), (entries, at, what) => {
        fc.pre(entries.length > 0);
        const right = entries[at % entries.length];
        if (!right) throw new Error('There is an entry.');
        const wrong = {
          text: { ...right, text: `${right.text}!` },
          frame: { ...right, frame: right.frame + entries.length },
          id: { ...right, id: right.id + entries.length },
        }[what];
        const read = entries.map((entry) => (entry === right ? wrong : entry));
        const joined = joinMemvidTexts(entries.length, read, { entries });
        expect(joined.texts).toEqual(entries.map(({ text }) => text));
        expect(joined.unread).toEqual([right.frame]);
        expect(joined.fromIndex).toBe(1);
        expect(joined.warnings).toEqual([
          expect.stringContaining('something else than the index, which is believed: 1.'),
        ]);
      }),
    );
  });
});

test('a frame that shows an earlier symbol again is unread; one that contradicts it is told', () => {
  const first = { id: 0, text: 'One.', frame: 0 };
  expect(joinMemvidTexts(2, [first, first], null)).toMatchObject({
    ...{ texts: ['One.'], unread: [1], warnings: [] },
  });
  const other = { id: 0, text: 'Two.', frame: 1 };
  expect(joinMemvidTexts(2, [first, other], null)).toMatchObject({
    texts: ['One.'],
    unread: [1],
    warnings: [expect.stringContaining('something else of a text than one before: 1.')],
  });
});

test('blank texts are left out, halves of characters mended, frames that are not there named', () => {
  const entries = [
    { id: 0, text: ' \n', frame: 0 },
    { id: 1, text: 'a\ud800', frame: 1 },
    { id: 2, text: 'b', frame: 9 },
  ];
  expect(joinMemvidTexts(2, entries.slice(1, 2), { entries })).toEqual({
    texts: ['a\ufffd', 'b'],
    ...{ fromVideo: 1, fromIndex: 1, unread: [0], missing: [9] },
    warnings: [expect.stringContaining('left out: 1.')],
  });
});
