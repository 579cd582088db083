import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Corrector } from '../../../src/lib/qr/correct';
import { Parity } from '../../../src/lib/qr/parity';
import { noise } from './shapes';

/** At the field's full length a wrong repair is likely, not one in a million as in a symbol. */
const LENGTH = 255;

it.each([7, 10, 13, 30])(
  'repairs to a codeword within reach, or not at all (%i)',
  (parityLength) => {
    const parity = new Parity(parityLength);
    const corrector = new Corrector(parityLength);
    const count = LENGTH - parityLength;
    const limit = parityLength >> 1;
    let repaired = 0;
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: limit + 3 }), (seed, errors) => {
        const sent = new Uint8Array(LENGTH);
        sent.set(noise(count, seed));
        parity.write(sent, 0, count, sent, count);
        const received = sent.slice();
        const random = noise(2 * errors, seed + 1);
        for (let i = 0; i < errors; i++) {
          const at = (random[2 * i] ?? 0) % LENGTH;
          received[at] = (received[at] ?? 0) ^ (random[2 * i + 1] ?? 0);
        }
        const damaged = distance(sent, received);

        const expected = new Uint8Array(parityLength);
        parity.write(received, 0, count, expected, 0);
        const difference = expected.map((codeword, i) => codeword ^ (received[count + i] ?? 0));
        const result = received.slice();
        const corrected = corrector.correct(result, 0, count, difference);

        if (corrected === undefined) {
          expect(damaged).toBeGreaterThan(limit);
          expect(distance(result, received)).toBe(0);
          return;
        }
        repaired++;
        expect(corrected).toBeLessThanOrEqual(limit);
        if (damaged <= limit) expect(distance(result.subarray(0, count), sent)).toBe(0);
        // Right or wrong, it is a codeword, and exactly that many steps away.
        parity.write(result, 0, count, result, count);
        expect(distance(result, received)).toBe(corrected);
      }),
      { numRuns: 400, seed: 18004 },
    );
    expect(repaired).toBeGreaterThan(100);
  },
);

function distance(a: Uint8Array, b: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) count++;
  return count;
}

it.each([10, 30])(
  'mends twice as many where it is known which are doubtful (%i)',
  (parityLength) => {
    const parity = new Parity(parityLength);
    const corrector = new Corrector(parityLength);
    const length = 148;
    const count = length - parityLength;
    const erasedAtMost = fc.integer({ min: 0, max: parityLength });
    fc.assert(
      fc.property(fc.integer(), erasedAtMost, (seed, erasures) => {
        const sent = new Uint8Array(length);
        sent.set(noise(count, seed));
        parity.write(sent, 0, count, sent, count);
        // Half of what the erasures leave is for errors that nobody suspects.
        const errors = (parityLength - erasures) >> 1;
        const places = [...noise(length, seed + 1).entries()].sort(([, a], [, b]) => a - b);
        const received = sent.slice();
        for (const [at] of places.slice(0, erasures + errors)) {
          received[at] = (received[at] ?? 0) ^ ((at % 255) + 1);
        }
        const erased = places.slice(0, erasures).map(([at]) => at);
        const difference = new Uint8Array(parityLength);
        parity.write(received, 0, count, difference, 0);
        for (let i = 0; i < parityLength; i++) {
          difference[i] = (difference[i] ?? 0) ^ (received[count + i] ?? 0);
        }
        expect(corrector.correct(received, 0, count, difference, erased)).toBe(erasures + errors);
        expect(received.subarray(0, count)).toEqual(sent.subarray(0, count));
      }),
      { numRuns: 200, seed: 18004 },
    );
  },
);
