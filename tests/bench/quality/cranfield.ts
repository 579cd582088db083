/** The Cranfield collection as documents and judged questions, and its memory as Memreel makes it. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { EmbeddingModel } from '../../../src/lib/embedding/model';
import { analyserFor } from '../../../src/lib/search/analyse';
import { buildPostings, Postings } from '../../../src/lib/search/postings';
import { ShardSearch, type Question } from '../../../src/lib/search/shard-search';
import { quantise, Vectors } from '../../../src/lib/search/vectors';
import { chunkBlocks } from '../../../src/lib/text/chunk';
import { jsonl } from '../../../src/lib/text/extract/jsonl';
import { bestOfEach, type Judged, type Search } from './quality';

export const CRANFIELD = resolve(
  process.env['MEMREEL_CORPORA'] ?? '../shared',
  'corpora/cranfield',
);

interface Line {
  id: string;
  text: string;
}

function readLines<T>(name: string, parse: (line: string) => T): T[] {
  return readFileSync(resolve(CRANFIELD, name), 'utf8').trimEnd().split('\n').map(parse);
}

/** The questions; a document counts as relevant from relevance 1. */
export function readJudged(): Judged[] {
  const relevant = new Map<string, Set<string>>();
  for (const [question = '', document = '', relevance = ''] of readLines('qrels.tsv', (line) =>
    line.split('\t'),
  ).slice(1)) {
    if (Number(relevance) < 1) continue;
    const documents = relevant.get(question) ?? new Set<string>();
    relevant.set(question, documents.add(document));
  }
  return readLines('queries.jsonl', (line) => JSON.parse(line) as Line).map(({ id, text }) => ({
    question: text,
    relevant: relevant.get(id) ?? new Set<string>(),
  }));
}

/** A search over the collection as the product reads it: title and text are a record a line. */
export async function buildCranfield(
  model: EmbeddingModel,
): Promise<(mode: Question['mode']) => Search> {
  const ids = readLines('documents.jsonl', (line) => (JSON.parse(line) as Line).id);
  const texts: string[] = [];
  const documentOf: string[] = [];
  const blocks = jsonl.extract(new Blob([readFileSync(resolve(CRANFIELD, 'documents.jsonl'))]), {
    name: 'documents.jsonl',
    assetsUrl: '',
    signal: new AbortController().signal,
    warn: (message) => {
      throw new Error(message);
    },
    progress: () => undefined,
  });
  for await (const { text, place } of chunkBlocks(blocks)) {
    texts.push(text);
    documentOf.push(ids[(place.line ?? NaN) - 1] ?? '');
  }
  const analyser = analyserFor('en');
  const vectors = quantise(await model.embed(texts, 'passage'), model.dimensions);
  const segment = {
    id: 'cranfield',
    postings: Postings.open(buildPostings(texts, analyser)),
    vectors: Vectors.open(vectors),
    live: null,
  };
  const search = new ShardSearch([segment], analyser);
  return (mode) => async (question) => {
    const vector = mode === 'lexical' ? null : await model.embed([question], 'query');
    // Chunks of one document may crowd the top: 50 chunks leave ten documents.
    const asked = { text: question, vector, topK: 50, mode };
    const first = search.query(asked);
    const leads = search.leads(asked, first);
    const learnFrom = leads.map(({ row }) => texts[row] ?? '');
    const ranked = leads.length === 0 ? first : search.query({ ...asked, learnFrom });
    return bestOfEach(ranked.map(({ row }) => documentOf[row] ?? ''));
  };
}
