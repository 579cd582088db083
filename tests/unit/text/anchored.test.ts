import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutAnchored, type AnchoredChunk } from '../../../src/lib/text/anchored';
import { findPassages } from '../../../src/lib/text/anchored-search';
import { chunkBlocks, type TextChunk } from '../../../src/lib/text/chunk';
import type { Block } from '../../../src/lib/text/document';

const SIZE = 100;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const cut = (blocks: Iterable<Block>): Promise<TextChunk[]> =>
  all(chunkBlocks(blocks, { size: SIZE }));

const cutAgain = (
  blocks: Iterable<Block>,
  anchors: readonly string[],
  most?: number,
): Promise<AnchoredChunk[]> =>
  all(cutAnchored(blocks, anchors, { size: SIZE, ...(most === undefined ? {} : { most }) }));

const joined = (blocks: readonly Block[]): string => blocks.map(({ text }) => text).join('');

const anchorsIn = (chunks: readonly AnchoredChunk[]): number[] =>
  chunks.flatMap(({ anchor }) => anchor ?? []);

/** What holds of any result, whatever the anchors are. */
function expectLawful(
  chunks: readonly AnchoredChunk[],
  text: string,
  anchors: readonly string[],
): void {
  let end = 0;
  for (const { place, ...chunk } of chunks) {
    expect(place.start).toBeGreaterThanOrEqual(end);
    expect(text.slice(end, place.start).trim()).toBe('');
    expect(chunk.text).toBe(text.slice(place.start, place.end));
    if (chunk.anchor !== undefined) expect(chunk.text).toBe(anchors[chunk.anchor]);
    ({ end } = place);
  }
  expect(text.slice(end).trim()).toBe('');
  const found = anchorsIn(chunks);
  expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
}

/** Documents of all kinds of blocks, with few words: passages come again and again. */
const words = fc
  .array(fc.constantFrom('one ', 'two ', 'is it? ', 'Yes. ', '各句。', 'xyz', '\n', ' ', '  \n'), {
    minLength: 1,
    maxLength: 60,
  })
  .map((parts) => parts.join(''));
const place: fc.Arbitrary<Block['place']> = fc.oneof(
  fc.record({ page: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ line: fc.integer({ min: 1, max: 99 }) }),
  fc.record({
    columns: fc.constantFrom('a', 'b').map((column) => [column]),
    row: fc.integer({ min: 1, max: 9 }),
  }),
);
const block: fc.Arbitrary<Block> = fc.record({
  text: fc.tuple(words, fc.boolean()).map(([text, ends]) => (ends ? `${text}\n` : text)),
  kind: fc.constantFrom('heading', 'paragraph', 'code', 'table', 'record'),
  place,
});
const document = fc.array(block, { maxLength: 12 });

/** A sentence that is like no other one. */
const sentence = (number: number): string =>
  `Sentence ${String(number)} has ${String(number * 7919)} and ${'more '.repeat(number % 7)}words. `;
const prose = (from: number, count: number): string =>
  Array.from({ length: count }, (_, at) => sentence(from + at) + (at % 9 === 8 ? '\n\n' : '')).join(
    '',
  );
const paragraph = (text: string): Block[] => [{ text, kind: 'paragraph', place: {} }];

