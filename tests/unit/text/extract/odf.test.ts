import { describe, expect, it } from 'vitest';
import { CorruptError, PasswordError } from '../../../../src/lib/errors';
import { extractAll } from '../../../fixtures/text/extraction';
import { makeZip } from './made-zip';
import { expectNoSilence, inShort, makeOdf } from './office-files';

const p = (text: string) => `<text:p>${text}</text:p>`;
const h = (level: number, text: string) => `<text:h text:outline-level="${level}">${text}</text:h>`;

async function read(body: string, styles?: string): Promise<string[]> {
  const file = await makeOdf('text', body, styles);
  return inShort(await extractAll(await file.arrayBuffer(), 'made.odt'));
}

describe('ODT', () => {
  it('has headings by their outline level, and white space as it is shown', async () => {
    const body =
      p('before') +
      h(1, 'One') +
      h(3, 'Deep') +
      p('  a\n  <text:span> b</text:span><text:s text:c="3"/>c<text:tab/>d<text:line-break/>e ') +
      h(2, 'Two') +
      p(`<text:s text:c="1000000000"/>f`);
    expect(await read(body)).toEqual([
      'p before\\n\\n',
      'h{"heading":["One"]} One\\n\\n',
      'h{"heading":["One","Deep"]} Deep\\n\\n',
      'p{"heading":["One","Deep"]} a b   c\\td\\ne\\n\\n',
      'h{"heading":["One","Two"]} Two\\n\\n',
      `p{"heading":["One","Two"]} ${' '.repeat(100)}f\\n`,
    ]);
  });

  it('leaves out what was deleted, comments, descriptions and furigana', async () => {
    const body =
      `<text:tracked-changes><text:changed-region><text:deletion>${p('gone')}</text:deletion></text:changed-region></text:tracked-changes>` +
      p(
        `a<office:annotation>${p('comment')}</office:annotation>b<text:change-start/>c<text:change-end/>` +
          '<text:ruby><text:ruby-base>漢字</text:ruby-base><text:ruby-text>かんじ</text:ruby-text></text:ruby>' +
          '<draw:frame><svg:title>alt</svg:title></draw:frame>',
      ) +
      `<text:section text:display="none">${p('hidden')}</text:section>`;
    expect(await read(body)).toEqual(['p abc漢字\\n']);
  });

  it('has notes and frames behind their paragraph, headers and footers once', async () => {
    const note = `<text:note><text:note-citation>1</text:note-citation><text:note-body>${p('note')}${p('ends')}</text:note-body></text:note>`;
    const frame = `<draw:frame><draw:text-box>${p('boxed')}<table:table><table:table-row><table:table-cell>${p('x')}</table:table-cell><table:table-cell>${p('y')}</table:table-cell></table:table-row></table:table></draw:text-box></draw:frame>`;
    const styles =
      `<office:document-styles><office:master-styles><style:master-page><style:header>${p('Head')}</style:header>` +
      `<style:header-left>${p('Head')}</style:header-left><style:footer>${p('3')}</style:footer></style:master-page></office:master-styles></office:document-styles>`;
    const shaped = p(`anchor<draw:custom-shape>${p('shape')}</draw:custom-shape>ed`);
    expect(await read(p(`Text${note} goes${frame} on`) + shaped, styles)).toEqual([
      'p Text[1] goes on\\n',
      'p [1] note ends\\n\\n',
      'p boxed\\n\\n',
      't{"row":1} x | y\\n\\n',
      'p anchored\\n\\n',
      'p shape\\n\\n',
      'p Head\\n',
    ]);
  });

  it('has lists without gaps, and tables with the columns that their header names', async () => {
    const cell = (text: string, repeated = '') =>
      `<table:table-cell${repeated}>${text === '' ? '' : p(text)}</table:table-cell>`;
    const row = (...cells: string[]) => `<table:table-row>${cells.join('')}</table:table-row>`;
    const body =
      `<text:list><text:list-item>${p('a')}</text:list-item><text:list-item>${p('b')}</text:list-item></text:list>` +
      `<table:table><table:table-header-rows>${row(cell('Name'), cell('Town'))}${row(cell('first'), cell('city'))}</table:table-header-rows>` +
      row(cell('Ada'), cell('London')) +
      row(cell('x'), '<table:covered-table-cell/>', cell('z')) +
      row(cell('y'), cell('', ' table:number-columns-repeated="1000000"')) +
      '</table:table>';
    const columns = '"columns":["Name","Town"]';
    expect(await read(body)).toEqual([
      'p a\\n',
      'p b\\n\\n',
      `t{"row":2,${columns}} first | city\\n`,
      `t{"row":3,${columns}} Ada | London\\n`,
      `t{"row":4,${columns}} x |  | z\\n`,
      `t{"row":5,${columns}} y\\n`,
    ]);
  });

  it('is refused when it is damaged, empty or locked', async () => {
    const mimetype = 'application/vnd.oasis.opendocument.text';
    const locked = await makeZip(
      {
        mimetype,
        'content.xml': 'noise',
        'META-INF/manifest.xml': '<manifest:encryption-data/>',
      },
      { stored: ['mimetype'] },
    );
    await expect(extractAll(await locked.arrayBuffer(), 'locked.odt')).rejects.toThrow(
      PasswordError,
    );
    const none = await makeZip({ mimetype }, { stored: ['mimetype'] });
    await expect(extractAll(await none.arrayBuffer(), 'none.odt')).rejects.toThrow(CorruptError);
    const empty = await extractAll(await (await makeOdf('text', '')).arrayBuffer(), 'empty.odt');
    expect([empty.blocks, empty.warnings.length]).toEqual([[], 1]);
    await expectNoSilence(await makeOdf('text', p('text')), 'cut.odt', 31);
  });
});

describe('ODP', () => {
  it('has slides with the title first, and notes behind', async () => {
    const frame = (kind: string, text: string) =>
      `<draw:frame presentation:class="${kind}"><draw:text-box>${text}</draw:text-box></draw:frame>`;
    const body =
      `<draw:page>${frame('outline', `<text:list><text:list-item>${p('one')}</text:list-item><text:list-item>${p('two')}</text:list-item></text:list>`)}` +
      `${frame('title', p('The') + p('title'))}${frame('footer', p('Company'))}` +
      `<presentation:notes>${frame('notes', p('say this'))}${frame('page-number', p('1'))}</presentation:notes></draw:page>` +
      `<draw:page><draw:custom-shape>${p('shape')}</draw:custom-shape></draw:page>`;
    const file = await makeOdf('presentation', body);
    // The content says what it is, not the name.
    const extraction = await extractAll(await file.arrayBuffer(), 'made.odt');
    expect(extraction.type).toBe('application/vnd.oasis.opendocument.presentation');
    expect(inShort(extraction)).toEqual([
      'h{"slide":1,"heading":["The title"]} The title\\n\\n',
      'p{"slide":1,"heading":["The title"]} one\\n',
      'p{"slide":1,"heading":["The title"]} two\\n\\n',
      'p{"slide":1,"notes":true,"heading":["The title"]} say this\\n\\n',
      'p{"slide":2} shape\\n',
    ]);
  });
});
