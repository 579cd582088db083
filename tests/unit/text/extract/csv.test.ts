import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnsupportedError } from '../../../../src/lib/errors';
import { type Block, MAX_BLOCK } from '../../../../src/lib/text/document';
import { findDelimiter, RecordReader } from '../../../../src/lib/text/extract/csv-records';
import { blocksHolding, extractAll, type Sample } from '../../../fixtures/text/extraction';

const DOCS = join(process.env['MEMREEL_CORPORA'] ?? '../shared', 'samples/docs');
const missing = !existsSync(DOCS);

describe.skipIf(missing)('the sample tables (skipped: no samples beside the repository)', () => {
  const manifest = missing
    ? []
    : (JSON.parse(readFileSync(join(DOCS, 'MANIFEST.json'), 'utf8')) as Sample[]);

  it.each([
    ['dc-comic-characters.csv', 6896, 'page_id'],
    ['country-codes.csv', 249, 'FIFA'],
  ])('%s has every text at its row', async (name, rows, title) => {
    const { type, blocks, warnings } = await extractAll(readFileSync(join(DOCS, name)), name);
    expect([type, warnings]).toEqual(['text/csv', []]);
    expect(blocks).toHaveLength(rows);
    expect(blocks.map(({ place }) => place.row)).toEqual(blocks.map((_, at) => at + 2));
    expect(blocks.every(({ place }) => place.columns?.[0] === title)).toBe(true);
    const snippets = manifest.find((entry) => entry.file === name)?.must_contain ?? [];
    expect(snippets).not.toEqual([]);
    for (const snippet of snippets) {
      const found = blocksHolding(blocks, snippet).map(
        ({ place }) => `row ${place.row} (header is row 1)`,
      );
      expect([...new Set(found)], snippet.text).toEqual([
        snippet.where,
        ...(snippet.also_at ?? []),
      ]);
    }
  });
});

/** A field as RFC 4180 writes it. */
function quoted(field: string): string {
  return `"${field.replaceAll('"', '""')}"`;
}

const field = fc
  .array(fc.constantFrom('a', 'bc', '"', ',', ';', '\n', ' ', '\t', '|', 'é', '日本', '😀'), {
    maxLength: 6,
  })
  .map((parts) => parts.join(''));
const records = fc.array(fc.array(field, { minLength: 1, maxLength: 5 }), { maxLength: 8 });

function readIn(pieces: readonly string[], delimiter: ',' | ';' | '\t' | '|'): string[][] {
  const reader = new RecordReader(delimiter);
  const found = pieces.flatMap((piece) => [...reader.read(piece)]);
  const last = reader.finish();
  return last === undefined ? found : [...found, last];
}

