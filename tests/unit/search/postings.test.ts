import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CorruptError } from '../../../src/lib/errors';
import { analyserFor } from '../../../src/lib/search/analyse';
import { buildPostings, Postings } from '../../../src/lib/search/postings';
import { ByteWriter, VarintReader } from '../../../src/lib/search/varint';
import { damaged, text } from './arbitraries';
import { countOf } from './reference';

const english = analyserFor('en');
const plain = analyserFor('und');

/** Term → [row, count]…, the slow and obvious way. */
function naive(texts: string[], terms: (text: string) => string[]) {
  const index = new Map<string, [number, number][]>();
  for (const [row, text] of texts.entries())
    for (const [term, count] of countOf(terms(text)))
      index.set(term, [...(index.get(term) ?? []), [row, count]]);
  return index;
}

function read(postings: Postings, term: string): [number, number][] {
  const { rows, counts, length } = postings.rowsOf(term);
  return Array.from({ length }, (_, i) => [rows[i] ?? -1, counts[i] ?? -1]);
}

function expectSame(texts: string[]): void {
  const postings = Postings.open(buildPostings(texts, plain));
  const expected = naive(texts, plain.terms);
  expect(postings.rows).toBe(texts.length);
  expect(postings.terms).toBe(expected.size);
  expect([...postings.lengths]).toEqual(texts.map((text) => plain.terms(text).length));
  const near = [...expected.keys()].flatMap((term) => [
    term,
    `${term}a`,
    term.slice(0, -1),
    `a${term}`,
    `${term}\u{1f600}`,
  ]);
  expect(near.map((term) => read(postings, term))).toEqual(
    near.map((term) => expected.get(term) ?? []),
  );
  expect(near.map((term) => postings.documentFrequency(term))).toEqual(
    near.map((term) => expected.get(term)?.length ?? 0),
  );
}

describe('postings', () => {
  it('give back exactly the counts that a map would', () => {
    fc.assert(fc.property(fc.array(text, { maxLength: 30 }), expectSame));
  });

  it('hold any word of Unicode, in blocks of shared beginnings', () => {
    const words = fc.array(
      fc.oneof(
        fc.string({ unit: fc.constantFrom('a', 'b', 'é', '中', '𐐨', '\ufb01'), maxLength: 6 }),
        fc.string({ unit: 'grapheme', maxLength: 8 }),
      ),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(
        fc.array(
          words.map((all) => all.join(' ')),
          { maxLength: 6 },
        ),
        expectSame,
      ),
    );
  });

  it('hold large gaps and counts', () => {
    const texts = Array.from({ length: 20_000 }, (_, row): string =>
      row % 9_999 === 0 ? 'rare' : '',
    );
    texts[19_999] = 'rare '.repeat(20_000);
    expectSame(texts);
  });

  it('are the same bytes for the same texts', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 10 }), (texts) => {
        expect(buildPostings(texts, english)).toEqual(buildPostings([...texts], english));
      }),
    );
  });

  it('can be opened at any offset of a buffer', () => {
    const bytes = buildPostings(['heat flow', 'flow'], english);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(read(Postings.open(shifted.subarray(3)), 'flow')).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });

  const texts = [
    'wing flow flow heat',
    '',
    'flow of heat in wings',
    'shock wave',
    'a b c d e f g h i j',
  ];
  const bytes = buildPostings(texts, plain);

  it('that are damaged are refused, or still answer in bounds', () => {
    fc.assert(
      fc.property(damaged(bytes), (broken) => {
        let postings;
        try {
          postings = Postings.open(broken);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptError);
          return;
        }
        // What slipped through can only be another word: every list is still whole.
        let total = 0;
        for (const term of texts.flatMap((text) => plain.terms(text))) {
          const { rows, length } = postings.rowsOf(term);
          expect(rows.subarray(0, length).every((row) => row < texts.length)).toBe(true);
          total += length;
        }
        expect(postings.rows).toBe(texts.length);
        expect(total).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 2000 },
    );
  });

  it('that are damaged in a list, a length or the table are always refused', () => {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const blocks = 28;
    const lengths = blocks + 8 * Math.ceil(view.getUint32(12, true) / 16);
    const dictionary = lengths + view.getUint32(16, true);
    const lists = dictionary + view.getUint32(20, true);
    for (let at = 0; at < bytes.length; at++) {
      if (at >= dictionary && at < lists) continue;
      for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
        if (bytes[at] === value) continue;
        expect(() => Postings.open(bytes.with(at, value)), `byte ${at}`).toThrow(CorruptError);
      }
    }
  });

  /** A word index of one row and one term, from its parts. */
  function handmade(length: number, dictionary: number[], list: number[]): Uint8Array {
    const header = [0x4f50524d, 1, 1, 1, 1, dictionary.length, list.length, 0, 0];
    return Uint8Array.from([
      ...new Uint8Array(Uint32Array.from(header).buffer),
      length,
      ...dictionary,
      ...list,
    ]);
  }
  const A = 97;

  it('made by hand as the layout says are the same bytes', () => {
    expect(buildPostings(['a a'], plain)).toEqual(handmade(2, [0, 1, A, 1, 2], [3, 2]));
    expect(buildPostings(['a'], plain)).toEqual(handmade(1, [0, 1, A, 1, 1], [2]));
  });

  it('are refused where a list names a row twice, or one that is not there', () => {
    expect(() => Postings.open(handmade(2, [0, 1, A, 2, 2], [2, 0]))).toThrow(CorruptError);
    expect(() => Postings.open(handmade(1, [0, 1, A, 1, 1], [4]))).toThrow(CorruptError);
  });

  it('are refused, before anything is allocated, where a term claims more rows than bytes', () => {
    const most = [0xff, 0xff, 0xff, 0xff, 0x0f];
    expect(() => Postings.open(handmade(1, [0, 1, A, ...most, 1], [2]))).toThrow(CorruptError);
    expect(() => Postings.open(handmade(1, [0, ...most, A, 1, 1], [2]))).toThrow(CorruptError);
  });

  it('that claim more than they hold allocate nothing', () => {
    const header = Uint8Array.from(bytes.subarray(0, 28));
    for (const field of [2, 3, 4, 5, 6]) {
      const broken = header.slice();
      new DataView(broken.buffer).setUint32(field * 4, 0xffff_fff0, true);
      expect(() => Postings.open(broken)).toThrow(CorruptError);
    }
  });
});

describe('varints', () => {
  it('read back what was written', () => {
    const numbers = fc.array(fc.integer({ min: 0, max: 0xffff_ffff }));
    fc.assert(
      fc.property(numbers, (values) => {
        const writer = new ByteWriter();
        for (const value of values) writer.varint(value);
        const bytes = writer.written();
        const reader = new VarintReader(bytes, 0, bytes.length);
        expect(values.map(() => reader.next())).toEqual(values);
        expect(() => reader.next()).toThrow(CorruptError);
      }),
    );
  });

  it('of 2^32 or more are refused', () => {
    const bytes = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x1f);
    expect(() => new VarintReader(bytes, 0, 5).next()).toThrow(CorruptError);
  });
});
