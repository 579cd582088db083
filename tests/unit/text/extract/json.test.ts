import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CorruptError, UnsupportedError } from '../../../../src/lib/errors';
import { type Block, MAX_BLOCK } from '../../../../src/lib/text/document';
import { type JsonValue, JsonValues } from '../../../../src/lib/text/extract/json-values';
import { blocksHolding, extractAll, type Sample } from '../../../fixtures/text/extraction';

const DOCS = join(process.env['MEMREEL_CORPORA'] ?? '../shared', 'samples/docs');
const missing = !existsSync(DOCS);

describe.skipIf(missing)('the sample documents (skipped: no samples beside the repository)', () => {
  const manifest = missing
    ? []
    : (JSON.parse(readFileSync(join(DOCS, 'MANIFEST.json'), 'utf8')) as Sample[]);

  it.each(['fedramp-ssp-oscal-template.json', 'lunyu-analects.json'])(
    '%s has every text at its path',
    async (name) => {
      const { type, blocks, warnings } = await extractAll(readFileSync(join(DOCS, name)), name);
      expect([type, warnings]).toEqual(['application/json', []]);
      const snippets = manifest.find((entry) => entry.file === name)?.must_contain ?? [];
      expect(snippets).not.toEqual([]);
      for (const snippet of snippets) {
        const found = new Set(
          blocksHolding(blocks, snippet).map(({ place }) => `path ${place.path}`),
        );
        const wanted = [snippet.where, ...(snippet.also_at ?? [])];
        expect([...found], snippet.text).toEqual(expect.arrayContaining(wanted));
      }
    },
  );
});

/** The oracle: every value by walking what `JSON.parse` gives. */
function walk(value: unknown, path = '$'): [string, string][] {
  if (value === null) return [];
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object') return [[path, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([key, child]: [string, unknown]) => {
    const plain = /^[^\s.'"[\]]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
    return walk(child, path + (Array.isArray(value) ? `[${key}]` : plain));
  });
}

function valuesOf(pieces: readonly string[]): [string, string][] {
  const found: JsonValue[] = [];
  const values = new JsonValues({
    open: () => undefined,
    close: () => undefined,
    value: (value) => found.push(value),
  });
  for (const piece of pieces) values.write(piece);
  values.end();
  expect(values.whole).toBe(true);
  return found.map(({ path, text }) => [path, text]);
}

const document = fc.oneof(
  fc.jsonValue({ maxDepth: 4, noUnicodeString: false }),
  // Names as keys do not repeat: an object keeps the last one, a stream tells all.
  fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 3 })),
);

describe('values', () => {
  it('are those of JSON.parse at their paths, wherever the pieces end', () => {
    fc.assert(
      fc.property(document, fc.integer({ min: 1, max: 7 }), fc.boolean(), (value, step, wide) => {
        const text = JSON.stringify(value, null, wide ? 2 : 0);
        const pieces: string[] = [];
        for (let at = 0; at < text.length; at += step) pieces.push(text.slice(at, at + step));
        // A number is told with its own digits; -0 and 1e21 are written otherwise than String() does.
        const same = (list: [string, string][]) =>
          list
            .map(([path, own]) => [path, own.trim() !== '' && !isNaN(+own) ? String(+own) : own])
            .sort();
        expect(same(valuesOf(pieces))).toEqual(same(walk(JSON.parse(text))));
      }),
      { numRuns: 500 },
    );
  });

  it('keep the digits of numbers', () => {
    expect(valuesOf(['[12345678901234567890, 1.10, -0, 1E3]']).map(([, text]) => text)).toEqual([
      '12345678901234567890',
      '1.10',
      '-0',
      '1E3',
    ]);
  });
});

function texts(blocks: readonly Block[]): [string | undefined, string][] {
  return blocks.map(({ place, text }) => [place.path, text]);
}

