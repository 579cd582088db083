import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonPatchOperation, Place, RetentionPolicy } from '../../../src/lib/api';
import { ConflictError } from '../../../src/lib/errors';
import type { RecordChange } from '../../../src/lib/shard/changes';
import type { ChunkUuid, SegmentId, SourceId } from '../../../src/lib/shard/ids';
import { primaryOf } from '../../../src/lib/shard/index-document';
import { applyPatch } from '../../../src/lib/shard/json-patch';
import type { JsonObject, JsonValue } from '../../../src/lib/shard/patch-values';
import { chunksOf, invertChanges, patchOf, purgePatch } from '../../../src/lib/shard/record-patch';
import type { ChunkRecord } from '../../../src/lib/shard/records';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Few values of each kind, so that some fields stay and others change. */
const record = fc
  .record(
    {
      order: fc.constantFrom('a1', 'a2'),
      at: fc.option(fc.constant({ segment: '01' as SegmentId, frame: 1, slot: 1 })),
      sha256: fc.constantFrom('aa', 'bb'),
      source: fc.constantFrom('s' as SourceId, 't' as SourceId, null),
      place: fc.constantFrom<(Place | null)[]>(
        null,
        { start: 0, end: 1 },
        { heading: ['a'], start: 0, end: 1 },
      ),
      deleted: fc.boolean(),
      from: fc.constantFrom('x' as ChunkUuid, 'y' as ChunkUuid),
      expiresAt: fc.constantFrom('2026-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'),
      text: fc.constantFrom('one', 'two'),
    },
    {
      requiredKeys: ['order', 'at', 'sha256', 'source', 'place', 'deleted'],
      noNullPrototype: true,
    },
  )
  .map((fields) => ({ ...fields, length: 3, bytes: 3 }));

const changes: fc.Arbitrary<RecordChange[]> = fc
  .uniqueArray(fc.uuid(), { maxLength: 5 })
  .chain((uuids) =>
    fc.tuple(
      ...uuids.map((name) =>
        fc.tuple(fc.option(record), fc.option(record)).map(([before, after]): RecordChange => {
          const uuid = name as ChunkUuid;
          return {
            uuid,
            before: before && { ...before, uuid },
            after: after && { ...after, uuid },
          };
        }),
      ),
    ),
  );

const policy: fc.Arbitrary<RetentionPolicy> = fc.record(
  { ttlSeconds: fc.constantFrom(1, 2), evict: fc.constant('least-used' as const) },
  { requiredKeys: [], noNullPrototype: true },
);
const retention = fc.record({ before: policy, after: policy }, { requiredKeys: [] });

/** The index with these records: primary fields, and with `digests` what tests ask for. */
function indexOf(
  side: 'before' | 'after',
  list: readonly RecordChange[],
  policies: { before?: RetentionPolicy; after?: RetentionPolicy },
  digests = false,
): JsonObject {
  const chunks: JsonObject = {};
  for (const change of list) {
    const one = change[side];
    if (!one) continue;
    chunks[change.uuid] = { ...primaryOf(one), ...(digests ? { sha256: one.sha256 } : {}) };
  }
  const kept = policies[side];
  return { chunks, ...(kept ? { retention: { ...kept } } : {}) };
}

function withoutDigests(index: JsonValue): unknown {
  return JSON.parse(
    JSON.stringify(index, (key, value: unknown) => (key === 'sha256' ? undefined : value)),
  );
}

