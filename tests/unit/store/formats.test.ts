/** HEAD, root, record and checksum: what goes in comes out, and what is damaged is told. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../src/lib/store/crc';
import {
  createDigest,
  digestFromBytes,
  digestOf,
  digestToBytes,
} from '../../../src/lib/store/digest';
import type { Digest } from '../../../src/lib/store/digest';
import { decodeHead, encodeHead } from '../../../src/lib/store/head';
import { decodeRecord, encodeRecord } from '../../../src/lib/store/journal';
import type { JournalRecord } from '../../../src/lib/store/journal';
import { asLibraryId } from '../../../src/lib/store/layout';
import { decodeRoot, encodeRoot } from '../../../src/lib/store/root';

const ascii = (text: string) => new TextEncoder().encode(text);
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const digest = bytes(32).map(digestFromBytes);
const id = bytes(16).map(asLibraryId);
const count = fc.maxSafeNat();
const key = fc.string({ unit: 'grapheme' });
const reference = fc.record({ kind: fc.string(), digest });

const record = fc
  .record({
    generation: count,
    sequence: count,
    epoch: count,
    changes: fc.array(fc.record({ key, to: fc.option(reference) })),
    was: fc.array(fc.tuple(key, fc.option(digest))),
    needs: fc.array(digest),
    voids: fc.array(count),
    inline: fc.array(fc.tuple(digest, fc.uint8Array({ maxLength: 5000 })), { maxLength: 4 }),
  })
  .map((made): JournalRecord => made);

const plain = (of: JournalRecord) => ({
  ...of,
  inline: of.inline.map(([name, part]) => [name, [...part]]),
});

describe('digests and checksums', () => {
  it('are those of the standards', async () => {
    // FIPS 180-4 example "abc"; RFC 3720 appendix B.4.
    expect(await digestOf(ascii('abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    expect(crc32c(ascii('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  });

  it('do not depend on pieces or on where the bytes lie', async () => {
    const property = fc.asyncProperty(fc.uint8Array(), fc.nat(), async (whole, at) => {
      const cut = whole.length === 0 ? 0 : at % whole.length;
      const running = await createDigest();
      running.update(whole.subarray(0, cut));
      running.update(whole.subarray(cut));
      expect(running.end()).toBe(await digestOf(whole));
      const moved = new Uint8Array(whole.length + 3);
      moved.set(whole, 3);
      expect(crc32c(moved.subarray(3))).toBe(crc32c(whole));
    });
    await fc.assert(property);
  });

  it('digests are the same as bytes and as text', () => {
    fc.assert(fc.property(digest, (d) => digestFromBytes(digestToBytes(d)) === d));
  });
});

describe('HEAD', () => {
  const head = fc.record({
    format: fc.nat(),
    id,
    ...{ generation: count, sequence: count, epoch: count },
    root: fc.option(digest),
  });

  it('comes back as it was, and not at all with any one byte changed', async () => {
    const property = fc.asyncProperty(
      head,
      fc.nat(119),
      fc.integer({ min: 1, max: 255 }),
      async (given, at, flip) => {
        const encoded = await encodeHead(given);
        expect(await decodeHead(encoded)).toEqual(given);
        encoded[at] = (encoded[at] ?? 0) ^ flip;
        expect(await decodeHead(encoded)).toBeUndefined();
      },
    );
    await fc.assert(property);
  });

  it('is undefined for garbage', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (garbage) => {
        expect(await decodeHead(garbage)).toBeUndefined();
      }),
    );
  });
});

describe('root', () => {
  const root = fc.record({
    format: fc.nat(),
    id,
    ...{ generation: count, sequence: count, epoch: count },
    entries: fc.array(fc.tuple(key, reference)).map((rows) => new Map(rows)),
    fresh: fc.array(digest).map((digests) => new Set<Digest>(digests)),
  });

  it('comes back as it was, and gives the same bytes in any order', () => {
    const property = fc.property(root, (given) => {
      const encoded = encodeRoot(given);
      expect(decodeRoot(encoded)).toEqual(given);
      const entries = new Map([...given.entries].reverse());
      const fresh = new Set([...given.fresh].reverse());
      expect(encodeRoot({ ...given, entries, fresh })).toEqual(encoded);
    });
    fc.assert(property, { numRuns: 40 });
  });

  it('is undefined for what has another shape', () => {
    expect(decodeRoot(ascii('{}'))).toBeUndefined();
    const magic = encodeRoot({
      ...{ format: 1, id: asLibraryId(new Uint8Array(16)), generation: 1, sequence: 1, epoch: 1 },
      ...{ entries: new Map(), fresh: new Set() },
    });
    expect(decodeRoot(magic.subarray(0, magic.length - 1))).toBeUndefined();
    expect(decodeRoot(Uint8Array.of(...magic.subarray(0, 8), ...ascii('{"format":1}')))).toBe(
      undefined,
    );
  });
});

describe('journal record', () => {
  it('comes back as it was, wherever it stands', () => {
    const property = fc.property(id, record, fc.nat(50), (library, given, at) => {
      const encoded = encodeRecord(library, given);
      expect(plain(encoded.record)).toEqual(plain(given));
      const journal = new Uint8Array(at + encoded.bytes.length + 9);
      journal.set(encoded.bytes, at);
      const found = decodeRecord(journal, at, { ...given, id: library });
      expect(found && plain(found.record)).toEqual(plain(given));
      expect(found?.end).toBe(at + encoded.bytes.length);
    });
    fc.assert(property);
  });

  it('is not taken when it is torn, changed, or belongs to another place', () => {
    const property = fc.property(id, record, fc.nat(), (library, given, seed) => {
      const { bytes: whole } = encodeRecord(library, given);
      const expected = { ...given, id: library };
      const at = seed % whole.length;
      expect(decodeRecord(whole.subarray(0, at), 0, expected)).toBeUndefined();
      const changed = whole.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 + (seed % 255));
      expect(decodeRecord(changed, 0, expected)).toBeUndefined();
      const other = library.slice();
      other[0] = (other[0] ?? 0) ^ 1;
      for (const wrong of [
        { generation: given.generation + 2 },
        { sequence: given.sequence + 1 },
        { epoch: given.epoch + 1 },
        { id: asLibraryId(other) },
      ]) {
        expect(decodeRecord(whole, 0, { ...expected, ...wrong })).toBeUndefined();
      }
    });
    fc.assert(property);
  });
});
