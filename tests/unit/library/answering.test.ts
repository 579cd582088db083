import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  depthOf,
  MOST_READ,
  readAnswers,
  splitExclusions,
  textTest,
} from '../../../src/lib/library/asking/answering';
import type { Ranked } from '../../../src/lib/search/shard-search';
import { isNearlyTheSame, shinglesOf } from '../../../src/lib/search/near-duplicates';
import { parseQuery } from '../../../src/lib/search/query-text';
import type { ChunkRecord } from '../../../src/lib/shard/records';
import type { ChunkUuid } from '../../../src/lib/shard/ids';

/** Rows of the given texts in this order, and what was read of them. */
function rankedTexts(texts: readonly string[]) {
  const ranked = texts.map((_, row): Ranked => ({
    segment: 's',
    row,
    score: 1,
    lexical: 1,
    semantic: 0,
  }));
  const read: string[] = [];
  const source = {
    recordOf: ({ row }: Ranked): ChunkRecord => ({
      uuid: `${row}` as ChunkUuid,
      order: '',
      source: null,
      place: null,
      at: null,
      deleted: false,
      length: 0,
      bytes: 0,
      sha256: texts[row] ?? '', // equal exactly where the texts are
    }),
    read: (records: readonly ChunkRecord[]): Promise<string[]> => {
      read.push(...records.map(({ uuid }) => uuid));
      return Promise.resolve(records.map(({ uuid }) => texts[Number(uuid)] ?? ''));
    },
  };
  return { ranked, read, source };
}

const text = fc.constantFrom(
  'the flow of heat in a plate',
  'The flow, of heat: in a plate!',
  'a wing has lift',
  'a wing has drag',
  'one two three four five six seven eight nine ten eleven twelve thirteen fourteen',
  'one two three four five six seven eight nine ten eleven twelve thirteen fourteen yes',
  '',
);

describe('answers', () => {
  it('are the first that stand; what says nearly the same is folded into the better one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(text, { maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        fc.boolean(),
        fc.boolean(),
        async (texts, topK, fold, isChoosy) => {
          const { ranked, source } = rankedTexts(texts);
          const stands = isChoosy ? (said: string) => said.includes('t') : null;
          const answers = await readAnswers(ranked, { topK, fold, stands, ...source });

          const kept: string[] = [];
          for (const said of texts) {
            if (stands && !stands(said)) continue;
            const isTwin = kept.some(
              (other) => other === said || isNearlyTheSame(shinglesOf(other), shinglesOf(said)),
            );
            if (!(fold && isTwin)) kept.push(said);
          }
          expect(answers.map((answer) => answer.text)).toEqual(kept.slice(0, topK));

          const uuids = answers.flatMap(({ record, duplicates }) => [record.uuid, ...duplicates]);
          expect(new Set(uuids).size).toBe(uuids.length);
          for (const { record, text: said, duplicates } of answers)
            for (const uuid of duplicates) {
              expect(Number(uuid)).toBeGreaterThan(Number(record.uuid));
              const other = texts[Number(uuid)] ?? '';
              const isTwin = isNearlyTheSame(shinglesOf(other), shinglesOf(said));
              expect(other === said || isTwin).toBe(true);
            }
          if (!fold) expect(answers.every(({ duplicates }) => duplicates.length === 0)).toBe(true);
        },
      ),
    );
  });

  it('cost no more reading than hits, where nothing is folded and all stand', async () => {
    const { ranked, read, source } = rankedTexts(['x a', 'x b', 'x c', 'x d', 'x e']);
    await readAnswers(ranked, { topK: 3, fold: true, stands: null, ...source });
    expect(read).toEqual(['0', '1', '2']);
  });

  it('read equal texts once', async () => {
    const { ranked, read, source } = rankedTexts(['x', 'x', 'x', 'y', 'x']);
    const reading = { topK: 2, fold: true, stands: null, ...source };
    const [x, y] = await readAnswers(ranked, reading);
    expect(read).toEqual(['0', '3']);
    expect([x?.duplicates, y?.duplicates]).toEqual([['1', '2'], []]);
  });

  it('do not read what looks like a better one: it goes where that goes', async () => {
    const { ranked, read, source } = rankedTexts(['x a', 'y b', 'x c', 'z d', 'z e', 'y f']);
    const likes = [undefined, undefined, 0, undefined, 3, 1];
    const alike = ranked.map((one, at) => {
      const like = likes[at];
      return like === undefined ? one : { ...one, like };
    });
    const answers = await readAnswers(alike, { topK: 2, fold: true, stands: null, ...source });
    expect(read).toEqual(['0', '1']);
    expect(answers.map(({ duplicates }) => duplicates)).toEqual([['2'], ['5']]);
  });

  it('read five texts a hit at most, where what they read is all the same', async () => {
    const words = Array.from({ length: 60 }, (_, i) => `w${i}`).join(' ');
    const { ranked, read, source } = rankedTexts(
      [...Array(100).keys()].map((i) => `${words} ${i}`),
    );
    const answers = await readAnswers(ranked, { topK: 3, fold: true, stands: null, ...source });
    expect(answers).toHaveLength(1);
    expect(read.length).toBeGreaterThanOrEqual(15);
    expect(read.length).toBeLessThan(30);
  });

  it('that are too few after 20,000 texts are an error, unless there are no more', async () => {
    const texts = Array.from({ length: MOST_READ + 1 }, (_, i) => `no ${i}`);
    const reading = { topK: 1, fold: true, stands: (said: string) => said === 'yes' };
    const { ranked, source } = rankedTexts(texts);
    expect(depthOf(reading)).toBe(texts.length);
    await expect(readAnswers(ranked, { ...reading, ...source })).rejects.toMatchObject({
      code: 'invalid',
      subject: 'query',
    });
    expect(await readAnswers(ranked.slice(1), { ...reading, ...source })).toEqual([]);
    const last = rankedTexts(texts.with(MOST_READ - 1, 'yes'));
    expect(await readAnswers(last.ranked, { ...reading, ...last.source })).toHaveLength(1);
  });
});

