import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Question } from '../../../src/lib/search/shard-search';
import { buildCranfield, CRANFIELD, readJudged } from '../../bench/quality/cranfield';
import { measureQuality, type Quality } from '../../bench/quality/quality';
import { builtInModel } from '../embedding/built-in';

type Mode = Question['mode'];
const MODES = ['lexical', 'semantic', 'hybrid'] as const;

/** What a mean of 225 questions may differ by without meaning anything. */
const NOISE = 0.01;

describe.skipIf(!existsSync(CRANFIELD))(
  `search quality on Cranfield (left out without ${CRANFIELD})`,
  () => {
    const measured = new Map<Mode, Quality>();
    const of = (mode: Mode): Quality => {
      const quality = measured.get(mode);
      if (!quality) throw new Error(`${mode} was not measured.`);
      return quality;
    };

    beforeAll(async () => {
      const searchBy = await buildCranfield(builtInModel());
      const judged = readJudged();
      for (const mode of MODES) measured.set(mode, await measureQuality(searchBy(mode), judged));
    }, 120_000);

    it.each<[Mode, number]>([
      ['lexical', 0.52],
      ['semantic', 0.42],
      ['hybrid', 0.54],
    ])('%s reaches nDCG@10 of %d', (mode, least) => {
      expect(of(mode).questions).toBe(225);
      expect(of(mode).ndcg).toBeGreaterThanOrEqual(least);
    });

    it.each(['lexical', 'semantic'] as const)('hybrid is not below %s', (part) => {
      expect(of('hybrid').ndcg).toBeGreaterThanOrEqual(of(part).ndcg - NOISE);
      expect(of('hybrid').recall).toBeGreaterThanOrEqual(of(part).recall - NOISE);
    });
  },
);
