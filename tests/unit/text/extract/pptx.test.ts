import { describe, expect, it } from 'vitest';
import { CorruptError } from '../../../../src/lib/errors';
import { extractAll } from '../../../fixtures/text/extraction';
import { makeZip } from './made-zip';
import { expectNoSilence, inShort, relations } from './office-files';

const p = (text: string) => `<a:p><a:r><a:t>${text}</a:t></a:r></a:p>`;
const shape = (content: string, placeholder = '') =>
  `<p:sp><p:nvSpPr><p:nvPr>${placeholder === '' ? '' : `<p:ph type="${placeholder}"/>`}</p:nvPr></p:nvSpPr><p:txBody>${content}</p:txBody></p:sp>`;
const slide = (...shapes: string[]) =>
  `<p:sld><p:cSld><p:spTree>${shapes.join('')}</p:spTree></p:cSld></p:sld>`;

/** Slides by the number in their file's name; `order` is how they are shown. */
function makePptx(
  slides: Readonly<Record<number, string>>,
  order: readonly number[],
  others: Readonly<Record<string, string>> = {},
) {
  return makeZip({
    '[Content_Types].xml': '<Types/>',
    '_rels/.rels': relations(['r1', 'officeDocument', 'ppt/presentation.xml']),
    'ppt/presentation.xml': `<p:presentation><p:sldIdLst>${order
      .map((n) => `<p:sldId id="${255 + n}" r:id="s${n}"/>`)
      .join('')}</p:sldIdLst></p:presentation>`,
    'ppt/_rels/presentation.xml.rels': relations(
      ...order.map((n): [string, string, string] => [`s${n}`, 'slide', `slides/slide${n}.xml`]),
    ),
    ...Object.fromEntries(
      Object.entries(slides).map(([n, xml]) => [`ppt/slides/slide${n}.xml`, xml]),
    ),
    ...others,
  });
}

async function read(file: Blob): Promise<{ blocks: string[]; warnings: string[] }> {
  const extraction = await extractAll(await file.arrayBuffer(), 'made.pptx');
  return { blocks: inShort(extraction), warnings: extraction.warnings };
}

describe('PPTX', () => {
  it('has slides in the order of the show, the title first, notes behind', async () => {
    const slides = {
      1: slide(shape(p('shown last'))),
      2: slide(
        shape(p('one') + p('two<a:t/>'), 'body'),
        shape(p('The') + p('title'), 'ctrTitle'),
        shape(p('12'), 'sldNum'),
        shape(p('Company'), 'ftr'),
        `<mc:AlternateContent><mc:Choice>${shape(p('new'))}</mc:Choice><mc:Fallback>${shape(p('old'))}</mc:Fallback></mc:AlternateContent>`,
      ),
    };
    const others = {
      'ppt/slides/_rels/slide2.xml.rels': relations(
        ['n', 'notesSlide', '../notesSlides/notesSlide1.xml'],
        ['d', 'diagramData', '/ppt/diagrams/data1.xml'],
      ),
      'ppt/notesSlides/notesSlide1.xml': slide(
        shape(p('say this'), 'body'),
        shape(p('3'), 'sldNum'),
      ),
      'ppt/diagrams/data1.xml': `<dgm:dataModel><dgm:pt><dgm:t>${p('in a diagram')}</dgm:t></dgm:pt></dgm:dataModel>`,
    };
    expect(await read(await makePptx(slides, [2, 1], others))).toEqual({
      blocks: [
        'h{"slide":1,"heading":["The title"]} The title\\n\\n',
        'p{"slide":1,"heading":["The title"]} one\\n',
        'p{"slide":1,"heading":["The title"]} two\\n',
        'p{"slide":1,"heading":["The title"]} new\\n',
        'p{"slide":1,"heading":["The title"]} in a diagram\\n',
        'p{"slide":1,"notes":true,"heading":["The title"]} say this\\n',
        'p{"slide":2} shown last\\n',
      ],
      warnings: [],
    });
  });

  it('has tables row by row, with the columns that the first row names', async () => {
    const cell = (text: string, span = '') => `<a:tc${span}><a:txBody>${p(text)}</a:txBody></a:tc>`;
    const row = (...cells: string[]) => `<a:tr>${cells.join('')}</a:tr>`;
    const table = (properties: string, ...rows: string[]) =>
      `<p:graphicFrame><a:tbl><a:tblPr${properties}/>${rows.join('')}</a:tbl></p:graphicFrame>`;
    const one = slide(
      table(' firstRow="1"', row(cell('City'), cell('People')), row(cell('Ulm'), cell('126'))),
      table(
        '',
        row(cell('a', ' gridSpan="2"'), '<a:tc hMerge="1"/>', cell('b')),
        row(cell('c'), cell('d')),
      ),
    );
    expect((await read(await makePptx({ 1: one }, [1]))).blocks).toEqual([
      't{"slide":1,"row":2,"columns":["City","People"]} Ulm | 126\\n\\n',
      't{"slide":1,"row":1} a |  | b\\n',
      't{"slide":1,"row":2} c | d\\n',
    ]);
  });

  it('says which slides are missing, and when nothing is left', async () => {
    const { blocks, warnings } = await read(await makePptx({ 2: slide(shape(p('x'))) }, [1, 2]));
    expect(blocks).toEqual(['p{"slide":2} x\\n']);
    expect(warnings).toEqual([expect.stringMatching(/^made\.pptx .*missing: 1/)]);
    expect((await read(await makePptx({ 1: slide() }, [1]))).warnings).toHaveLength(1);
    const none = await makeZip({ '[Content_Types].xml': '<Types/>', 'ppt/x.xml': '<x/>' });
    await expect(read(none)).rejects.toThrow(CorruptError);
  });

  it('is never read in silence when it is cut off', async () => {
    await expectNoSilence(await makePptx({ 1: slide(shape(p('x'))) }, [1]), 'cut.pptx', 41);
  });
});
