import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidError } from '../../../src/lib/errors';
import { analyserFor } from '../../../src/lib/search/analyse';
import { newBitmap, setBit } from '../../../src/lib/search/bitmap';
import { buildPostings, Postings } from '../../../src/lib/search/postings';
import { type Question, ShardSearch } from '../../../src/lib/search/shard-search';
import { quantise, Vectors } from '../../../src/lib/search/vectors';
import { text, unitVector } from './arbitraries';
import { reference, type ReferenceRow } from './reference';

const english = analyserFor('en');
const DIMENSIONS = 5;
/** The scan rounds: it may leave out, or let in, rows whose cosine is as small as this. */
const NEAR_ZERO = 1e-3;

interface Row {
  text: string;
  vector: Float32Array;
  live: boolean;
  allowed: boolean;
}

const row: fc.Arbitrary<Row> = fc.record({
  text,
  vector: unitVector(DIMENSIONS),
  live: fc.boolean(),
  allowed: fc.boolean(),
});
const shard = fc.array(
  fc.record({ rows: fc.array(row, { maxLength: 12 }), embedded: fc.boolean() }),
  { maxLength: 4 },
);
const question = fc.record({
  text,
  vector: fc.option(unitVector(DIMENSIONS)),
  topK: fc.nat({ max: 30 }),
  mode: fc.constantFrom('hybrid', 'semantic', 'lexical'),
});

function bitmapOf(bits: boolean[]): Uint8Array {
  const bitmap = newBitmap(bits.length);
  for (const [row, bit] of bits.entries()) if (bit) setBit(bitmap, row);
  return bitmap;
}

function segmentOf(id: string, rows: Row[], embedded: boolean) {
  const all = Float32Array.from(rows.flatMap(({ vector }) => [...vector]));
  return {
    id,
    postings: Postings.open(
      buildPostings(
        rows.map(({ text }) => text),
        english,
      ),
    ),
    vectors: embedded ? Vectors.open(quantise(all, DIMENSIONS)) : null,
    live: rows.every(({ live }) => live) ? null : bitmapOf(rows.map(({ live }) => live)),
  };
}

function referenceRows(
  segments: { rows: Row[] }[],
  built: { vectors: Vectors | null }[],
): ReferenceRow[] {
  return segments.flatMap(({ rows }, at) =>
    rows.map((row, number) => ({
      ...row,
      segment: `s${at}`,
      row: number,
      vector: built[at]?.vectors?.vector(number) ?? null,
    })),
  );
}

function expectSameAnswer(segments: { rows: Row[]; embedded: boolean }[], asked: Question): void {
  const built = segments.map(({ rows, embedded }, at) => segmentOf(`s${at}`, rows, embedded));
  const search = new ShardSearch(built, english);
  const hits = search.query(asked).filter(({ score }) => score > NEAR_ZERO);
  const rows = referenceRows(segments, built);
  const expected = reference(rows, { ...asked, topK: rows.length }, english);
  const at = (hit: { segment: string; row: number }): string => `${hit.segment}/${hit.row}`;
  const known = new Map(expected.map((hit) => [at(hit), hit]));
  const best = expected.slice(0, asked.topK).filter(({ score }) => score > NEAR_ZERO);
  expect(hits).toHaveLength(best.length);

  const off = (a: number, b: number | undefined): number => Math.abs(a - (b ?? NaN));
  const worst = (differences: number[]): number => Math.max(0, ...differences);
  expect(worst(hits.map((hit) => off(hit.lexical, known.get(at(hit))?.lexical)))).toBeLessThan(
    1e-9,
  );
  expect(worst(hits.map((hit) => off(hit.semantic, known.get(at(hit))?.semantic)))).toBeLessThan(
    1e-6,
  );
  expect(worst(hits.map((hit) => off(hit.score, known.get(at(hit))?.score)))).toBeLessThan(1e-6);
  // Rounding may swap hits of the same score, never give another score at a rank.
  expect(worst(hits.map((hit, rank) => off(hit.score, best[rank]?.score)))).toBeLessThan(1e-6);

  const order = hits.map((hit) => rows.findIndex((row) => at(row) === at(hit)));
  const ties = order.filter(
    (place, i) => hits[i]?.score === hits[i + 1]?.score && place > (order[i + 1] ?? 0),
  );
  expect(ties).toEqual([]);
}

