import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonPatchOperation } from '../../../src/lib/api';
import { ConflictError, InvalidError } from '../../../src/lib/errors';
import { applyPatch, checkPatch, MAX_OPERATIONS } from '../../../src/lib/shard/json-patch';
import { formatPointer, parsePointer } from '../../../src/lib/shard/patch-pointer';
import { MAX_DEPTH, type JsonObject, type JsonValue } from '../../../src/lib/shard/patch-values';

/** What it throws; fails where it throws nothing. */
function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('It threw nothing.');
}

/** Writing to it throws from then on. */
function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(frozen);
    Object.freeze(value);
  }
  return value;
}

const refused = (patch: unknown): unknown => thrownBy(() => checkPatch(patch));

interface Case {
  comment?: string;
  doc: JsonValue;
  patch: unknown;
  expected?: JsonValue;
  error?: string;
  disabled?: boolean;
}

describe.each(['tests.json', 'spec_tests.json'])('the public cases of %s', (file) => {
  const url = new URL(`../../fixtures/json-patch/${file}`, import.meta.url);
  const cases = JSON.parse(readFileSync(url, 'utf8')) as Case[];
  cases.forEach(({ comment, doc, patch, expected, error, disabled }, at) => {
    // The suite has switched off a few; of those, two are about JSON texts with a member twice,
    // which `JSON.parse` never shows.
    if (disabled && error?.includes('two')) return;
    const name = `${at}: ${comment ?? error ?? JSON.stringify(patch)}`;
    test(name, () => {
      frozen(doc);
      const run = (): JsonValue => applyPatch(doc, checkPatch(patch));
      if (error === undefined) {
        const result = run();
        if (expected !== undefined) expect(result).toEqual(expected);
      } else {
        // A case that is about comparing ends in the comparison.
        const last = Array.isArray(patch) ? (patch as object[]).at(-1) : undefined;
        const compares = last && 'op' in last && last.op === 'test' && 'value' in last;
        expect(thrownBy(run)).toBeInstanceOf(compares ? ConflictError : InvalidError);
      }
    });
  });
});

describe('a JSON Pointer', () => {
  const tokens = fc.array(fc.string({ unit: fc.constantFrom('~', '/', '0', '1', 'a', '') }));

  test('parse ∘ format gives back every list of tokens', () => {
    fc.assert(
      fc.property(tokens, (list) => {
        expect(parsePointer(formatPointer(list))).toEqual(list);
      }),
    );
  });

  test.each(['a', 'a/b', '#/a', '/~', '/~2', '/a~/b'])('%s is none', (pointer) => {
    expect(thrownBy(() => parsePointer(pointer))).toMatchObject({
      code: 'invalid',
      subject: pointer,
    });
  });
});

const text = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 })
  .map((units) => String.fromCharCode(...units));
const { value: anyValue } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    text,
    fc.constantFrom(null, true, false),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      text.filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key)),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
}));

/** Few names and short paths, so that operations meet. */
const path = fc
  .array(fc.constantFrom('a', 'b', '0', '-'), { minLength: 1, maxLength: 3, size: 'max' })
  .map((tokens) => formatPointer(tokens));
const { small } = fc.letrec<{ small: JsonValue }>((tie) => ({
  small: fc.oneof(
    { maxDepth: 3 },
    fc.integer({ min: 0, max: 2 }),
    fc.array(tie('small'), { maxLength: 3 }),
    fc.record({ a: tie('small'), b: tie('small') }, { requiredKeys: [], noNullPrototype: true }),
  ),
}));
const smallObject = fc.record(
  {
    a: fc.array(small, { minLength: 1, maxLength: 3 }),
    b: fc.record({ a: small, b: small }, { noNullPrototype: true }),
  },
  { noNullPrototype: true },
);
const operation: fc.Arbitrary<JsonPatchOperation> = fc.oneof(
  fc.record({ op: fc.constantFrom('add' as const, 'replace' as const), path, value: small }),
  fc.record({ op: fc.constantFrom('move' as const, 'copy' as const), from: path, path }),
  fc.record({ op: fc.constant('remove' as const), path }),
);

