/** The extracting worker's work: a file in, chunks that each fit a frame out, as batches on demand. */
import { createSHA256 } from 'hash-wasm';
import { InvalidError } from '../errors';
import type { CallContext, Handlers } from '../rpc/protocol';
import { loadCompressor, type Compressor } from '../shard/compression';
import type { Lineage } from '../shard/ids';
import { cutToFit } from '../shard/pack';
import type { FrameSource } from '../shard/payload';
import { chunkBlocks, DEFAULT_CHUNK_SIZE, type TextChunk } from '../text/chunk';
import { recogniseDocument } from '../text/extract';
import { FRAME_CAPACITY } from '../video/profile';
import type { DraftChunk, ExtractBatch, ExtractProtocol } from './protocol';

/** UTF-16 units of text in a batch: large enough to make messages rare, small enough to stay flat. */
const BATCH_CHARACTERS = 1 << 17;

/** Bytes of a file that are hashed at a time. */
const HASH_STEP = 1 << 22;

interface Reading {
  readonly chunks: AsyncIterator<DraftChunk, void>;
  readonly warnings: string[];
  /** The call that reads at the moment: progress, questions and abort go through it. */
  context: CallContext<ExtractProtocol['open' | 'next']>;
}

export function extractHandlers(): Handlers<ExtractProtocol> {
  const readings = new Map<number, Reading>();
  let next = 1;

  return {
    async open({ file, source, lineage, chunking, assetsUrl }, context) {
      const size = chunkSize(chunking.size);
      const extractor = await recogniseDocument(file, file.name);
      const sha256 = await hashOf(file, context.signal);
      const warnings: string[] = [];
      const reading: Reading = {
        warnings,
        context,
        chunks: draft(
          chunkBlocks(
            extractor.extract(file, {
              name: file.name,
              assetsUrl,
              // A document is abandoned by ending its worker or closing its reading.
              signal: context.signal,
              warn: (message) => warnings.push(message),
              password: () => reading.context.question({ password: file.name }),
              progress: (bytes) => {
                reading.context.progress(bytes);
              },
            }),
            { size },
          ),
          { id: source, name: file.name, type: extractor.type },
          { lineage, compressor: await loadCompressor() },
        ),
      };
      const first = await batch(reading);
      const id = next++;
      if (!first.end) readings.set(id, reading);
      return { reading: id, type: extractor.type, sha256, first };
    },

    async next({ reading: id }, context) {
      const reading = readings.get(id);
      if (!reading) throw new Error(`Nothing is being read as ${String(id)}.`);
      reading.context = context;
      const made = await batch(reading);
      if (made.end) readings.delete(id);
      return made;
    },
  };
}

function chunkSize(size = DEFAULT_CHUNK_SIZE): number {
  if (Number.isInteger(size) && size >= 100 && size <= 8000) return size;
  throw new InvalidError('The chunk size must be a whole number from 100 to 8,000 characters.', {
    subject: 'chunking.size',
  });
}

async function batch(reading: Reading): Promise<ExtractBatch> {
  const chunks: DraftChunk[] = [];
  let characters = 0;
  while (characters < BATCH_CHARACTERS) {
    reading.context.signal.throwIfAborted();
    const { done, value } = await reading.chunks.next();
    if (done) return { chunks, end: { warnings: reading.warnings } };
    chunks.push(value);
    characters += value.text.length;
  }
  return { chunks };
}

async function* draft(
  chunks: AsyncIterable<TextChunk>,
  source: FrameSource,
  { lineage, compressor }: { lineage: Lineage; compressor: Compressor },
): AsyncGenerator<DraftChunk> {
  const encoder = new TextEncoder();
  const hash = await createSHA256();
  const frame = { lineage, capacity: FRAME_CAPACITY, compress: compressor.compress };
  for await (const chunk of chunks) {
    const cuts = cutToFit(chunk.text, source, chunk.place, frame);
    let from = 0;
    for (const to of [...cuts, chunk.text.length]) {
      const text = chunk.text.slice(from, to);
      const bytes = encoder.encode(text);
      const place = {
        ...chunk.place,
        start: chunk.place.start + from,
        end: chunk.place.start + to,
      };
      yield { text, place, bytes: bytes.length, sha256: hash.init().update(bytes).digest('hex') };
      from = to;
    }
  }
}

/** SHA-256 of a file, hex, holding one step of it at a time. */
async function hashOf(file: Blob, signal: AbortSignal): Promise<string> {
  const hash = await createSHA256();
  for (let at = 0; at < file.size; at += HASH_STEP) {
    signal.throwIfAborted();
    hash.update(new Uint8Array(await file.slice(at, at + HASH_STEP).arrayBuffer()));
  }
  return hash.digest('hex');
}
