/**
 * The extracting worker's work: a file in, or one inside it, chunks that each fit a frame out, as
 * batches on demand.
 */
import { createSHA256, type IHasher } from 'hash-wasm';
import { CorruptError, MemreelError, UnsupportedError } from '../../errors';
import type { CallContext, Handlers } from '../../rpc/protocol';
import { loadCompressor, type Compressor } from '../../shard/compression';
import type { Lineage } from '../../shard/ids';
import { cutToFit } from '../../shard/pack';
import type { FrameSource } from '../../shard/payload';
import { cutAnchored, type AnchoredChunk } from '../../text/anchored';
import { chunkBlocks } from '../../text/chunk';
import type { CountTokens } from '../../text/chunk-size';
import type { Block } from '../../text/document';
import { recogniseFile } from '../../text/extract';
import { FRAME_CAPACITY } from '../../video/profile';
import { askedAs, OpenContainers } from './open-containers';
import type { DocumentRef, DraftChunk, ExtractBatch, ExtractProtocol } from '../protocol';
import { TokenCounters } from './token-counting';

/** UTF-16 units of text in a batch: large enough to make messages rare, small enough to stay flat. */
const BATCH_CHARACTERS = 1 << 17;

/** Chunks in a batch: a place takes memory too, and records may be short. */
const BATCH_CHUNKS = 4096;

/** UTF-16 units of a block: extractors hand over less; beyond it something is not what it seems. */
const LARGEST_BLOCK = 1 << 24;

