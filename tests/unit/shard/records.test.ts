import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CorruptError } from '../../../src/lib/errors';
import {
  fromBase64Url,
  newSourceId,
  toBase64Url,
  type ChunkUuid,
  type SegmentId,
} from '../../../src/lib/shard/ids';
import { compareOrder, orderAfter, ordersBetween } from '../../../src/lib/shard/order';
import { decodePage, encodePage, type IndexPage } from '../../../src/lib/shard/records';
import {
  decodeObject,
  encodeObject,
  referencesOf,
  type ShardEntry,
} from '../../../src/lib/shard/objects';
import type { Digest } from '../../../src/lib/store/digest';
import type { Lineage, ShardId, VersionId } from '../../../src/lib/shard/ids';

const segment = '0123456789abcdef' as SegmentId;
const sources = [0, 1].map((at) => ({
  id: newSourceId(),
  name: `source ${String(at)}`,
  type: 'text/plain',
  sha256: 'ab'.repeat(32),
  addedAt: '2026-01-01T00:00:00.000Z',
  ...(at === 1 ? { member: 'inside.txt' } : {}),
}));
const record = fc.record(
  {
    uuid: fc.uuid().map((uuid) => uuid as ChunkUuid),
    order: fc.string(),
    at: fc.option(fc.record({ segment: fc.constant(segment), frame: fc.nat(), slot: fc.nat() })),
    length: fc.nat(),
    bytes: fc.nat(),
    sha256: fc.constant('cd'.repeat(32)),
    source: fc.option(fc.constantFrom(...sources.map(({ id }) => id))),
    place: fc.option(fc.record({ start: fc.nat(), end: fc.nat(), line: fc.nat() })),
    deleted: fc.boolean(),
    from: fc.uuid().map((uuid) => uuid as ChunkUuid),
    expiresAt: fc.constant('2027-01-01T00:00:00.000Z'),
    addedAt: fc.constant('2026-02-01T00:00:00.000Z'),
    text: fc.string({ unit: 'grapheme' }),
    own: fc.constant(true as const),
    drift: fc.constant(true as const),
    replaced: fc.constant(true as const),
  },
  {
    requiredKeys: [
      ...(['uuid', 'order', 'at', 'length', 'bytes', 'sha256'] as const),
      ...(['source', 'place', 'deleted'] as const),
    ],
  },
);

describe('an index page', () => {
  test('decode ∘ encode gives back every record', () => {
    fc.assert(
      fc.property(fc.array(record), (records) => {
        const page: IndexPage = { segment, sources, records };
        expect(decodePage(encodePage(page))).toEqual(page);
      }),
    );
  });

  test('of another format is refused', () => {
    const bytes = new TextEncoder().encode('["memreel/page/9","0123456789abcdef",[],[]]');
    expect(() => decodePage(bytes)).toThrow(CorruptError);
  });
});

describe('order keys', () => {
  test('appended ones ascend by code unit, without bound', () => {
    let last: string | null = null;
    for (let count = 0; count < 10_000; count++) {
      const next: string = orderAfter(last);
      if (last !== null) expect(compareOrder(last, next)).toBe(-1);
      last = next;
    }
    expect(last?.length).toBeLessThanOrEqual(5);
  });

  test('there is always room between two', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 60 }), (turns) => {
        let [low, high] = ordersBetween(null, null, 2) as [string, string];
        for (const turn of turns) {
          const [between = ''] = ordersBetween(low, high, 1);
          expect(compareOrder(low, between)).toBe(-1);
          expect(compareOrder(between, high)).toBe(-1);
          if (turn) low = between;
          else high = between;
        }
      }),
    );
  });
});

describe('base64url', () => {
  test('agrees with Node’s for all bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const encoded = toBase64Url(bytes);
        expect(encoded).toBe(Buffer.from(bytes).toString('base64url'));
        expect(fromBase64Url(encoded)).toEqual(bytes);
      }),
    );
  });

  test('other text is not decoded', () => {
    expect(fromBase64Url('a')).toBeUndefined();
    expect(fromBase64Url('a+/=')).toBeUndefined();
  });
});

describe('objects', () => {
  const link = (at: number): { id: VersionId; digest: Digest } => ({
    id: `version ${String(at)}` as VersionId,
    digest: String(at).repeat(64) as Digest,
  });
  const entry: ShardEntry = {
    format: 'memreel/shard/1',
    id: 'shard' as ShardId,
    name: 'Notes',
    lineage: 'lineage' as Lineage,
    profile: 'compact',
    model: 'static-en',
    language: 'en',
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
    head: link(1),
    log: '2'.repeat(64) as Digest,
    tags: { first: link(3) },
    facts: { chunks: 0, deleted: 0, bytes: 0 },
    questions: '4'.repeat(64) as Digest,
  };

  test('an entry holds its head, its log, its tags and its questions', () => {
    expect(referencesOf('shard', encodeObject(entry))).toEqual([
      { kind: 'version', digest: '1'.repeat(64) },
      { kind: 'version', digest: '3'.repeat(64) },
      { kind: 'log', digest: '2'.repeat(64) },
      { kind: 'questions', digest: '4'.repeat(64) },
    ]);
  });

  test('bytes of another kind are refused', () => {
    expect(() => decodeObject('version', encodeObject(entry))).toThrow(CorruptError);
  });
});
