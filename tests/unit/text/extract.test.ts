import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnsupportedError } from '../../../src/lib/errors';
import { EXTRACTORS } from '../../../src/lib/text/extract';
import { MAX_BLOCK } from '../../../src/lib/text/document';
import { extractAll } from '../../fixtures/text/extraction';

describe('recognition', () => {
  it.each([
    ['notes.pdf', 'just words', 'text/plain'],
    ['page.txt', '\n<!DOCTYPE HTML>\n<title>t</title>', 'text/html'],
    ['page.md', '<html><body>x</body></html>', 'text/html'],
    ['readme.MD', '# T\n', 'text/markdown'],
    ['x.txt', '%PDF-1.7\n', 'application/pdf'],
    ['data.txt', '{"text":"a"}\n{"text":"b"}\n', 'application/jsonl'],
    ['data.jsonl', '{"text":"a"}', 'application/jsonl'],
    ['data.jsonl', 'no json at all', 'text/plain'],
    ['data.json', '{"text":"a"}', 'application/json'],
    ['data.json', '{\n "text":"a"}\n', 'application/json'],
    ['noname', '', 'text/plain'],
    ['table.txt', 'a|b|c\n1|2|3\n4|5|6\n', 'text/csv'],
    ['table.txt', '| a | b |\n|---|---|\n| 1 | 2 |\n', 'text/plain'],
  ])('%s with %j is %s', (name, content, type) => {
    const head = new TextEncoder().encode(content);
    const sure = EXTRACTORS.map((extractor) => extractor.recognise(head, name));
    const best = EXTRACTORS[sure.indexOf(Math.max(...sure))];
    expect(best?.type).toBe(type);
  });

  it.each([
    ['photo.txt', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0], 'an image'],
    ['scan.txt', [0x49, 0x49, 0x2a, 0, 8, 0, 0, 0], 'an image'],
    ['report.docx', [0x50, 0x4b, 3, 4, 0, 0], 'a ZIP archive'],
    ['blob', [1, 2, 0, 3, 4, 0xff, 0xfe, 9, 9, 1, 1, 1], 'an unknown binary file'],
  ])('%s is refused by name and kind', async (name, bytes, what) => {
    const extraction = extractAll(Uint8Array.from(bytes), name);
    await expect(extraction).rejects.toBeInstanceOf(UnsupportedError);
    await expect(extraction).rejects.toThrow(`${name} is ${what}`);
  });

  it('gives no text and a warning for an empty file', async () => {
    const { blocks, warnings } = await extractAll('', 'empty.txt');
    expect([blocks, warnings]).toEqual([[], ['empty.txt is empty.']]);
  });
});

