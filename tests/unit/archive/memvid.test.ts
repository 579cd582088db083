/** memvid v1's files: read as it wrote them, written as it reads them. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CorruptError } from '../../../src/lib/errors';
import { decodeFaiss, encodeFaiss } from '../../../src/lib/archive/memvid-faiss';
import { decodeMemvidFrame, encodeMemvidFrame } from '../../../src/lib/archive/memvid-frame';
import { memvidIndexLines, parseMemvidIndex } from '../../../src/lib/archive/memvid-index';

const samples = path.join(process.env['MEMREEL_CORPORA'] ?? '../shared', 'samples', 'memvid-v1');
const names = ['early', 'later', 'later-h264'];
const config = { codec: 'mp4v', fps: 30, side: 708, version: 40 };

const joined = async (pieces: Iterable<Uint8Array>): Promise<Uint8Array> =>
  new Uint8Array(await new Blob([...pieces] as Uint8Array<ArrayBuffer>[]).arrayBuffer());

describe('what memvid wrote', () => {
  test.skipIf(!existsSync(samples)).each(names)(
    '%s: its vectors come out byte for byte',
    async (name) => {
      const bytes = new Uint8Array(await readFile(path.join(samples, `${name}_index.faiss`)));
      const { dimensions, ids, vectors } = decodeFaiss(bytes);
      const index = parseMemvidIndex(
        await readFile(path.join(samples, `${name}_index.json`), 'utf8'),
      );
      expect(ids).toEqual(index.entries.map(({ id }) => id));
      expect(await joined(encodeFaiss(dimensions, ids, [vectors]))).toEqual(bytes);
      for (let at = 0; at < bytes.length; at += 1000) {
        expect(() => decodeFaiss(bytes.subarray(0, at))).toThrow(CorruptError);
      }
    },
  );
});

describe('laws', () => {
  test('an index that is written is read as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), (texts) => {
        const entries = texts.map((text, id) => ({ id, text, frame: id }));
        const written = [...memvidIndexLines(entries, config)].join('');
        expect(parseMemvidIndex(written).entries).toEqual(entries);
      }),
    );
  });

  test('a frame says what was put into it, as ASCII alone', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        fc.string({ unit: 'grapheme', maxLength: 400 }),
        async (id, text) => {
          const frame = await encodeMemvidFrame({ id, text, frame: id });
          expect(frame).toMatch(/^[ -~]*$/u);
          expect(await decodeMemvidFrame(new TextEncoder().encode(frame))).toEqual({
            id,
            text,
            frame: id,
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  test('a frame that unfolds to megabytes is refused', async () => {
    const stream = new Blob(['{"id":1,"frame":1,"text":"', 'a'.repeat(8 << 20), '"}'])
      .stream()
      .pipeThrough(new CompressionStream('gzip'));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    const bomb = `GZ:${Buffer.from(bytes).toString('base64')}`;
    await expect(decodeMemvidFrame(new TextEncoder().encode(bomb))).rejects.toThrow(CorruptError);
  });

  test.each(['', '{}', 'GZ:', 'GZ:####', '{"id":-1,"text":"a","frame":0}', 'null', '\u00ff'])(
    'the payload %j is no frame of memvid’s',
    async (payload) => {
      await expect(decodeMemvidFrame(new TextEncoder().encode(payload))).rejects.toThrow(
        CorruptError,
      );
    },
  );

  test.each(['{', '[]', '{"metadata":{}}', '{"metadata":[{"id":"1","text":"a","frame":0}]}'])(
    '%j is no index of memvid’s',
    (text) => {
      expect(() => parseMemvidIndex(text)).toThrow(CorruptError);
    },
  );
});
