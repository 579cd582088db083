/** The decoding worker's work: frames of a segment into texts, checks and pictures. */
import { decodeMemvidFrame } from '../../archive/memvid-frame';
import type { MemvidEntry } from '../../archive/memvid-index';
import { CorruptError } from '../../errors';
import { readPicture } from '../../qr';
import { Transferred, type Handlers } from '../../rpc/protocol';
import { loadCompressor, type Compressor } from '../../shard/compression';
import { decodeFrame, type DecodedFrame } from '../../shard/payload';
import { CopyReader } from '../../video/copy-reader';
import type { Luma } from '../../video/decode';
import { openForeign, readForeign } from '../../video/foreign';
import { encodeForeign } from '../../video/foreign-encoder';
import { probeProfile } from '../../video/probe';
import { FrameReader } from '../../video/read';
import { hex } from '../hex';
import type { CopiedFrame, DecodeProtocol, ReadFrame, SegmentFile } from '../protocol';
import { videoSelfCheck } from './video-self-check';

export function decodeHandlers(): Handlers<DecodeProtocol> {
  const reader = new FrameReader();
  const copyReader = new CopyReader();
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

    async recover({ segment: { id, file }, frames }, { signal, progress }) {
      const compressor = await loadCompressor();
      await reader.open(id, file);
      const payloads = new Map<number, Uint8Array>();
      const onPayload = (index: number, payload: Uint8Array): void => {
        payloads.set(index, payload.slice());
      };
      const tried = new Set<number>();
      try {
        for (let at = 0; at < frames.length; at += RECOVERED_AT_ONCE) {
          const some = frames.slice(at, at + RECOVERED_AT_ONCE);
          try {
            await reader.readPayloads(id, some, { signal, onPayload });
          } catch (error) {
            if (!(error instanceof CorruptError)) throw error;
            // One of them: each by itself tells which.
            for (const index of some) {
              if (payloads.has(index)) continue;
              try {
                await reader.readPayloads(id, [index], { signal, onPayload });
              } catch (failure) {
                if (!(failure instanceof CorruptError)) throw failure;
              }
            }
          }
          for (const index of some) tried.add(index);
          progress(tried.size);
        }
      } finally {
        reader.close(id); // the file may be a temporary one
      }
      return Promise.all(
        frames.map(async (index) => {
          const payload = payloads.get(index);
          return { index, frame: payload ? await frameOrNull(payload, compressor) : null };
        }),
      );
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

    foreign: ({ file }, { signal }) => openForeign(file, signal),

    async memvid({ file, video, from, to }, { signal, progress }) {
      const entries: MemvidEntry[] = [];
      let seen = 0;
      const onLuma = async ({ data, width, height }: Luma): Promise<void> => {
        const found = await readPicture(data, width, height);
        const entry = found && (await memvidEntryOrNull(found.payload));
        if (entry) entries.push(entry);
        progress(++seen);
      };
      await readForeign(file, video, { from, to, signal, onLuma });
      return entries;
    },

    async copies({ file, video, from, to }, { signal }) {
      const compressor = await loadCompressor();
      const copies: CopiedFrame[] = [];
      let index = from;
      const onLuma = async (luma: Luma): Promise<void> => {
        const symbol = await copyReader.read(luma);
        const frame = symbol && (await frameOrNull(symbol.payload, compressor));
        if (frame) {
          const { payload, profile } = symbol;
          copies.push({ index, frame, profile, payload: payload.slice() });
        }
        index++;
      };
      await readForeign(file, video, { from, to, signal, onLuma });
      return new Transferred(
        copies,
        copies.map(({ payload }) => payload.buffer),
      );
    },

    async drawMemvid({ payloads }, { signal }) {
      const drawn = await encodeForeign(payloads, signal);
      return new Transferred(drawn, [...new Set(drawn.samples.map(({ buffer }) => buffer))]);
    },

    async probe({ profile }) {
      const began = performance.now();
      const { works, detail } = await probeProfile(profile);
      return { works, detail, milliseconds: performance.now() - began };
    },

    selfCheck: () => videoSelfCheck(),
  };
}

/** What a symbol says; null where memvid did not write it. */
async function memvidEntryOrNull(payload: Uint8Array): Promise<MemvidEntry | null> {
  try {
    return await decodeMemvidFrame(payload);
  } catch (error) {
    if (error instanceof CorruptError) return null;
    throw error;
  }
}

/** Frames that are read in one go as long as all of them can be. */
const RECOVERED_AT_ONCE = 32;

/** What a payload says; null where it is not one of ours. */
async function frameOrNull(
  payload: Uint8Array,
  compressor: Compressor,
): Promise<DecodedFrame | null> {
  try {
    return await decodeFrame(await compressor.decompress(payload));
  } catch (error) {
    if (error instanceof CorruptError) return null;
    throw error;
  }
}