describe('cutAnchored', () => {
  it('loses no word of the text, whatever the anchors are', async () => {
    await fc.assert(
      fc.asyncProperty(document, document, async (before, after) => {
        const anchors = (await cut(before)).map(({ text }) => text);
        expectLawful(await cutAgain(after, anchors), joined(after), anchors);
      }),
      { numRuns: 400 },
    );
  });

  it('cuts the same text as it was cut, with the same places', async () => {
    await fc.assert(
      fc.asyncProperty(document, async (blocks) => {
        const chunks = await cut(blocks);
        const again = await cutAgain(
          blocks,
          chunks.map(({ text }) => text),
        );
        expect(again).toEqual(chunks.map((chunk, anchor) => ({ ...chunk, anchor })));
      }),
      { numRuns: 400 },
    );
  });

  it('does not care how blocks divide the text', async () => {
    await fc.assert(
      fc.asyncProperty(
        document,
        document,
        fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
        async (before, after, at) => {
          const anchors = (await cut(before)).map(({ text }) => text);
          const divided = after.flatMap((whole, index) => halves(whole, at[index] ?? 0));
          expect(await cutAgain(divided, anchors)).toEqual(await cutAgain(after, anchors));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('finds every anchor that no change touches, and gives the others up', async () => {
    const change = fc.record({
      at: fc.nat({ max: 119 }),
      kind: fc.constantFrom('inserted', 'removed', 'changed'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
        const sentences = Array.from({ length: 120 }, (_, at) => sentence(at));
        const chunks = await cut(paragraph(sentences.join('')));
        const untouched = new Set(chunks.keys());
        const starts = sentences.map((_, at) => sentences.slice(0, at).join('').length);
        const next = [...sentences];
        changes.forEach(({ at, kind }, number) => {
          const start = starts[at] ?? 0;
          // An insertion between two chunks touches neither.
          const end = kind === 'inserted' ? start : start + (sentences[at] ?? '').length;
          chunks.forEach(({ place }, one) => {
            const isTouched =
              kind === 'inserted'
                ? place.start < start && start < place.end
                : place.start < end && start < place.end;
            if (isTouched) untouched.delete(one);
          });
          const fresh = sentence(1000 + number);
          if (kind === 'removed') next[at] = '';
          else next[at] = kind === 'changed' ? fresh : fresh + (next[at] ?? '');
        });
        const anchors = chunks.map(({ text }) => text);
        const again = await cutAgain(paragraph(next.join('')), anchors);
        expectLawful(again, next.join(''), anchors);
        const found = new Set(anchorsIn(again));
        expect([...untouched].filter((anchor) => !found.has(anchor))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it('finds as many anchors as one change leaves, in texts that repeat themselves', () => {
    const piece = fc.stringMatching(/^[ab]{1,5} $/u);
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 20 }),
        fc.array(piece, { maxLength: 4 }),
        fc.array(piece, { maxLength: 20 }),
        fc.array(piece, { maxLength: 4 }),
        (before, gone, after, come) => {
          const text = [...before, ...come, ...after].join('');
          const { offsets } = findPassages(text, [...before, ...gone, ...after]);
          const found = [...offsets].filter((offset) => offset >= 0).length;
          expect(found).toBeGreaterThanOrEqual(before.length + after.length);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('keeps short rows between two changed ones', async () => {
    const row = (at: number): string => `${String(at * 7919)},${String(at)}\n`;
    const table = (changed: readonly number[]): Block[] =>
      Array.from({ length: 300 }, (_, at) => ({
        text: changed.includes(at) ? `9${row(at)}` : row(at),
        kind: 'record' as const,
        place: { row: at + 1 },
      }));
    const chunks = await cut(table([]));
    const anchors = chunks.map(({ text }) => text);
    const again = await cutAgain(table([50, 150, 250]), anchors);
    // Each changed row ends as the old one did: it is another row all the same.
    expect(again.map(({ anchor }) => anchor)).toEqual(
      Array.from({ length: 300 }, (_, at) => ([50, 150, 250].includes(at) ? undefined : at)),
    );
    expect(again[150]?.text).toBe(`9${row(150)}`);
  });

  it('keeps short rows wherever they are, and as short rows alone', async () => {
    const rows = (order: readonly number[]): Block[] =>
      order.map((at) => ({ text: `row ${String(at)}\n`, kind: 'record' as const, place: {} }));
    const anchors = (await cut(rows([1, 2, 3, 4, 5, 6, 7]))).map(({ text }) => text);
    const again = await cutAgain(rows([8, 2, 9, 4, 10, 11, 6, 12]), anchors);
    expect(anchorsIn(again)).toEqual([1, 3, 5]);
    expect(again).toHaveLength(8);
  });

  it('takes no passage for found that goes on as another word', async () => {
    const anchors = ['The first passage ends here.\n', 'cats and dogs came along with it.\n'];
    const text = 'The first passage ends here.\nbobcats and dogs came along with it.\n';
    const again = await cutAgain(paragraph(text), anchors);
    expect(again.map(({ text: own, anchor }) => [own, anchor])).toEqual([
      [anchors[0], 0],
      ['bobcats and dogs came along with it.\n', undefined],
    ]);
  });

  it('keeps what is longest where passages changed places', async () => {
    const parts = [prose(0, 20), prose(100, 8), prose(200, 30)];
    const chunks = await Promise.all(parts.map((text) => cut(paragraph(text))));
    const [first = [], second = [], third = []] = chunks;
    const anchors = chunks.flat().map(({ text }) => text);
    const again = await cutAgain(paragraph([parts[1], parts[2], parts[0]].join('')), anchors);
    expect(anchorsIn(again)).toEqual([...second, ...third].map((_, at) => first.length + at));
  });

  it('gives anchors the place that they have now', async () => {
    const old: Block[] = [
      { text: 'Old title\n\n', kind: 'heading', place: { line: 1, heading: ['Old title'] } },
      { text: prose(0, 6), kind: 'paragraph', place: { line: 3, heading: ['Old title'] } },
    ];
    const anchors = (await cut(old)).map(({ text }) => text);
    const added = prose(500, 4);
    const again = await cutAgain(
      [
        { text: `New\n\n${added}\n`, kind: 'paragraph', place: { line: 1, heading: ['New'] } },
        { text: prose(0, 6), kind: 'paragraph', place: { line: 4, heading: ['New', 'Old'] } },
      ],
      anchors,
    );
    const kept = again.filter(({ anchor }) => anchor !== undefined);
    expect(kept.length).toBeGreaterThan(2);
    for (const { text, place } of kept) {
      const start = `New\n\n${added}\n`.length + prose(0, 6).indexOf(text);
      expect(place).toEqual({ line: 4, heading: ['New', 'Old'], start, end: start + text.length });
    }
  });

  it('keeps whole equal chunks of a text that is too long, and says so', async () => {
    const chunks = await cut(paragraph(prose(0, 60)));
    const anchors = chunks.map(({ text }) => text);
    const blocks = [...paragraph(prose(0, 60)), ...paragraph(`\n${prose(900, 5)}`)];
    const warnings: string[] = [];
    const again = await all(
      cutAnchored(blocks, anchors, { size: SIZE, most: 1000, warn: (said) => warnings.push(said) }),
    );
    expectLawful(again, joined(blocks), anchors);
    expect(anchorsIn(again).slice(0, 10)).toEqual([...Array(10).keys()]);
    expect(warnings).toHaveLength(1);
    expect(await all(cutAnchored(blocks, anchors, { size: SIZE }))).not.toEqual(again);
  });

  it('takes steps in proportion, for texts that repeat themselves too', () => {
    /** Rounds, and what each may cost for a unit of both texts. */
    const MOST = 6 * 8;
    const line = 'The same line, again and again. ';
    for (const other of ['', 'But. ']) {
      for (const lines of [4_096, 16_384, 65_536]) {
        const old = Array.from({ length: lines }, (_, at) => line + (at % 97 === 0 ? other : ''));
        const text = old.map((one, at) => (at % 89 === 0 ? `x${one}` : one)).join('');
        const { steps } = findPassages(text, old);
        expect(steps / (text.length + old.join('').length)).toBeLessThan(MOST);
      }
    }
    const periodic = 'ab'.repeat(1 << 19);
    const old = Array.from({ length: 1 << 10 }, (_, at) =>
      periodic.slice(at << 10, (at + 1) << 10),
    );
    const { steps } = findPassages(`${periodic.slice(3)}c${periodic}`, old);
    expect(steps / (3 * periodic.length)).toBeLessThan(MOST);
  });
});

/** A block as two that go on in each other, as an extractor may hand it over. */
function halves(whole: Block, random: number): Block[] {
  const at = random % (whole.text.length + 1);
  const first = whole.text.slice(0, at);
  if (whole.kind === 'record' || first === '' || first.endsWith('\n')) return [whole];
  const { line } = whole.place;
  const lines = first.split('\n').length - 1;
  return [
    { ...whole, text: first },
    {
      ...whole,
      text: whole.text.slice(at),
      place: line === undefined ? whole.place : { ...whole.place, line: line + lines },
    },
  ];
}
