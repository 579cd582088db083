/** What a version shows now, with texts, as a stream: memory holds a batch, whatever the shard's size. */
import type { ReadableChunk } from '../../archive/readable';
import type { ChunkRecord } from '../../shard/records';
import type { FrameTexts } from '../asking/frame-texts';
import type { ShardView } from '../view';

/** Chunks read at a time: some dozens of frames, read side by side. */
const BATCH = 256;

/** Live chunks in order, without what has expired by `now`. */
export function liveRecords(view: ShardView, now: Date): ChunkRecord[] {
  const due = new Set(view.due(now));
  return view.ordered().filter((record) => !record.deleted && !due.has(record));
}

/** @throws CorruptError for a text that cannot be read */
export async function* liveChunks(
  view: ShardView,
  records: readonly ChunkRecord[],
  texts: FrameTexts,
  { signal, told }: { signal: AbortSignal; told?: (done: number, total: number) => void },
): AsyncGenerator<ReadableChunk> {
  for (let at = 0; at < records.length; at += BATCH) {
    signal.throwIfAborted();
    const batch = records.slice(at, at + BATCH);
    const read = await texts.read(view, batch, signal);
    for (const [position, record] of batch.entries()) {
      const source = view.findSource(record.source) ?? null;
      yield { record, text: read[position] ?? '', source };
    }
    told?.(at + batch.length, records.length);
  }
}
