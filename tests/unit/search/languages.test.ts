/** Questions in other languages than English, asked of their documents by words alone. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rankOf, type Pair } from './pairs';

const DOCS = resolve(process.env['MEMREEL_CORPORA'] ?? '../shared', 'samples/docs');
const missing = !existsSync(DOCS);
const pairs = missing
  ? []
  : (JSON.parse(readFileSync(resolve(DOCS, 'PAIRS.json'), 'utf8')) as Pair[]).filter(
      // Of PDF, see tests/browser/search/languages.test.ts.
      ({ language, file }) => language !== 'en' && /\.(md|txt|html?|epub|docx)$/.test(file),
    );

describe.skipIf(missing)(`words alone (left out without ${DOCS})`, () => {
  it.each(pairs)('find the answer in $language in $file', async (pair) => {
    const content = new Blob([readFileSync(resolve(DOCS, pair.file))]);
    const rank = await rankOf(pair, content, '');
    expect(rank).toBeGreaterThanOrEqual(1);
    expect(rank).toBeLessThanOrEqual(5);
  });

  it('were tried in several languages', () => {
    expect(new Set(pairs.map(({ language }) => language)).size).toBeGreaterThanOrEqual(3);
  });
});
