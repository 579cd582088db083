/** Search over edited shards: segments with dead rows, and deltas of overlay texts beside them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SearchProtocol } from '../../../src/lib/library/protocol';
import { searchHandlers } from '../../../src/lib/library/asking/search-handlers';
import { callDirectly } from '../../../src/lib/rpc/server';
import type { Caller } from '../../../src/lib/rpc/protocol';
import { newBitmap, setBit } from '../../../src/lib/search/bitmap';
import { quantise } from '../../../src/lib/search/vectors';
import { text, unitVector } from '../search/arbitraries';

const DIMENSIONS = 5;
const LANGUAGE = 'en';

interface Row {
  readonly text: string;
  readonly vector: Float32Array;
  readonly live: boolean;
}

interface Unit {
  readonly rows: readonly Row[];
  readonly embedded: boolean;
  readonly isDelta: boolean;
}

const row: fc.Arbitrary<Row> = fc.record({
  text,
  vector: unitVector(DIMENSIONS),
  live: fc.boolean(),
});
const version: fc.Arbitrary<Unit[]> = fc.array(
  fc.record({
    rows: fc.array(row, { maxLength: 10 }),
    embedded: fc.boolean(),
    isDelta: fc.boolean(),
  }),
  { maxLength: 5 },
);
const question = fc.record({
  text,
  vector: fc.option(unitVector(DIMENSIONS)),
  topK: fc.nat({ max: 30 }),
  mode: fc.constantFrom('hybrid', 'semantic', 'lexical'),
});

const engine = (): Caller<SearchProtocol> => callDirectly(searchHandlers());

const floats = (rows: readonly Row[]): Float32Array<ArrayBuffer> =>
  Float32Array.from(rows.flatMap(({ vector }) => [...vector]));

/** The rows of a unit as they are stored: the texts of a delta, the postings of a segment. */
async function stored(search: Caller<SearchProtocol>, { rows, embedded, isDelta }: Unit) {
  const texts = rows.map((one) => one.text);
  const vectors = embedded ? floats(rows) : null;
  if (isDelta) return { texts, vectors: vectors && quantise(vectors, DIMENSIONS) };
  return search.call('build', { texts, language: LANGUAGE, vectors, dimensions: DIMENSIONS });
}

function liveOf(rows: readonly Row[]): Uint8Array | null {
  if (rows.every(({ live }) => live)) return null;
  const bitmap = newBitmap(rows.length);
  for (const [at, { live }] of rows.entries()) if (live) setBit(bitmap, at);
  return bitmap;
}

/** Where the live rows stand, in order. */
const livePicks = (units: readonly Unit[]) =>
  units.flatMap(({ rows }, part) =>
    rows.flatMap(({ live }, at) => (live ? [{ part, row: at }] : [])),
  );

/** Loads a version and views it under `edited`. */
async function edited(search: Caller<SearchProtocol>, units: readonly Unit[]): Promise<void> {
  for (const [at, unit] of units.entries()) {
    const part = await stored(search, unit);
    const id = `unit ${at}`;
    if ('texts' in part) await search.call('loadTexts', { id, language: LANGUAGE, ...part });
    else await search.call('load', { id, ...part });
  }
  await search.call('view', {
    key: 'edited',
    language: LANGUAGE,
    segments: units.map(({ rows }, at) => ({ id: `unit ${at}`, live: liveOf(rows) })),
  });
}

/** Answers of `edited`, their rows counted over the live ones. */
async function answers(
  search: Caller<SearchProtocol>,
  units: readonly Unit[],
  asked: Omit<SearchProtocol['query']['args'], 'key'>,
) {
  const places = new Map<string, number>(
    livePicks(units).map(({ part, row }, at) => [`unit ${part}/${row}`, at]),
  );
  const ranked = await search.call('query', { key: 'edited', ...asked });
  return ranked.map(({ segment, row, ...scores }) => ({
    row: places.get(`${segment}/${row}`),
    ...scores,
  }));
}

/** Loads one segment as the only one of a view, and asks it. */
async function asked(
  search: Caller<SearchProtocol>,
  data: SearchProtocol['build']['reply'],
  question: Omit<SearchProtocol['query']['args'], 'key'>,
) {
  await search.call('load', { id: 'one', ...data });
  await search.call('view', {
    key: 'one',
    language: LANGUAGE,
    segments: [{ id: 'one', live: null }],
  });
  const ranked = await search.call('query', { key: 'one', ...question });
  return ranked.map(({ row, score, lexical, semantic }) => ({ row, score, lexical, semantic }));
}

