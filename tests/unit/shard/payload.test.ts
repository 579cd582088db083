import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CorruptError } from '../../../src/lib/errors';
import { newLineage, newSourceId, type ChunkUuid } from '../../../src/lib/shard/ids';
import { decodeFrame, encodeFrame, type Frame } from '../../../src/lib/shard/payload';
import { chunkUuid } from '../../../src/lib/shard/uuid';

const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const source = fc.record(
  {
    id: fc.constant(0).map(() => newSourceId()),
    name: text,
    type: fc.constantFrom('text/plain', 'application/pdf'),
    member: text,
  },
  { requiredKeys: ['id', 'name', 'type'] },
);
const place = fc.record(
  { start: fc.nat(), end: fc.nat(), page: fc.nat(), heading: fc.array(text, { maxLength: 3 }) },
  { requiredKeys: ['start', 'end'] },
);
const frame: fc.Arbitrary<Frame> = fc
  .record({
    seed: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    sources: fc.array(source, { minLength: 1, maxLength: 3 }),
    chunks: fc.array(
      fc.record({
        order: fc.string(),
        text,
        place: fc.option(place),
        source: fc.option(fc.nat({ max: 2 })),
        uuid: fc.option(fc.uuid()),
      }),
      { maxLength: 9 },
    ),
  })
  .map(({ seed, sources, chunks }) => ({
    lineage: newLineage(),
    seed,
    chunks: chunks.map(({ order, text: words, place: where, source: at, uuid }) => ({
      order,
      text: words,
      place: where,
      source: at === null ? null : (sources[at % sources.length] ?? null),
      ...(uuid === null ? {} : { uuid: uuid as ChunkUuid }),
    })),
  }));

describe('a frame’s payload', () => {
  test('decode ∘ encode gives back every chunk, with the UUID that seed and slot make', async () => {
    await fc.assert(
      fc.asyncProperty(frame, async (given) => {
        const decoded = await decodeFrame(encodeFrame(given));
        expect(decoded.lineage).toBe(given.lineage);
        const expected = await Promise.all(
          given.chunks.map(async (chunk, slot) => ({
            ...chunk,
            uuid: chunk.uuid ?? (await chunkUuid(given.seed, slot)),
          })),
        );
        expect(decoded.chunks).toEqual(expected);
      }),
    );
  });

  test('is one JSON text that begins with the format, whatever the chunks say', () => {
    fc.assert(
      fc.property(frame, (given) => {
        const json = JSON.parse(new TextDecoder().decode(encodeFrame(given))) as unknown[];
        expect(json.slice(0, 2)).toEqual(['memreel/1', given.lineage]);
      }),
    );
  });

  test('anything else is a CorruptError, never a crash', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((json) => new TextEncoder().encode(json)),
          fc.tuple(frame, fc.nat(), fc.nat({ max: 255 })).map(([given, at, byte]) => {
            const bytes = encodeFrame(given);
            bytes[at % bytes.length] = byte;
            return bytes;
          }),
        ),
        async (bytes) => {
          const outcome = await decodeFrame(bytes).catch((error: unknown) => error);
          if (outcome instanceof Error) expect(outcome).toBeInstanceOf(CorruptError);
        },
      ),
    );
  });
});

describe('a chunk’s UUID', () => {
  test('is a UUIDv8 of RFC 9562, and differs by slot and by seed', async () => {
    const seed = new Uint8Array(16).fill(7);
    const uuids = await Promise.all([0, 1, 255, 256].map((slot) => chunkUuid(seed, slot)));
    for (const uuid of uuids) {
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
    uuids.push(await chunkUuid(new Uint8Array(16).fill(8), 0));
    expect(new Set(uuids).size).toBe(5);
  });

  test('is what docs/FORMAT.md says: SHA-256 of seed and slot, two bytes, big endian', async () => {
    // python3: h = bytearray(hashlib.sha256(bytes(range(16)) + b'\x00\x02').digest()[:16]);
    //          h[6] = h[6] & 15 | 0x80; h[8] = h[8] & 63 | 0x80; print(uuid.UUID(bytes=bytes(h)))
    const seed = Uint8Array.from({ length: 16 }, (_, at) => at);
    expect(await chunkUuid(seed, 2)).toBe('a031168f-c099-831d-8b05-3e4190ad59f7');
  });
});
