/** Questions in other languages than English, asked of PDF files, which only browsers read. */
import { describe, expect, it } from 'vitest';
import { rankOf, type Pair } from '../../unit/search/pairs';

// Bundled by URL, because a page cannot read files; nothing is found where there are no samples.
const FILES = import.meta.glob<string>('../../../../shared/samples/docs/*-ja.pdf', {
  query: '?url',
  import: 'default',
  eager: true,
});
const PAIRS = import.meta.glob<Pair[]>('../../../../shared/samples/docs/PAIRS.json', {
  import: 'default',
  eager: true,
});
const urls = new Map(Object.entries(FILES).map(([path, url]) => [path.split('/').at(-1), url]));
const pairs = Object.values(PAIRS)
  .flat()
  .filter(({ file }) => urls.has(file));

describe.skipIf(pairs.length === 0)('words alone (left out without the samples)', () => {
  it.each(pairs)('find the answer in $language in $file', async (pair) => {
    const response = await fetch(urls.get(pair.file) ?? '');
    const rank = await rankOf(pair, await response.blob(), new URL('/', location.href).href);
    expect(rank).toBeGreaterThanOrEqual(1);
    expect(rank).toBeLessThanOrEqual(5);
  });
});
