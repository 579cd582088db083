/**
 * memvid v1's `_index.json`: which text is which chunk and which frame. Read from anyone, written as
 * its own encoder does (Olow304/memvid, `memvid/index.py`). Not its frames, nor its FAISS file.
 */
import { CorruptError } from '../errors';
import { objectAt, listAt } from './manifest';

export interface MemvidEntry {
  readonly id: number;
  readonly text: string;
  readonly frame: number;
}

export interface MemvidIndex {
  /** By chunk id. */
  readonly entries: readonly MemvidEntry[];
}

/** Chunks of an index: more is no file that memvid could have made in memory. */
const MAX_ENTRIES = 5_000_000;

/**
 * Whatever order its entries have, they come out by their ids. What it says twice (`chunk_to_frame`,
 * `frame_to_chunks`) is not looked at.
 * @throws CorruptError for anything else
 */
export function parseMemvidIndex(text: string): MemvidIndex {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new CorruptError('memvid’s index is not JSON.', { cause: error });
  }
  const metadata = listAt(objectAt(json, 'index')['metadata'], 'metadata');
  if (metadata.length > MAX_ENTRIES) throw new CorruptError('memvid’s index has too many entries.');
  const entries = metadata.map((one): MemvidEntry => {
    const { id, text: words, frame } = objectAt(one, 'entry');
    if (!isCount(id) || !isCount(frame) || typeof words !== 'string') {
      throw new CorruptError('memvid’s index has an entry without id, text or frame.');
    }
    return { id, text: words, frame };
  });
  const ids = new Set(entries.map(({ id }) => id));
  if (ids.size !== entries.length) throw new CorruptError('memvid’s index has an id twice.');
  return { entries: entries.toSorted((a, b) => a.id - b.id) };
}

function isCount(json: unknown): json is number {
  return Number.isSafeInteger(json) && (json as number) >= 0;
}

/** What its configuration says of videos of ours; its retriever reads the model's name and no more. */
export interface MemvidVideoConfig {
  readonly codec: string;
  readonly fps: number;
  /** Pixels of a side. */
  readonly side: number;
  /** Of the largest symbol, 1 to 40. */
  readonly version: number;
}

/** The file of these entries, one chunk a frame. */
export function* memvidIndexLines(
  entries: readonly MemvidEntry[],
  { codec, fps, side, version }: MemvidVideoConfig,
): Generator<string> {
  yield '{\n  "metadata": [';
  for (const [at, { id, text, frame }] of entries.entries()) {
    const entry = { id, text, frame, length: Array.from(text).length };
    yield `${at === 0 ? '' : ','}\n    ${JSON.stringify(entry)}`;
  }
  const toFrame = entries.map(({ id, frame }) => `"${String(id)}":${String(frame)}`);
  const toChunks = entries.map(({ id, frame }) => `"${String(frame)}":[${String(id)}]`);
  yield `\n  ],\n  "chunk_to_frame": {${toFrame.join(',')}},\n`;
  yield `  "frame_to_chunks": {${toChunks.join(',')}},\n`;
  const config = {
    qr: {
      version,
      error_correction: 'M',
      box_size: 1,
      border: 4,
      fill_color: 'black',
      back_color: 'white',
    },
    video: { fps, codec, frame_width: side, frame_height: side },
    embedding: { model: MEMVID_MODEL, dimension: MEMVID_DIMENSIONS },
    index: { type: 'Flat', nlist: 100 },
  };
  yield `  "config": ${JSON.stringify(config)}\n}\n`;
}

/** What its retriever embeds questions with. */
export const MEMVID_MODEL = 'all-MiniLM-L6-v2';
export const MEMVID_DIMENSIONS = 384;
