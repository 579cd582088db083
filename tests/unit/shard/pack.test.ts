import { randomBytes, randomUUID } from 'node:crypto';
import { brotliCompressSync, constants, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidError } from '../../../src/lib/errors';
import { newLineage, newSourceId } from '../../../src/lib/shard/ids';
import { ordersBetween } from '../../../src/lib/shard/order';
import type { ChunkUuid } from '../../../src/lib/shard/ids';
import { cutToFit, packChunks, type PackOptions } from '../../../src/lib/shard/pack';
import { encodeFrame, type FrameChunk } from '../../../src/lib/shard/payload';

const CAPACITY = 2953;
const SEED = new Uint8Array(16);

// Node's own zlib and brotli: the packer does not care which compressor it is given.
const options: PackOptions = {
  lineage: newLineage(),
  capacity: CAPACITY,
  compress: (content) => brotli(content, 5),
  estimate: (content) => brotli(content, 1).length,
};

function brotli(content: Uint8Array, quality: number): Uint8Array {
  return brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } });
}

const source = { id: newSourceId(), name: 'a.txt', type: 'text/plain' };

function chunksOf(texts: readonly string[]): FrameChunk[] {
  const orders = ordersBetween(null, null, texts.length);
  let start = 0;
  return texts.map((text, at) => {
    const place = { start, end: (start += text.length) };
    return { order: orders[at] ?? '', source, place, text };
  });
}

const words = fc
  .array(fc.constantFrom('wing', 'lift', 'slipstream', 'flutter', 'of', 'the', '流れ', '€'), {
    minLength: 1,
    maxLength: 250,
  })
  .map((list) => list.join(' '));
const noise = fc
  .uint8Array({ minLength: 200, maxLength: 1000 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));
const texts = fc.array(fc.oneof(words, noise), { minLength: 1, maxLength: 80 });

describe('packing', () => {
  test('puts every chunk into exactly one frame, and no frame above its capacity', () => {
    fc.assert(
      fc.property(texts, (given) => {
        const { frames, rest } = packChunks(chunksOf(given), options);
        expect(rest).toEqual([]);
        for (const frame of frames) expect(frame.payload.length).toBeLessThanOrEqual(CAPACITY);
        const packed = frames.flatMap((frame) => [...frame.chunks]).sort((a, b) => a - b);
        expect(packed).toEqual(given.map((_, at) => at));
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });

  test('leaves out no more than one frame would hold, and nothing else', () => {
    fc.assert(
      fc.property(texts, (given) => {
        const { frames, rest } = packChunks(chunksOf(given), { ...options, leaveRest: true });
        const packed = [...frames.flatMap((frame) => [...frame.chunks]), ...rest];
        expect(packed.sort((a, b) => a - b)).toEqual(given.map((_, at) => at));
        if (rest.length === 0) return;
        const left = chunksOf(rest.map((at) => given[at] ?? ''));
        const together = encodeFrame({ lineage: options.lineage, seed: SEED, chunks: left });
        // Noise among words throws the estimate off by a fifth at most.
        expect(options.compress(together).length).toBeLessThan(CAPACITY * 1.25);
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });

  test('fills frames: less than a tenth of English text’s capacity stays empty', () => {
    const sentence = fc.sample(words, { numRuns: 400, seed: 1 });
    const { frames } = packChunks(chunksOf(sentence), options);
    const full = frames.slice(0, -1);
    const unfilled = full.reduce((sum, frame) => sum + frame.bytes.unfilled, 0);
    expect(unfilled / (full.length * CAPACITY)).toBeLessThan(0.1);
    for (const { bytes } of full) {
      expect(bytes.text + bytes.metadata + bytes.unfilled).toBe(CAPACITY);
    }
  });

  test('depends on chunks, options and seeds alone', () => {
    const given = chunksOf(fc.sample(words, { numRuns: 50, seed: 2 }));
    const seeded = (): PackOptions => {
      let next = 0;
      return { ...options, seed: () => new Uint8Array(16).fill(next++) };
    };
    expect(packChunks(given, seeded())).toEqual(packChunks(given, seeded()));
  });

  test('refuses a chunk that no frame can hold', () => {
    const huge = Buffer.from(fc.sample(fc.uint8Array({ minLength: 9000 }), 1)[0] ?? []);
    expect(() => packChunks(chunksOf([huge.toString('base64')]), options)).toThrow(InvalidError);
  });
});

describe('cutting to fit', () => {
  test('cuts nothing that fits', () => {
    expect(cutToFit('A short text.', source, null, options)).toEqual([]);
  });

  test('the pieces are the text, each fits alone, and no grapheme is split', () => {
    const grapheme = fc.string({ unit: 'grapheme', minLength: 800, maxLength: 2500 });
    const bytes = fc
      .uint8Array({ minLength: 3000, maxLength: 9000 })
      .map((list) => Buffer.from(list).toString('base64'));
    const segmenter = new Intl.Segmenter('und', { granularity: 'grapheme' });
    fc.assert(
      fc.property(fc.oneof(grapheme, bytes), (text) => {
        const ends = [...cutToFit(text, source, null, options), text.length];
        const pieces = ends.map((end, at) => text.slice(at === 0 ? 0 : ends[at - 1], end));
        expect(pieces.join('')).toBe(text);
        for (const chunk of chunksOf(pieces)) {
          const { frames } = packChunks([chunk], options);
          expect(frames).toHaveLength(1);
        }
        const starts = new Set([...segmenter.segment(text)].map(({ index }) => index));
        for (const cut of ends.slice(0, -1)) expect(starts.has(cut)).toBe(true);
      }),
      { numRuns: 15, endOnFailure: true },
    );
  });

  test('the longest text that fits does so with a UUID of its own, as when it is drawn anew', () => {
    const noise = randomBytes(6000).toString('base64');
    const fits = (length: number): boolean =>
      cutToFit(noise.slice(0, length), source, null, options).length === 0;
    let longest = 2000;
    for (let step = 4096; step >= 1; step /= 2) if (fits(longest + step)) longest += step;
    for (const chunk of chunksOf([noise.slice(0, longest)])) {
      const uuid = randomUUID() as ChunkUuid;
      expect(packChunks([{ ...chunk, uuid }], options).frames).toHaveLength(1);
    }
  });

  test('a grapheme that no frame can hold is an error', () => {
    const zalgo = `a${Array.from({ length: 9000 }, (_, at) => String.fromCharCode(0x300 + ((at * 7919) % 112))).join('')}`;
    const tiny = {
      ...options,
      capacity: 300,
      compress: (content: Uint8Array) => deflateSync(content),
    };
    expect(() => cutToFit(zalgo, source, null, tiny)).toThrow(InvalidError);
  });
});
