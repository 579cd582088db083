import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CorruptError } from '../../../src/lib/errors';
import {
  decodeDelta,
  deltasToMerge,
  encodeDelta,
  mergeDeltas,
  textRows,
  type Delta,
  type DeltaRow,
} from '../../../src/lib/shard/delta';
import type { ChunkUuid, SegmentId, SourceId } from '../../../src/lib/shard/ids';
import type { ChunkRecord, SourceRecord } from '../../../src/lib/shard/records';

const segments = ['0123456789abcdef', 'fedcba9876543210'] as SegmentId[];
const sources: SourceRecord[] = [0, 1, 2].map((at) => ({
  id: `source-${at}` as SourceId,
  name: `source ${at}`,
  type: 'text/plain',
  sha256: 'ab'.repeat(32),
  addedAt: '2026-01-01T00:00:00.000Z',
  ...(at === 1 ? { member: 'inside.txt' } : {}),
}));
/** Few, so that deltas meet in them. */
const uuids = Array.from(
  { length: 12 },
  (_, at) => `00000000-0000-8000-8000-${String(at).padStart(12, '0')}` as ChunkUuid,
);
const time = fc
  .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
  .map((date) => date.toISOString());

const contents = fc
  .record(
    {
      order: fc.string(),
      at: fc.option(
        fc.record({ segment: fc.constantFrom(...segments), frame: fc.nat(), slot: fc.nat() }),
      ),
      length: fc.nat(9),
      bytes: fc.nat(9),
      sha256: fc.constant('cd'.repeat(32)),
      source: fc.option(fc.constantFrom(...sources.map(({ id }) => id))),
      place: fc.option(fc.record({ start: fc.nat(), end: fc.nat(), line: fc.nat() })),
      deleted: fc.boolean(),
      from: fc.constantFrom(...uuids),
      expiresAt: time,
      addedAt: time,
      text: fc.string({ unit: 'grapheme' }),
      own: fc.constant(true as const),
      drift: fc.constant(true as const),
      replaced: fc.constant(true as const),
    },
    {
      requiredKeys: ['order', 'at', 'length', 'bytes', 'sha256', 'source', 'place', 'deleted'],
    },
  )
  .map((content): Omit<ChunkRecord, 'uuid'> => content);

/** Stands for packed vectors: a length byte, then one byte a row. */
const pack = (rows: readonly number[]): Uint8Array => Uint8Array.of(rows.length, ...rows);
const unpack = (bytes: Uint8Array): number[] => {
  expect(bytes[0]).toBe(bytes.length - 1);
  return [...bytes.subarray(1)];
};
const select = (
  parts: readonly (Uint8Array | null)[],
  picks: readonly { part: number; row: number }[],
): Uint8Array | null =>
  parts.every((part) => part === null)
    ? null
    : pack(
        picks.map(({ part, row }) => {
          const bytes = parts[part];
          const vector = bytes === null ? 0 : bytes && unpack(bytes)[row];
          if (vector === undefined) throw new Error(`Part ${part} has no row ${row}.`);
          return vector;
        }),
      );

const delta: fc.Arbitrary<Delta> = fc
  .uniqueArray(fc.record({ uuid: fc.constantFrom(...uuids), content: fc.option(contents) }), {
    selector: ({ uuid }) => uuid,
  })
  .chain((drafts) => {
    const rows = drafts.map(({ uuid, content }): DeltaRow => ({
      uuid,
      record: content && { uuid, ...content },
    }));
    const texts = rows.filter(({ record }) => record?.text !== undefined).length;
    const named = new Set(rows.map(({ record }) => record?.source));
    // Null as well: the model may have been away.
    const packed = fc.array(fc.nat(255), { minLength: texts, maxLength: texts }).map(pack);
    return fc.option(packed).map((vectors) => ({
      sources: sources.filter(({ id }) => named.has(id)),
      rows,
      vectors: texts > 0 ? vectors : null,
    }));
  });

/** All that a delta says of a chunk: undefined where it says nothing. */
function lookUp(of: Delta, uuid: ChunkUuid): unknown {
  const row = of.rows.find((one) => one.uuid === uuid);
  if (!row) return undefined;
  if (!row.record) return null;
  const { record } = row;
  const at = textRows(of).indexOf(record);
  return {
    record,
    source: of.sources.find(({ id }) => id === record.source),
    // Without vectors is as good as with zero ones.
    vector: at >= 0 ? (of.vectors ? unpack(of.vectors)[at] : 0) : undefined,
  };
}

