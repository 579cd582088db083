import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chunkBlocks, type TextChunk } from '../../../src/lib/text/chunk';
import { type Block } from '../../../src/lib/text/document';
import {
  blocksHolding,
  comparable,
  extractAll,
  type Sample,
  type Snippet,
} from '../../fixtures/text/extraction';

const DOCS = join(process.env['MEMREEL_CORPORA'] ?? '../shared', 'samples/docs');
const TYPES: Record<string, string> = {
  '18f-leave-policy.md': 'text/markdown',
  'rust-book-ownership-zh-cn.md': 'text/markdown',
  'aozora-annotation-shift-jis.txt': 'text/plain',
  'udhr-french-latin1.txt': 'text/plain',
  'state-of-the-union-2000.txt': 'text/plain',
  'tears-of-steel-norwegian-utf16.srt': 'text/vtt',
  'tears-of-steel-en.srt': 'text/vtt',
  'lispy.py': 'text/x-source',
  'devils-dictionary.htm': 'text/html',
  'commonmark-spec-0.31.2.html': 'text/html',
  'gsm8k-test.jsonl': 'application/jsonl',
};

/** The line that a snippet begins on, by the line of its block. */
function lineOf(block: Block, snippet: Snippet): number | undefined {
  const { line } = block.place;
  if (line === undefined || block.kind === 'record') return line;
  const lines = block.text.split('\n');
  const wanted = comparable(snippet.text);
  const start = comparable(wanted.slice(0, 12));
  const own = lines.findIndex((text) => comparable(text).includes(wanted));
  return line + (own >= 0 ? own : lines.findIndex((text) => comparable(text).includes(start)));
}

/** What a block's place says in the words of the manifest. */
function says(block: Block, snippet: Snippet): string[] {
  const line = `line ${lineOf(block, snippet)}`;
  const heading = `heading ${block.place.heading?.join(' > ')}`;
  return [line, heading, `${line}, ${heading}`, `${line} .question`];
}

const missing = !existsSync(DOCS);

describe.skipIf(missing)('the sample documents (skipped: no samples beside the repository)', () => {
  const manifest = missing
    ? []
    : (JSON.parse(readFileSync(join(DOCS, 'MANIFEST.json'), 'utf8')) as Sample[]);

  it.each(Object.entries(TYPES))('%s is %s, with every text in its place', async (name, type) => {
    const sample = manifest.find((entry) => entry.file === name);
    const extraction = await extractAll(readFileSync(join(DOCS, name)), name);
    expect(extraction.type).toBe(type);
    expect(extraction.warnings).toEqual([]);
    const chunks: TextChunk[] = [];
    for await (const chunk of chunkBlocks(extraction.blocks)) chunks.push(chunk);
    expect(chunks.map((c) => c.text).join('')).toBe(extraction.text);
    expect(sample?.must_contain.length).toBeGreaterThan(0);
    for (const snippet of sample?.must_contain ?? []) {
      const held = blocksHolding(extraction.blocks, snippet);
      expect(held, snippet.text).not.toEqual([]);
      // Cues have no place of their own in plain text.
      if (snippet.where.startsWith('cue')) continue;
      const wanted = [snippet.where, ...(snippet.also_at ?? [])];
      const places = held.flatMap((block) => says(block, snippet));
      expect(
        wanted.filter((where) => places.includes(where)),
        places.join('; '),
      ).not.toEqual([]);
    }
  });
});
