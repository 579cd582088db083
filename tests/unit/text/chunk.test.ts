import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidError } from '../../../src/lib/errors';
import { chunkBlocks, MAX_STRETCH, type TextChunk } from '../../../src/lib/text/chunk';
import { ChunkSize, type CountTokens } from '../../../src/lib/text/chunk-size';
import type { Block, BlockPlace } from '../../../src/lib/text/document';

const GRAPHEMES = new Intl.Segmenter('und', { granularity: 'grapheme' });

async function chunksOf(
  blocks: Iterable<Block>,
  size: number,
  count?: CountTokens,
): Promise<TextChunk[]> {
  const chunks: TextChunk[] = [];
  for await (const chunk of chunkBlocks(blocks, { size, count })) chunks.push(chunk);
  return chunks;
}

/**
 * Counters as hard as models' are: whole words of a vocabulary are one token and their parts are one
 * a character; a counter that knows Latin words alone; one that has up to three for a character.
 */
const COUNTERS: Record<string, CountTokens> = {
  vocabulary: (text) =>
    (text.match(/\S+/gu) ?? []).reduce(
      (sum, word) => sum + (/^(word|a|it\?|x{150})$/iu.test(word) ? 1 : word.length),
      0,
    ),
  latin: (text) => text.match(/[a-z]+/giu)?.length ?? 0,
  bytes: (text) => new TextEncoder().encode(text.replaceAll(/\s/gu, '')).length,
};
const counter = fc.constantFrom(undefined, ...Object.keys(COUNTERS));
const ruleOf = (
  size: number,
  counter: string | undefined,
): { size: number; count: CountTokens | undefined; rule: ChunkSize } => {
  const count = counter === undefined ? undefined : COUNTERS[counter];
  // Tokens are larger than characters: as many chunks of as long texts.
  const used = count ? Math.round(size / 4) : size;
  return { size: used, count, rule: new ChunkSize(used, count) };
};

/** Words and marks that break naive cutting. */
const token = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('word', 'a', 'Sentence one.', 'Is it? ', 'e.g. ', '3.14'),
  },
  { weight: 8, arbitrary: fc.constantFrom(' ', ' ', '\n', '\n\n', '\t', '. ', ', ') },
  fc.constantFrom(
    '👨‍👩‍👧‍👦',
    '🇫🇷🇩🇪',
    '👨\u200d'.repeat(60),
    '👍🏽',
    'e\u0301\u0323',
    '\u0301',
    '\u200d',
    '🏴󠁧󠁢󠁳󠁣󠁴󠁿',
  ),
  fc.constantFrom(
    'שלום עולם. ',
    'مرحبا',
    '\u200f',
    'ภาษาไทย',
    'क्षत्रिय',
    '各',
    '中文句子。',
    '한국어',
  ),
  fc.constantFrom(
    'x'.repeat(150),
    ' '.repeat(20),
    '\n'.repeat(60),
    'o' + '\u0308'.repeat(70),
    ' '.repeat(130),
    'o' + '\u0308'.repeat(140),
  ),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);
const prose = fc
  .array(token, { maxLength: 80, size: 'max' })
  .map((parts) => parts.join('').replaceAll('\r', ''));

const placed: fc.Arbitrary<BlockPlace> = fc.oneof(
  fc.record({ page: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ heading: fc.array(fc.constantFrom('A', 'B'), { minLength: 1, maxLength: 2 }) }),
  fc.record({
    columns: fc.constantFrom<string[]>(['City'], ['Name', 'Age']),
    row: fc.nat({ max: 9 }),
  }),
  fc.constant({}),
);
const block: fc.Arbitrary<Block> = fc.record({
  text: fc.oneof(prose, fc.constantFrom('', ' ', 'crumb', '\n\n')).map((text) => text + '\n'),
  kind: fc.constantFrom('heading', 'paragraph', 'code', 'table', 'record'),
  place: placed,
});
// Small, so that texts of some hundred units make many chunks.
const size = fc.integer({ min: 100, max: 160 });

/** One text as blocks that go on in each other, cut anywhere, even inside a grapheme. */
const cutAnywhere = fc
  .tuple(prose, fc.array(fc.nat(), { maxLength: 5, size: 'max' }))
  .map(([text, cuts]) => {
    const at = [
      0,
      ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b),
      text.length,
    ];
    return at.slice(1).map((end, i): Block => {
      return { text: text.slice(at[i], end), kind: 'paragraph', place: {} };
    });
  });
const document = fc.oneof(fc.array(block, { maxLength: 6, size: 'max' }), cutAnywhere);

