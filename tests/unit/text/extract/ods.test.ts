import { describe, expect, it } from 'vitest';
import { CorruptError, PasswordError, UnsupportedError } from '../../../../src/lib/errors';
import type { Block } from '../../../../src/lib/text/document';
import { extractAll } from '../../../fixtures/text/extraction';
import { makeZip } from './made-zip';

const TYPE = 'application/vnd.oasis.opendocument.spreadsheet';

/** @param body what stands in `office:spreadsheet` */
function spreadsheet(body: string, more: Record<string, string> = {}): Promise<Blob> {
  return makeZip(
    {
      mimetype: TYPE,
      'content.xml': `<?xml version="1.0" encoding="UTF-8"?><office:document-content><office:body><office:spreadsheet>${body}</office:spreadsheet></office:body></office:document-content>`,
      ...more,
    },
    { stored: ['mimetype'] },
  );
}

function table(name: string, rows: string): string {
  return `<table:table table:name="${name}"><table:table-column table:number-columns-repeated="16384"/>${rows}</table:table>`;
}

function row(cells: string, times?: number): string {
  const repeated = times === undefined ? '' : ` table:number-rows-repeated="${times}"`;
  return `<table:table-row${repeated}>${cells}</table:table-row>`;
}

function cell(text: string, attributes = ''): string {
  return `<table:table-cell office:value-type="string" ${attributes}><text:p>${text}</text:p></table:table-cell>`;
}

function number(value: string, shown: string): string {
  return `<table:table-cell office:value-type="float" office:value="${value}"><text:p>${shown}</text:p></table:table-cell>`;
}

function empty(times: number): string {
  return `<table:table-cell table:number-columns-repeated="${times}"/>`;
}

function lines(blocks: readonly Block[]): [string | undefined, number | undefined, string][] {
  return blocks.map(({ place, text }) => [place.sheet, place.row, text]);
}

describe('tables', () => {
  it('are sheets with rows, however many empty ones are counted', async () => {
    const file = await spreadsheet(
      table(
        'People',
        row(cell('name') + cell('born') + empty(16382)) +
          row(cell('Ann') + number('1990', '1990')) +
          row(empty(16384), 3) +
          row(cell('Bob') + number('12345678.9', '12,345,678.90')) +
          row(empty(16384), 1_048_570),
      ) + table('Notes & more', row(empty(2) + cell('far'))),
    );
    const { type, blocks, warnings } = await extractAll(file, 'a.ods');
    expect([type, warnings]).toEqual([TYPE, []]);
    expect(lines(blocks)).toEqual([
      ['People', 2, 'Ann | 1990\n'],
      ['People', 6, 'Bob | 12345678.90\n'],
      ['Notes & more', 1, 'far\n'],
    ]);
    expect(blocks[0]?.place.columns).toEqual(['name', 'born']);
    expect(blocks.every(({ kind }) => kind === 'table')).toBe(true);
  });

  it('have rows and cells that repeat', async () => {
    const file = await spreadsheet(
      table('S', row(cell('x', 'table:number-columns-repeated="3"') + empty(1) + cell('y'), 2)),
    );
    expect(lines((await extractAll(file, 'a.ods')).blocks)).toEqual([
      ['S', 1, 'x | x | x |  | y\n'],
      ['S', 2, 'x | x | x |  | y\n'],
    ]);
  });

  it('show what their cells show', async () => {
    const cells = [
      '<table:table-cell><text:p>two</text:p><text:p>li<text:span>nes</text:span><text:s text:c="3"/>here</text:p></table:table-cell>',
      '<table:table-cell><office:annotation><text:p>a comment</text:p></office:annotation><text:p>cell<text:line-break/>text</text:p></table:table-cell>',
      '<table:covered-table-cell><text:p>under a merged one</text:p></table:covered-table-cell>',
      '<table:table-cell office:value-type="date" office:date-value="2020-02-29"/>',
      '<table:table-cell office:value-type="boolean" office:boolean-value="true"/>',
      '<table:table-cell><text:p><text:ruby><text:ruby-base>東京</text:ruby-base><text:ruby-text>とうきょう</text:ruby-text></text:ruby></text:p></table:table-cell>',
      '<table:table-cell><draw:frame><draw:object><table:table><table:table-row><table:table-cell><text:p>chart data</text:p></table:table-cell></table:table-row></table:table></draw:object></draw:frame></table:table-cell>',
      '<table:table-cell><table:table table:is-sub-table="true"><table:table-row><table:table-cell><text:p>inner</text:p></table:table-cell></table:table-row></table:table></table:table-cell>',
      number('-1234567', '-1.234.567 €'),
      number('1.234', '1.234'),
    ];
    const file = await spreadsheet(
      `<table:tracked-changes><table:cell-content-change><text:p>gone</text:p></table:cell-content-change></table:tracked-changes>${table('S', row(cells.join('')))}`,
    );
    expect((await extractAll(file, 'a.ods')).text).toBe(
      'two lines here | cell text |  | 2020-02-29 | true | 東京 |  | inner | -1234567 € | 1.234\n',
    );
  });
});

