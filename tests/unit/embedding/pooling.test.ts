import fc from 'fast-check';
import { expect, it } from 'vitest';
import { poolInto } from '../../../src/lib/embedding/pooling';

const rows = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 }))
  .chain(([tokens, dimensions]) =>
    fc.record({
      dimensions: fc.constant(dimensions),
      hidden: fc.array(
        fc.array(fc.float({ min: -4, max: 4, noNaN: true }), {
          minLength: dimensions,
          maxLength: dimensions,
        }),
        { minLength: tokens, maxLength: tokens },
      ),
    }),
  );

function normalised(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  return vector.map((value) => (length === 0 ? 0 : value / length));
}

it('is the normalised mean, or the normalised first row, and touches nothing else', () => {
  fc.assert(
    fc.property(
      rows,
      fc.constantFrom('mean' as const, 'cls' as const),
      ({ hidden, dimensions }, pooling) => {
        const mean = Array.from(
          { length: dimensions },
          (_, k) => hidden.reduce((sum, row) => sum + (row[k] ?? NaN), 0) / hidden.length,
        );
        fc.pre(Math.hypot(...mean) > 1e-3); // where rows cancel out, rounding decides
        const vectors = new Float32Array(3 * dimensions);
        poolInto(Float32Array.from(hidden.flat()), dimensions, pooling, vectors, dimensions);
        const expected = normalised(pooling === 'mean' ? mean : (hidden[0] ?? []));
        const zeros = Array.from({ length: dimensions }, () => 0);
        [...zeros, ...expected, ...zeros].forEach((value, index) => {
          expect(vectors[index]).toBeCloseTo(value, 3);
        });
      },
    ),
  );
});

it('leaves zeros where the pool is zero', () => {
  const vectors = new Float32Array(2);
  poolInto(Float32Array.of(1, 2, -1, -2), 2, 'mean', vectors, 0);
  expect([...vectors]).toEqual([0, 0]);
});
