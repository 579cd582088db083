/**
 * A shard as a zip that memvid v1's own retriever loads: its video, with a chunk a frame, its JSON
 * and its FAISS file. All live texts are in it, and nothing of who they come from: it has no place
 * for that.
 */
import { encodeFaiss } from '../../archive/memvid-faiss';
import { encodeMemvidFrame } from '../../archive/memvid-frame';
import {
  MEMVID_DIMENSIONS,
  MEMVID_MODEL,
  memvidIndexLines,
  type MemvidEntry,
} from '../../archive/memvid-index';
import { archiveStream, encodedTexts, streamOf } from '../../archive/zip-writer';
import { InvalidError, UnsupportedError } from '../../errors';
import { Vectors } from '../../search/vectors';
import type { ChunkRecord } from '../../shard/records';
import type { FileSystem } from '../../store/file-system';
import {
  FOREIGN_CAPACITY,
  FOREIGN_FRAMES_PER_RUN,
  FOREIGN_SIDE,
  FOREIGN_VERSION,
} from '../../video/foreign-encoder';
import {
  FOREIGN_FRAMES_PER_SECOND,
  layoutForeignMp4,
  type ForeignTrack,
} from '../../video/foreign-mp4';
import { EXPORTS } from './delivery';
import { liveChunks, liveRecords } from './live-texts';
import { vectorsOf } from './live-vectors';
import type { ExportContext, Outgoing } from './outgoing';
import type { ShardView } from '../view';

/** Bytes of the video that are read and passed on at a time. */
const BLOCK_BYTES = 1 << 20;
/** Vectors that are unpacked at a time. */
const VECTOR_ROWS = 1024;

/**
 * @throws UnsupportedError for a shard with another model than memvid's, or without vectors, and for
 * a chunk that is too long for a symbol; `subject` is the chunk
 * @throws InvalidError for a shard without anything to show
 */
export async function exportMemvid(view: ShardView, context: ExportContext): Promise<Outgoing> {
  const { entry, version } = view;
  if (version.model !== MEMVID_MODEL) {
    throw new UnsupportedError(
      `memvid embeds questions with ${MEMVID_MODEL}, and “${entry.name}” is embedded with ${version.model}. Clone it, and reindex the clone with ${MEMVID_MODEL} first.`,
      { subject: version.model },
    );
  }
  const records = liveRecords(view, new Date());
  if (records.length === 0) {
    throw new InvalidError('The shard has nothing to show yet.', { subject: entry.name });
  }
  const vectors = await vectorsFor(view, records, context);
  const drawn = await drawVideo(view, records, context);
  const { signal } = context;
  const name = entryName(entry.name);
  const stream = archiveStream(signal, async (archive) => {
    await archive.add(`${name}.mp4`, streamOf(drawn.video()));
    const config = {
      ...{ codec: 'mp4v', fps: FOREIGN_FRAMES_PER_SECOND },
      ...{ side: FOREIGN_SIDE, version: FOREIGN_VERSION },
    };
    const entries: MemvidEntry[] = [];
    for await (const one of entriesOf(view, records, context)) entries.push(one.entry);
    const lines = memvidIndexLines(entries, config);
    await archive.add(`${name}_index.json`, streamOf(encodedTexts(lines)), { deflate: true });
    const ids = entries.map(({ id }) => id);
    const faiss = encodeFaiss(MEMVID_DIMENSIONS, ids, rowsOf(vectors, signal));
    await archive.add(`${name}_index.faiss`, streamOf(faiss));
  });
  return { stream, extension: 'zip', type: 'application/zip', close: () => drawn.remove() };
}

/** Each chunk as memvid counts it: chunk n is in frame n. */
async function* entriesOf(
  view: ShardView,
  records: readonly ChunkRecord[],
  { texts, signal }: ExportContext,
): AsyncGenerator<{ entry: MemvidEntry; record: ChunkRecord }> {
  let id = 0;
  for await (const { record, text } of liveChunks(view, records, texts, { signal })) {
    yield { entry: { id, text, frame: id }, record };
    id++;
  }
}

async function vectorsFor(
  view: ShardView,
  records: readonly ChunkRecord[],
  { store }: ExportContext,
): Promise<Vectors> {
  const rows = records.map((record) => {
    const row = view.rowOf(record);
    if (!row) throw new Error(`Chunk ${record.uuid} has no row of search data.`);
    return { unit: row.unit, row: row.at };
  });
  const packed = await vectorsOf(view, rows, store);
  const vectors = packed && Vectors.open(packed);
  if (vectors?.dimensions === MEMVID_DIMENSIONS) return vectors;
  throw new UnsupportedError(
    `“${view.entry.name}” has no vectors of ${MEMVID_MODEL}: its texts were added while the model was not here. Reindex it first.`,
    { subject: view.entry.name },
  );
}

