/**
 * The library's engines without workers, for Node: real extraction, packing, model and search. Only
 * the pixels are left out, for Node has no video codec: a sample is its payload. Everything else of
 * a segment is real: the MP4, its tables, the payloads and their compression.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CorruptError, NotFoundError, UnsupportedError } from '../../../src/lib/errors';
import { readModelFiles } from '../../../src/lib/embedding/model-files';
import { parseStaticModel } from '../../../src/lib/embedding/static-model';
import type { Engines } from '../../../src/lib/library/engines';
import { extractHandlers } from '../../../src/lib/library/ingest/extract-handlers';
import { hex } from '../../../src/lib/library/hex';
import type {
  DecodeProtocol,
  EmbedProtocol,
  EncodeProtocol,
  SegmentFile,
} from '../../../src/lib/library/protocol';
import { searchHandlers } from '../../../src/lib/library/asking/search-handlers';
import type { Handlers } from '../../../src/lib/rpc/protocol';
import { callDirectly } from '../../../src/lib/rpc/server';
import { loadCompressor } from '../../../src/lib/shard/compression';
import { packChunks } from '../../../src/lib/shard/pack';
import { decodeFrame } from '../../../src/lib/shard/payload';
import { chunkUuid } from '../../../src/lib/shard/uuid';
import { av1Codec } from '../../../src/lib/video/codec-config';
import type { EncodedFrames } from '../../../src/lib/video/encode';
import { openMp4 } from '../../../src/lib/video/mp4-index';
import { FRAME_CAPACITY } from '../../../src/lib/video/profile';

/** An `av1C` box's content: version 1, profile 0, level 4.0, 8-bit 4:2:0 (AV1-ISOBMFF, 2.3.3). */
const AV1_CONFIG = Uint8Array.of(0x81, 0x04, 0x0c, 0x00);

const encoded = (samples: Uint8Array[], decoderConfig: Uint8Array): EncodedFrames => ({
  profile: 'compact',
  codec: av1Codec(decoderConfig),
  decoderConfig,
  samples,
});

/** Spoils samples before they are stored, by the caution they are encoded with. */
export type Spoil = (samples: Uint8Array[], caution: 0 | 1 | 2) => void;

export interface NodeEngines extends Engines {
  /** What was asked of the model, for tests of context. */
  readonly embedded: string[];
  /** What the encoder says of itself; that of another browser may differ. */
  configuration: Uint8Array;
}

export function enginesInNode({ spoil }: { spoil?: Spoil } = {}): NodeEngines {
  const embedded: string[] = [];
  const engines: NodeEngines = {
    lanes: 2,
    embedded,
    configuration: AV1_CONFIG,
    extract: () => ({ ...callDirectly(extractHandlers()), giveBack: () => undefined }),
    encode: callDirectly(encodeHandlers(() => engines.configuration, spoil)),
    decode: callDirectly(decodeHandlers()),
    embed: callDirectly(embedHandlers(embedded)),
    search: callDirectly(searchHandlers()),
    warm: () => undefined,
    close: () => undefined,
  };
  return engines;
}

function encodeHandlers(
  configuration: () => Uint8Array,
  spoil: Spoil = () => undefined,
): Handlers<EncodeProtocol> {
  const code = (payloads: Uint8Array[], caution: 0 | 1 | 2): EncodedFrames => {
    const samples = payloads.map((payload) => payload.slice());
    spoil(samples, caution);
    return encoded(samples, configuration());
  };
  return {
    warm: () => Promise.resolve(),
    async pack({ lineage, chunks, leaveRest }, { progress }) {
      const compressor = await loadCompressor();
      const { compress, estimate } = compressor;
      const capacity = FRAME_CAPACITY;
      const { frames, rest } = packChunks(chunks, {
        lineage,
        capacity,
        compress,
        estimate,
        leaveRest,
      });
      const payloads = frames.map((frame) => frame.payload);
      progress(payloads.length);
      return {
        encoded: payloads.length > 0 ? code(payloads, 0) : null,
        payloads,
        rest,
        frames: await Promise.all(
          frames.map(async ({ seed, chunks: taken, bytes }) => ({
            bytes,
            chunks: taken,
            uuids: await Promise.all(
              taken.map(async (at, slot) => chunks[at]?.uuid ?? chunkUuid(seed, slot)),
            ),
          })),
        ),
      };
    },
    again: ({ payloads, caution }) => Promise.resolve(code(payloads, caution)),
    combine: searchHandlers().combine,
  };
}

