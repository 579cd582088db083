/** A shard's live chunks in formats that anything opens. What a line looks like: `archive/readable.ts`. */
import { InvalidError } from '../../errors';
import {
  jsonLine,
  markdownName,
  markdownOf,
  npyHead,
  titleOf,
  type ReadableChunk,
} from '../../archive/readable';
import { archiveStream, encodedTexts, streamOf } from '../../archive/zip-writer';
import { Vectors } from '../../search/vectors';
import type { ChunkRecord, SourceRecord } from '../../shard/records';
import type { ExportContext, Outgoing } from './outgoing';
import { liveChunks, liveRecords } from './live-texts';
import { vectorsOf } from './live-vectors';
import type { ShardView } from '../view';

/** Rows written at a time. */
const NPY_ROWS = 1024;

const nothing = (): Promise<void> => Promise.resolve();

export function exportJsonl(view: ShardView, context: ExportContext): Outgoing {
  const lines = async function* (): AsyncGenerator<string> {
    const records = shownRecords(view);
    for await (const chunk of chunksOf(view, records, context)) yield jsonLine(chunk);
  };
  return {
    stream: streamOf(encodedTexts(lines())),
    extension: 'jsonl',
    type: 'application/jsonl',
    close: nothing,
  };
}

/** A zip with one file a source, in the order in which the sources' first chunks stand. */
export function exportMarkdown(view: ShardView, context: ExportContext): Outgoing {
  const bySource = new Map<SourceRecord | null, ChunkRecord[]>();
  for (const record of shownRecords(view)) {
    const source = view.findSource(record.source) ?? null;
    const records = bySource.get(source);
    if (records) records.push(record);
    else bySource.set(source, [record]);
  }
  const stream = archiveStream(context.signal, async (archive) => {
    const taken = new Set<string>();
    let done = 0;
    for (const [source, records] of bySource) {
      const texts = markdownOf(
        titleOf(source),
        chunksOf(view, records, { ...context, progress: () => undefined }),
      );
      const content = streamOf(encodedTexts(texts));
      await archive.add(markdownName(source, taken), content, { deflate: true });
      context.progress({ stage: 'export', done: ++done, total: bySource.size });
    }
  });
  return { stream, extension: 'zip', type: 'application/zip', close: nothing };
}

/** Float32 rows in the order of `chunks`; zero where a chunk was never embedded. */
export async function exportNpy(view: ShardView, context: ExportContext): Promise<Outgoing> {
  const records = shownRecords(view);
  const rows = records.map((record) => {
    const row = view.rowOf(record);
    if (!row) throw new Error(`Chunk ${record.uuid} has no row of search data.`);
    return { unit: row.unit, row: row.at };
  });
  const packed = await vectorsOf(view, rows, context.store);
  if (!packed) {
    throw new InvalidError('The shard has no vectors: its texts were never embedded.', {
      subject: view.entry.name,
    });
  }
  const vectors = Vectors.open(packed);
  const pieces = function* (): Generator<Uint8Array> {
    yield npyHead(vectors.rows, vectors.dimensions);
    for (let from = 0; from < vectors.rows; from += NPY_ROWS) {
      context.signal.throwIfAborted();
      const to = Math.min(vectors.rows, from + NPY_ROWS);
      const values = new Float32Array((to - from) * vectors.dimensions);
      for (let row = from; row < to; row++) {
        values.set(vectors.vector(row), (row - from) * vectors.dimensions);
      }
      yield new Uint8Array(values.buffer);
      context.progress({ stage: 'export', done: to, total: vectors.rows });
    }
  };
  return {
    stream: streamOf(pieces()),
    extension: 'npy',
    type: 'application/octet-stream',
    close: nothing,
  };
}

function chunksOf(
  view: ShardView,
  records: readonly ChunkRecord[],
  { texts, signal, progress }: Pick<ExportContext, 'texts' | 'signal' | 'progress'>,
): AsyncGenerator<ReadableChunk> {
  return liveChunks(view, records, texts, {
    signal,
    told: (done, total) => {
      progress({ stage: 'export', done, total });
    },
  });
}

/** @throws InvalidError for a shard without anything to show */
function shownRecords(view: ShardView): ChunkRecord[] {
  const records = liveRecords(view, new Date());
  if (records.length > 0) return records;
  throw new InvalidError('The shard has nothing to show yet.', { subject: view.entry.name });
}