const source = fc
  .array(
    fc.constantFrom(
      'a',
      'word ',
      '\n',
      '\n\n',
      '  ',
      '# H\n',
      '```\n',
      '- x\n',
      '| a | b |\n',
      '---\n',
      '> ',
      '\t',
      '1. ',
      '<p>',
      '\n===\n',
      '|---|\n',
      '    ',
      '~~~\n',
      '[a]: b\n',
      '<!--\n',
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

describe('plain text and Markdown', () => {
  it.each(['n.txt', 'n.py', 'n.md'])(
    'join to their source, each block on its line: %s',
    async (name) => {
      await fc.assert(
        fc.asyncProperty(source, async (text) => {
          // A line that no bar parts: what follows it is no table of a text file.
          const { blocks, text: joined } = await extractAll('z\n' + text, name);
          expect(joined).toBe('z\n' + text);
          let line = 1;
          for (const block of blocks) {
            expect(block.place.line).toBe(line);
            expect(block.text).not.toBe('');
            line += block.text.split('\n').length - 1;
          }
        }),
      );
    },
  );

  it('hand over an endless paragraph in pieces', async () => {
    const text = 'abcdefghi '.repeat(80_000);
    for (const name of ['n.txt', 'n.csv']) {
      const { blocks } = await extractAll(text, name);
      // A cell has no space at its end.
      expect(
        blocks
          .map((b) => b.text)
          .join('')
          .trim(),
      ).toBe(text.trim());
      expect(Math.max(...blocks.map((b) => b.text.length))).toBeLessThanOrEqual(MAX_BLOCK);
    }
  });

  it('give Markdown its headings, and no heading in code or front matter', async () => {
    const text =
      '---\ntitle: x\n---\n\nintro\n\n# One *two*\n\n```\n# not\n```\n\nSub\n---\n\n- a\n- b\n\n| a |\n|---|\n| 1 |\n\n# Three\nend';
    const { blocks } = await extractAll(text, 'n.md');
    expect(blocks.map((b) => [b.kind, b.place.heading?.join(' > ') ?? '', b.place.line])).toEqual([
      ['paragraph', '', 2],
      ['paragraph', '', 5],
      ['heading', 'One two', 7],
      ['code', 'One two', 9],
      ['heading', 'One two > Sub', 13],
      ['paragraph', 'One two > Sub', 16],
      ['paragraph', 'One two > Sub', 17],
      ['table', 'One two > Sub', 19],
      ['heading', 'Three', 23],
      ['paragraph', 'Three', 24],
    ]);
  });

  it('part Markdown at its top-level blocks and list items alone', async () => {
    const parts: [string, string][] = [
      ['paragraph', '\n \n- a\n  - b\n\n    # in b\n'],
      ['paragraph', '- c\n\n'],
      ['paragraph', '1. d\n'],
      ['paragraph', '> # quoted\n> - e\nlazy\n\n'],
      ['code', '    indented\n\n    # not\n\n'],
      ['code', '<div>\n# not\n</div>\n\n'],
      ['paragraph', '[x]: http://x "t"\n'],
      ['paragraph', '[y]: y\n'],
      ['heading', 'two\nlines\n===\n'],
      ['paragraph', 'text\n'],
      ['table', '| a |\n| - |\n| # |\n\n'],
      ['paragraph', '* * *\n'],
      ['heading', '###### \n'],
      ['paragraph', '####### seven\n\n'],
    ];
    const { blocks } = await extractAll(parts.map(([, text]) => text).join(''), 'n.md');
    expect(blocks.map((b) => [b.kind, b.text])).toEqual(parts);
    const paths = blocks.map((b) => b.place.heading?.join(' > '));
    expect(paths).toEqual(parts.map((_, i) => (i < 8 ? undefined : 'two lines')));
  });

  it.each([
    ['# *a* __b__ ~~c~~ `d *e*` ##', 'a b c d *e*'],
    ['# [a *b*](http://x "t") [c][r] [d]\n\n[r]: y', 'a b c [d]'],
    ['# ![a *b*](x.png) c', 'a b c'],
    ['# ![logo](data:image/svg+xml;base64,AAAA) [go](javascript:x)', 'logo go'],
    ['# <http://x/%20y> <b>c</b><!-- d -->', 'http://x/%20y c'],
    ['# a &amp; b \\*c\\* &#x44;', 'a & b *c* D'],
    ['a  \nb\\\nc\n---', 'a b c'],
  ])('name a heading by its text without markup: %j', async (text, path) => {
    const { blocks } = await extractAll(text, 'n.md');
    expect(blocks[0]?.place.heading).toEqual([path]);
  });

  it('keep the indentation of a block with it', async () => {
    const { blocks } = await extractAll('para\n\n  # H\n\n - item\n', 'n.md');
    expect(blocks.map((b) => b.text)).toEqual(['para\n\n', '  # H\n\n', ' - item\n']);
  });

  it('keep headings and lines in a Markdown file parsed in parts', async () => {
    const section = (i: number) => `## S${i}\n\n${'text '.repeat(600)}\n\n~~~\n# fake\n~~~\n\n`;
    const text = '# Topmost\n\n' + Array.from({ length: 120 }, (_, i) => section(i)).join('');
    const { blocks, text: joined } = await extractAll(text, 'n.md');
    expect(joined).toBe(text);
    const titles = Array.from({ length: 120 }, (_, i) => [['Topmost', `S${i}`], 3 + i * 8]);
    const headings = blocks.filter((b) => b.kind === 'heading').slice(1);
    expect(headings.map((b) => [b.place.heading, b.place.line])).toEqual(titles);
    expect(blocks.filter((b) => b.kind === 'code')).toHaveLength(120);
  });
});

describe('HTML', () => {
  async function htmlText(markup: string): Promise<string> {
    return (await extractAll('<!doctype html>' + markup, 'n.html')).text;
  }

  it('keeps what a reader sees', async () => {
    expect(
      await htmlText(
        '<title>T &amp; t</title><style>p{}</style><script>if (1 < 2) "<p>no</p>"</script>' +
          '<h1>One</h1><p>a <b>b</b>c\n   d<br>e<p hidden>no<p>f&nbsp;g<template><p>no</template>' +
          '<noscript>no</noscript><ul><li>x<li>y</ul><div style="display: none">no<div>no</div></div>' +
          '<pre>\n  two\n    lines</pre><div>end</div>',
      ),
    ).toBe('T & t\n\nOne\n\na bc d\ne\n\nf\u00a0g\n\nx\ny\n\n  two\n    lines\n\nend\n');
  });

  it('makes rows of tables, with tabs between cells', async () => {
    expect(
      await htmlText(
        '<table><tr><th>A</th><th>B</th></tr><tr><td><p>1</p><p>2</p></td> <td></td><td>3</td></tr></table>x',
      ),
    ).toBe('A\tB\n1 2\t\t3\n\nx\n');
  });

  it('places blocks under their headings', async () => {
    const { blocks } = await extractAll(
      '<html><p>a</p><h1>One <i>x</i></h1><p>b</p><h3>Deep</h3>c<h2>Two</h2>d',
      'n.htm',
    );
    expect(blocks.map((b) => [b.text.trim(), b.place.heading])).toEqual([
      ['a', undefined],
      ['One x', ['One x']],
      ['b', ['One x']],
      ['Deep', ['One x', 'Deep']],
      ['c', ['One x', 'Deep']],
      ['Two', ['One x', 'Two']],
      ['d', ['One x', 'Two']],
    ]);
  });

  it('reads the charset that it declares', async () => {
    const markup = '<html><meta charset="windows-1251"><p>\u00c2\u00f1\u00e5</p>';
    const bytes = Uint8Array.from(markup, (character) => character.charCodeAt(0));
    expect((await extractAll(bytes, 'n.html')).text).toBe('Все\n\n');
  });

  it('loses no word of a long text, wherever its reads are cut', async () => {
    const words = Array.from({ length: 60_000 }, (_, i) => `w${i}`);
    const inner = words.map((w, i) => (i % 2 ? w : `<b>${w}</b>`)).join(' ');
    for (const name of ['p', 'pre', 'td']) {
      expect((await htmlText(`<${name}>${inner}</${name}>`)).trim().split(/\s+/)).toEqual(words);
    }
  });

  it('gives the same wherever its reads are cut', async () => {
    const markup = '<ul><li>x &amp; <b>y</b></li></ul><pre>\n a\n</pre><h2>H</h2><p>z';
    const whole = await htmlText(markup);
    for (let at = 0; at <= markup.length; at++) {
      const comment = `<!--${'x'.repeat(262_144 - at - '<!doctype html><!---->'.length)}-->`;
      expect(await htmlText(comment + markup), `cut at ${at}`).toBe(whole);
    }
  });

  it('warns where there is no text', async () => {
    const { warnings } = await extractAll(
      '<html><script>app()</script><div id=app></div>',
      'n.html',
    );
    expect(warnings).toEqual([expect.stringContaining('holds no text')]);
  });
});

describe('JSON Lines', () => {
  it('makes each line a record, with title, text and line', async () => {
    const { blocks } = await extractAll(
      '{"id":"1","title":"T","text":"a\\r\\nb"}\n\n{"id":"2","body":"c","meta":{"x":1}}\n{"question":"q","answer":"r"}',
      'n.jsonl',
    );
    expect(blocks.map((b) => [b.kind, b.text, b.place.line])).toEqual([
      ['record', 'T\na\nb\n', 1],
      ['record', '\n', 2],
      ['record', 'c\n', 3],
      ['record', 'q\nr\n', 4],
    ]);
  });

  it('keeps a line that is no record as it stands, and says so', async () => {
    const { blocks, warnings } = await extractAll('{"text":"a"}\n{"text":\n[1]\n', 'n.jsonl');
    expect(blocks.map((b) => b.text)).toEqual(['a\n', '{"text":\n', '[1]\n']);
    expect(warnings).toEqual([expect.stringContaining('2 line(s), the first of them 2')]);
  });
});