describe('a question', () => {
  it('is answered as the formulas say, whatever is dead', () => {
    fc.assert(
      fc.property(shard, question, (segments, asked) => {
        const unfiltered = segments.map(({ rows, embedded }) => ({
          rows: rows.map((row) => ({ ...row, allowed: true })),
          embedded,
        }));
        expectSameAnswer(unfiltered, asked);
      }),
      { numRuns: 100 },
    );
  });

  it('is answered the same under a filter, which changes no weight', () => {
    fc.assert(
      fc.property(shard, question, (segments, asked) => {
        const allow = new Map(
          segments.map(({ rows }, at) => [`s${at}`, bitmapOf(rows.map(({ allowed }) => allowed))]),
        );
        expectSameAnswer(segments, { ...asked, allow });
      }),
      { numRuns: 100 },
    );
  });

  it('is answered as if dead rows had never been there', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 25 }), question, (rows, asked) => {
        const living = rows.filter(({ live }) => live);
        const full = new ShardSearch([segmentOf('s', rows, true)], english);
        const small = new ShardSearch([segmentOf('s', living, true)], english);
        const places = [...rows.keys()].filter((row) => rows[row]?.live);
        expect(full.query(asked)).toEqual(
          small.query(asked).map((hit) => ({ ...hit, row: places[hit.row] })),
        );
      }),
    );
  });

  it('gives the same answer however the rows are cut into segments', () => {
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 20 }),
        fc.nat({ max: 20 }),
        question,
        (rows, at, asked) => {
          const whole = new ShardSearch([segmentOf('s', rows, true)], english);
          const cut = new ShardSearch(
            [segmentOf('a', rows.slice(0, at), true), segmentOf('b', rows.slice(at), true)],
            english,
          );
          const places = cut.query(asked).map((hit) => ({
            ...hit,
            segment: 's',
            row: hit.row + (hit.segment === 'b' ? Math.min(at, rows.length) : 0),
          }));
          expect(places).toEqual(whole.query(asked));
        },
      ),
    );
  });

  it('reaches rows beyond the candidates of a side when more hits are asked for', () => {
    const rows = Array.from({ length: 700 }, (_, i): Row => ({
      text: i % 2 === 0 ? 'flow' : 'heat',
      vector: new Float32Array(DIMENSIONS),
      live: true,
      allowed: true,
    }));
    const search = new ShardSearch([segmentOf('s', rows, true)], english);
    const asked = { text: 'flow', vector: null, mode: 'hybrid' } as const;
    expect(search.query({ ...asked, topK: 300 }).map(({ row }) => row)).toEqual(
      Array.from({ length: 300 }, (_, i) => i * 2),
    );
    expect(search.query({ ...asked, topK: 1000 })).toHaveLength(350);
  });

  it('with a filter that leaves a segment out finds nothing there', () => {
    const one: Row = {
      text: 'flow',
      vector: Float32Array.of(1, 0, 0, 0, 0),
      live: true,
      allowed: true,
    };
    const search = new ShardSearch(
      [segmentOf('a', [one], true), segmentOf('b', [one], true)],
      english,
    );
    const allow = new Map([['b', Uint8Array.of(1)]]);
    const hits = search.query({ text: 'flow', vector: one.vector, topK: 5, mode: 'hybrid', allow });
    expect(hits.map(({ segment }) => segment)).toEqual(['b']);
  });

  it('that does not fit is refused', () => {
    const one: Row = {
      text: 'flow',
      vector: Float32Array.of(1, 0, 0, 0, 0),
      live: true,
      allowed: true,
    };
    const segment = segmentOf('a', [one], true);
    const search = new ShardSearch([segment], english);
    const asked = { text: 'flow', vector: null, topK: 5, mode: 'hybrid' } as const;
    expect(() => search.query({ ...asked, vector: new Float32Array(4) })).toThrow(InvalidError);
    expect(() => search.query({ ...asked, topK: -1 })).toThrow(InvalidError);
    expect(() => search.query({ ...asked, allow: new Map([['a', new Uint8Array(2)]]) })).toThrow(
      InvalidError,
    );
    expect(() => new ShardSearch([{ ...segment, live: new Uint8Array(0) }], english)).toThrow(
      InvalidError,
    );
    const others = Vectors.open(quantise(new Float32Array(3), 3));
    expect(
      () => new ShardSearch([segment, { ...segment, id: 'b', vectors: others }], english),
    ).toThrow(InvalidError);
  });
});
