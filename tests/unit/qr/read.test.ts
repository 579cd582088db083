import fc from 'fast-check';
import { create } from 'qrcode';
import { describe, expect, it } from 'vitest';
import { CorruptError, InvalidError } from '../../../src/lib/errors';
import { payloadCapacity, SymbolDrawer, SymbolReader, symbolSize } from '../../../src/lib/qr';
import type { SymbolShape } from '../../../src/lib/qr';
import { layoutOf } from '../../../src/lib/qr/layout';
import type { Layout } from '../../../src/lib/qr/layout';
import { Parity } from '../../../src/lib/qr/parity';
import { anyMask, anyPayload, noise, SIZES } from './shapes';

/** Small enough for many runs; levels, both count lengths, and short with long blocks among them. */
const SAMPLES = [
  { version: 1, ecc: 'L', mask: 0 },
  { version: 1, ecc: 'H', mask: 1 },
  { version: 3, ecc: 'Q', mask: 2 },
  { version: 5, ecc: 'Q', mask: 3 },
  { version: 8, ecc: 'M', mask: 4 },
  { version: 10, ecc: 'L', mask: 5 },
  { version: 12, ecc: 'H', mask: 6 },
  { version: 40, ecc: 'L', mask: 7 },
] as const;

describe('SymbolReader', () => {
  it('reads what was drawn, at every version and level, whatever the bytes and mask', () => {
    for (const size of SIZES) {
      fc.assert(
        fc.property(anyPayload(size), anyMask, (payload, mask) => {
          const shape = { ...size, mask };
          const result = new SymbolReader(shape).read(draw(shape, payload));
          expect(result.corrected).toBe(0);
          expect(same(result.payload, payload)).toBe(true);
        }),
        { numRuns: 3 },
      );
    }
  });

  it.each(SAMPLES)('corrects every block up to half its parity, and counts: %o', (shape) => {
    const layout = layoutOf(shape);
    const reader = new SymbolReader(shape);
    const limit = layout.blocks.parityLength >> 1;
    const anyDamage = fc.array(fc.nat(limit), {
      minLength: layout.blocks.count,
      maxLength: layout.blocks.count,
    });
    fc.assert(
      fc.property(anyDamage, fc.integer(), (errors, seed) => {
        const payload = noise(Math.abs(seed) % (payloadCapacity(shape) + 1), seed);
        const modules = draw(shape, payload);
        errors.forEach((count, block) => damage(modules, layout, block, count, seed + block));
        const result = reader.read(modules);
        expect(result.corrected).toBe(errors.reduce((sum, count) => sum + count, 0));
        expect(same(result.payload, payload)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it.each(SAMPLES)('throws at one error more in any one block: %o', (shape) => {
    const layout = layoutOf(shape);
    const reader = new SymbolReader(shape);
    const limit = layout.blocks.parityLength >> 1;
    fc.assert(
      fc.property(
        fc.nat(layout.blocks.count - 1),
        fc.integer({ min: 1, max: 4 }),
        fc.integer(),
        (block, excess, seed) => {
          const modules = draw(shape, noise(payloadCapacity(shape), seed));
          damage(modules, layout, block, limit + excess, seed);
          // Chance may put the block within reach of another codeword: one in 10^6 at 1-L. The
          // fixed seed makes it the same chance on every run.
          expect(() => reader.read(modules)).toThrow(CorruptError);
        },
      ),
      { numRuns: 30, seed: 18004 },
    );
  });

  it('what it returns for any grid, drawn again, differs in exactly `corrected` codewords', () => {
    // Damage from none to hopeless: whatever the reader makes of it, it must be able to account for.
    let read = 0;
    let refused = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...SAMPLES),
        fc.integer(),
        fc.nat(100),
        (shape, seed, percent) => {
          const layout = layoutOf(shape);
          const modules = draw(shape, noise(payloadCapacity(shape), seed));
          const flips = Math.floor((percent / 100) * layout.blocks.totalLength * 0.4);
          const where = new Uint32Array(noise(4 * flips, seed + 1).buffer);
          for (const at of where) modules[at % modules.length]! ^= 1; // inside by the modulo
          let result;
          try {
            result = new SymbolReader(shape).read(modules);
          } catch (error) {
            refused++;
            expect(error).toBeInstanceOf(CorruptError);
            return;
          }
          read++;
          const again = draw(shape, result.payload);
          expect(differingCodewords(modules, again, layout)).toBe(result.corrected);
        },
      ),
      { numRuns: 200, seed: 18004 },
    );
    expect(read).toBeGreaterThan(20);
    expect(refused).toBeGreaterThan(20);
  });

  it('does not look at function patterns or format information', () => {
    const shape = { version: 7, ecc: 'M', mask: 2 } as const;
    const layout = layoutOf(shape);
    const payload = noise(60, 4);
    const modules = draw(shape, payload);
    const data = new Set(layout.places);
    modules.forEach((module, i) => {
      if (!data.has(i)) modules[i] = module ^ 1;
    });
    expect(new SymbolReader(shape).read(modules)).toEqual({ payload, corrected: 0 });
  });

  it('keeps nothing of a symbol that it could not read', () => {
    const shape = { version: 2, ecc: 'M', mask: 0 } as const;
    const reader = new SymbolReader(shape);
    expect(() => reader.read(noise(25 ** 2, 9).map((byte) => byte & 1))).toThrow(CorruptError);
    expect(reader.read(draw(shape, noise(9, 3)))).toEqual({ payload: noise(9, 3), corrected: 0 });
  });

  it('refuses a grid of another size', () => {
    const reader = new SymbolReader({ version: 2, ecc: 'M', mask: 0 });
    expect(() => reader.read(new Uint8Array(21 ** 2))).toThrow(InvalidError);
  });
});

describe('SymbolReader on intact codewords that no byte payload makes', () => {
  const shape = { version: 4, ecc: 'M', mask: 3 } as const;
  const reader = new SymbolReader(shape);
  const { dataLength } = layoutOf(shape).blocks;

  it('reads the same stream when it is right', () => {
    expect(reader.read(drawData(shape, stream(0x40, 0x3a, 0xbc, 0xde, 0xf0)))).toEqual({
      payload: Uint8Array.of(0xab, 0xcd, 0xef),
      corrected: 0,
    });
  });

  it.each([
    ['another mode', stream(0x20, 0x3a, 0xbc, 0xde, 0xf0)],
    ['a count over the capacity', stream(0x4f, 0xfa, 0xbc, 0xde, 0xf0)],
    ['a second segment', stream(0x40, 0x3a, 0xbc, 0xde, 0xf4)],
    ['padding that is not padding', stream(0x40, 0x3a, 0xbc, 0xde, 0xf0).with(-1, 0xed)],
  ])('throws for %s', (_, data) => {
    expect(() => reader.read(drawData(shape, data))).toThrow(CorruptError);
  });

  it('throws at the first count over the capacity, not at the last within', () => {
    const capacity = payloadCapacity(shape);
    const full = new Uint8Array(dataLength);
    full.set([0x40 | (capacity >> 4), (capacity & 15) << 4]);
    expect(reader.read(drawData(shape, full)).payload).toEqual(new Uint8Array(capacity));
    full.set([0x40 | ((capacity + 1) >> 4), ((capacity + 1) & 15) << 4]);
    expect(() => reader.read(drawData(shape, full))).toThrow(/over the capacity/);
  });

  it.each(['numeric', 'alphanumeric'] as const)('throws for a symbol in %s mode', (mode) => {
    const { modules } = create([{ data: '8675309', mode }], {
      version: shape.version,
      errorCorrectionLevel: shape.ecc,
      maskPattern: shape.mask,
    });
    expect(() => reader.read(modules.data)).toThrow(/byte mode/);
  });

  function stream(...start: number[]): Uint8Array {
    const data = Uint8Array.from({ length: dataLength }, (_, i) =>
      (i - start.length) % 2 === 0 ? 0xec : 0x11,
    );
    data.set(start);
    return data;
  }
});

function draw(shape: SymbolShape, payload: Uint8Array): Uint8Array {
  const modules = new Uint8Array(symbolSize(shape.version) ** 2);
  new SymbolDrawer(shape).draw(payload, modules);
  return modules;
}

/** A symbol with any data codewords and the parity that belongs to them. */
function drawData(shape: SymbolShape, data: Uint8Array): Uint8Array {
  const { blocks, template, places, masks } = layoutOf(shape);
  const codewords = new Uint8Array(blocks.totalLength);
  codewords.set(data);
  for (let block = 0, start = 0; block < blocks.count; block++) {
    const length = blocks.shortLength + (block < blocks.shortCount ? 0 : 1);
    const at = blocks.dataLength + block * blocks.parityLength;
    new Parity(blocks.parityLength).write(codewords, start, length, codewords, at);
    start += length;
  }
  const modules = template.slice();
  places.forEach((place, bit) => {
    modules[place] = (((codewords[bit >> 3] ?? 0) ^ (masks[bit >> 3] ?? 0)) >> (7 - (bit & 7))) & 1;
  });
  return modules;
}

/** Flips modules in `count` distinct codewords of one block, data and parity alike. */
function damage(modules: Uint8Array, layout: Layout, block: number, count: number, seed: number) {
  const { blocks, places } = layout;
  const dataStart = block * blocks.shortLength + Math.max(0, block - blocks.shortCount);
  const dataLength = blocks.shortLength + (block < blocks.shortCount ? 0 : 1);
  const parityStart = blocks.dataLength + block * blocks.parityLength;
  const codewords = [
    ...Array.from({ length: dataLength }, (_, i) => dataStart + i),
    ...Array.from({ length: blocks.parityLength }, (_, i) => parityStart + i),
  ];
  const random = noise(2 * codewords.length, seed);
  const order = codewords.map((codeword, i) => ({ codeword, key: random[i] ?? 0 }));
  order.sort((a, b) => a.key - b.key);
  order.slice(0, count).forEach(({ codeword }, i) => {
    const pattern = Math.max(1, random[codewords.length + i] ?? 0);
    for (let bit = 0; bit < 8; bit++) {
      const place = places[8 * codeword + bit] ?? -1;
      if ((pattern >> bit) & 1) modules[place] = (modules[place] ?? 0) ^ 1;
    }
  });
}

function differingCodewords(a: Uint8Array, b: Uint8Array, { places }: Layout): number {
  const differing = new Set<number>();
  places.forEach((place, bit) => {
    if (a[place] !== b[place]) differing.add(bit >> 3);
  });
  return differing.size;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