describe('applying a patch', () => {
  test('is applying each operation to a fresh document, and leaves the given one as it was', () => {
    let applied = 0;
    fc.assert(
      fc.property(
        smallObject,
        fc.array(operation, { maxLength: 12, size: 'max' }),
        (document, candidates) => {
          // The operations that fit, found one by one on documents that share nothing.
          let expected: JsonValue = structuredClone(document);
          const patch: JsonPatchOperation[] = [];
          for (const candidate of candidates) {
            try {
              expected = structuredClone(applyPatch(structuredClone(expected), [candidate]));
              patch.push(candidate);
            } catch (error) {
              expect(error).toBeInstanceOf(InvalidError);
            }
          }
          applied += patch.length;
          expect(applyPatch(frozen(document), frozen(patch))).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
    expect(applied).toBeGreaterThan(500);
  });

  test('meets what it added: test passes, and removing it gives the document back', () => {
    fc.assert(
      fc.property(anyValue, anyValue, (document, value) => {
        const whole = { document };
        const added = applyPatch(whole, [
          { op: 'add', path: '/value', value },
          { op: 'test', path: '/value', value },
        ]);
        expect(added).toEqual({ document, value });
        expect(applyPatch(added, [{ op: 'remove', path: '/value' }])).toEqual(whole);
      }),
    );
  });

  test('a test agrees with a naive comparison', () => {
    const sorted = (value: JsonValue): JsonValue => {
      if (Array.isArray(value)) return value.map(sorted);
      if (typeof value !== 'object' || value === null) return value;
      const entries = Object.entries(value).map(([key, child]) => [key, sorted(child)] as const);
      return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
    };
    fc.assert(
      fc.property(small, small, (document, value) => {
        const same = JSON.stringify(sorted(document)) === JSON.stringify(sorted(value));
        const run = (): JsonValue => applyPatch(document, [{ op: 'test', path: '', value }]);
        if (same) expect(run()).toBe(document);
        else expect(thrownBy(run)).toBeInstanceOf(ConflictError);
      }),
    );
  });

  test('shares what no operation touched, and nothing with the patch', () => {
    const document = { kept: { deep: [1] }, changed: { deep: [2] } };
    const value: JsonObject = { inner: [] };
    const result = applyPatch(document, [
      { op: 'add', path: '/changed/new', value },
      { op: 'copy', from: '/changed/new', path: '/changed/copy' },
      { op: 'add', path: '/changed/new/inner/-', value: 1 },
    ]) as typeof document;
    expect(result.kept).toBe(document.kept);
    expect(result.changed).toEqual({ deep: [2], new: { inner: [1] }, copy: { inner: [] } });
    expect(result.changed.deep).toBe(document.changed.deep);
    expect(value).toEqual({ inner: [] });
  });

  test('fails whole', () => {
    const document = frozen({ list: [1, 2], name: 'a' });
    const error = thrownBy(() =>
      applyPatch(document, [
        { op: 'add', path: '/list/-', value: 3 },
        { op: 'replace', path: '/name', value: 'b' },
        { op: 'test', path: '/name', value: 'a' },
      ]),
    );
    expect(error).toMatchObject({ code: 'conflict', subject: '/name' });
    expect(document).toEqual({ list: [1, 2], name: 'a' });
  });

  test.each<[JsonPatchOperation, string, string]>([
    [{ op: 'remove', path: '/no' }, 'invalid', '/no'],
    [{ op: 'replace', path: '/no', value: 1 }, 'invalid', '/no'],
    [{ op: 'replace', path: '/list/-', value: 1 }, 'invalid', '/list/-'],
    [{ op: 'add', path: '/no/child', value: 1 }, 'invalid', '/no/child'],
    [{ op: 'add', path: '/list/2', value: 1 }, 'invalid', '/list/2'],
    [{ op: 'add', path: '/list/01', value: 1 }, 'invalid', '/list/01'],
    [{ op: 'add', path: '/list/length', value: 1 }, 'invalid', '/list/length'],
    [{ op: 'copy', from: '/no', path: '/x' }, 'invalid', '/no'],
    [{ op: 'copy', from: '/toString', path: '/x' }, 'invalid', '/toString'],
    [{ op: 'move', from: '/no', path: '/no' }, 'invalid', '/no'],
    [{ op: 'move', from: '/inner', path: '/inner/x' }, 'invalid', '/inner/x'],
    [{ op: 'move', from: '', path: '/x' }, 'invalid', '/x'],
    [{ op: 'remove', path: '' }, 'invalid', ''],
    [{ op: 'test', path: '/no', value: null }, 'conflict', '/no'],
    [{ op: 'test', path: '/list', value: [1, 2] }, 'conflict', '/list'],
    [{ op: 'test', path: '/list', value: { 0: 1 } }, 'conflict', '/list'],
  ])('%j is %s at %s', (step, code, subject) => {
    const document = frozen({ list: [1], inner: {} });
    expect(thrownBy(() => applyPatch(document, [step]))).toMatchObject({ code, subject });
  });
});

describe('growth', () => {
  const bytesOf = (value: JsonValue): number =>
    new TextEncoder().encode(JSON.stringify(value)).length;

  test('is counted as the bytes of JSON that add, replace and copy bring', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const patch: JsonPatchOperation[] = [
          { op: 'add', path: '/a', value },
          { op: 'copy', from: '/a', path: '/b' },
          { op: 'replace', path: '/a', value },
        ];
        const maxBytes = 3 * bytesOf(value);
        expect(applyPatch({}, patch, { maxBytes })).toEqual({ a: value, b: value });
        const less = thrownBy(() => applyPatch({}, patch, { maxBytes: maxBytes - 1 }));
        expect(less).toBeInstanceOf(InvalidError);
      }),
    );
  });

  test('by doubling ends at 16 MiB, whatever the document weighs', () => {
    const document = frozen({ a: 'x'.repeat(1_000) });
    const doubling = Array.from({ length: 40 }, (_, at): JsonPatchOperation[] => [
      { op: 'copy', from: '', path: '/all' },
      { op: 'copy', from: '/all', path: `/more${at}` },
    ]).flat();
    expect(thrownBy(() => applyPatch(document, doubling))).toMatchObject({ code: 'invalid' });
  });

  test('of values that repeat one part by reference ends too', () => {
    let value: unknown = 'x'.repeat(1_000);
    for (let level = 0; level < 40; level++) value = [value, value];
    expect(refused([{ op: 'test', path: '', value }])).toMatchObject({ code: 'invalid' });
    const ring: unknown[] = [];
    ring.push(ring);
    expect(refused([{ op: 'add', path: '/ring', value: ring }])).toMatchObject({
      subject: '/ring',
    });
  });
});