describe('a delta', () => {
  test('decode ∘ encode gives it back', () => {
    fc.assert(
      fc.property(delta, (one) => {
        expect(decodeDelta(encodeDelta(one))).toEqual(one);
      }),
    );
  });

  test('is refused where a part of it is odd, and never half read', () => {
    const row: unknown[] = [uuids[0], segments[0], 'a0', 1, 2, 3, 'cd', 0, null];
    const source = ['s', 'name', 'text/plain', 'ab', '2026-01-01T00:00:00.000Z'];
    const good: unknown[] = ['memreel/delta/1', [source], [row, [uuids[1]]], null];
    const bytesOf = (json: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(json));
    const withRow = (...odd: unknown[]): unknown => good.with(2, [odd]);
    const withCell = (at: number, value: unknown): unknown => withRow(...row.with(at, value));
    expect(decodeDelta(bytesOf(good)).rows).toHaveLength(2);
    const bad: Record<string, unknown> = {
      'no list': { format: good[0] },
      'another format': good.with(0, 'memreel/page/1'),
      'a part missing': good.slice(0, 3),
      'a part too many': [...good, 1],
      'sources that are no list': good.with(1, {}),
      'a source of numbers': good.with(1, [[1, 2, 3, 4, 5]]),
      'a short source': good.with(1, [source.slice(1)]),
      'a source twice': good.with(1, [source, source]),
      'rows that are no list': good.with(2, null),
      'a row that is no list': good.with(2, ['row']),
      'an empty row': withRow(),
      'a UUID that is no text': withCell(0, 1),
      'a segment that is no text': withCell(1, 1),
      'no segment but a frame': withCell(1, null),
      'a segment and no frame': withCell(3, null),
      'a frame and no slot': withCell(4, null),
      'an order that is no text': withCell(2, 7),
      'a negative frame': withCell(3, -1),
      'half a slot': withCell(4, 0.5),
      'no length': withCell(5, null),
      'no digest': withCell(6, null),
      'a source that is not listed': withCell(7, 1),
      'no source': withCell(7, null),
      'a place that is none': withCell(8, 'here'),
      'a row too short': withRow(...row.slice(0, 8)),
      'a row too long': withRow(...row, {}, 1),
      'extras that are a list': withRow(...row, []),
      'extras that are null': withRow(...row, null),
      'a drift that is none': withRow(...row, { drift: false }),
      'an unknown extra': withRow(...row, { colour: 'red' }),
      'an extra of every object': withRow(...row, { toString: 'red' }),
      'deleted that is not true': withRow(...row, { deleted: 1 }),
      'bytes that are none': withRow(...row, { bytes: -1 }),
      'a text that is none': good.with(2, [[...row, { text: 1 }]]).with(3, 'AQ'),
      'a chunk twice': good.with(2, [row, row]),
      'vectors without texts': good.with(3, 'AQ'),
      'vectors that are not base64url': good.with(2, [[...row, { text: 'new' }]]).with(3, '+'),
      'vectors that are no text': good.with(2, [[...row, { text: 'new' }]]).with(3, [1]),
    };
    for (const [what, json] of Object.entries(bad)) {
      expect(() => decodeDelta(bytesOf(json)), what).toThrow(CorruptError);
    }
    const cut = bytesOf(good).subarray(0, -1);
    expect(() => decodeDelta(cut)).toThrow(CorruptError);
    const notUtf8 = bytesOf(good);
    notUtf8[notUtf8.indexOf(0x6e)] = 0xff;
    expect(() => decodeDelta(notUtf8)).toThrow(CorruptError);
  });

  test('that could not be read is not written', () => {
    const record = { ...emptyRecord(uuids[0]), text: 'new' };
    const row = { uuid: record.uuid, record };
    const good = { sources: [], rows: [row], vectors: pack([1]) };
    expect(() => encodeDelta(good)).not.toThrow();
    expect(() => encodeDelta({ ...good, rows: [] })).toThrow(/vectors/);
    expect(() => encodeDelta({ ...good, rows: [row, row] })).toThrow(/twice/);
    const unlisted = { ...row, record: { ...record, source: sources[0]?.id ?? null } };
    expect(() => encodeDelta({ ...good, rows: [unlisted] })).toThrow(/not listed/);
  });
});

describe('merged deltas', () => {
  test('say of each chunk what the newest of the parts says', () => {
    fc.assert(
      fc.property(fc.array(delta, { maxLength: 6 }), (parts) => {
        const merged = mergeDeltas(parts, select);
        for (const uuid of uuids) {
          const newest = parts.findLast(({ rows }) => rows.some((row) => row.uuid === uuid));
          expect(lookUp(merged, uuid)).toEqual(newest && lookUp(newest, uuid));
        }
        expect(decodeDelta(encodeDelta(merged))).toEqual(merged);
      }),
    );
  });

  test('keep the sources that a row names, and no other', () => {
    fc.assert(
      fc.property(fc.array(delta, { maxLength: 6 }), (parts) => {
        const merged = mergeDeltas(parts, select);
        const named = new Set(merged.rows.flatMap(({ record }) => record?.source ?? []));
        expect(new Set(merged.sources.map(({ id }) => id))).toEqual(named);
      }),
    );
  });

  test('merged in steps are merged at once', () => {
    fc.assert(
      fc.property(fc.array(delta), fc.array(delta), (older, newer) => {
        const steps = mergeDeltas([mergeDeltas(older, select), ...newer], select);
        const once = mergeDeltas([...older, ...newer], select);
        for (const uuid of uuids) expect(lookUp(steps, uuid)).toEqual(lookUp(once, uuid));
      }),
      { numRuns: 50 },
    );
  });
});

