import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CorruptError, UnsupportedError } from '../../../../src/lib/errors';
import { RtfTokenizer } from '../../../../src/lib/text/extract/rtf-tokens';
import { extractAll } from '../../../fixtures/text/extraction';
import { expectNoSilence, inShort } from './office-files';

const latin1 = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const read = async (body: string) =>
  inShort(await extractAll(latin1(`{\\rtf1\\ansi ${body}}`), 'made.rtf'));

/** Any text as `\u` characters, with a `?` for readers that do not know them. */
const escaped = (text: string) =>
  Array.from({ length: text.length }, (_, i) => `\\u${(text.charCodeAt(i) << 16) >> 16}?`).join('');

describe('RTF', () => {
  it('keeps any text that is written in Unicode', async () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((own) => {
      // Fonts of signs have their own there; space at the ends is layout.
      return own.trim() === own && own !== '' && !/[\uf000-\uf0ff]/.test(own);
    });
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom(0, 1, 2), async (own, skip) => {
        const body = escaped(own).replaceAll('?', '?'.repeat(skip) + (skip === 0 ? ' ' : ''));
        const extraction = await extractAll(latin1(`{\\rtf1\\uc${skip}${body}}`), 'made.rtf');
        expect(extraction.text).toBe(own + '\n');
      }),
    );
  });

  it('reads bytes in the encoding of the font, else of the file', async () => {
    const fonts =
      '\\ansicpg1251{\\fonttbl{\\f0\\fcharset0 A;}{\\f1\\fcharset128 B;}{\\f2\\fcharset2 C;}{\\f3\\fcharset0\\cpg1250 D;}{\\f4\\fcharset161 E;}{\\f9 F;}}';
    const body =
      "\\f0\\'e9 \\f1\\'83e\\'83X\\'83g \\f2\\'b7\\u-3913? \\f3\\'e8 \\f9\\'e9 \\ltrch\\f0\\rtlch\\af4\\'e1 \\ltrch\\'e1 {\\f4\\'e1}\\'e1";
    expect(await read(fonts + body)).toEqual([
      'p é テスト •• č й α á αá\\n'.replace('テスト', 'テスト'),
    ]);
  });

  it('has headings, notes, boxes, symbols, and headers and footers once', async () => {
    const styles = '{\\stylesheet{\\s1\\outlinelevel1 Kapitel;}{\\s2 heading 1;}{\\s3 Title;}}';
    const body =
      styles +
      '{\\header\\pard Head\\par}{\\footerl Head}{\\footer 7}' +
      '\\pard\\s3 Book\\par\\pard\\s2 One\\par\\pard\\s1 Two\\par' +
      '\\pard Text\\chftn{\\*\\footnote\\pard note\\par ends} on\\emdash\\ldblquote a\\~b\\rdblquote' +
      '{\\shp{\\*\\shpinst{\\sp{\\sn x}{\\sv 1}}{\\shptxt\\pard boxed\\par}}{\\shprslt{\\*\\do{\\dptxbxtext boxed\\par}}}}\\par' +
      '\\pard\\ls1{\\listtext 1.\\tab}a\\par{\\listtext 2.\\tab}b\\par';
    expect(await read(body)).toEqual([
      'h Book\\n\\n',
      'h{"heading":["One"]} One\\n\\n',
      'h{"heading":["One","Two"]} Two\\n\\n',
      'p{"heading":["One","Two"]} Text[1] on—“a\u00a0b”\\n',
      'p{"heading":["One","Two"]} [1] note ends\\n\\n',
      'p{"heading":["One","Two"]} boxed\\n\\n',
      'p{"heading":["One","Two"]} 1.\\ta\\n',
      'p{"heading":["One","Two"]} 2.\\tb\\n\\n',
      'p Head\\n',
    ]);
  });

  it('has tables row by row, with the columns that the header names', async () => {
    const body =
      'before\\par' +
      '\\trowd\\trhdr\\cellx1\\cellx2\\pard\\intbl Name\\cell Town\\cell\\row' +
      '\\trowd\\cellx1\\cellx2 Ada\\par Lovelace\\cell London\\cell\\row' +
      '\\trowd\\pard\\intbl x\\cell\\cell\\row\\pard after\\par';
    const columns = '"columns":["Name","Town"]';
    expect(await read(body)).toEqual([
      'p before\\n\\n',
      `t{"row":2,${columns}} Ada Lovelace | London\\n`,
      `t{"row":3,${columns}} x\\n\\n`,
      'p after\\n',
    ]);
  });

  it('leaves out pictures, objects, hidden and deleted text, and unknown groups', async () => {
    const body =
      'a{\\pict\\wmetafile8 0102}{\\pict\\bin5 }{\\}x}b{\\*\\unknown c{d}}{\\v e}\\v f\\v0 g{\\deleted h}' +
      '{\\field{\\*\\fldinst HYPERLINK "x"}{\\fldrslt link}}{\\info{\\title t}}{\\xe i}\\\\\\{j\\}\\par';
    expect(await read(body)).toEqual(['p abglink\\\\{j}\\n']);
  });

  it('gives the same tokens however the bytes are cut', () => {
    const source = latin1(
      "{\\rtf1\\ansi\\'e9\\u-3913 ?\\bin3 {}}x\\par\\\ny {\\*\\z-12-}\\'zz\\'4}\0",
    );
    const tokens = (cuts: readonly number[]) => {
      const out: string[] = [];
      const tokenizer = new RtfTokenizer({
        open: () => out.push('{'),
        close: () => out.push('}'),
        control: (word, value) => out.push(`\\${word}${value ?? ''};`),
        text: (bytes) => out.push(String.fromCharCode(...bytes)),
      });
      let at = 0;
      for (const cut of [...cuts, source.length]) tokenizer.write(source.subarray(at, (at = cut)));
      return out.join('');
    };
    expect(tokens([])).toBe('{\\rtf1;\\ansi;é\\u-3913;?x\\par;\\par;y {\\*;\\z-12;-}zz}');
    const cuts = fc.array(fc.nat(source.length), { maxLength: 8 });
    fc.assert(
      fc.property(cuts, (own) => {
        expect(tokens(own.sort((a, b) => a - b))).toBe(tokens([]));
      }),
    );
  });

  it('is recognised by its content, and refused when it is deep or damaged', async () => {
    expect((await extractAll(latin1('{\\rtf1 x}'), 'a.doc')).type).toBe('application/rtf');
    await expect(extractAll(latin1('{\\rtf1' + '{'.repeat(100_000)), 'deep.rtf')).rejects.toThrow(
      UnsupportedError,
    );
    await expect(extractAll(latin1('{\\rtf1{\\fonttbl{\\f0 x'), 'cut.rtf')).rejects.toThrow(
      CorruptError,
    );
    const empty = await extractAll(latin1('{\\rtf1}'), 'empty.rtf');
    expect([empty.blocks, empty.warnings.length]).toEqual([[], 1]);
    const old = await extractAll(latin1("{\\rtf1\\pc \\'81}"), 'old.rtf');
    expect(old.warnings).toEqual([expect.stringContaining('437')]);
    await expectNoSilence(
      new Blob(['{\\rtf1\\ansi{\\fonttbl{\\f0 x;}}text\\par more}']),
      'cut.rtf',
      1,
    );
  });
});