describe('depth', () => {
  const nested = (levels: number): JsonValue => {
    let value: JsonValue = [];
    for (let level = 1; level < levels; level++) value = [value];
    return value;
  };

  test('of a value is bounded where it stands', () => {
    const add = (levels: number): JsonPatchOperation[] => [
      { op: 'add', path: '/a', value: nested(levels) },
    ];
    expect(applyPatch({}, add(MAX_DEPTH - 1))).toEqual({ a: nested(MAX_DEPTH - 1) });
    expect(refused(add(MAX_DEPTH))).toMatchObject({ code: 'invalid', subject: '/a' });
    expect(refused(add(100_000))).toMatchObject({ code: 'invalid', subject: '/a' });
  });

  test('does not grow by copying the document into itself', () => {
    const patch = Array.from({ length: MAX_DEPTH }, (): JsonPatchOperation => {
      return { op: 'copy', from: '', path: '/a' };
    });
    expect(thrownBy(() => applyPatch({}, patch))).toMatchObject({ code: 'invalid' });
  });

  test('does not grow by moving what is deep to the end of what is deep', () => {
    const half = MAX_DEPTH / 2;
    const end = `/b${'/0'.repeat(half - 1)}/-`;
    const patch = (levels: number): JsonPatchOperation[] => [
      { op: 'add', path: '/a', value: nested(levels) },
      { op: 'add', path: '/b', value: nested(half) },
      { op: 'move', from: '/a', path: end },
    ];
    expect(applyPatch({}, patch(half - 1))).toEqual({ b: nested(MAX_DEPTH - 1) });
    expect(thrownBy(() => applyPatch({}, patch(half)))).toMatchObject({
      code: 'invalid',
      subject: end,
    });
  });
});

