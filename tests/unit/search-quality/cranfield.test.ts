import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Question } from '../../../src/lib/search/shard-search';
import { buildCranfield, CRANFIELD, readJudged } from '../../bench/quality/cranfield';
import { measureQuality, type Search } from '../../bench/quality/quality';
import { builtInModel } from '../embedding/built-in';

describe.skipIf(!existsSync(CRANFIELD))(
  `search quality on Cranfield (left out without ${CRANFIELD})`,
  () => {
    let searchBy: (mode: Question['mode']) => Search;

    beforeAll(async () => {
      searchBy = await buildCranfield(builtInModel());
    }, 60_000);

    it.each<[Question['mode'], number]>([
      ['lexical', 0.5],
      ['semantic', 0.42],
      ['hybrid', 0.52],
    ])('%s reaches nDCG@10 of %d', async (mode, least) => {
      const quality = await measureQuality(searchBy(mode), readJudged());
      expect(quality.questions).toBe(225);
      expect(quality.ndcg).toBeGreaterThanOrEqual(least);
    });
  },
);
