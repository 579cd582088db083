import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonPatchOperation, Place } from '../../../src/lib/api';
import { ConflictError, InvalidError, NotFoundError } from '../../../src/lib/errors';
import type { ChunkUuid, SegmentId, SourceId } from '../../../src/lib/shard/ids';
import { chunkToJson, patchChunks, type ChunkWish } from '../../../src/lib/shard/index-document';
import { MAX_TEXT } from '../../../src/lib/shard/index-document-fields';
import type { ChunkRecord } from '../../../src/lib/shard/records';

const inVideo: ChunkRecord = {
  uuid: '00000000-0000-8000-8000-000000000001' as ChunkUuid,
  order: 'a1',
  at: { segment: '0123456789abcdef' as SegmentId, frame: 12, slot: 3 },
  length: 812,
  bytes: 815,
  sha256: 'ab'.repeat(32),
  source: 'c291cmNl' as SourceId,
  place: { page: 4, heading: ['One', 'Two'], start: 10, end: 822 },
  deleted: false,
  addedAt: '2026-01-01T00:00:00.000Z',
};
const overlay: ChunkRecord = {
  uuid: '00000000-0000-8000-8000-000000000002' as ChunkUuid,
  order: 'a2',
  at: null,
  length: 4,
  bytes: 4,
  sha256: 'cd'.repeat(32),
  source: null,
  place: null,
  deleted: true,
  from: inVideo.uuid,
  expiresAt: '2027-01-01T00:00:00.000Z',
  text: 'word',
};
const records = new Map([inVideo, overlay].map((record) => [record.uuid, record]));
const patch = (...operations: JsonPatchOperation[]): Map<ChunkUuid, ChunkWish> =>
  patchChunks(operations, (uuid) => records.get(uuid));
const at = (record: ChunkRecord, ...rest: string[]): string =>
  ['/chunks', record.uuid, ...rest].join('/');

/** What it throws; fails where it throws nothing. */
function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('It threw nothing.');
}

describe('a record in the index', () => {
  test('says where its text lies, and always whether it is deleted', () => {
    expect(chunkToJson(inVideo)).toEqual({
      order: 'a1',
      segment: '0123456789abcdef',
      frame: 12,
      slot: 3,
      length: 812,
      sha256: inVideo.sha256,
      source: 'c291cmNl',
      place: { page: 4, heading: ['One', 'Two'], start: 10, end: 822 },
      deleted: false,
    });
  });

  test('has nulls where it is in no video, and its overlay', () => {
    expect(JSON.stringify(chunkToJson(overlay))).toBe(
      JSON.stringify({
        order: 'a2',
        segment: null,
        frame: null,
        slot: null,
        length: 4,
        sha256: overlay.sha256,
        source: null,
        place: null,
        deleted: true,
        from: inVideo.uuid,
        expiresAt: '2027-01-01T00:00:00.000Z',
        text: 'word',
      }),
    );
  });
});

const place: fc.Arbitrary<Place> = fc
  .record(
    {
      page: fc.integer({ min: 1 }),
      line: fc.integer({ min: 1 }),
      sheet: fc.string(),
      heading: fc.array(fc.string(), { maxLength: 3 }),
      notes: fc.constant(true as const),
      start: fc.nat(),
      end: fc.nat(),
    },
    { requiredKeys: ['start', 'end'], noNullPrototype: true },
  )
  .map((one) => ({ ...one, end: one.start + one.end }));
const wish = fc.record<ChunkWish>({
  text: fc.option(fc.string({ unit: 'binary', minLength: 1 })),
  deleted: fc.boolean(),
  expiresAt: fc.option(fc.date({ noInvalidDate: true }).map((date) => date.toISOString())),
  place: fc.option(place),
});

