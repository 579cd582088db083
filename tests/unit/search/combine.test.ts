import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidError } from '../../../src/lib/errors';
import { analyserFor } from '../../../src/lib/search/analyse';
import { combinePostings } from '../../../src/lib/search/combine-postings';
import { combineVectors, selectVectorBytes } from '../../../src/lib/search/combine-vectors';
import { buildPostings, Postings } from '../../../src/lib/search/postings';
import type { RowPick } from '../../../src/lib/search/row-picks';
import { quantise, Vectors } from '../../../src/lib/search/vectors';
import { text, unitVector } from './arbitraries';

const english = analyserFor('en');
const DIMENSIONS = 5;

/** Enough different words for several blocks of the dictionary, with shared beginnings. */
const manyWords = fc
  .array(
    fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'b', 'é', '中', '𐐨'), minLength: 1, maxLength: 5 }),
      fc.nat({ max: 300 }).map((n) => `w${n}`),
    ),
    { maxLength: 40 },
  )
  .map((words) => words.join(' '));

/** Parts of rows, and picks of them: any rows in any order, also twice. */
function partsAndPicks<T>(
  row: fc.Arbitrary<T>,
): fc.Arbitrary<{ parts: T[][]; picks: RowPick[]; picked: T[] }> {
  return fc.array(fc.array(row, { maxLength: 12 }), { maxLength: 5 }).chain((parts) => {
    const all = parts.flatMap((rows, part) => rows.map((_, at) => ({ part, row: at })));
    const some = fc
      .array(fc.nat())
      .map((ns) => ns.flatMap((n) => all.slice(n % all.length, (n % all.length) + 1)));
    return fc.oneof(fc.subarray(all), fc.shuffledSubarray(all), some).map((picks) => ({
      parts,
      picks,
      picked: picks.flatMap((pick) => parts[pick.part]?.slice(pick.row, pick.row + 1) ?? []),
    }));
  });
}

const packed = (rows: Float32Array[]): Uint8Array<ArrayBuffer> =>
  quantise(Float32Array.from(rows.flatMap((row) => [...row])), DIMENSIONS);

describe('combined postings', () => {
  it('are the bytes that the picked texts would have been built to', () => {
    fc.assert(
      fc.property(partsAndPicks(fc.oneof(text, manyWords)), ({ parts, picks, picked }) => {
        const open = parts.map((texts) => Postings.open(buildPostings(texts, english)));
        expect(combinePostings(open, picks)).toEqual(buildPostings(picked, english));
      }),
      { numRuns: 300 },
    );
  });

  it('hold rows in order, large counts and long words', () => {
    const rows = 300;
    const texts = (part: number): string[] =>
      Array.from({ length: rows }, (_, i) =>
        [
          'every ',
          i % 7 === part ? 'seventh '.repeat(i + 1) : '',
          'x'.repeat(1 + (i % 64)),
          '中'.repeat(i === 5 ? 64 : 0),
        ].join(' '),
      );
    const parts = [texts(0), texts(1), texts(2)];
    const open = parts.map((all) => Postings.open(buildPostings(all, english)));
    // From the end, one part after the other in turn: no list arrives in order.
    const picks = Array.from({ length: 3 * rows }, (_, i) => ({
      part: i % 3,
      row: rows - 1 - Math.floor(i / 3),
    }));
    const picked = picks.map(({ part, row }) => parts[part]?.[row] ?? '');
    expect(combinePostings(open, picks)).toEqual(buildPostings(picked, english));
  });

  it('of rows that are not there are refused', () => {
    const one = Postings.open(buildPostings(['flow'], english));
    for (const pick of [
      { part: 0, row: 1 },
      { part: 0, row: -1 },
      { part: 0, row: 0.5 },
      { part: 1, row: 0 },
      { part: -1, row: 0 },
    ])
      expect(() => combinePostings([one], [pick])).toThrow(InvalidError);
  });
});

describe('combined vectors', () => {
  it('are the bytes that the picked rows would have been packed to', () => {
    fc.assert(
      fc.property(partsAndPicks(unitVector(DIMENSIONS)), ({ parts, picks, picked }) => {
        fc.pre(parts.length > 0);
        const bytes = parts.map(packed);
        const expected = packed(picked);
        expect(selectVectorBytes(bytes, picks)).toEqual(expected);
        const open = bytes.map((part) => Vectors.open(part));
        expect(combineVectors(open, picks)).toEqual(expected);
      }),
    );
  });

  it('change no cosine however often they are combined, and leave parts without any zero', () => {
    fc.assert(
      fc.property(
        partsAndPicks(unitVector(DIMENSIONS)),
        unitVector(DIMENSIONS),
        fc.nat({ max: 4 }),
        ({ parts, picks }, query, bare) => {
          fc.pre(parts.some((_, part) => part !== bare));
          const open = parts.map((rows, part) =>
            part === bare ? null : Vectors.open(packed(rows)),
          );
          const once = combineVectors(open, picks);
          const twice = combineVectors(
            [once && Vectors.open(once)],
            picks.map((_, row) => ({ part: 0, row })),
          );
          expect(twice).toEqual(once);
          const combined = once && Vectors.open(once);
          expect(picks.map((_, row) => combined?.dot(row, query))).toEqual(
            picks.map(({ part, row }) => open[part]?.dot(row, query) ?? 0),
          );
        },
      ),
    );
  });

  it('of parts without any are none', () => {
    expect(combineVectors([], [])).toBeNull();
    expect(combineVectors([null, null], [{ part: 1, row: 7 }])).toBeNull();
    expect(selectVectorBytes([null], [{ part: 0, row: 7 }])).toBeNull();
  });

  it('of rows that are not there, or of other dimensions, are refused', () => {
    const one = Vectors.open(packed([new Float32Array(DIMENSIONS)]));
    for (const pick of [
      { part: 0, row: 1 },
      { part: 0, row: -1 },
      { part: 2, row: 0 },
      { part: 1, row: -1 },
    ])
      expect(() => combineVectors([one, null], [pick])).toThrow(InvalidError);
    const other = Vectors.open(quantise(new Float32Array(3), 3));
    expect(() => combineVectors([one, other], [])).toThrow(InvalidError);
  });
});
