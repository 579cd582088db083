import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CorruptError, PasswordError, UnsupportedError } from '../../../../src/lib/errors';
import { extractAll } from '../../../fixtures/text/extraction';
import { makeZip } from './made-zip';
import { expectNoSilence, inShort, makeDocx } from './office-files';

const p = (text: string, properties = '') =>
  `<w:p><w:pPr>${properties}</w:pPr><w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`;
const style = (id: string) => `<w:pStyle w:val="${id}"/>`;
const cell = (content: string, properties = '') =>
  `<w:tc><w:tcPr>${properties}</w:tcPr>${content}</w:tc>`;
const row = (properties: string, ...cells: string[]) =>
  `<w:tr><w:trPr>${properties}</w:trPr>${cells.join('')}</w:tr>`;

async function read(body: string, others?: Record<string, string>): Promise<string[]> {
  const file = await makeDocx(body, others);
  return inShort(await extractAll(await file.arrayBuffer(), 'made.docx'));
}

describe('DOCX', () => {
  it('has headings by the outline level of the style, its name, or the paragraph', async () => {
    const styles = `<w:styles>
      <w:style w:type="paragraph" w:styleId="A"><w:name w:val="Kapitel"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>
      <w:style w:type="paragraph" w:styleId="B"><w:basedOn w:val="A"/></w:style>
      <w:style w:type="paragraph" w:styleId="C"><w:name w:val="heading 2"/><w:basedOn w:val="C"/></w:style>
      <w:style w:type="paragraph" w:styleId="T"><w:name w:val="Title"/></w:style></w:styles>`;
    const body = [
      p('Book', style('T')),
      p('before'),
      p('One', style('B')),
      p('Two', style('C')),
      p('text', style('B') + '<w:outlineLvl w:val="9"/>'),
      p('Next', '<w:outlineLvl w:val="0"/>'),
      p('more'),
    ];
    expect(await read(body.join(''), { 'styles.xml': styles })).toEqual([
      'h Book\\n\\n',
      'p before\\n\\n',
      'h{"heading":["One"]} One\\n\\n',
      'h{"heading":["One","Two"]} Two\\n\\n',
      'p{"heading":["One","Two"]} text\\n\\n',
      'h{"heading":["Next"]} Next\\n\\n',
      'p{"heading":["Next"]} more\\n',
    ]);
  });

  it('leaves out what was deleted, moved away or hidden, and keeps what was inserted', async () => {
    const body =
      '<w:p><w:pPr><w:pPrChange><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:pPrChange></w:pPr>' +
      '<w:r><w:t>a</w:t></w:r><w:del><w:r><w:delText>b</w:delText><w:t>c</w:t></w:r></w:del>' +
      '<w:ins><w:r><w:t>d</w:t></w:r></w:ins><w:moveFrom><w:r><w:t>e</w:t></w:r></w:moveFrom>' +
      '<w:moveTo><w:r><w:t>f</w:t></w:r></w:moveTo>' +
      '<w:r><w:rPr><w:vanish/></w:rPr><w:t>g</w:t><w:tab/></w:r>' +
      '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>h</w:t></w:r></w:p>' +
      p('joined ', '<w:rPr><w:del/></w:rPr>') +
      p('here') +
      `<w:tbl>${row('', cell(p('1')), cell(p('2')))}${row('<w:del/>', cell(p('3')), cell(p('4')))}${row('', cell(p('5')), cell(p('6')))}</w:tbl>`;
    expect(await read(body)).toEqual([
      'p adfh\\n\\n',
      'p joined here\\n\\n',
      't{"row":1} 1 | 2\\n',
      't{"row":2} 5 | 6\\n',
    ]);
  });

  it('has a table row by row, with the columns that its header names', async () => {
    const header = row(
      '<w:tblHeader/>',
      cell(p('Name')),
      cell(p('Price') + p('in €')),
      cell(p('')),
    );
    const inner = `<w:tbl>${row('', cell(p('x')), cell(p('y')))}</w:tbl>`;
    const body =
      p('before') +
      `<w:tbl>${header}${row('', cell(p('a<w:br/>b')), cell(p('1')), cell(p('')))}` +
      row('', cell(p('c'), '<w:gridSpan w:val="2"/>'), cell(p('d') + inner)) +
      '</w:tbl>' +
      `<w:tbl>${row('<w:tblHeader/>', cell(p('only')), cell(p('header')))}</w:tbl>` +
      `<w:tbl>${row('', cell(p('frame', '<w:outlineLvl w:val="1"/>') + p('text')))}</w:tbl>`;
    const columns = '"columns":["Name","Price in €"]';
    expect(await read(body)).toEqual([
      'p before\\n\\n',
      `t{"row":2,${columns}} a b | 1\\n`,
      `t{"row":3,${columns}} c |  | d x | y\\n\\n`,
      't{"row":1} only | header\\n\\n',
      'h{"heading":["frame"]} frame\\n\\n',
      'p{"heading":["frame"]} text\\n',
    ]);
  });

  it('has notes and boxes behind their paragraph, headers and footers once', async () => {
    const note = (id: number, text: string, type = '') =>
      `<w:footnote w:id="${id}"${type}>${p(text)}${p('ends')}</w:footnote>`;
    const box = `<mc:AlternateContent><mc:Choice>${'<w:txbxContent>' + p('boxed') + '</w:txbxContent>'}</mc:Choice><mc:Fallback><w:txbxContent>${p('boxed')}</w:txbxContent></mc:Fallback></mc:AlternateContent>`;
    const body =
      `<w:p><w:r><w:t>Text</w:t><w:footnoteReference w:id="7"/>${box}<w:t> goes on</w:t></w:r>` +
      '<w:r><w:endnoteReference w:id="7"/></w:r></w:p>' +
      p('after');
    const others = {
      'footnotes.xml': `<w:footnotes>${note(0, 'line', ' w:type="separator"')}${note(7, 'note')}</w:footnotes>`,
      'endnotes.xml': `<w:endnotes>${note(7, 'end').replaceAll('footnote', 'endnote')}</w:endnotes>`,
      'header1.xml': `<w:hdr>${p('Head')}</w:hdr>`,
      'header2.xml': `<w:hdr>${p('Head')}</w:hdr>`,
      'footer1.xml': `<w:ftr>${p('12')}</w:ftr>`,
      'footer2.xml': `<w:ftr>${p('Foot')}</w:ftr>`,
    };
    expect(await read(body, others)).toEqual([
      'p Text[1] goes on[2]\\n',
      'p [1] note ends\\n',
      'p [2] end ends\\n\\n',
      'p boxed\\n\\n',
      'p after\\n\\n',
      'p Head\\n\\n',
      'p Foot\\n',
    ]);
  });

  it('counts the numbers of clauses', async () => {
    const level = (depth: number, format: string, text: string) =>
      `<w:lvl w:ilvl="${depth}"><w:start w:val="1"/><w:numFmt w:val="${format}"/><w:lvlText w:val="${text}"/></w:lvl>`;
    const numbering = `<w:numbering><w:abstractNum w:abstractNumId="0">${level(0, 'upperRoman', '%1.')}${level(1, 'lowerLetter', '%1.%2)')}${level(2, 'bullet', '•')}${level(3, 'chineseCounting', '%4、')}</w:abstractNum>
      <w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>
      <w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="4"/></w:lvlOverride></w:num></w:numbering>`;
    const item = (list: number, depth: number, text: string) =>
      p(text, `<w:numPr><w:ilvl w:val="${depth}"/><w:numId w:val="${list}"/></w:numPr>`);
    const body = [
      item(1, 0, 'a'),
      item(1, 1, 'b'),
      item(1, 1, 'c'),
      item(1, 2, 'd'),
      item(1, 3, 'e'),
      item(1, 0, 'f'),
      item(1, 1, 'g'),
      item(2, 0, 'h'),
      item(2, 0, 'i'),
      item(0, 0, 'j'),
    ];
    const text = (await read(body.join(''), { 'numbering.xml': numbering })).join('');
    expect(text.replaceAll('\\n', '').split('p ').slice(1)).toEqual([
      'I. a',
      'I.a) b',
      'I.b) c',
      'd',
      'e',
      'II. f',
      'II.a) g',
      'IV. h',
      'V. i',
      'j',
    ]);
  });

  it('keeps all the words of paragraphs and cells, in their order', async () => {
    const word = fc.stringMatching(/^[a-zäé漢𐌲]{1,8}$/u);
    const content = fc.array(
      fc.oneof(
        word.map((text) => ({ xml: p(text), words: [text] })),
        fc
          .array(fc.array(word, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 })
          .map((rows) => ({
            xml: `<w:tbl>${rows.map((cells) => row('', ...cells.map((text) => cell(p(text))))).join('')}</w:tbl>`,
            words: rows.flat(),
          })),
      ),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(content, async (parts) => {
        const file = await makeDocx(parts.map(({ xml }) => xml).join(''));
        const { text } = await extractAll(await file.arrayBuffer(), 'made.docx');
        expect(text.split(/[\s|]+/).filter((own) => own !== '')).toEqual(
          parts.flatMap(({ words }) => words),
        );
      }),
      { numRuns: 30 },
    );
  });

  it('is recognised by its content, whatever it is called', async () => {
    const file = await makeDocx(p('text'));
    for (const name of ['a.txt', 'a.xlsx', 'a.zip', 'a', 'a.docm']) {
      expect((await extractAll(await file.arrayBuffer(), name)).type).toMatch(/wordprocessingml/);
    }
  });

  it('is refused when it is damaged, empty, locked, or a bomb', async () => {
    const zip = async (parts: Record<string, string>, password?: string) =>
      (await makeZip(parts, password === undefined ? {} : { password })).arrayBuffer();
    const types = { '[Content_Types].xml': '<Types/>' };
    await expect(extractAll(await zip(types), 'none.docx')).rejects.toThrow(CorruptError);
    await expect(extractAll(await zip(types, 'x'), 'locked.docx')).rejects.toThrow(PasswordError);
    const empty = await extractAll(await (await makeDocx('<w:p/>')).arrayBuffer(), 'empty.docx');
    expect([empty.blocks, empty.warnings]).toEqual([[], [expect.stringContaining('empty.docx')]]);
    const deep = await makeDocx('<w:sdt>'.repeat(300));
    await expect(extractAll(await deep.arrayBuffer(), 'deep.docx')).rejects.toThrow(/^deep\.docx/);
    const long = await makeDocx(p('a'.repeat(2 ** 24 + 1)));
    expect(long.size).toBeLessThan(100_000);
    await expect(extractAll(await long.arrayBuffer(), 'long.docx')).rejects.toThrow(
      UnsupportedError,
    );
  });

  it('is never read in silence when it is cut off', async () => {
    await expectNoSilence(await makeDocx(p('text') + p('more')), 'cut.docx', 37);
  });
});