describe('chunks', () => {
  it('join to the extracted text, at the offsets that they say', async () => {
    await fc.assert(
      fc.asyncProperty(document, size, counter, async (blocks, wanted, counter) => {
        const { size, count } = ruleOf(wanted, counter);
        const text = blocks.map((b) => b.text).join('');
        const chunks = await chunksOf(blocks, size, count);
        expect(chunks.map((c) => c.text).join('')).toBe(text.trim() === '' ? '' : text);
        for (const { text: own, place } of chunks) {
          expect(text.slice(place.start, place.end)).toBe(own);
        }
      }),
    );
  });

  it('never take up more than size * MAX_STRETCH, and are never empty', async () => {
    await fc.assert(
      fc.asyncProperty(document, size, counter, async (blocks, wanted, counter) => {
        const { size, count, rule } = ruleOf(wanted, counter);
        for (const { text } of await chunksOf(blocks, size, count)) {
          expect(rule.of(text)).toBeLessThanOrEqual(size * MAX_STRETCH);
          expect(text.length).toBeGreaterThan(0);
          // No lone surrogate, however long a grapheme is: UTF-8 could not carry it.
          expect(text).not.toMatch(/\p{Surrogate}/u);
        }
      }),
    );
  });

  it('are never only white space, but in a run of it longer than a quarter of the size', async () => {
    await fc.assert(
      fc.asyncProperty(document, size, counter, async (blocks, wanted, counter) => {
        const { size, count, rule } = ruleOf(wanted, counter);
        const text = blocks.map((b) => b.text).join('');
        for (const { text: own, place } of await chunksOf(blocks, size, count)) {
          if (own.trim() !== '') continue;
          const before = text.slice(0, place.start);
          const after = text.slice(place.end);
          const run =
            before.slice(before.trimEnd().length) +
            own +
            after.slice(0, after.length - after.trimStart().length);
          expect(rule.of(run)).toBeGreaterThan(size / 4);
        }
      }),
    );
  });

  it('begin at grapheme boundaries, but for a grapheme longer than the size', async () => {
    await fc.assert(
      fc.asyncProperty(document, size, counter, async (blocks, wanted, counter) => {
        const { size, count, rule } = ruleOf(wanted, counter);
        const text = blocks.map((b) => b.text).join('');
        const graphemes = GRAPHEMES.segment(text);
        for (const { place } of await chunksOf(blocks, size, count)) {
          const held = graphemes.containing(place.start);
          const most = count ? size / 2 : size;
          if (held !== undefined && rule.of(held.segment) <= most)
            expect(held.index).toBe(place.start);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are the same however an unbroken paragraph is handed over', async () => {
    await fc.assert(
      fc.asyncProperty(cutAnywhere, size, counter, async (blocks, wanted, counter) => {
        const { size, count } = ruleOf(wanted, counter);
        // A line end closes a block, so only texts without one are the same paragraph.
        const parts = blocks.map((b) => ({ ...b, text: b.text.replaceAll('\n', ' ') }));
        const whole: Block = {
          text: parts.map((b) => b.text).join(''),
          kind: 'paragraph',
          place: {},
        };
        expect(await chunksOf(parts, size, count)).toEqual(await chunksOf([whole], size, count));
      }),
    );
  });

  it('keep a record apart from all words but its own', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(block, { maxLength: 6, size: 'max' }),
        size,
        async (blocks, size) => {
          const chunks = await chunksOf(blocks, size);
          let start = 0;
          for (const { text, kind } of blocks) {
            const end = start + text.length;
            const full = text.trim() !== '';
            for (const chunk of chunks) {
              const inside = Math.max(chunk.place.start, start) < Math.min(chunk.place.end, end);
              if (kind !== 'record' || !full || !inside) continue;
              const own = chunk.text.slice(
                Math.max(0, start - chunk.place.start),
                end - chunk.place.start,
              );
              if (own.trim() !== '') expect(chunk.text.trim()).toBe(own.trim());
            }
            start = end;
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('tables', () => {
  it('never share a chunk, and its place tells the header of the rows in it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(block, { maxLength: 8, size: 'max' }),
        size,
        counter,
        async (drawn, wanted, counter) => {
          const { size, count } = ruleOf(wanted, counter);
          // A row that says nothing is none.
          const blocks = drawn.map((one) =>
            one.place.columns && one.text.trim() === '' ? { ...one, text: 'row\n' } : one,
          );
          for (const { text, place } of await chunksOf(blocks, size, count)) {
            const headers = new Set<string>();
            let start = 0;
            for (const block of blocks) {
              const end = start + block.text.length;
              const [from, to] = [Math.max(place.start, start), Math.min(place.end, end)];
              const isIn = from < to && text.slice(from - place.start, to - place.start).trim();
              if (isIn && block.place.columns) headers.add(block.place.columns.join());
              start = end;
            }
            if (headers.size > 0) expect([...headers]).toEqual([place.columns?.join()]);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the shape of chunks', () => {
  const at = (kind: Block['kind'], text: string, place: BlockPlace = {}): Block => ({
    kind,
    text,
    place,
  });
  const words = (n: number) => 'lorem '.repeat(n).trimEnd() + '.\n\n';

  it('packs short paragraphs up to the size', async () => {
    const chunks = await chunksOf(
      Array.from({ length: 40 }, () => at('paragraph', words(10))),
      1000,
    );
    expect(chunks.map((c) => c.text.length)).toEqual([992, 992, 496]);
  });

  it('joins a tail smaller than a quarter to its predecessor', async () => {
    const chunks = await chunksOf([at('paragraph', words(165)), at('paragraph', words(10))], 1000);
    expect(chunks).toHaveLength(1);
  });

  it('begins a chunk at a heading and at a page', async () => {
    const chunks = await chunksOf(
      [
        at('paragraph', words(80), { page: 1 }),
        at('paragraph', words(80), { page: 2 }),
        at('heading', 'Two\n', { page: 2 }),
        at('paragraph', words(80), { page: 2 }),
      ],
      1000,
    );
    expect(chunks.map((c) => [c.place.page, c.text.slice(0, 5)])).toEqual([
      [1, 'lorem'],
      [2, 'lorem'],
      [2, 'Two\nl'],
    ]);
    const paths = [['A'], ['A', 'B'], ['C']];
    const sections = paths.map((heading) => at('paragraph', words(50), { heading }));
    expect((await chunksOf(sections, 1000)).map((c) => c.place.heading)).toEqual(paths);
  });

  it('carries a crumb on into the next section', async () => {
    const chunks = await chunksOf(
      [
        at('heading', '# A\n', { heading: ['A'] }),
        at('paragraph', words(60), { heading: ['A', 'B'] }),
      ],
      1000,
    );
    expect(chunks).toHaveLength(1);
    expect(chunks[0]?.place.heading).toEqual(['A']);
  });

  it('cuts prose at sentences and code at lines', async () => {
    const sentence = 'This sentence has exactly\nfifty characters in it. ';
    const prose = await chunksOf([at('paragraph', sentence.repeat(20))], 130);
    expect(prose.slice(0, -1).every((c) => c.text.endsWith('in it. '))).toBe(true);
    const line = 'call(one). Then(two). Both(three) \n';
    const code = await chunksOf([at('code', line.repeat(20))], 120);
    expect(code.every((c) => c.text.endsWith('\n'))).toBe(true);
    expect(code.length).toBeGreaterThan(5);
  });

  it('cuts code between definitions, then at blank lines, before it cuts at lines', async () => {
    const define = (name: string, lines: number) =>
      `def ${name}():\n` + '    step()\n'.repeat(lines) + '\n    done()\n\n';
    const code = define('one', 14) + define('two', 10) + define('three', 30);
    const chunks = await chunksOf([at('code', code)], 400);
    expect(chunks.map(({ text }) => text.split('\n', 1)[0])).toEqual([
      'def one():',
      'def three():',
    ]);
    const long = await chunksOf([at('code', define('one', 14) + define('two', 80))], 300);
    expect(long.map(({ text }) => text.split('\n', 1)[0])).toEqual([
      'def one():',
      'def two():',
      ...long.slice(2).map(() => '    step()'),
    ]);
  });

  const row = (n: number, columns: string[], cells: string): Block =>
    at('table', `${cells}\n`, { row: n, columns });

  it('never cuts a row that fits, and never mixes the rows of two tables', async () => {
    const rows = [
      ...Array.from({ length: 30 }, (_, i) => row(i + 2, ['City', 'People'], `City ${i} | ${i}`)),
      row(2, ['Name'], 'x'.repeat(10)),
      row(3, ['Name'], 'z'.repeat(95)),
      row(2, ['Name'], 'another table'),
    ];
    const chunks = await chunksOf(rows, 100);
    const lines = chunks.flatMap(({ text, place }) =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => [line, place.columns] as const),
    );
    expect(lines).toEqual(rows.map(({ text, place }) => [text.trimEnd(), place.columns]));
    expect(chunks.map(({ place }) => place.row)).toEqual([2, 11, 18, 25, 2, 2]);
    const whole = await chunksOf([at('table', `${'a'.repeat(20)}\n${'b'.repeat(95)}\n`)], 100);
    expect(whole.map(({ text }) => text.length)).toEqual([117]);
  });

  it('gives a heading before a table the header and the row', async () => {
    const columns = ['City', 'People'];
    const table = [row(2, columns, 'Paris | 2'), row(3, columns, 'Rome | 3')];
    const [chunk, ...more] = await chunksOf([at('heading', 'Cities\n'), ...table], 100);
    expect(more).toEqual([]);
    expect(chunk?.place).toMatchObject({ columns, row: 2, start: 0 });
  });

  it('begins a chunk at an outermost definition, and lets small ones share one', async () => {
    const define = (definition: string, n: number) =>
      at('code', 'x = 1\n'.repeat(n), { definition });
    const large = [define('A', 10), define('A.run', 10), define('B', 20), define('c', 2)];
    const chunks = await chunksOf(large, 200);
    expect(chunks.map(({ place, text }) => [place.definition, text.length])).toEqual([
      ['A', 120],
      ['B', 132],
    ]);
    const small = [define('a', 4), define('b', 4), define('c', 4)];
    expect((await chunksOf(small, 200)).map(({ text }) => text.length)).toEqual([72]);
  });

  it('counts each character a few times at most, however the text is handed over', async () => {
    const sentence = 'Tokens of this sentence are counted, and of the next one. ';
    const text = sentence.repeat(2_000);
    const lines = sentence.replaceAll(' ', '\n').repeat(2_000);
    const documents = {
      whole: [at('paragraph', text)],
      words: text.split(/(?<= )/u).map((word) => at('paragraph', word)),
      lines: lines.split(/(?<=\n)/u).map((line) => at('paragraph', line)),
      unbroken: [at('paragraph', 'abcdefghij'.repeat(12_000))],
    };
    for (const [name, blocks] of Object.entries(documents)) {
      for (const tokens of [20, 2000]) {
        let counted = 0;
        await chunksOf(blocks, tokens, (part) => {
          counted += part.length;
          return part.match(/\S{1,6}/gu)?.length ?? 0;
        });
        expect(counted / text.length, `${name} in ${tokens}`).toBeLessThan(8);
      }
    }
  });

  it('counts lines on within a long block', async () => {
    const lines =
      Array.from({ length: 100 }, (_, i) => `line ${i + 5} of this file`).join('\n') + '\n';
    for (const parts of [[lines], [lines.slice(0, 333), lines.slice(333)]]) {
      let line = 5;
      const blocks = parts.map((text) => {
        const own = at('code', text, { line });
        line += text.split('\n').length - 1;
        return own;
      });
      for (const chunk of await chunksOf(blocks, 200)) {
        expect(chunk.text).toContain(`line ${chunk.place.line ?? 0} of`);
        expect(chunk.text.startsWith(`line ${chunk.place.line ?? 0} of`)).toBe(true);
      }
    }
  });

  it('makes no chunk of white space alone, and keeps what comes before a word', async () => {
    const blank = at('paragraph', '\n'.repeat(5000));
    expect(await chunksOf([blank, blank], 1000)).toEqual([]);
    const chunks = await chunksOf([blank, at('paragraph', 'word')], 1000);
    expect(chunks.map((c) => c.text).join('')).toBe(blank.text + 'word');
  });

  it('leaves white space with the chunk before it', async () => {
    const chunks = await chunksOf(
      [at('paragraph', words(165)), at('paragraph', '\n'.repeat(20)), at('paragraph', words(100))],
      1000,
    );
    expect(chunks.map((c) => c.text.trimStart() === c.text)).toEqual([true, true]);
  });

  it('sees a grapheme whose last code point comes with the next block', async () => {
    const text = 'x'.repeat(97) + '👨\u200d👩' + 'y'.repeat(150);
    const parts = [text.slice(0, 101), text.slice(101)].map((part) => at('paragraph', part));
    expect((await chunksOf(parts, 100))[0]?.text).toBe('x'.repeat(97));
  });

  it('refuses sizes out of range', async () => {
    for (const size of [99, 8001, 200.5, Number.NaN]) {
      await expect(chunksOf([], size)).rejects.toBeInstanceOf(InvalidError);
    }
    for (const size of [19, 2001, 20.5])
      await expect(chunksOf([], size, () => 0)).rejects.toThrow(/20 to 2,000 tokens/u);
  });

  it('cuts a paragraph without an end while it holds one window of it', async () => {
    const text = 'abcdefghij'.repeat(6_000);
    let given = 0;
    function* endless(): Generator<Block> {
      for (; given < 50; given++) yield { text, kind: 'paragraph', place: {} };
    }
    let taken = 0;
    for await (const chunk of chunkBlocks(endless())) {
      taken += chunk.text.length;
      // Everything given, but one block, one window and two chunks, has come out again.
      expect((given + 1) * text.length - taken).toBeLessThan(text.length + 5_000);
    }
    expect(taken).toBe(50 * text.length);
  });
});
