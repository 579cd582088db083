/** Pictures of text in the built app: under its policy, from its own origin, when a person asks. */
import { expect, test, type Page } from '@playwright/test';
import { pdfOfPicture } from '../fixtures/text/tiny-pdf';
import { openApp } from './memreel';

test('reads a picture with the engine and the data that the app serves, only when asked', async ({
  page,
  baseURL,
}) => {
  const errors: string[] = [];
  const asked: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('request', (request) => {
    if (!/^(blob|data):/.test(request.url())) asked.push(request.url());
  });
  await openApp(page);
  const picture = [...(await pictureOf(page, 'The walrus keeps a diary in Reykjavik.'))];
  const report = (languages: string[]) =>
    page.evaluate(
      async ({ picture, languages }) => {
        if (!window.memreel) throw new Error('There is no library.');
        const file = new File([Uint8Array.from(picture)], 'photo.png', { type: 'image/png' });
        const shard = await window.memreel.create({ name: 'Photos' });
        const options = languages.length > 0 ? { ocr: { languages } } : {};
        const { files } = await shard.ingest([file], options);
        const hits = files[0]?.chunks ? await shard.search('walrus diary') : [];
        return { files, text: hits[0]?.text };
      },
      { picture, languages },
    );

  const unasked = await report([]);
  expect(unasked.files[0]?.error?.message).toContain('photo.png is an image');
  expect(asked.filter((url) => /tesseract|traineddata/.test(url))).toEqual([]);

  const languages = await page.evaluate(() => window.memreel?.ocr());
  expect(languages).toEqual([{ id: 'eng', name: 'English', bytes: 2_952_873, state: 'served' }]);
  const read = await report(['eng']);
  expect(read.files[0]?.error).toBeUndefined();
  expect(read.text).toContain('The walrus keeps a diary in Reykjavik.');
  expect(read.files[0]?.warnings).toEqual([expect.stringContaining('may misread')]);
  expect(asked.filter((url) => !url.startsWith(String(baseURL)))).toEqual([]);
  expect(errors).toEqual([]);
});

test('keeps the data of another language, and refuses what is none', async ({ page }) => {
  await openApp(page);
  const refused = await page.evaluate(async () => {
    const file = new File(['no data'], 'deu.traineddata');
    const error = await window.memreel?.addOcrLanguage(file).catch((reason: unknown) => reason);
    return error instanceof Error ? error.message : error;
  });
  expect(refused).toContain('deu.traineddata is damaged');
  expect(await page.evaluate(() => window.memreel?.ocr())).toHaveLength(1);
});

test('a person ticks a box on the Add screen, and finds what a picture says', async ({ page }) => {
  await openApp(page);
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Add documents' }).first().click();
  await (
    await chooser
  ).setFiles({
    name: 'photo.png',
    mimeType: 'image/png',
    buffer: await pictureOf(page, 'The walrus keeps a diary in Reykjavik.'),
  });
  await page.getByText('Options', { exact: true }).click();
  await page.getByRole('checkbox', { name: /^Read pictures of text/ }).check();
  await page.getByRole('button', { name: 'Add documents' }).click();
  await page.getByRole('link', { name: 'Ask it something' }).click();
  await page.getByRole('searchbox', { name: 'Search' }).fill('walrus');
  const results = page.getByRole('list', { name: 'Results' });
  await expect(results.getByRole('listitem').first()).toContainText('diary in Reykjavik');
});

test('a scan that was added without it is read when it is added again', async ({ page }) => {
  await openApp(page);
  const size = { width: 900, height: 1200 };
  const jpeg = await pictureOf(page, 'The walrus keeps a diary in Reykjavik.', size);
  const pdf = [...pdfOfPicture(jpeg, size, 'Scanned in May')];
  const [plain, read] = await page.evaluate(async (bytes) => {
    if (!window.memreel) throw new Error('There is no library.');
    const scan = new File([Uint8Array.from(bytes)], 'scan.pdf', { type: 'application/pdf' });
    const shard = await window.memreel.create({ name: 'Scans' });
    const reports = [await shard.ingest([scan])];
    reports.push(await shard.ingest([scan], { ocr: { languages: ['eng'] } }));
    const texts = (await shard.chunks()).map(({ text }) => text);
    return reports.map(({ files }, at) => ({ file: files[0], texts: at === 1 ? texts : [] }));
  }, pdf);
  expect(plain?.file?.warnings).toEqual([expect.stringContaining('is a picture')]);
  expect(plain?.file?.again).toBeUndefined();
  expect(read?.file?.again).toBeDefined();
  expect(read?.texts.join(' ')).toContain('The walrus keeps a diary in Reykjavik.');
});

/** A line of text as a PNG; of a page's size, as a JPEG. */
async function pictureOf(
  page: Page,
  text: string,
  size?: { width: number; height: number },
): Promise<Buffer> {
  const bytes = await page.evaluate(
    async ({ text, width, height, type }) => {
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext('2d');
      if (!context) throw new Error('There is no canvas.');
      context.fillStyle = 'white';
      context.fillRect(0, 0, width, height);
      context.fillStyle = 'black';
      context.font = '28px serif';
      context.fillText(text, 30, 70);
      return [...new Uint8Array(await (await canvas.convertToBlob({ type })).arrayBuffer())];
    },
    { text, width: 700, height: 120, ...size, type: size ? 'image/jpeg' : 'image/png' },
  );
  return Buffer.from(bytes);
}
