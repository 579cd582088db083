/** Chunks of a version as the API shows them: listed, one, or with neighbours. */
import type { Chunk, Filter } from '../api';
import { InvalidError } from '../errors';
import type { ChunkRecord } from '../shard/records';
import type { PastTexts } from './editing/past-texts';
import { chunkOf, containsWords } from './asking/question';
import type { ShardView } from './view';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;

/** The text of a tombstone that no kept version holds any more. */
const NO_TEXT = '';

/** Texts read at a time while a filter looks into them. */
const FILTER_STEP = 512;

export interface ListOptions {
  offset?: number | undefined;
  limit?: number | undefined;
  filter?: Filter | undefined;
  deleted?: boolean | 'only' | undefined;
}

export async function listChunks(
  view: ShardView,
  texts: PastTexts,
  options: ListOptions,
  signal?: AbortSignal,
): Promise<Chunk[]> {
  const offset = whole('offset', options.offset ?? 0, Number.MAX_SAFE_INTEGER);
  const limit = whole('limit', options.limit ?? DEFAULT_LIMIT, MAX_LIMIT);
  const { filter, deleted = false } = options;
  const passes = view.passes(filter ?? {});
  const due = new Set(view.due(new Date()));
  const records = view
    .ordered()
    .filter(
      (record) =>
        (record.deleted
          ? deleted !== false
          : deleted !== 'only' && (deleted || !due.has(record))) &&
        (filter === undefined || passes(record)),
    );
  if (filter?.text === undefined) {
    return withTexts(view, texts, records.slice(offset, offset + limit), signal);
  }
  const found: Chunk[] = [];
  for (let at = 0; at < records.length && found.length < offset + limit; at += FILTER_STEP) {
    const some = await withTexts(view, texts, records.slice(at, at + FILTER_STEP), signal);
    found.push(...some.filter(({ text }) => containsWords(text, filter.text)));
  }
  return found.slice(offset, offset + limit);
}

export async function oneChunk(view: ShardView, texts: PastTexts, uuid: string): Promise<Chunk> {
  const record = view.record(uuid);
  const [text = NO_TEXT] = await texts.read(view, [record]);
  return chunkOf(view, record, text);
}

/** The chunk with its live neighbours of the same source, in order. */
export async function chunkInContext(
  view: ShardView,
  texts: PastTexts,
  uuid: string,
  { before, after }: { before: number; after: number },
): Promise<Chunk[]> {
  whole('before', before, MAX_LIMIT);
  whole('after', after, MAX_LIMIT);
  const position = view.position(uuid);
  const records = view.ordered();
  const { source } = view.record(uuid);
  const due = new Set(view.due(new Date()));
  const neighbours = (step: 1 | -1, count: number): ChunkRecord[] => {
    const found: ChunkRecord[] = [];
    for (let at = position + step; found.length < count; at += step) {
      const record = records[at];
      if (record?.source !== source) break;
      if (!record.deleted && !due.has(record)) found.push(record);
    }
    return found;
  };
  const around = [...neighbours(-1, before).reverse(), view.record(uuid), ...neighbours(1, after)];
  return withTexts(view, texts, around);
}

async function withTexts(
  view: ShardView,
  texts: PastTexts,
  records: readonly ChunkRecord[],
  signal?: AbortSignal,
): Promise<Chunk[]> {
  const read = await texts.read(view, records, signal);
  return records.map((record, at) => chunkOf(view, record, read[at] ?? NO_TEXT));
}

function whole(name: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new InvalidError(`${name} must be a whole number from 0 to ${String(most)}.`, {
    subject: name,
  });
}
