import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extractAll } from '../../../fixtures/text/extraction';

describe('front matter of Markdown', () => {
  it.each([
    [
      '---\ntitle: x\n---\n\n# H\n',
      [
        ['title: x\n\n', 2],
        ['# H\n', 5],
      ],
    ],
    [
      '--- \ntitle: x\ntags:\n  - ---\n...\n# H\n',
      [
        ['title: x\ntags:\n  - ---\n\n', 2],
        ['# H\n', 6],
      ],
    ],
    [
      '+++\ntitle = "x"\n+++\ntext',
      [
        ['title = "x"\n\n', 2],
        ['text', 4],
      ],
    ],
    ['---\n---\ntext', [['text', 3]]],
    // Without an end, and anywhere else, it is a rule and text.
    ['+++\ntext', [['+++\ntext', 1]]],
    [
      'a\n\n+++\nb: c\n+++\n',
      [
        ['a\n\n', 1],
        ['+++\nb: c\n+++\n', 3],
      ],
    ],
  ])('%j is text without its fences', async (source, expected) => {
    const { blocks } = await extractAll(source, 'n.md');
    expect(blocks.map(({ text, place }) => [text, place.line])).toEqual(expected);
  });

  it('leaves every line below where it is', async () => {
    const lines = fc.array(fc.constantFrom('a: b', '', 'c', '  - d'), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(lines, fc.constantFrom('---', '+++'), async (matter, fence) => {
        const source = [fence, ...matter, fence, '', 'wanted'].join('\n');
        const { blocks } = await extractAll(source, 'n.md');
        const last = blocks.at(-1);
        expect([last?.text, last?.place.line]).toEqual(['wanted', matter.length + 4]);
      }),
    );
  });
});