/** Warnings of a document that a person is told one by one. */
const MOST_WARNINGS = 100;

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
  const containers = new OpenContainers();
  const counters = new TokenCounters();
  let next = 1;

  return {
    async identify(ref, context) {
      const found = await containers.find(ref, context);
      const recognised = await recogniseFile(found.file, nameOf(ref));
      const sha256 = await hashOf(found.file, context);
      const known = ref.member === undefined ? { ...ref, sha256 } : ref;
      const inside = await containers.list({ ref: known, found, recognised }, context);
      const { extractor, container } = recognised;
      if (extractor) {
        containers.keep(known, { file: found.file, extractor });
        return { type: extractor.type, sha256, isText: true, ...inside };
      }
      if (inside.members.length + inside.warnings.length === 0) {
        inside.warnings.push('There is no file in it.');
      }
      return { type: container.type, sha256, isText: false, ...inside };
    },

    async open({ source, lineage, chunking, ocr, anchors = [], ...ref }, context) {
      const cutting = await counters.chunkOptions(chunking, ref);
      const { file, extractor } = await containers.take(ref, context);
      const name = nameOf(ref);
      const warnings: string[] = [];
      const warn = (message: string): void => {
        if (warnings.length < MOST_WARNINGS) warnings.push(message);
        else warnings[MOST_WARNINGS] = 'There is more of this kind.';
      };
      const reading: Reading = {
        warnings,
        context,
        chunks: draft(
          cut(
            withinBounds(
              name,
              extractor.extract(file, {
                name,
                assetsUrl: ref.assetsUrl,
                // A document is abandoned by ending its worker or closing its reading.
                signal: context.signal,
                warn,
                password: () =>
                  reading.context.question({ password: askedAs(ref.file, ref.member) }),
                progress: (bytes) => {
                  reading.context.progress(bytes);
                },
                ...(ocr === undefined ? {} : { ocr }),
              }),
              context.signal,
            ),
            anchors,
            { ...cutting, warn },
          ),
          { id: source, name: ref.file.name, type: extractor.type, ...memberOf(ref) },
          { lineage, compressor: await loadCompressor(), count: cutting.count },
        ),
      };
      const first = await batch(reading);
      const id = next++;
      if (!first.end) readings.set(id, reading);
      return { reading: id, first };
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

/**
 * The blocks of a document, as long as each can be held. Parsers are other people's, and so are
 * documents: whatever a parser stumbles over is this document's failure and stops no other.
 * @throws UnsupportedError; CorruptError for what a parser did not expect
 */
async function* withinBounds(
  name: string,
  blocks: AsyncIterable<Block>,
  signal: AbortSignal,
): AsyncGenerator<Block> {
  try {
    for await (const block of blocks) {
      if (block.text.length > LARGEST_BLOCK) {
        throw new UnsupportedError(
          `${name} was not read further: it has a passage of more than 16 million characters.`,
          { subject: name },
        );
      }
      yield block;
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof MemreelError || !(error instanceof Error)) throw error;
    throw new CorruptError(`${name} holds something that cannot be read (${error.message}).`, {
      cause: error,
      subject: name,
    });
  }
}

/** Cuts a document; one that is read again with the passages that it had before. */
function cut(
  blocks: AsyncIterable<Block>,
  anchors: readonly string[],
  options: NonNullable<Parameters<typeof cutAnchored>[2]>,
): AsyncIterable<AnchoredChunk> {
  return anchors.length > 0 ? cutAnchored(blocks, anchors, options) : chunkBlocks(blocks, options);
}

/** What a document is called where its own file is spoken of. */
function nameOf({ file, member }: DocumentRef): string {
  return member ?? file.name;
}

function memberOf({ member }: DocumentRef): { member?: string } {
  return member === undefined ? {} : { member };
}

async function batch(reading: Reading): Promise<ExtractBatch> {
  const chunks: DraftChunk[] = [];
  let characters = 0;
  while (characters < BATCH_CHARACTERS && chunks.length < BATCH_CHUNKS) {
    reading.context.signal.throwIfAborted();
    const { done, value } = await reading.chunks.next();
    if (done) return { chunks, end: { warnings: reading.warnings } };
    chunks.push(value);
    characters += value.text.length;
  }
  return { chunks };
}

async function* draft(
  chunks: AsyncIterable<AnchoredChunk>,
  source: FrameSource,
  {
    lineage,
    compressor,
    count,
  }: { lineage: Lineage; compressor: Compressor; count: CountTokens | undefined },
): AsyncGenerator<DraftChunk> {
  const encoder = new TextEncoder();
  const hash = await hasher();
  const frame = { lineage, capacity: FRAME_CAPACITY, compress: compressor.compress };
  for await (const { anchor, ...chunk } of chunks) {
    const cuts = cutToFit(chunk.text, source, chunk.place, frame);
    if (anchor !== undefined && cuts.length > 0) {
      // In its frame it is already: there it stays whole, with less said of its place.
      const { heading: _, columns: _c, ...place } = chunk.place;
      chunk.place = place;
      cuts.length = 0;
    }
    let from = 0;
    for (const to of [...cuts, chunk.text.length]) {
      const text = chunk.text.slice(from, to);
      const bytes = encoder.encode(text);
      const place = {
        ...chunk.place,
        start: chunk.place.start + from,
        end: chunk.place.start + to,
      };
      const sha256 = hash.init().update(bytes).digest('hex');
      const tokens = count ? { tokens: count(text) } : {};
      const known = anchor === undefined ? {} : { anchor };
      yield { text, place, bytes: bytes.length, sha256, ...tokens, ...known };
      from = to;
    }
  }
}

let shared: Promise<IHasher> | undefined;

/** One for all digests that are made in one step: to make one takes longer than most of them. */
function hasher(): Promise<IHasher> {
  return (shared ??= createSHA256());
}

/** SHA-256 of a file, hex, holding one step of it at a time; each step is a sign of life. */
async function hashOf(
  file: Blob,
  { signal, progress }: CallContext<ExtractProtocol['identify']>,
): Promise<string> {
  if (file.size <= HASH_STEP) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    return (await hasher()).init().update(bytes).digest('hex');
  }
  const hash = await createSHA256();
  for (let at = 0; at < file.size; at += HASH_STEP) {
    signal.throwIfAborted();
    hash.update(new Uint8Array(await file.slice(at, at + HASH_STEP).arrayBuffer()));
    progress(0);
  }
  return hash.digest('hex');
}