describe('a patch on the index', () => {
  test('asks for what it sets, of the chunks that it changes alone', () => {
    const set = (record: ChunkRecord, wanted: ChunkWish): JsonPatchOperation[] => {
      const optional = (field: 'text' | 'expiresAt'): JsonPatchOperation[] => {
        const value = wanted[field];
        if (value !== null) return [{ op: 'add', path: at(record, field), value }];
        return record[field] === undefined ? [] : [{ op: 'remove', path: at(record, field) }];
      };
      return [
        ...optional('text'),
        ...optional('expiresAt'),
        { op: 'replace', path: at(record, 'deleted'), value: wanted.deleted },
        { op: 'replace', path: at(record, 'place'), value: wanted.place },
      ];
    };
    fc.assert(
      fc.property(wish, wish, (first, second) => {
        const wishes = patch(...set(inVideo, first), ...set(overlay, second));
        const asItWas = ({ text, deleted, expiresAt, place }: ChunkRecord): ChunkWish => ({
          text: text ?? null,
          deleted,
          expiresAt: expiresAt ?? null,
          place,
        });
        expect(wishes.get(inVideo.uuid) ?? asItWas(inVideo)).toEqual(first);
        expect(wishes.get(overlay.uuid) ?? asItWas(overlay)).toEqual(second);
      }),
    );
  });

  test('that changes nothing asks for nothing', () => {
    const wishes = patch(
      { op: 'test', path: at(inVideo, 'sha256'), value: inVideo.sha256 },
      { op: 'test', path: at(overlay), value: chunkToJson(overlay) },
      { op: 'replace', path: at(overlay, 'deleted'), value: true },
      { op: 'add', path: at(inVideo, 'text'), value: 'and back' },
      { op: 'remove', path: at(inVideo, 'text') },
    );
    expect(wishes).toEqual(new Map());
  });

  test('may move, copy and reach into what it may change', () => {
    const wishes = patch(
      { op: 'move', from: at(overlay, 'text'), path: at(inVideo, 'text') },
      { op: 'copy', from: at(overlay, 'expiresAt'), path: at(inVideo, 'expiresAt') },
      { op: 'replace', path: at(inVideo, 'place', 'heading', '0'), value: 'Zero' },
    );
    expect(wishes).toEqual(
      new Map([
        [
          inVideo.uuid,
          {
            text: 'word',
            deleted: false,
            expiresAt: '2027-01-01T00:00:00.000Z',
            place: { page: 4, heading: ['Zero', 'Two'], start: 10, end: 822 },
          },
        ],
        [
          overlay.uuid,
          { text: null, deleted: true, expiresAt: '2027-01-01T00:00:00.000Z', place: null },
        ],
      ]),
    );
    expect(inVideo.place?.heading).toEqual(['One', 'Two']);
  });

  test('does not judge what it leaves as it is', () => {
    const old = { ...inVideo, expiresAt: '2026', place: { start: 5, end: 1 } };
    const wishes = patchChunks(
      [{ op: 'replace', path: at(old, 'deleted'), value: true }],
      () => old,
    );
    expect(wishes.get(old.uuid)).toMatchObject({ deleted: true, expiresAt: '2026' });
  });

  test('names a chunk that is not there', () => {
    const path = '/chunks/00000000-0000-8000-8000-000000000009/deleted';
    const error = thrownBy(() => patch({ op: 'replace', path, value: true }));
    expect(error).toBeInstanceOf(NotFoundError);
    expect(error).toHaveProperty('subject', '00000000-0000-8000-8000-000000000009');
  });

  test('fails whole where a test fails', () => {
    const path = at(inVideo, 'sha256');
    const error = thrownBy(() =>
      patch(
        { op: 'replace', path: at(inVideo, 'deleted'), value: true },
        { op: 'test', path, value: 'ef'.repeat(32) },
      ),
    );
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toHaveProperty('subject', path);
  });

  test.each<[string, JsonPatchOperation, string]>([
    ['the whole index', { op: 'replace', path: '', value: {} }, ''],
    ['its format', { op: 'test', path: '/format', value: 'memreel/1' }, '/format'],
    ['retention', { op: 'add', path: '/retention', value: {} }, '/retention'],
    ['all chunks', { op: 'remove', path: '/chunks' }, '/chunks'],
    ['a new chunk', { op: 'add', path: at(inVideo), value: {} }, at(inVideo)],
    ['a whole chunk', { op: 'replace', path: at(inVideo), value: {} }, at(inVideo)],
    ['a removed chunk', { op: 'remove', path: at(inVideo) }, at(inVideo)],
    ['a moved chunk', { op: 'move', from: at(inVideo), path: at(overlay, 'x') }, at(inVideo)],
    ['a copied chunk', { op: 'copy', from: at(inVideo), path: at(overlay, 'x') }, at(inVideo)],
    ['a foreign from', { op: 'copy', from: '/format', path: at(inVideo, 'text') }, '/format'],
    ...['order', 'segment', 'frame', 'slot', 'length', 'sha256', 'source', 'from', 'other'].map(
      (field): [string, JsonPatchOperation, string] => [
        field,
        { op: 'add', path: at(inVideo, field), value: 'x' },
        at(inVideo, field),
      ],
    ),
    ['a missing derived field', { op: 'remove', path: at(overlay, 'frame') }, at(overlay, 'frame')],
  ])('refuses %s', (_, operation, subject) => {
    const error = thrownBy(() => patch(operation));
    expect(error).toBeInstanceOf(InvalidError);
    expect(error).toHaveProperty('subject', subject);
  });

  const refusesValue = (field: string, value: unknown): void => {
    const error = thrownBy(() => patch({ op: 'add', path: at(inVideo, field), value }));
    expect(error).toBeInstanceOf(InvalidError);
    expect(error).toHaveProperty('subject', at(inVideo, field));
  };

  test.each([null, 1, '', 'half \ud83d', '\udc00 of one', 'x'.repeat(MAX_TEXT + 1)])(
    'refuses the text %#',
    (value) => refusesValue('text', value),
  );

  test('takes the longest text, and whole pairs of surrogates', () => {
    const value = 'x'.repeat(MAX_TEXT - 2) + '\u{1f600}';
    const wishes = patch({ op: 'add', path: at(inVideo, 'text'), value });
    expect(wishes.get(inVideo.uuid)?.text).toBe(value);
  });

  test.each([null, 0, 'true', {}])('refuses %j for deleted', (value) =>
    refusesValue('deleted', value),
  );

  test('refuses a chunk without deleted', () => {
    const path = at(inVideo, 'deleted');
    expect(thrownBy(() => patch({ op: 'remove', path }))).toMatchObject({
      code: 'invalid',
      subject: path,
    });
  });

  test.each([
    null,
    1767225600000,
    '',
    'tomorrow',
    '2026-01-01',
    '2026-01-01T00:00:00Z',
    '2026-01-01T01:00:00.000+01:00',
    '2026-02-30T00:00:00.000Z',
    '2026-01-01T24:00:00.000Z',
  ])('refuses %j for expiresAt', (value) => refusesValue('expiresAt', value));

  const noPlaces: unknown[] = [
    1,
    [0, 1],
    {},
    { start: 0 },
    { start: 0.5, end: 1 },
    { start: -1, end: 1 },
    { start: 2, end: 1 },
    { start: '0', end: 1 },
    { start: 0, end: 1, page: 0 },
    { start: 0, end: 1, row: 1.5 },
    { start: 0, end: 1, sheet: 1 },
    { start: 0, end: 1, heading: 'One' },
    { start: 0, end: 1, heading: [1] },
    { start: 0, end: 1, notes: false },
    { start: 0, end: 1, other: 'x' },
    { start: 0, end: 1, toString: 'x' },
  ];
  test.each(noPlaces.map((value) => [value]))('refuses %j for place', (value) =>
    refusesValue('place', value),
  );

  test('refuses a place that is gone', () => {
    const path = at(inVideo, 'place');
    expect(thrownBy(() => patch({ op: 'remove', path }))).toBeInstanceOf(InvalidError);
  });
});