describe('blocks', () => {
  it('are lines with the name that stands over the value', async () => {
    const content = {
      title: 'Ferries',
      open: true,
      none: null,
      'two words': { 'a.b': 1 },
      tags: ['sea', 'land', { port: 'Bergen' }],
      at: [60.39, 5.32, 'N'],
      empty: ['', {}, []],
    };
    const { blocks, warnings } = await extractAll(JSON.stringify(content), 'a.json');
    expect(texts(blocks)).toEqual([
      ['$.title', 'title: Ferries\n'],
      ['$.open', 'open: true\n'],
      ['$["two words"]["a.b"]', 'a.b: 1\n'],
      ['$.tags[0]', 'tags: sea\n'],
      ['$.tags[1]', 'land\n'],
      ['$.tags[2].port', 'port: Bergen\n'],
      ['$.at[0]', 'at: 60.39, 5.32\n'],
      ['$.at[2]', 'N\n'],
    ]);
    expect(blocks.every(({ kind }) => kind === 'paragraph')).toBe(true);
    expect(warnings).toEqual([]);
  });

  it('are paragraphs where a string is long', async () => {
    const long = 'A sentence of some length. '.repeat(10).trim();
    const { blocks } = await extractAll(JSON.stringify({ remarks: long, n: '1' }), 'a.json');
    expect(texts(blocks)).toEqual([
      ['$.remarks', `${long}\n`],
      ['$.n', 'n: 1\n'],
    ]);
  });

  it('hand a string without an end over in pieces', async () => {
    const long = '😀x'.repeat(MAX_BLOCK);
    const { blocks, text } = await extractAll(JSON.stringify([long, 'end']), 'a.json');
    expect(text).toBe(`${long}\nend\n`);
    expect(Math.max(...blocks.map((block) => block.text.length))).toBeLessThanOrEqual(MAX_BLOCK);
    expect(blocks.every((block) => block.text.isWellFormed())).toBe(true);
  });

  it('are records where a list holds texts', async () => {
    const content = [
      { id: 7, embedding: [0.1, 0.2], text: 'One\r\ntwo ', meta: { page: 3 } },
      { title: 'T', body: 'Body' },
      { name: 'no text', inner: { text: 'not its own' } },
      'alone',
      { content: '  ' },
    ];
    const { blocks } = await extractAll(JSON.stringify(content), 'a.json');
    expect(blocks).toEqual([
      { text: 'One\ntwo\n', kind: 'record', place: { path: '$[0]' } },
      { text: 'T\nBody\n', kind: 'record', place: { path: '$[1]' } },
      { text: 'name: no text\n', kind: 'paragraph', place: { path: '$[2].name' } },
      { text: 'text: not its own\n', kind: 'paragraph', place: { path: '$[2].inner.text' } },
      { text: 'alone\n', kind: 'paragraph', place: { path: '$[3]' } },
    ]);
  });

  it('do not grow with what hides in an object that may be a record', async () => {
    const content = [{ many: Array.from({ length: 300_000 }, (_, at) => `v${at}`), text: 'late' }];
    const { blocks } = await extractAll(JSON.stringify(content), 'a.json');
    expect(blocks).toHaveLength(300_001);
    expect(blocks.at(-1)?.text).toBe('text: late\n');
  });

  it('have paths that a place can carry', async () => {
    const { blocks } = await extractAll(`{"${'k'.repeat(5000)}": {"b": "found"}}`, 'a.json');
    expect(blocks[0]?.text).toBe('b: found\n');
    expect(blocks[0]?.place.path?.length).toBeLessThan(510);
  });
});

describe('what is wrong with a file is told', () => {
  it.each([
    ['{\n  "a": 1, // note\n  "b": 2\n}', 2, 11],
    ['{"a": [1, 2,]}', 1, 13],
    ['{"a": 1,\n}', 2, 1],
    ["{'a': 1}", 1, 2],
    ['{"é": "日本" "b"}', 1, 14],
    ['[1, 2}', 1, 6],
    ['{"a": 1} {"b": 2}', 1, 10],
    ['[tru, 1]', 1, 5],
    ['{"a" 1}', 1, 7],
    ['words', 1, 1],
  ])('%j: line %i, column %i', async (content, line, column) => {
    const extraction = extractAll(content, 'bad.json');
    await expect(extraction).rejects.toBeInstanceOf(CorruptError);
    await expect(extraction).rejects.toThrow(
      `bad.json is no valid JSON: see line ${line}, column ${column}.`,
    );
  });

  it('in a later piece of a large file', async () => {
    const lines = '"é line",\n'.repeat(60_000);
    const extraction = extractAll(`[${lines}1,]`, 'bad.json');
    await expect(extraction).rejects.toThrow('see line 60001, column 3.');
  });

  it('cut off at any byte', async () => {
    const whole = new TextEncoder().encode('{"a": ["bé", 12, true], "c": {"d": "x"}}');
    for (let end = 1; end < whole.length; end++) {
      const extraction = extractAll(whole.slice(0, end), 'cut.json');
      await expect(extraction, `${end} bytes`).rejects.toThrow(/^cut\.json is (cut off|no valid)/);
    }
  });

  it('nested beyond reason', async () => {
    const extraction = extractAll('['.repeat(100_000), 'deep.json');
    await expect(extraction).rejects.toBeInstanceOf(UnsupportedError);
    await expect(extraction).rejects.toThrow('deep.json was not read: it is nested deeper');
  });

  it.each([
    ['', 'is empty'],
    [' \n', 'is empty'],
    ['{}', 'holds no text'],
    ['[null, {"a": null}]', 'holds no text'],
  ])('%j', async (content, message) => {
    const { blocks, warnings } = await extractAll(content, 'a.json');
    expect(blocks).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(message)]);
  });

  it('a file of numbers', async () => {
    const line = Array.from({ length: 200 }, (_, at) => [at / 7, at / 3]);
    const content = { type: 'FeatureCollection', features: [{ type: 'Feature', line }] };
    const { warnings } = await extractAll(JSON.stringify(content), 'a.geojson');
    expect(warnings).toEqual([expect.stringContaining('hardly anything but numbers')]);
  });
});

describe('recognition', () => {
  it.each([
    ['a.json', '{"text":"a"}', 'application/json'],
    ['a.json', '{"text":"a"}\n{"text":"b"}\n', 'application/jsonl'],
    ['a.txt', '\ufeff{"a": 1}', 'application/json'],
    ['a.dat', `[{"a": "${'x'.repeat(5000)}"}]`, 'application/json'],
    ['a.txt', '[1] A reference\n', 'text/plain'],
    ['a.log', `{"level": 3}\nstarted ${'x'.repeat(5000)}`, 'text/plain'],
    ['a.json', '<!doctype html><title>404</title>', 'text/html'],
  ])('%s with %j is %s', async (name, content, type) => {
    expect((await extractAll(content, name)).type).toBe(type);
  });
});
