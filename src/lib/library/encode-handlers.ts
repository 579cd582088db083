/** The encoding worker's work: chunks into frame payloads, payloads into encoded frames. */
import { Transferred, type Handlers } from '../rpc/protocol';
import { loadCompressor } from '../shard/compression';
import { packChunks } from '../shard/pack';
import { chunkUuid } from '../shard/uuid';
import { encodeFrames, type EncodedFrames } from '../video/encode';
import { FRAME_CAPACITY } from '../video/profile';
import type { EncodeProtocol } from './protocol';

export function encodeHandlers(): Handlers<EncodeProtocol> {
  return {
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
      const encoded = await encodeFrames(profile, payloads, { signal, onFrame: progress });
      const described = await Promise.all(
        frames.map(async (frame) => ({
          chunks: frame.chunks,
          uuids: await Promise.all(frame.chunks.map((_, slot) => chunkUuid(frame.seed, slot))),
          bytes: frame.bytes,
        })),
      );
      return new Transferred({ encoded, payloads, frames: described, rest }, [
        ...buffersOf(encoded),
        ...payloads.map((payload) => payload.buffer),
      ]);
    },

    async again({ profile, payloads, caution }, { signal, progress }) {
      const encoded = await encodeFrames(profile, payloads, { signal, caution, onFrame: progress });
      return new Transferred(encoded, buffersOf(encoded));
    },
  };
}

/** The samples' buffers, each once: an encoder may have cut them from one. */
function buffersOf(encoded: EncodedFrames): ArrayBufferLike[] {
  return [...new Set(encoded.samples.map((sample) => sample.buffer))];
}