describe('checking a patch', () => {
  test('keeps known members only, and copies values', () => {
    const value = { a: [1] };
    const [first] = checkPatch([{ op: 'add', path: '/a', value, from: '/b', more: 1 }]);
    expect(first).toEqual({ op: 'add', path: '/a', value });
    value.a.push(2);
    expect(first).toHaveProperty('value', { a: [1] });
  });

  test.each<[string, unknown, string | undefined]>([
    ['no list', { op: 'remove', path: '' }, undefined],
    ['null', null, undefined],
    ['an operation that is no object', [{ op: 'remove', path: '/a' }, null], '1'],
    ['an operation that is a list', [['remove', '/a']], '0'],
    ['a hole', new Array<unknown>(3), '0'],
    ['no path', [{ op: 'remove' }], '0'],
    ['a path that is no text', [{ op: 'remove', path: 1 }], '0'],
    ['a path that is no pointer', [{ op: 'remove', path: 'a' }], 'a'],
    ['a path that is too long', [{ op: 'remove', path: '/a'.repeat(65) }], '/a'.repeat(65)],
    ['no op', [{ path: '/a' }], '/a'],
    ['an op that is not known', [{ op: 'merge', path: '/a' }], '/a'],
    ['no value', [{ op: 'test', path: '/a' }], '/a'],
    ['no from', [{ op: 'copy', path: '/a' }], '0'],
    ['an inherited path', [Object.create({ path: '/a', op: 'remove' })], '0'],
    ['undefined', [{ op: 'add', path: '/a', value: undefined }], '/a'],
    ['undefined inside', [{ op: 'add', path: '/a', value: { b: undefined } }], '/a'],
    ['NaN', [{ op: 'add', path: '/a', value: [NaN] }], '/a'],
    ['Infinity', [{ op: 'add', path: '/a', value: -Infinity }], '/a'],
    ['a bigint', [{ op: 'add', path: '/a', value: 1n }], '/a'],
    ['a Date', [{ op: 'add', path: '/a', value: new Date(0) }], '/a'],
    ['a Map', [{ op: 'add', path: '/a', value: new Map() }], '/a'],
    ['bytes', [{ op: 'add', path: '/a', value: new Uint8Array(2) }], '/a'],
  ])('refuses %s', (_, patch, subject) => {
    const error = refused(patch);
    expect(error).toBeInstanceOf(InvalidError);
    expect(error).toHaveProperty('subject', subject);
  });

  test('counts operations', () => {
    const patch = (length: number): JsonPatchOperation[] =>
      Array.from({ length }, () => ({ op: 'remove', path: '/a' }));
    expect(checkPatch(patch(MAX_OPERATIONS))).toHaveLength(MAX_OPERATIONS);
    expect(refused(patch(MAX_OPERATIONS + 1))).toBeInstanceOf(InvalidError);
  });

  describe.each(['__proto__', 'constructor', 'prototype'])('refuses %s', (name) => {
    const value = JSON.parse(`{"deep":[{"${name}":{"polluted":true}}]}`) as unknown;

    test.each<[string, unknown, string]>([
      ['in a path', { op: 'add', path: `/a/${name}/b`, value: 1 }, `/a/${name}/b`],
      ['at the end of a path', { op: 'test', path: `/${name}`, value: 1 }, `/${name}`],
      ['in from', { op: 'copy', from: `/${name}/x`, path: '/a' }, `/${name}/x`],
      ['as a key of a value to add', { op: 'add', path: '/a', value }, '/a'],
      ['as a key of a value to compare', { op: 'test', path: '/a', value }, '/a'],
    ])('%s', (_, step, subject) => {
      const error = thrownBy(() => applyPatch({}, [step as JsonPatchOperation]));
      expect(error).toBeInstanceOf(InvalidError);
      expect(error).toHaveProperty('subject', subject);
      expect({}).not.toHaveProperty('polluted');
    });
  });

  test('a key that a document has already does not reach a prototype', () => {
    const document = JSON.parse('{"a":{"__proto__":{"polluted":true}}}') as JsonValue;
    const kept = applyPatch(document, [{ op: 'add', path: '/a/b', value: 1 }]);
    expect(JSON.stringify(kept)).toBe('{"a":{"__proto__":{"polluted":true},"b":1}}');
    const copied = thrownBy(() => applyPatch(document, [{ op: 'copy', from: '/a', path: '/c' }]));
    expect(copied).toBeInstanceOf(InvalidError);
  });
});
