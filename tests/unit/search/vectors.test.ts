import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CorruptError, InvalidError } from '../../../src/lib/errors';
import { dotRows, plainDotRows, stepsOf } from '../../../src/lib/search/dot';
import { simdDotRows } from '../../../src/lib/search/dot-simd';
import { quantise, Vectors } from '../../../src/lib/search/vectors';
import { damaged, unitVector } from './arbitraries';

/** Rows of unit vectors of one random number of dimensions, and a question. */
const shardVectors = fc
  .integer({ min: 1, max: 70 })
  .chain((dimensions) =>
    fc.tuple(
      fc.constant(dimensions),
      fc.array(unitVector(dimensions), { maxLength: 12 }),
      unitVector(dimensions),
    ),
  );

function joined(rows: Float32Array[], dimensions: number): Float32Array {
  const all = new Float32Array(rows.length * dimensions);
  for (const [row, vector] of rows.entries()) all.set(vector, row * dimensions);
  return all;
}

const naiveDot = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);

describe('quantised vectors', () => {
  it('are wrong by half a step of their row at most', () => {
    fc.assert(
      fc.property(shardVectors, ([dimensions, rows]) => {
        const vectors = Vectors.open(quantise(joined(rows, dimensions), dimensions));
        expect([vectors.rows, vectors.dimensions]).toEqual([rows.length, dimensions]);
        for (const [row, exact] of rows.entries()) {
          const step = Math.max(...exact.map(Math.abs)) / 127;
          const read = vectors.vector(row);
          const errors = exact.map((component, i) => Math.abs(component - (read[i] ?? NaN)));
          expect(Math.max(...errors)).toBeLessThanOrEqual(step * 0.501);
          expect(vectors.isZero(row)).toBe(step === 0);
        }
      }),
    );
  });

  it('give the naive dot product, by the row and by the scan', () => {
    fc.assert(
      fc.property(shardVectors, ([dimensions, rows, query]) => {
        const vectors = Vectors.open(quantise(joined(rows, dimensions), dimensions));
        const out = new Float32Array(rows.length + 2).fill(7);
        vectors.scan(query, out, 1);
        for (const row of rows.keys()) {
          const expected = naiveDot(vectors.vector(row), query);
          expect(vectors.dot(row, query)).toBeCloseTo(expected, 5);
          expect(Math.abs((out[row + 1] ?? NaN) - expected)).toBeLessThan(2e-4);
        }
        expect([out[0], out[rows.length + 1]]).toEqual([7, 7]);
      }),
    );
  });

  it('are refused where a number is missing or not one', () => {
    expect(() => quantise(new Float32Array(7), 2)).toThrow(InvalidError);
    expect(() => quantise(new Float32Array(0), 0)).toThrow(InvalidError);
    expect(() => quantise(Float32Array.of(1, NaN), 2)).toThrow(InvalidError);
    expect(() => quantise(Float32Array.of(1, -Infinity), 2)).toThrow(InvalidError);
    expect(() => quantise(new Float32Array(4096), 4096)).toThrow(InvalidError);
  });

  it('of other sizes or scales than they say are CorruptError', () => {
    const bytes = quantise(Float32Array.of(0.6, 0.8, 0, 0, 1, 0), 2);
    expect(() => Vectors.open(bytes.slice(0, -1))).toThrow(CorruptError);
    for (let at = 0; at < 16; at++)
      expect(() => Vectors.open(bytes.with(at, (bytes[at] ?? 0) ^ 0x20)), `${at}`).toThrow(
        CorruptError,
      );
    const notFinite = bytes.slice();
    new DataView(notFinite.buffer).setFloat32(16, NaN, true);
    expect(() => Vectors.open(notFinite)).toThrow(CorruptError);
    fc.assert(
      fc.property(damaged(bytes), (broken) => {
        try {
          const vectors = Vectors.open(broken);
          vectors.scan(Float32Array.of(1, 0), new Float32Array(vectors.rows));
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptError);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('can be opened at any offset of a buffer', () => {
    const bytes = quantise(Float32Array.of(0.6, 0.8, 0, 1), 2);
    const shifted = new Uint8Array(bytes.length + 5);
    shifted.set(bytes, 5);
    expect(Vectors.open(shifted.subarray(5)).vector(0)).toEqual(Vectors.open(bytes).vector(0));
  });
});

describe('the SIMD kernel', () => {
  const simd = simdDotRows();

  it('runs here', () => {
    expect(simd).toBeDefined();
  });

  it('agrees with the plain one, over block borders, up to the extremes', () => {
    const extremes = fc.constantFrom(-128, -127, 0, 1, 127);
    fc.assert(
      fc.property(
        fc.constantFrom([16, 4097], [48, 1], [128, 0], [2048, 513]),
        fc.array(extremes, { minLength: 1, maxLength: 5 }),
        fc.array(fc.constantFrom(-1, -0.3, 0, 0.001, 1), { minLength: 1, maxLength: 7 }),
        ([stride = 0, rows = 0], levels, components) => {
          const data = new Int8Array(rows * stride).map((_, i) => levels[i % levels.length] ?? 0);
          const query = stepsOf(
            new Float32Array(stride).map((_, i) => components[i % components.length] ?? 0),
            stride,
          );
          const [fast, plain] = [new Float32Array(rows), new Float32Array(rows)];
          simd?.(data, stride, query, fast, 0);
          plainDotRows(data, stride, query, plain, 0);
          const worst = fast.reduce(
            (most, x, i) => Math.max(most, Math.abs(x - (plain[i] ?? NaN)) / (1 + Math.abs(x))),
            0,
          );
          expect(worst).toBeLessThan(1e-6 * Math.sqrt(stride) * 16);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('of an all but shorter question forgets the longer one before', () => {
    const out = new Float32Array(1);
    dotRows(new Int8Array(32).fill(1), 32, stepsOf(new Float32Array(32).fill(1), 32), out, 0);
    dotRows(new Int8Array(32).fill(1), 32, stepsOf(Float32Array.of(1), 32), out, 0);
    expect(out[0]).toBeCloseTo(1, 4);
  });
});
