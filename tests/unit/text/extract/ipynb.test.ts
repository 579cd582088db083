import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CorruptError } from '../../../../src/lib/errors';
import { MAX_BLOCK } from '../../../../src/lib/text/document';
import { blocksHolding, extractAll, type Sample } from '../../../fixtures/text/extraction';

const DOCS = join(process.env['MEMREEL_CORPORA'] ?? '../shared', 'samples/docs');
const missing = !existsSync(DOCS);

describe.skipIf(missing)('the sample notebook (skipped: no samples beside the repository)', () => {
  it('has every text in its cell', async () => {
    const name = 'norvig-sudoku.ipynb';
    const { type, blocks, warnings } = await extractAll(readFileSync(join(DOCS, name)), name);
    expect([type, warnings]).toEqual(['application/x-ipynb+json', []]);
    const manifest = JSON.parse(readFileSync(join(DOCS, 'MANIFEST.json'), 'utf8')) as Sample[];
    const snippets = manifest.find((entry) => entry.file === name)?.must_contain ?? [];
    expect(snippets.length).toBeGreaterThan(3);
    for (const snippet of snippets) {
      const [, cell, kind] = /^(cell \d+) \((\w+)\)/.exec(snippet.where) ?? [];
      const held = blocksHolding(blocks, snippet).filter(({ place }) => place.path === cell);
      expect(held, snippet.text).not.toEqual([]);
      expect(held.every((block) => block.kind === 'code')).toBe(kind === 'code');
    }
  });
});

function notebook(...cells: object[]): string {
  return JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells });
}

describe('a notebook', () => {
  it('has headings over all cells below, code, and what it printed', async () => {
    const { blocks } = await extractAll(
      notebook(
        { cell_type: 'markdown', source: ['# One *two*\n', '\n', 'text\n', '```\n', '# no'] },
        {
          cell_type: 'code',
          source: 'x = 1\n\nprint(x)',
          outputs: [
            {
              output_type: 'stream',
              name: 'stdout',
              text: ['10%\r', '99%\rdone\n', '\u001b[31mred'],
            },
            {
              output_type: 'execute_result',
              data: { 'text/plain': ['<Table>'], 'text/html': '<b>no</b>' },
            },
            { output_type: 'display_data', data: { 'text/html': '<td>a<td>b', 'image/png': 'AA' } },
            { output_type: 'error', ename: 'KeyError', evalue: "'k'", traceback: ['\u001b[0;31m'] },
          ],
        },
        { cell_type: 'raw', source: 'raw' },
        { cell_type: 'code', source: [], outputs: [] },
        { cell_type: 'markdown', source: '## Sub' },
      ),
      'n.txt',
    );
    expect(
      blocks.map(({ kind, text, place }) => [place.path, place.heading?.join(' > '), kind, text]),
    ).toEqual([
      ['cell 1', 'One two', 'heading', '# One *two*\n\n'],
      ['cell 1', 'One two', 'paragraph', 'text\n'],
      ['cell 1', 'One two', 'code', '```\n# no\n\n'],
      ['cell 2', 'One two', 'code', 'x = 1\n\nprint(x)\n\n'],
      ['cell 2', 'One two', 'paragraph', 'done\nred\n\n'],
      ['cell 2', 'One two', 'paragraph', '<Table>\n\n'],
      ['cell 2', 'One two', 'paragraph', 'a\tb\n\n'],
      ['cell 2', 'One two', 'paragraph', "KeyError: 'k'\n\n"],
      ['cell 3', 'One two', 'paragraph', 'raw\n\n'],
      ['cell 5', 'One two > Sub', 'heading', '## Sub\n\n'],
    ]);
  });

  it('of version 3 has its cells in worksheets, under other names', async () => {
    const cells = [
      { cell_type: 'heading', level: 2, source: ['Title'] },
      {
        cell_type: 'code',
        input: ['a = 1\n', 'a'],
        outputs: [
          { output_type: 'pyout', text: ['1'], html: 'no' },
          { output_type: 'display_data', html: ['<p>shown'] },
          { output_type: 'pyerr', ename: 'E', evalue: 'e' },
        ],
      },
    ];
    const { blocks } = await extractAll(
      JSON.stringify({ nbformat: 3, worksheets: [{ cells }] }),
      'old.ipynb',
    );
    expect(blocks.map(({ text, place }) => [place.path, place.heading, text])).toEqual([
      ['cell 1', ['Title'], '## Title\n\n'],
      ['cell 2', ['Title'], 'a = 1\na\n\n'],
      ['cell 2', ['Title'], '1\n\n'],
      ['cell 2', ['Title'], 'shown\n\n'],
      ['cell 2', ['Title'], 'E: e\n\n'],
    ]);
  });

  it('cut at any byte is an error that names it, and one without text says so', async () => {
    const source = notebook({ cell_type: 'markdown', source: 'text' });
    for (let end = 1; end < source.length; end++) {
      await expect(extractAll(source.slice(0, end), 'n.ipynb')).rejects.toSatisfy(
        (error) => error instanceof CorruptError && error.subject === 'n.ipynb',
      );
    }
    await expect(extractAll('{"nbformat": 4}', 'n.ipynb')).rejects.toThrow(CorruptError);
    const { warnings } = await extractAll(notebook({ cell_type: 'code', source: '' }), 'n.ipynb');
    expect(warnings).toEqual([expect.stringContaining('no cell with anything in it')]);
  });

  it('hands over long outputs in blocks of bounded size, without losing a character', async () => {
    const text = `${'x'.repeat(70_000)}\n${'line\n'.repeat(20_000)}end`;
    const { blocks, text: joined } = await extractAll(
      notebook({ cell_type: 'code', source: '', outputs: [{ output_type: 'stream', text }] }),
      'n.ipynb',
    );
    expect(joined).toBe(text + '\n\n');
    expect(Math.max(...blocks.map((block) => block.text.length))).toBeLessThanOrEqual(MAX_BLOCK);
  });
});