describe('a text stands', () => {
  const stands = (query: string, said: string, columns?: string[]): boolean => {
    const { phrases, excluded } = parseQuery(query);
    const record = rankedTexts([said]).source.recordOf({ ...NO_RANK, row: 0 });
    const place = columns ? { start: 0, end: 1, columns } : null;
    const out = splitExclusions(excluded, 'en');
    return textTest(phrases, out.phrases, 'en')?.(said, { ...record, place }) ?? true;
  };
  const NO_RANK = { segment: '', score: 0, lexical: 0, semantic: 0 };

  it.each<[query: string, said: string, boolean]>([
    ['"heat flow"', 'The HEAT  flow', true],
    ['"heat flow"', 'the flow of heat', false],
    ['"heat flow" "shock wave"', 'heat flow', false],
    ['heat -"shock wave"', 'heat in a shock wave', false],
    ['heat -"shock wave"', 'a wave of shock and heat', true],
    ['heat -re-entry', 'heat of re-entry', false],
    ['heat -re-entry', 'the entry of heat', true],
    ['契約 -営業秘密', '契約と営業秘密', false],
    ['契約 -営業秘密', '契約と秘密の営業', true],
    ['"…" heat', 'anything', true],
  ])('for %s in %s: %s', (query, said, is) => {
    expect(stands(query, said)).toBe(is);
  });

  it('also by the header of its table', () => {
    expect(stands('"unit price"', '3 | 4', ['Unit price', 'Count'])).toBe(true);
    expect(stands('"price count"', '3 | 4', ['Unit price', 'Count'])).toBe(false);
  });

  it('words in any form are left to the index', () => {
    const { excluded } = parseQuery('x -flow -"flow" -well-known -東京');
    expect(splitExclusions(excluded, 'en')).toEqual({
      words: ['flow'],
      phrases: ['flow', 'well-known', '東京'],
    });
  });
});