describe('what is wrong with a file is told', () => {
  it('more repetitions than anyone wrote', async () => {
    const words = 'w'.repeat(1000);
    const file = await spreadsheet(
      table(
        'S',
        row(cell('once'), 20) +
          row(cell(words, 'table:number-columns-repeated="16384"'), 1_000_000) +
          row(cell('last')),
      ),
    );
    const { blocks, warnings } = await extractAll(file, 'a.ods');
    expect(lines(blocks).slice(-2)).toEqual([
      ['S', 21, `${words}\n`],
      ['S', 1_000_021, 'last\n'],
    ]);
    expect(blocks).toHaveLength(22);
    expect(warnings).toEqual([expect.stringContaining('a.ods repeats some rows')]);
  });

  it.each([
    ['more columns than there are', row(empty(16384) + cell('x'))],
    ['no number of repetitions', row(cell('x', 'table:number-columns-repeated="-1"'))],
    ['more rows than there are', row(empty(1), 1_048_576) + row(cell('x'))],
  ])('%s', async (_, rows) => {
    const extraction = extractAll(await spreadsheet(table('S', rows)), 'bad.ods');
    await expect(extraction).rejects.toBeInstanceOf(CorruptError);
    await expect(extraction).rejects.toThrow('bad.ods is damaged: a sheet in it has');
  });

  it('a cell without an end', async () => {
    const file = await spreadsheet(table('S', row(cell('x'.repeat(17_000_000)))));
    const extraction = extractAll(file, 'bomb.ods');
    await expect(extraction).rejects.toBeInstanceOf(UnsupportedError);
    await expect(extraction).rejects.toThrow('bomb.ods was not read');
  });

  it('a lock', async () => {
    const file = await spreadsheet('', {
      'META-INF/manifest.xml':
        '<manifest:manifest><manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>',
    });
    const extraction = extractAll(file, 'locked.ods');
    await expect(extraction).rejects.toBeInstanceOf(PasswordError);
    await expect(extraction).rejects.toThrow('locked.ods is protected by a password');
  });

  it('cut off at any byte', async () => {
    const file = await spreadsheet(table('S', row(cell('found'))));
    for (let end = 100; end < file.size; end += 17) {
      const extraction = extractAll(file.slice(0, end), 'cut.ods');
      await expect(extraction, `${end} bytes`).rejects.toBeInstanceOf(CorruptError);
    }
  });

  it('nothing in it, or no content at all', async () => {
    const { blocks, warnings } = await extractAll(await spreadsheet(table('S', '')), 'a.ods');
    expect([blocks, warnings]).toEqual([[], [expect.stringContaining('a.ods holds no text')]]);
    const none = await makeZip({ mimetype: TYPE }, { stored: ['mimetype'] });
    await expect(extractAll(none, 'a.ods')).rejects.toThrow('its content.xml is missing');
  });
});

it('is recognised under any name', async () => {
  const file = await spreadsheet(table('S', row(cell('found'))));
  for (const name of ['a.zip', 'a.odt', 'a.txt', 'a']) {
    expect(await extractAll(file, name)).toMatchObject({ type: TYPE, text: 'found\n' });
  }
});
