import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CorruptError, UnsupportedError } from '../../../../src/lib/errors';
import type { Block } from '../../../../src/lib/text/document';
import { EXTRACTORS } from '../../../../src/lib/text/extract';
import { blocksHolding, extractAll, type Sample } from '../../../fixtures/text/extraction';
import { makeZip } from './made-zip';

const TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const DOCS = join(process.env['MEMREEL_CORPORA'] ?? '../shared', 'samples/docs');
const missing = !existsSync(DOCS);

describe.skipIf(missing)('the sample workbooks (skipped: no samples beside the repository)', () => {
  const manifest = missing
    ? []
    : (JSON.parse(readFileSync(join(DOCS, 'MANIFEST.json'), 'utf8')) as Sample[]);

  it.each(['city-populations.xlsx', 'openchain-policy-template-en.xlsx'])(
    '%s has every text at its sheet and row',
    async (name) => {
      const { type, blocks, warnings } = await extractAll(readFileSync(join(DOCS, name)), name);
      expect([type, warnings]).toEqual([TYPE, []]);
      expect(blocks.every(({ kind }) => kind === 'table')).toBe(true);
      const snippets = manifest.find((entry) => entry.file === name)?.must_contain ?? [];
      expect(snippets).not.toEqual([]);
      for (const snippet of snippets) {
        const found = blocksHolding(blocks, snippet).map(
          ({ place }) => `sheet "${place.sheet}" row ${place.row}`,
        );
        const wanted = [snippet.where, ...(snippet.also_at ?? [])];
        expect(new Set(found), snippet.text).toEqual(
          new Set(wanted.map((where) => where.replace(/ \(cell.*/, ''))),
        );
      }
    },
  );
});

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const REL = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

interface Made {
  /** `<row>` elements by the names of their sheets. */
  sheets: Record<string, string>;
  strings?: string;
  styles?: string;
  properties?: string;
  more?: Record<string, string>;
}

function relations(targets: readonly [id: string, type: string, target: string][]): string {
  const all = targets.map(
    ([id, type, target]) => `<Relationship Id="${id}" Type="${REL}/${type}" Target="${target}"/>`,
  );
  return `${XML}<Relationships>${all.join('')}</Relationships>`;
}

function workbook({ sheets, strings, styles, properties = '', more = {} }: Made): Promise<Blob> {
  const names = Object.keys(sheets);
  const parts = names.map((name, at): [string, string] => [
    `xl/worksheets/s${at}.xml`,
    `${XML}<worksheet xmlns="${MAIN}"><sheetData>${sheets[name]}</sheetData></worksheet>`,
  ]);
  const listed = names.map((name, at) => `<sheet name="${name}" sheetId="${at}" r:id="r${at}"/>`);
  return makeZip({
    '[Content_Types].xml': `${XML}<Types/>`,
    '_rels/.rels': relations([['a', 'officeDocument', 'xl/workbook.xml']]),
    'xl/_rels/workbook.xml.rels': relations([
      // The order of references says nothing.
      ...names
        .map((_, at): [string, string, string] => [`r${at}`, 'worksheet', `worksheets/s${at}.xml`])
        .reverse(),
      ['x', 'styles', 'styles.xml'],
      ['y', 'sharedStrings', '/xl/sharedStrings.xml'],
    ]),
    'xl/workbook.xml': `${XML}<workbook xmlns="${MAIN}" xmlns:r="${REL}">${properties}<sheets>${listed.join('')}</sheets></workbook>`,
    ...(strings === undefined ? {} : { 'xl/sharedStrings.xml': `${XML}<sst>${strings}</sst>` }),
    ...(styles === undefined
      ? {}
      : { 'xl/styles.xml': `${XML}<styleSheet>${styles}</styleSheet>` }),
    ...Object.fromEntries(parts),
    ...more,
  });
}

function rows(blocks: readonly Block[]): [string | undefined, number | undefined, string][] {
  return blocks.map(({ place, text }) => [place.sheet, place.row, text]);
}

const inline = (text: string): string => `<c t="inlineStr"><is><t>${text}</t></is></c>`;

describe('cells', () => {
  it('are shown as Excel shows them', async () => {
    const styles = `
      <numFmts><numFmt numFmtId="164" formatCode="&quot;EUR&quot; #,##0.00"/>
        <numFmt numFmtId="165" formatCode="dd.mm.yyyy"/><numFmt numFmtId="166" formatCode="bad[["/></numFmts>
      <cellStyleXfs><xf numFmtId="9"/></cellStyleXfs>
      <cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="10"/>
        <xf numFmtId="14"/><xf numFmtId="166"/></cellXfs>`;
    const values = [
      '<c r="A1" s="1"><f>1+1</f><v>1234567.891</v></c>',
      '<c r="B1" s="2"><v>43831</v></c>',
      '<c r="C1" s="3"><v>0.1234</v></c>',
      '<c r="D1" s="4"><v>44000</v></c>',
      '<c r="E1" s="5"><v>7.5</v></c>',
      '<c r="F1"><v>4006381333931</v></c>',
      '<c r="G1"><v>0.30000000000000004</v></c>',
      '<c r="H1" t="b"><v>1</v></c>',
      '<c r="I1" t="e"><v>#N/A</v></c>',
      '<c r="J1" t="d"><v>2020-02-29</v></c>',
      '<c r="K1" t="str"><f>A1</f><v>a_x000D_\n b &amp; c</v></c>',
      '<c r="L1" s="1"/>',
    ];
    const file = await workbook({ sheets: { S: `<row r="1">${values.join('')}</row>` }, styles });
    expect((await extractAll(file, 'a.xlsx')).text).toBe(
      'EUR 1234567.89 | 01.01.2020 | 12.34% | 2020-06-18 | 7.5 | 4006381333931 | 0.3 | TRUE | #N/A | 2020-02-29 | a b & c\n',
    );
  });

  it('count days from 1904 where the workbook does', async () => {
    const file = await workbook({
      sheets: { S: '<row><c s="1"><v>42369</v></c><c><v>42369</v></c></row>' },
      styles: '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>',
      properties: '<workbookPr date1904="true"/>',
    });
    expect((await extractAll(file, 'a.xlsx')).text).toBe('2020-01-01 | 42369\n');
  });

  it('share texts, which may be rich and have readings', async () => {
    const file = await workbook({
      strings:
        '<si><t xml:space="preserve"> one </t></si><si><r><rPr/><t>two</t></r><r><t> three</t></r></si><si><t>東京</t><rPh sb="0" eb="2"><t>とうきょう</t></rPh></si>',
      sheets: {
        S: '<row><c t="s"><v>2</v></c><c t="s"><v>1</v></c></row><row><c t="s"><v>0</v></c></row>',
      },
    });
    expect((await extractAll(file, 'a.xlsx')).text).toBe('東京 | two three\none\n');
  });

  it('stand in their columns, under their rows, whatever is left out', async () => {
    const file = await workbook({
      sheets: {
        S: `<row r="3"><c r="C3"><v>1</v></c><c r="E3"><v>2</v></c><c><v>3</v></c></row>
          <row>${inline('x')}</row><row r="9"/><row r="10"><c r="XFD10"><v>9</v></c></row>`,
      },
    });
    const { blocks } = await extractAll(file, 'a.xlsx');
    expect(rows(blocks).slice(0, 2)).toEqual([
      ['S', 3, '|  | 1 |  | 2 | 3\n'],
      ['S', 4, 'x\n'],
    ]);
    expect(blocks[2]?.place.row).toBe(10);
    expect(blocks[2]?.text).toMatch(/\| 9\n$/);
    // A far cell does not cost its distance.
    expect(blocks.at(-1)?.text.length).toBeLessThan(60);
  });
});

describe('sheets', () => {
  it('come in the order of their tabs, hidden ones too, with their headers', async () => {
    const file = await workbook({
      sheets: {
        Zebra: `<row r="1">${inline('name')}${inline('n')}</row><row r="2">${inline('Ann')}<c><v>1</v></c></row>`,
        'Alpha" state="hidden': `<row r="1">${inline('alone')}</row>`,
        Empty: '',
      },
    });
    const { blocks, warnings } = await extractAll(file, 'a.xlsx');
    expect(rows(blocks)).toEqual([
      ['Zebra', 2, 'Ann | 1\n'],
      ['Alpha', 1, 'alone\n'],
    ]);
    expect(blocks[0]?.place.columns).toEqual(['name', 'n']);
    expect(warnings).toEqual([]);
  });

  it('have names of elements with any prefix', async () => {
    const file = await workbook({
      sheets: { S: '<x:row r="2"><x:c r="A2"><x:v>5</x:v></x:c></x:row>' },
    });
    expect(rows((await extractAll(file, 'a.xlsx')).blocks)).toEqual([['S', 2, '5\n']]);
  });

  it('are read as they are asked for', async () => {
    const row = `<row>${inline('some words in a cell')}</row>`;
    const file = await workbook({ sheets: { S: row.repeat(100_000) } });
    const xlsx = EXTRACTORS.find(({ type }) => type === TYPE);
    let read = 0;
    for await (const block of xlsx?.extract(file, {
      name: 'a.xlsx',
      assetsUrl: '',
      signal: new AbortController().signal,
      warn: () => undefined,
      progress: () => undefined,
    }) ?? []) {
      if (++read === 40) {
        expect(block.place.row).toBe(40);
        break;
      }
    }
    expect(read).toBe(40);
  });
});

describe('what is wrong with a file is told', () => {
  it('cut off at any byte', async () => {
    const file = await workbook({ sheets: { S: `<row>${inline('found')}</row>` } });
    for (let end = 64; end < file.size; end += 37) {
      const extraction = extractAll(file.slice(0, end), 'cut.xlsx');
      await expect(extraction, `${end} bytes`).rejects.toBeInstanceOf(CorruptError);
      await expect(extraction).rejects.toThrow('cut.xlsx');
    }
  });

  it.each([
    ['a text that is not there', '<row><c t="s"><v>7</v></c></row>'],
    ['a column beyond the last', '<row><c r="ZZZ1"><v>7</v></c></row>'],
    ['a row beyond the last', '<row r="1048577"><c><v>7</v></c></row>'],
  ])('%s', async (_, sheet) => {
    const extraction = extractAll(await workbook({ sheets: { S: sheet } }), 'bad.xlsx');
    await expect(extraction).rejects.toBeInstanceOf(CorruptError);
    await expect(extraction).rejects.toThrow('bad.xlsx is damaged: a sheet refers to');
  });

  it('a small file with more text than a sheet can show', async () => {
    const file = await workbook({
      strings: `<si><t>${'x'.repeat(1_000_000)}</t></si>`,
      sheets: { S: `<row>${'<c t="s"><v>0</v></c>'.repeat(100)}</row>` },
    });
    const extraction = extractAll(file, 'bomb.xlsx');
    await expect(extraction).rejects.toBeInstanceOf(UnsupportedError);
    await expect(extraction).rejects.toThrow('bomb.xlsx was not read: a row');
  });

  it('no sheet, a binary workbook, nothing in it', async () => {
    const none = await workbook({ sheets: {} });
    await expect(extractAll(none, 'a.xlsx')).rejects.toThrow('lists no sheet');
    const binary = await makeZip({
      '[Content_Types].xml': '<Types/>',
      'xl/workbook.bin': 'x',
    });
    await expect(extractAll(binary, 'a.xlsx')).rejects.toBeInstanceOf(UnsupportedError);
    const { blocks, warnings } = await extractAll(await workbook({ sheets: { S: '' } }), 'a.xlsx');
    expect([blocks, warnings]).toEqual([[], [expect.stringContaining('a.xlsx holds no text')]]);
  });
});

it('is recognised under any name', async () => {
  const file = await workbook({ sheets: { S: `<row>${inline('found')}</row>` } });
  for (const name of ['a.zip', 'a.docx', 'a.txt', 'a']) {
    expect(await extractAll(file, name)).toMatchObject({ type: TYPE, text: 'found\n' });
  }
});