/** Rows of length 1, as memvid has them: packed ones are so but for rounding. Zero stays zero. */
function* rowsOf(vectors: Vectors, signal: AbortSignal): Generator<Float32Array> {
  const { rows, dimensions } = vectors;
  for (let from = 0; from < rows; from += VECTOR_ROWS) {
    signal.throwIfAborted();
    const count = Math.min(VECTOR_ROWS, rows - from);
    const values = new Float32Array(count * dimensions);
    for (let row = 0; row < count; row++) {
      const vector = vectors.vector(from + row);
      const length = Math.hypot(...vector) || 1;
      values.set(
        vector.map((value) => value / length),
        row * dimensions,
      );
    }
    yield values;
  }
}

interface DrawnVideo {
  video(): AsyncGenerator<Uint8Array>;
  remove(): Promise<void>;
}

/** Draws all frames into a file beside the store: the movie's head says how large each is. */
async function drawVideo(
  view: ShardView,
  records: readonly ChunkRecord[],
  context: ExportContext,
): Promise<DrawnVideo> {
  const { fs, engines, signal, progress } = context;
  const path = `${EXPORTS}/${crypto.randomUUID()}.part`;
  const sizes = new Uint32Array(records.length);
  let track: ForeignTrack | undefined;
  let frames = 0;
  let written = 0;
  const file = await fs.open(path, { create: true });
  try {
    /** Runs under way, the oldest first: as many as there are lanes. */
    const running: ReturnType<typeof draw>[] = [];
    const draw = (payloads: readonly string[]) =>
      engines.decode.call('drawMemvid', { payloads }, { signal });
    const writeOldest = async (): Promise<void> => {
      const drawn = await running.shift();
      if (!drawn) return;
      track ??= drawn.track;
      for (const sample of drawn.samples) {
        file.write(written, sample);
        written += sample.length;
        sizes[frames++] = sample.length;
      }
      progress({ stage: 'encode', done: frames, total: records.length });
    };
    const start = async (payloads: readonly string[]): Promise<void> => {
      const run = draw(payloads);
      run.catch(() => undefined); // awaited when it is the oldest
      running.push(run);
      if (running.length > engines.lanes) await writeOldest();
    };
    let payloads: string[] = [];
    for await (const { entry, record } of entriesOf(view, records, context)) {
      payloads.push(await payloadOf(entry, record));
      if (payloads.length < FOREIGN_FRAMES_PER_RUN) continue;
      await start(payloads);
      payloads = [];
    }
    if (payloads.length > 0) await start(payloads);
    while (running.length > 0) await writeOldest();
    file.flush();
  } catch (error) {
    file.close();
    await fs.remove(path);
    throw error;
  }
  file.close();
  const head = track && layoutForeignMp4(track, sizes);
  if (!head) throw new Error('No frame was drawn.');
  return { video: () => movie(head, fs, path, signal), remove: () => fs.remove(path) };
}

/** @throws UnsupportedError where no symbol holds the chunk */
async function payloadOf(entry: MemvidEntry, { uuid }: ChunkRecord): Promise<string> {
  const payload = await encodeMemvidFrame(entry);
  if (payload.length <= FOREIGN_CAPACITY) return payload;
  throw new UnsupportedError(
    `Chunk ${uuid} is too long for a frame of memvid’s: it takes ${String(payload.length)} of ${String(FOREIGN_CAPACITY)} bytes. Split it first.`,
    { subject: uuid },
  );
}

async function* movie(
  head: Uint8Array,
  fs: FileSystem,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  yield head;
  const samples = await fs.read(path);
  if (!samples) throw new Error('What was drawn for an export is gone.');
  for (let at = 0; at < samples.size; at += BLOCK_BYTES) {
    signal.throwIfAborted();
    yield new Uint8Array(await samples.slice(at, at + BLOCK_BYTES).arrayBuffer());
  }
}

/** memvid’s files are named after one name, which the person gives its retriever. */
function entryName(name: string): string {
  return name.replace(/[\p{Cc}<>:"/\\|?*]/gu, '-').slice(0, 100);
}
