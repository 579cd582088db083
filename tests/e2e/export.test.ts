/**
 * The promise to other people's readers: an exported MP4, played by a plain <video>, read by zxing,
 * unfolded by Node's brotli, parsed as JSON. None of our own reading code is in the way.
 */
import { brotliDecompressSync, inflateSync } from 'node:zlib';
import { expect, test } from '@playwright/test';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import { exportFile } from './exchange';
import { expectSound, openApp, passages } from './memreel';

test.beforeAll(async () => {
  const wasm = createRequire(import.meta.url).resolve('zxing-wasm/reader/zxing_reader.wasm');
  const { buffer } = new Uint8Array(await readFile(wasm));
  prepareZXingModule({ overrides: { wasmBinary: buffer } });
});

for (const profile of ['compact', 'universal'] as const) {
  test(`${profile}: every frame of the exported MP4 says its chunks to anyone`, async ({
    page,
  }) => {
    await openApp(page);
    const texts = passages(60);
    const frames = await page.evaluate(
      async ([wanted, given]) => {
        const shard = await window.memreel?.create({ name: 'Open / film', profile: wanted });
        await shard?.ingest([new File(given.slice(0, 30), 'first.txt')]);
        await shard?.ingest([new File(given.slice(30), 'second.txt')]);
        const file = await shard?.export({ format: 'mp4' });
        if (!(file instanceof File)) throw new Error('There is no file.');
        const video = document.createElement('video');
        video.muted = true;
        document.body.append(video);
        const loaded = new Promise((resolve, reject) => {
          video.onloadeddata = resolve;
          video.onerror = () => {
            reject(new Error(video.error?.message));
          };
        });
        video.src = URL.createObjectURL(file);
        await loaded;
        const count = (await shard?.stats())?.frames ?? 0;
        const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
        const context = canvas.getContext('2d', { willReadFrequently: true });
        const pictures: string[] = [];
        for (let at = 0; at < count; at++) {
          // `seeked` may come before the picture: a frame that is shown says which one it is.
          const shown = new Promise<number>((resolve) => {
            video.requestVideoFrameCallback((_, { mediaTime }) => {
              resolve(mediaTime);
            });
          });
          video.currentTime = at / 2 + 0.25;
          const time = await shown;
          if (Math.round(time * 2) !== at)
            throw new Error(`Frame ${String(at)} came at ${String(time)}`);
          context?.drawImage(video, 0, 0);
          const png = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
          pictures.push(btoa(Array.from(png, (byte) => String.fromCharCode(byte)).join('')));
        }
        return { name: file.name, count, duration: video.duration, pictures };
      },
      [profile, texts] as const,
    );
    expect(frames.name).toBe('Open - film.mp4');
    expect(frames.duration).toBeCloseTo(frames.count / 2, 3);

    const chunks: [order: string, text: string][] = [];
    for (const picture of frames.pictures) {
      const [symbol] = await readBarcodes(Buffer.from(picture, 'base64'), { formats: ['QRCode'] });
      const payload = Buffer.from(symbol?.bytes ?? []);
      const stream = payload.subarray(1);
      const json =
        payload.toString('latin1', 0, 1) === 'B'
          ? brotliDecompressSync(stream)
          : inflateSync(stream);
      const [format, , , , rows] = JSON.parse(json.toString('utf8')) as [
        string,
        string,
        string,
        unknown,
        [string, number, unknown, string][],
      ];
      expect(format).toBe('memreel/1');
      for (const [order, , , text] of rows) chunks.push([order, text]);
    }
    chunks.sort(([a], [b]) => (a < b ? -1 : 1));
    expect(chunks.map(([, text]) => text).join('')).toBe(texts.join(''));
    await expectSound(page);
  });
}

test('the open formats are what they are called', async ({ page }) => {
  await openApp(page);
  const given = passages(5);
  const dimensions = await page.evaluate(async (texts) => {
    const shard = await window.memreel?.create({ name: 'Open formats' });
    await shard?.ingest([new File(texts, 'passages.txt')]);
    const model = (await shard?.info())?.model;
    return (await window.memreel?.models())?.find(({ id }) => id === model)?.dimensions;
  }, given);
  const bytesOf = async (format: Parameters<typeof exportFile>[2]): Promise<Buffer> =>
    readFile(await (await exportFile(page, 'Open formats', format)).path());

  const lines = (await bytesOf('JSON Lines')).toString('utf8').trimEnd().split('\n');
  const texts = lines.map((line) => (JSON.parse(line) as { text: string }).text);
  expect(texts.join('')).toBe(given.join(''));

  const npy = await bytesOf('Vectors (.npy)');
  expect(npy.toString('latin1', 1, 6)).toBe('NUMPY');
  expect(npy.length - 10 - npy.readUInt16LE(8)).toBe(4 * texts.length * (dimensions ?? 0));

  const markdown = await bytesOf('Markdown');
  expect(markdown.toString('latin1', 0, 4)).toBe('PK\u0003\u0004');
  expect(markdown.toString('latin1')).toContain('passages.txt.md');
});

test('an empty shard is not exported', async ({ page }) => {
  await openApp(page);
  const error = await page.evaluate(async () => {
    const shard = await window.memreel?.create({ name: 'Empty' });
    return shard
      ?.export({ format: 'mp4' })
      .catch((caught: unknown) => (caught as { code?: string }).code);
  });
  expect(error).toBe('invalid');
});
