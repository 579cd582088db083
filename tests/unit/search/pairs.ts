/** The samples' questions, and at which rank words alone find the passage that answers. */
import { analyserFor } from '../../../src/lib/search/analyse';
import { buildPostings, Postings } from '../../../src/lib/search/postings';
import { ShardSearch } from '../../../src/lib/search/shard-search';
import { chunkBlocks } from '../../../src/lib/text/chunk';
import { recogniseDocument } from '../../../src/lib/text/extract';

/** One entry of the samples' PAIRS.json. */
export interface Pair {
  question: string;
  language: string;
  file: string;
  /** Words of the passage that answers. */
  expected: string;
}

const english = analyserFor('en');

/** The rank of the first passage of a document that says what is expected, from 1; 0 for none. */
export async function rankOf(pair: Pair, content: Blob, assetsUrl: string): Promise<number> {
  const extractor = await recogniseDocument(content, pair.file);
  const blocks = extractor.extract(content, {
    name: pair.file,
    assetsUrl,
    signal: new AbortController().signal,
    warn: () => undefined,
    progress: () => undefined,
  });
  const texts: string[] = [];
  for await (const { text } of chunkBlocks(blocks)) texts.push(text);
  const postings = Postings.open(buildPostings(texts, english));
  const ranked = new ShardSearch(
    [{ id: 'document', postings, vectors: null, live: null }],
    english,
  ).query({ text: pair.question, vector: null, topK: texts.length, mode: 'lexical' });
  // By letters: where a PDF breaks its lines there are spaces inside Japanese words.
  const letters = (text: string): string => english.spelling(text).replaceAll(' ', '');
  const wanted = letters(pair.expected);
  return 1 + ranked.findIndex(({ row }) => letters(texts[row] ?? '').includes(wanted));
}
