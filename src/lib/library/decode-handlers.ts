/** The decoding worker's work: frames of a segment into texts, checks and pictures. */
import { CorruptError } from '../errors';
import { Transferred, type Handlers } from '../rpc/protocol';
import { loadCompressor } from '../shard/compression';
import { decodeFrame } from '../shard/payload';
import { probeProfile } from '../video/probe';
import { FrameReader } from '../video/read';
import { hex } from './hex';
import type { DecodeProtocol, ReadFrame, SegmentFile } from './protocol';
import { videoSelfCheck } from './video-self-check';

export function decodeHandlers(): Handlers<DecodeProtocol> {
  const reader = new FrameReader();
  /** What is kept of a segment that failed may be what failed: the next call begins with the file. */
  const reading = async <T>(
    { id, file }: SegmentFile,
    work: (id: string) => Promise<T>,
  ): Promise<T> => {
    try {
      await reader.open(id, file);
      return await work(id);
    } catch (error) {
      reader.close(id);
      throw error;
    }
  };

  return {
    async read({ segment, frames }, { signal }) {
      const compressor = await loadCompressor();
      return reading(segment, async (id) => {
        const payloads: [index: number, payload: Uint8Array][] = [];
        await reader.readPayloads(id, frames, {
          signal,
          onPayload: (index, payload) => payloads.push([index, payload]),
        });
        return Promise.all(
          payloads.map(async ([index, payload]): Promise<ReadFrame> => {
            const frame = await decodeFrame(await compressor.decompress(payload));
            return { index, chunks: frame.chunks.map(({ uuid, text }) => ({ uuid, text })) };
          }),
        );
      });
    },

    async verify({ segment, from, digests }, { signal, progress }) {
      const bad: { frame: number; message: string }[] = [];
      const expected = digests.map((_, at) => from + at);
      const compared: Promise<void>[] = [];
      const seen = new Set<number>();
      const compare = async (index: number, payload: Uint8Array<ArrayBuffer>): Promise<void> => {
        const digest = hex(await crypto.subtle.digest('SHA-256', payload));
        if (digest !== digests[index - from]) {
          bad.push({ frame: index, message: 'The frame holds other bytes than were drawn.' });
        }
      };
      try {
        await reading(segment, (id) =>
          reader.readPayloads(id, expected, {
            signal,
            onPayload: (index, payload) => {
              seen.add(index);
              compared.push(compare(index, payload.slice()));
              if (seen.size % 8 === 0) progress(seen.size);
            },
          }),
        );
      } catch (error) {
        if (!(error instanceof CorruptError)) throw error;
        const frame = expected.find((index) => !seen.has(index)) ?? from;
        bad.push({ frame, message: error.message });
      }
      await Promise.all(compared);
      return bad;
    },

    async picture({ segment, frame }) {
      const picture = await reading(segment, (id) => reader.picture(id, frame));
      return new Transferred(picture, [picture]);
    },

    async probe({ profile }) {
      const began = performance.now();
      const { works, detail } = await probeProfile(profile);
      return { works, detail, milliseconds: performance.now() - began };
    },

    selfCheck: () => videoSelfCheck(),
  };
}
