/** A record with a text of its own: what an edit writes. */
import { createSHA256 } from 'hash-wasm';
import { InvalidError } from '../../errors';
import { loadCompressor } from '../../shard/compression';
import { newSeed, type ChunkUuid, type Lineage } from '../../shard/ids';
import { cutToFit } from '../../shard/pack';
import type { FrameSource } from '../../shard/payload';
import type { ChunkRecord, SourceRecord } from '../../shard/records';
import { chunkUuid } from '../../shard/uuid';
import { FRAME_CAPACITY } from '../../video/profile';

const hashing = createSHA256();

/** SHA-256 of a text in UTF-8, hex. */
export async function textDigest(text: string): Promise<string> {
  return (await hashing).init().update(text).digest('hex');
}

/** The same as a plain function, for where nothing can be waited for. */
export async function textDigests(): Promise<(text: string) => string> {
  const hash = await hashing;
  return (text) => hash.init().update(text).digest('hex');
}

/** The record with another text, as an overlay. */
export async function withText(record: ChunkRecord, text: string): Promise<ChunkRecord> {
  const bytes = new TextEncoder().encode(text).length;
  return { ...record, text, length: text.length, bytes, sha256: await textDigest(text) };
}

/** The record without its overlay, as another one of the same chunk has it in the video. */
export function asDrawn(record: ChunkRecord, drawn: ChunkRecord): ChunkRecord {
  const { text: _, ...rest } = record;
  const { at, length, bytes, sha256 } = drawn;
  return { ...rest, at, length, bytes, sha256 };
}

/** The record of a text that its source is no longer held against. */
export function withoutDrift(record: ChunkRecord): ChunkRecord {
  if (!record.drift) return record;
  const { drift: _, ...rest } = record;
  return rest;
}

/** A UUID for a chunk that no frame has yet. */
export const newChunkUuid = (): Promise<ChunkUuid> => chunkUuid(newSeed(), 0);

/**
 * Whether a text may be a chunk: not blank, whole characters, and small enough for a frame.
 * @throws InvalidError; `subject` is the chunk
 */
export async function checkChunkText(
  text: string,
  chunk: { uuid: string; source: SourceRecord | undefined; place: ChunkRecord['place'] },
  lineage: Lineage,
): Promise<void> {
  const subject = chunk.uuid;
  if (text.trim() === '') {
    throw new InvalidError('A chunk needs a text. To take it away, delete it.', { subject });
  }
  if (!text.isWellFormed()) {
    throw new InvalidError('The text has half a character in it (a lone surrogate).', { subject });
  }
  const compressor = await loadCompressor();
  const source: FrameSource = chunk.source ?? {
    id: 'AAAAAAAA' as FrameSource['id'],
    name: '',
    type: 'note',
  };
  const cuts = cutToFit(text, source, chunk.place, {
    lineage,
    capacity: FRAME_CAPACITY,
    compress: compressor.compress,
  });
  if (cuts.length > 0) {
    throw new InvalidError(
      `The text is too long for a frame: ${String(cuts.length + 1)} chunks would hold it. Split it, or insert the rest as another chunk.`,
      { subject },
    );
  }
}
