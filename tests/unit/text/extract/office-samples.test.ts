import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chunkBlocks } from '../../../../src/lib/text/chunk';
import { type Block, extensionOf } from '../../../../src/lib/text/document';
import { blocksHolding, extractAll, type Sample } from '../../../fixtures/text/extraction';

const DOCS = join(process.env['MEMREEL_CORPORA'] ?? '../shared', 'samples/docs');
const missing = !existsSync(DOCS);
const FORMATS = ['docx', 'pptx', 'odt', 'rtf'];

/** What a block's place says in the words of the manifest; nothing of an RTF's paragraphs. */
function says({ place }: Block): string {
  const { slide, heading, notes } = place;
  if (slide !== undefined) return `slide ${slide}${notes === true ? ' notes' : ''}`;
  return `heading ${heading?.join(' > ') ?? '(no heading)'}`;
}

describe.skipIf(missing)('office samples (skipped: no samples beside the repository)', () => {
  const manifest = missing
    ? []
    : (JSON.parse(readFileSync(join(DOCS, 'MANIFEST.json'), 'utf8')) as Sample[]);
  const samples = manifest.filter(
    ({ file, must_contain }) =>
      FORMATS.includes(extensionOf(file)) && must_contain.length > 0 && !file.startsWith('wrong'),
  );

  it('are there for every format', () => {
    expect(new Set(samples.map(({ file }) => extensionOf(file)))).toEqual(new Set(FORMATS));
  });

  it.each(samples.map((sample) => [sample.file, sample] as const))(
    '%s has every text in its place',
    async (name, sample) => {
      const { blocks, text, warnings } = await extractAll(readFileSync(join(DOCS, name)), name);
      expect(warnings).toEqual([]);
      let chunks = '';
      for await (const chunk of chunkBlocks(blocks)) chunks += chunk.text;
      expect(chunks).toBe(text);
      expect(text).not.toMatch(/[\r\0]/);
      for (const snippet of sample.must_contain) {
        const held = blocksHolding(blocks, snippet);
        expect(held, snippet.text).not.toEqual([]);
        if (snippet.where.startsWith('paragraph')) continue;
        const wanted = [snippet.where, ...(snippet.also_at ?? [])];
        const places = held.map(says);
        expect(wanted, `${snippet.text}: ${places.join('; ')}`).toEqual(
          expect.arrayContaining(places.slice(0, 1)),
        );
      }
    },
  );
});