describe('the patch of changes', () => {
  test('makes the index after of the index before, and its inverse takes that back', () => {
    fc.assert(
      fc.property(changes, retention, (list, policies) => {
        const forth = applyPatch(indexOf('before', list, policies, true), patchOf(list, policies));
        expect(withoutDigests(forth)).toEqual(indexOf('after', list, policies));

        const inverted = invertChanges(list);
        const turned = {
          ...(policies.after ? { before: policies.after } : {}),
          ...(policies.before ? { after: policies.before } : {}),
        };
        const back = applyPatch(indexOf('after', list, policies, true), patchOf(inverted, turned));
        expect(withoutDigests(back)).toEqual(indexOf('before', list, policies));
        expect(invertChanges(inverted)).toEqual(list);
      }),
    );
  });

  test('names the changed chunks, and derived fields in tests alone', () => {
    fc.assert(
      fc.property(changes, (list) => {
        const patch = patchOf(list);
        const primary = (one: ChunkRecord | null): string => JSON.stringify(one && primaryOf(one));
        const changed = list.filter(({ before, after }) => primary(before) !== primary(after));
        expect(new Set(chunksOf(patch))).toEqual(new Set(changed.map(({ uuid }) => uuid)));
        for (const operation of patch) {
          if (operation.op === 'test') continue;
          const written = JSON.stringify(operation);
          expect(written).not.toMatch(/sha256|length|bytes|segment|frame|slot/);
        }
      }),
    );
  });

  const uuid = '00000000-0000-8000-8000-000000000001' as ChunkUuid;
  const before: ChunkRecord = {
    uuid,
    order: 'a1',
    at: null,
    length: 3,
    bytes: 3,
    sha256: sha256('one'),
    source: null,
    place: null,
    deleted: false,
    text: 'one',
  };

  test('of an edit and a deletion tests what they were made on', () => {
    const after = { ...before, deleted: true, text: 'two', sha256: sha256('two') };
    expect(patchOf([{ uuid, before, after }])).toEqual([
      { op: 'test', path: `/chunks/${uuid}/sha256`, value: sha256('one') },
      { op: 'test', path: `/chunks/${uuid}/deleted`, value: false },
      { op: 'replace', path: `/chunks/${uuid}/deleted`, value: true },
      { op: 'replace', path: `/chunks/${uuid}/text`, value: 'two' },
    ]);
  });

  test('fails on an index where the text is another one', () => {
    const after = { ...before, text: 'two', sha256: sha256('two') };
    const index = { chunks: { [uuid]: { ...primaryOf(before), sha256: sha256('three') } } };
    expect(() => applyPatch(index, patchOf([{ uuid, before, after }]))).toThrow(ConflictError);
    expect(() => applyPatch(index, patchOf([{ uuid, before, after: null }]))).toThrow(
      ConflictError,
    );
  });
});

describe('a purged patch', () => {
  const [kept, gone] = ['kept', 'gone'] as [ChunkUuid, ChunkUuid];
  const patch: JsonPatchOperation[] = [
    { op: 'add', path: '/chunks/gone', value: { order: 'a1', text: 'secret', deleted: false } },
    { op: 'add', path: '/chunks/kept', value: { order: 'a2', text: 'public', deleted: false } },
    { op: 'test', path: '/chunks/gone/sha256', value: 'aa' },
    { op: 'replace', path: '/chunks/gone/text', value: 'secret too' },
    { op: 'replace', path: '/chunks/gone/deleted', value: true },
    { op: 'test', path: '/chunks/gone/text', value: 'secret too' },
    { op: 'remove', path: '/chunks/gone/text' },
    { op: 'replace', path: '/chunks/kept/text', value: 'secret' },
  ];

  test('has digests for the texts of purged chunks, and all else as it was', () => {
    const purged = purgePatch(patch, new Set([gone]), sha256);
    const expected = structuredClone(patch);
    const purge = (at: number, value: unknown): void => {
      expected[at] = { ...(expected[at] as { op: 'add'; path: string }), value };
    };
    purge(0, { order: 'a1', text: { purged: sha256('secret') }, deleted: false });
    purge(3, { purged: sha256('secret too') });
    purge(5, { purged: sha256('secret too') });
    expect(purged).toEqual(expected);
    expect(purged[1]).toBe(patch[1]);
    expect(purgePatch(purged, new Set([gone]), sha256)).toBe(purged);
  });

  test('is the same one where it held none of them', () => {
    expect(purgePatch(patch, new Set(['other' as ChunkUuid]), sha256)).toBe(patch);
    const deletion = patch.slice(4, 5);
    expect(purgePatch(deletion, new Set([gone, kept]), sha256)).toBe(deletion);
  });

  test('holds no overlay of a purged chunk, whatever the changes were', () => {
    fc.assert(
      fc.property(changes, (list) => {
        const patch = patchOf(list);
        const purged = purgePatch(patch, new Set(list.map(({ uuid }) => uuid)), sha256);
        expect(JSON.stringify(purged)).not.toMatch(/"one"|"two"/);
        expect(chunksOf(purged)).toEqual(chunksOf(patch));
      }),
    );
  });

  test('names each chunk once, in order, also those it takes from', () => {
    const steps: JsonPatchOperation[] = [
      { op: 'copy', from: '/chunks/kept/text', path: '/chunks/gone/text' },
      { op: 'remove', path: '/chunks/kept' },
      { op: 'remove', path: '/retention' },
    ];
    expect(chunksOf(steps)).toEqual([kept, gone]);
  });
});
