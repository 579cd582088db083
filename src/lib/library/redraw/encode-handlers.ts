/** The encoding worker's work: chunks into frame payloads, payloads into encoded frames. */
import { Transferred, type Handlers } from '../../rpc/protocol';
import { loadCompressor } from '../../shard/compression';
import { packChunks } from '../../shard/pack';
import { chunkUuid } from '../../shard/uuid';
import { encodeFrames, warmEncoder, type EncodedFrames } from '../../video/encode';
import { FRAME_CAPACITY } from '../../video/profile';
import type { EncodeProtocol } from '../protocol';

export function encodeHandlers(): Handlers<EncodeProtocol> {
  return {
    warm({ profile }) {
      warmEncoder(profile);
      return Promise.resolve();
    },

    async pack({ profile, lineage, chunks, leaveRest }, { signal, progress }) {
      const compressor = await loadCompressor();
      const { frames, rest } = packChunks(chunks, {
        lineage,
        leaveRest,
        capacity: FRAME_CAPACITY,
        compress: compressor.compress,
        estimate: compressor.estimate,
      });
      signal.throwIfAborted();
      const payloads = frames.map((frame) => frame.payload);
      const encoded =
        payloads.length > 0
          ? await encodeFrames(profile, payloads, { signal, onFrame: progress })
          : null;
      const described = await Promise.all(
        frames.map(async (frame) => ({
          chunks: frame.chunks,
          uuids: await Promise.all(
            frame.chunks.map(async (at, slot) => chunks[at]?.uuid ?? chunkUuid(frame.seed, slot)),
          ),
          bytes: frame.bytes,
        })),
      );
      return new Transferred({ encoded, payloads, frames: described, rest }, [
        ...(encoded ? buffersOf(encoded) : []),
        ...payloads.map((payload) => payload.buffer),
      ]);
    },

    async again({ profile, payloads, caution }, { signal, progress }) {
      const encoded = await encodeFrames(profile, payloads, { signal, caution, onFrame: progress });
      return new Transferred(encoded, buffersOf(encoded));
    },

    async combine(args, context) {
      const { searchHandlers } = await import('../asking/search-handlers'); // an ingest does not need it
      return searchHandlers().combine(args, context);
    },
  };
}

/** The samples' buffers, each once: an encoder may have cut them from one. */
function buffersOf(encoded: EncodedFrames): ArrayBufferLike[] {
  return [...new Set(encoded.samples.map((sample) => sample.buffer))];
}