interface Link {
  readonly rows: number;
}

/** Makes versions whose deltas are merged as `deltasToMerge` says. */
class Stack {
  links: Link[] = [];
  /** Rows written in all. */
  written = 0;
  edits = 0;
  /** UUIDs by link, so that rows which replace each other are known. */
  #rows = new Map<Link, ReadonlySet<number>>();

  add(uuidsOfEdit: Iterable<number>): void {
    const own = new Set(uuidsOfEdit);
    const taken = deltasToMerge(this.links, own.size);
    expect(taken).toBeLessThanOrEqual(this.links.length);
    const kept = this.links.length - taken;
    const merged = new Set(own);
    for (const link of this.links.slice(kept)) {
      expect(link.rows).toBeLessThan(512);
      for (const row of this.#rows.get(link) ?? []) merged.add(row);
    }
    const link: Link = { rows: merged.size };
    this.#rows.set(link, merged);
    this.links = [...this.links.slice(0, kept), link];
    this.written += merged.size;
    this.edits += own.size;
  }

  get small(): number {
    return this.links.filter(({ rows }) => rows < 512).length;
  }
}

describe('which deltas are merged', () => {
  test('1,000 single edits leave few, and write few rows each', () => {
    const different = new Stack();
    const same = new Stack();
    let most = 0;
    for (let edit = 0; edit < 1000; edit++) {
      different.add([edit]);
      same.add([edit % 10]);
      most = Math.max(most, different.links.length, same.links.length);
    }
    expect(most).toBeLessThanOrEqual(22);
    expect(different.written).toBeLessThan(4000);
    expect(same.written).toBeLessThan(4000);
    expect(different.links.reduce((sum, { rows }) => sum + rows, 0)).toBe(1000);
  });

  test('8 of a level become one, and that may be the eighth of the next', () => {
    const of = (...rows: number[]): Link[] => rows.map((count) => ({ rows: count }));
    expect(deltasToMerge([], 1)).toBe(0);
    expect(deltasToMerge(of(1, 1, 1, 1, 1, 1), 1)).toBe(0);
    expect(deltasToMerge(of(1, 1, 1, 1, 1, 1, 1), 1)).toBe(7);
    expect(deltasToMerge(of(8, 8, 1, 1, 1, 1, 1, 1, 1), 1)).toBe(7);
    expect(deltasToMerge(of(8, 8, 8, 8, 8, 8, 8, 1, 1, 1, 1, 1, 1, 1), 1)).toBe(14);
    expect(deltasToMerge(of(511, 511, 511, 511, 511, 511, 511), 64)).toBe(7);
    expect(deltasToMerge(of(512, 512, 512, 512, 512, 512, 512), 512)).toBe(0);
    // Small ones between large ones would stay for ever.
    expect(deltasToMerge(of(10, 1, 2), 10)).toBe(2);
    expect(deltasToMerge(of(600, 64, 1, 2), 600)).toBe(3);
  });

  test('whatever the sizes, small deltas are few and rows are written few times', () => {
    const size = fc.oneof(...[1, 20, 200, 1000].map((max) => fc.integer({ min: 1, max })));
    fc.assert(
      fc.property(fc.array(size, { minLength: 50, maxLength: 150, size: 'max' }), (sizes) => {
        const stack = new Stack();
        let next = 0;
        for (const count of sizes) {
          stack.add(Array.from({ length: count }, () => next++));
          expect(stack.small).toBeLessThanOrEqual(21);
        }
        expect(stack.written).toBeLessThanOrEqual(4 * stack.edits);
      }),
      { numRuns: 40 },
    );
  });

  test('where chunks are edited again and again, too', () => {
    const edit = fc.array(fc.nat(100), { minLength: 1, maxLength: 40, size: 'max' });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 30, maxLength: 100, size: 'max' }), (edits) => {
        const stack = new Stack();
        for (const rows of edits) {
          stack.add(rows);
          expect(stack.small).toBeLessThanOrEqual(21);
        }
      }),
      { numRuns: 40 },
    );
  });
});

function emptyRecord(uuid = uuids[0]): ChunkRecord {
  if (uuid === undefined) throw new Error('There are no UUIDs.');
  return {
    uuid,
    order: 'a0',
    at: null,
    length: 3,
    bytes: 3,
    sha256: 'cd'.repeat(32),
    source: null,
    place: null,
    deleted: false,
  };
}