describe('records', () => {
  it('are those that were written, wherever the pieces end', () => {
    fc.assert(
      fc.property(
        records,
        fc.constantFrom(',', ';', '\t', '|'),
        fc.integer({ min: 1, max: 9 }),
        (written, delimiter, step) => {
          const text = written.map((r) => r.map(quoted).join(delimiter) + '\n').join('');
          const pieces: string[] = [];
          for (let at = 0; at < text.length; at += step) pieces.push(text.slice(at, at + step));
          expect(readIn(pieces, delimiter)).toEqual(written);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a,b\nc', [['a', 'b'], ['c']]],
    ['a, "b, c" ,d', [['a', 'b, c ', 'd']]],
    [
      '1,"so" they say,3\n4,5,6',
      [
        ['1', 'so they say', '3'],
        ['4', '5', '6'],
      ],
    ],
    ['5" pipe,x', [['5" pipe', 'x']]],
    ['a,\n\n,b\n', [['a', ''], [''], ['', 'b']]],
    ['""', [['']]],
    ['a,"b\nc', [['a', 'b\nc']]],
  ])('are read from %j', (text, expected) => {
    expect(readIn([text], ',')).toEqual(expected);
  });
});

describe('delimiters', () => {
  it.each([
    ['a,b,c\n1,2,3\n', ','],
    ['a;b\n1,5;2,5\n3,5;4\n', ';'],
    ['a\tb\nx, y\tz\n', '\t'],
    ['a|b|c\nd|e|f', '|'],
    ['"a;b",c\n"d;e",f\n', ','],
  ])('of %j is %j', (text, delimiter) => {
    expect(findDelimiter(text, true)?.delimiter).toBe(delimiter);
  });
  it('is none in a single column', () => {
    expect(findDelimiter('name\nalice\n', true)).toBeUndefined();
  });
});

function lines(blocks: readonly Block[]): [number | undefined, string][] {
  return blocks.map(({ place, text }) => [place.row, text]);
}

describe('tables', () => {
  it.each([
    ['figures below', 'name,age\nAnn,30\nBob,4\n', ['name', 'age']],
    ['another case', 'name,city\nAnn,Paris\nBob,Rome\n', ['name', 'city']],
    ['repetition', 'Name,Dept\nAnn Lee,HR\nBob Ray,HR\nCy Fox,IT\nDi Doe,IT\n', ['Name', 'Dept']],
    ['addresses', 'Person,Mail\nAnn,a@b.org\nBob,b@b.org\n', ['Person', 'Mail']],
    ['a column without a title', ',x,y\n0,1,2\n1,3,4\n', ['', 'x', 'y']],
    ['figures in the first row', '1,2\n3,4\n', undefined],
    ['a title that comes again', 'HR,1\nHR,2\n', undefined],
    ['the same title twice', 'a,a\n1,2\n', undefined],
    ['an empty title', 'a,,c\n1,2,3\n', undefined],
    ['rows that are wider', 'Report\nAnn,30\nBob,40\n', undefined],
    ['one row', 'name,age\n', undefined],
    ['a title over paragraphs', `On ferries\n${'Words. '.repeat(20)}\nNo, more.\n`, undefined],
    ['scripts without case', '東京,大阪\nTokyo,Osaka\nKobe,Nara\n', undefined],
    ['texts alike', 'Ann,Paris\nBob,Rome\nCy,Oslo\n', undefined],
  ])('with %s', async (_, text, columns) => {
    const { blocks } = await extractAll(text, 't.csv');
    expect(blocks[0]?.place).toEqual(columns === undefined ? { row: 1 } : { row: 2, columns });
    expect(blocks.every((block) => block.kind === 'table')).toBe(true);
  });

  it('keeps ragged rows, counts blank ones, and puts a cell on one line', async () => {
    const text = 'name,n\nAnn,1,more\n\n"B\n ob",,\n,2\n';
    const { blocks } = await extractAll(text, 't.csv');
    expect(lines(blocks)).toEqual([
      [2, 'Ann | 1 | more\n'],
      [4, 'B ob\n'],
      [5, '| 2\n'],
    ]);
  });

  it('takes the delimiter that Excel writes down', async () => {
    const { blocks } = await extractAll('sep=;\r\na;b,c\r\n1;2\r\n', 't.csv');
    expect(lines(blocks)).toEqual([[2, '1 | 2\n']]);
    expect(blocks[0]?.place.columns).toEqual(['a', 'b,c']);
  });

  it('loses no cell, whatever the table', async () => {
    await fc.assert(
      fc.asyncProperty(records, async (written) => {
        // Quotes around delimiters are ambiguous where nothing says which one it is.
        const text = 'sep=,\n' + written.map((r) => r.map(quoted).join(',') + '\n').join('');
        const { blocks } = await extractAll(text, 't.csv');
        const all = blocks.flatMap((b) => [...(b.place.columns ?? []), b.text]).join(' ');
        for (const cell of written.flat()) {
          expect(all).toContain(cell.trim().replace(/\s*[\n\t]\s*/g, ' '));
        }
        for (const { place, text: line } of blocks) {
          expect(line).toMatch(/^\S[^\n]*\n$/);
          expect(written[(place.row ?? 0) - 1]?.join('').trim()).not.toBe('');
        }
      }),
    );
  });

  it('hands a row without an end over in pieces', async () => {
    const { blocks } = await extractAll(`a,b\n1,${'😀x'.repeat(MAX_BLOCK)}\n2,3\n`, 't.csv');
    expect(Math.max(...blocks.map(({ text }) => text.length))).toBeLessThanOrEqual(MAX_BLOCK);
    expect(blocks.map(({ text }) => text).join('')).toBe(`1 | ${'😀x'.repeat(MAX_BLOCK)}\n2 | 3\n`);
    expect(blocks.every(({ text }) => text.isWellFormed())).toBe(true);
  });
});

describe('what is wrong with a file is told', () => {
  it('an open quote', async () => {
    const { text, warnings } = await extractAll('a,b\n1,2\n"3,4\n5,6', 't.csv');
    expect(text).toContain('3,4 5,6');
    expect(warnings).toEqual([expect.stringContaining('t.csv is cut off or damaged: row 3')]);
  });
  it('a quote that never closes in a large file', async () => {
    const extraction = extractAll(`a,b\n"${'x,y\n'.repeat(4_500_000)}`, 'big.csv');
    await expect(extraction).rejects.toBeInstanceOf(UnsupportedError);
    await expect(extraction).rejects.toThrow('Row 2 of big.csv');
  });
  it.each([
    ['', 'is empty'],
    ['\n\n', 'is empty'],
    [',,\n,,\n', 'all its cells are empty'],
  ])('%j', async (content, message) => {
    const { blocks, warnings } = await extractAll(content, 't.csv');
    expect(blocks).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(message)]);
  });
});

describe('recognition', () => {
  it.each([
    ['t.csv', 'just words', 'text/csv'],
    ['t.tsv', 'a\tb\n', 'text/tab-separated-values'],
    ['t.txt', 'a,b,c\n1,2,3\n4,5,6\n', 'text/csv'],
    ['t.txt', 'a\tb\n1\t2\n3\t4\n', 'text/tab-separated-values'],
    ['t.txt', 'Well, no.\nYes, but.\nSo, then.\n', 'text/plain'],
    ['t.py', 'a,b,c\n1,2,3\n4,5,6\n', 'text/x-source'],
    ['t.csv', '<!doctype html><p>Not found', 'text/html'],
  ])('%s with %j is %s', async (name, content, type) => {
    expect((await extractAll(content, name)).type).toBe(type);
  });
});