describe('an edited version', () => {
  it('ranks as if its living texts had been built in one, with the same scores', async () => {
    await fc.assert(
      fc.asyncProperty(version, question, async (units, query) => {
        const search = engine();
        await edited(search, units);
        const living = units.flatMap(({ rows, embedded }) =>
          rows
            .filter(({ live }) => live)
            .map((one) => (embedded ? one : { ...one, vector: new Float32Array(DIMENSIONS) })),
        );
        const fresh = await search.call('build', {
          texts: living.map((one) => one.text),
          language: LANGUAGE,
          vectors: floats(living),
          dimensions: DIMENSIONS,
        });
        expect(await answers(search, units, query)).toEqual(await asked(search, fresh, query));
      }),
      { numRuns: 200 },
    );
  });

  it('combined without its dead is what building the living gives, and answers the same', async () => {
    await fc.assert(
      fc.asyncProperty(version, question, async (units, query) => {
        const search = engine();
        await edited(search, units);
        const combined = await search.call('combine', {
          parts: await Promise.all(units.map((unit) => stored(search, unit))),
          picks: livePicks(units),
          language: LANGUAGE,
        });
        const living = units.map((unit) => ({ ...unit, rows: unit.rows.filter((r) => r.live) }));
        const isEmbedded = units.some(({ embedded }) => embedded);
        const vectors = living.flatMap(({ rows, embedded }) =>
          rows.flatMap(({ vector }) => [...(embedded ? vector : new Float32Array(DIMENSIONS))]),
        );
        expect(combined).toEqual(
          await search.call('build', {
            texts: living.flatMap(({ rows }) => rows.map((one) => one.text)),
            language: LANGUAGE,
            vectors: isEmbedded ? Float32Array.from(vectors) : null,
            dimensions: DIMENSIONS,
          }),
        );
        expect(await answers(search, units, query)).toEqual(await asked(search, combined, query));
      }),
      { numRuns: 200 },
    );
  });

  it('of another one leaves the version before as it was', async () => {
    const search = engine();
    const one = { text: 'heat flow', vector: Float32Array.of(1, 0, 0, 0, 0), live: true };
    const query = { text: 'heat', vector: one.vector, topK: 5, mode: 'hybrid' } as const;
    await edited(search, [{ rows: [one, one], embedded: true, isDelta: false }]);
    const before = await search.call('query', { key: 'edited', ...query });
    const vectors = quantise(Float32Array.of(0, 1, 0, 0, 0), DIMENSIONS);
    const delta = { id: 'delta', texts: ['shock wave'], language: LANGUAGE, vectors } as const;
    await search.call('loadTexts', delta);
    await search.call('view', {
      key: 'after',
      language: LANGUAGE,
      segments: [
        { id: 'unit 0', live: Uint8Array.of(0b10) },
        { id: 'delta', live: null },
      ],
    });
    const rowsOf = async (key: string, text: string) =>
      (await search.call('query', { key, ...query, text })).map(
        ({ segment, row }) => `${segment}/${row}`,
      );
    expect(await rowsOf('after', 'heat')).toEqual(['unit 0/1']);
    expect(await rowsOf('after', 'shock')).toEqual(expect.arrayContaining(['delta/0']));
    expect(await rowsOf('edited', 'shock')).not.toContain('delta/0');
    expect(await search.call('query', { key: 'edited', ...query })).toEqual(before);
    await search.call('unload', { views: ['after'], segments: ['delta'] });
    expect(await search.call('query', { key: 'edited', ...query })).toEqual(before);
  });
});

it('search data without a vector a row is refused, loaded or combined', async () => {
  const search = engine();
  const vectors = quantise(new Float32Array(2 * DIMENSIONS), DIMENSIONS);
  const part = { texts: ['flow'], vectors };
  const invalid = { code: 'invalid' };
  await expect(
    search.call('loadTexts', { id: 'delta', language: LANGUAGE, ...part }),
  ).rejects.toMatchObject(invalid);
  await expect(
    search.call('combine', { parts: [part], picks: [], language: LANGUAGE }),
  ).rejects.toMatchObject(invalid);
  await expect(
    search.call('combine', {
      parts: [{ texts: ['flow'], vectors: null }],
      picks: [{ part: 0, row: 1 }],
      language: LANGUAGE,
    }),
  ).rejects.toMatchObject(invalid);
});