function decodeHandlers(): Handlers<DecodeProtocol> {
  const payloadsOf = async (
    { file }: SegmentFile,
    frames: readonly number[],
  ): Promise<Uint8Array[]> => {
    const mp4 = await openMp4(file);
    return Promise.all(frames.map((frame) => mp4.sample(frame)));
  };
  return {
    async read({ segment, frames }) {
      const payloads = await payloadsOf(segment, frames);
      const compressor = await loadCompressor();
      return Promise.all(
        payloads.map(async (payload, at) => {
          const { chunks } = await decodeFrame(await compressor.decompress(payload));
          return {
            index: frames[at] ?? -1,
            chunks: chunks.map(({ uuid, text }) => ({ uuid, text })),
          };
        }),
      );
    },
    async recover({ segment, frames }) {
      const compressor = await loadCompressor();
      return Promise.all(
        frames.map(async (index) => {
          const [payload] = await payloadsOf(segment, [index]);
          try {
            const content = await compressor.decompress(payload ?? new Uint8Array());
            return { index, frame: await decodeFrame(content) };
          } catch (error) {
            if (!(error instanceof CorruptError)) throw error;
            return { index, frame: null };
          }
        }),
      );
    },
    async verify({ segment, from, digests }) {
      const payloads = await payloadsOf(
        segment,
        digests.map((_, at) => from + at),
      );
      const bad: { frame: number; message: string }[] = [];
      for (const [at, payload] of payloads.entries()) {
        const digest = hex(await crypto.subtle.digest('SHA-256', payload.slice()));
        if (digest !== digests[at]) bad.push({ frame: from + at, message: 'other bytes' });
      }
      return bad;
    },
    picture: () => Promise.reject(new NotFoundError('Node has no pictures.')),
    foreign: () => Promise.reject(new UnsupportedError('Node has no codecs.')),
    copies: () => Promise.reject(new UnsupportedError('Node has no codecs.')),
    memvid: () => Promise.reject(new UnsupportedError('Node has no codecs.')),
    drawMemvid: () => Promise.reject(new UnsupportedError('Node has no codecs.')),
    probe: () => Promise.resolve({ works: true, detail: 'no pixels', milliseconds: 0 }),
    selfCheck: () => Promise.resolve([]),
  };
}

function embedHandlers(embedded: string[]): Handlers<EmbedProtocol> {
  const folder = path.resolve('public/models/static-en');
  const loading = Promise.all(
    ['config.json', 'vocab.txt', 'embeddings.i4.bin', 'scales.f16.bin'].map((name) =>
      readFile(path.join(folder, name)),
    ),
  ).then(([config, vocabulary, weights, scales]) => {
    if (!config || !vocabulary || !weights || !scales) throw new Error('The model lacks a file.');
    return parseStaticModel(
      JSON.parse(config.toString()),
      vocabulary.toString(),
      new Uint8Array(weights),
      new Uint8Array(scales),
    );
  });
  return {
    async embed({ texts, kind, brought }) {
      // Any larger model is the built-in one here; its files are those that it says.
      if (brought) await readModelFiles(brought.spec, brought.files);
      if (kind === 'passage') embedded.push(...texts);
      const model = await loading;
      return { vectors: await model.embed(texts, kind), dimensions: model.dimensions };
    },
    selfCheck: () => Promise.resolve([]),
  };
}
