/** Out of one browser and into another one, by the screens. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { bringFile, exportFile } from './exchange';
import { expectSound, openApp, passages } from './memreel';

let folder: string;
test.beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'import-'));
});
test.afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** A shard with a deleted chunk and an edited one. */
async function makeShard(page: Page, name = 'Wind tunnel'): Promise<void> {
  await openApp(page);
  await page.evaluate(
    async ([called, given]) => {
      const shard = await window.memreel?.create({ name: called });
      await shard?.ingest([new File(given, 'passages.txt')]);
      const [first, second] = (await shard?.chunks({ limit: 2 })) ?? [];
      await shard?.edit(first?.uuid ?? '', 'An edited secret.');
      await shard?.delete([second?.uuid ?? '']);
    },
    [name, passages(60)] as const,
  );
}

/** Texts of live chunks and of tombstones, and how many versions, of each shard by name. */
function contentOf(page: Page): Promise<unknown> {
  return page.evaluate(async () => {
    const library = window.memreel;
    const all: unknown[] = [];
    for (const { id, name } of (await library?.shards()) ?? []) {
      const shard = await library?.open(id);
      const chunks = (await shard?.chunks({ limit: 1000 })) ?? [];
      const deleted = (await shard?.chunks({ limit: 1000, deleted: 'only' })) ?? [];
      all.push({
        name,
        chunks: chunks.map(({ uuid, text }) => [uuid, text]),
        deleted: deleted.map(({ text }) => text),
        versions: (await shard?.history({ limit: 100 }))?.length,
      });
    }
    return all;
  });
}

test('a shard zip comes into an empty library; again, as its newest version or beside it', async ({
  page,
  browser,
}) => {
  await makeShard(page);
  const file = path.join(folder, 'live.zip');
  await (await exportFile(page, 'Wind tunnel', 'Shard zip')).saveAs(file);
  const [{ chunks }] = (await contentOf(page)) as [{ chunks: unknown[] }];

  const other = await browser.newPage();
  await openApp(other);
  const dialog = await bringFile(other, file);
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(dialog.getByText('all of them read')).toBeVisible();
  await expect(dialog.getByText('all read from the video')).toBeVisible();
  expect(await contentOf(other)).toEqual([
    { name: 'Wind tunnel', chunks, deleted: [], versions: 1 },
  ]);
  await dialog.getByRole('link', { name: 'Open Wind tunnel' }).click();
  await expect(other).toHaveURL(/#\/shard\/.+\/search/);
  await expectSound(other);
  await other.close();

  const again = await bringFile(page, file);
  await again.getByRole('radio', { name: /newest version/ }).check();
  await again.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(again.getByRole('link', { name: 'Open Wind tunnel' })).toBeVisible();
  await again.getByRole('button', { name: 'Done' }).click();
  const beside = await bringFile(page, file);
  await beside.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(beside.getByText('Imported.')).toBeVisible();
  const shards = (await contentOf(page)) as { versions: number; chunks: unknown[] }[];
  expect(shards).toHaveLength(2);
  expect(shards.map((shard) => shard.versions).sort()).toEqual([1, 5]);
  for (const shard of shards) expect(shard.chunks).toEqual(chunks);
  await expectSound(page);
});

test('everything, sealed: deleted text and history travel, and only the password opens it', async ({
  page,
  browser,
}) => {
  await makeShard(page);
  const file = path.join(folder, 'sealed.zip.age');
  const download = await exportFile(page, 'Wind tunnel', 'Shard zip', async (dialog) => {
    await dialog.getByRole('radio', { name: /deleted text/ }).check();
    await dialog.getByLabel('Password (optional)').fill('correct horse');
    await expect(dialog.getByRole('button', { name: 'Export', exact: true })).toBeDisabled();
    await dialog.getByLabel('The same password again').fill('correct horse');
  });
  expect(download.suggestedFilename()).toBe('Wind tunnel.zip.age');
  await download.saveAs(file);
  expect((await readFile(file)).subarray(0, 21).toString()).toBe('age-encryption.org/v1');
  const before = await contentOf(page);

  const other = await browser.newPage();
  await openApp(other);
  const dialog = await bringFile(other, file);
  const act = dialog.getByRole('button', { name: 'Import', exact: true });
  await act.click();
  await expect(dialog.getByRole('alert')).toContainText('is sealed with a password');
  await dialog.getByLabel('Password').fill('wrong');
  await act.click();
  await expect(dialog.getByRole('alert')).toContainText('That password does not open');
  expect(await contentOf(other)).toEqual([]);
  await dialog.getByLabel('Password').fill('correct horse');
  await other.keyboard.press('Enter');
  await expect(dialog.getByRole('link', { name: 'Open Wind tunnel' })).toBeVisible();
  expect(await contentOf(other)).toEqual(before);
  await expectSound(other);
  await other.close();
});

test('export everything, and import it on another computer', async ({ page, browser }) => {
  await makeShard(page, 'One');
  await makeShard(page, 'Two');
  await page.goto('/#/settings');
  await page.getByRole('main').getByRole('button', { name: 'Export everything' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('dialog').getByRole('button', { name: 'Export', exact: true }).click();
  const file = path.join(folder, 'library.zip');
  await (await download).saveAs(file);
  await expect(page.getByRole('dialog').getByText(/is with your downloads/)).toBeVisible();
  await page.keyboard.press('Escape');
  const table = page.getByRole('main').getByRole('table');
  await expect(table.getByRole('row')).toHaveCount(3);
  await expect(table).not.toContainText('never');

  const other = await browser.newPage();
  await openApp(other);
  const dialog = await bringFile(other, file);
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(dialog.getByRole('link', { name: 'Open One' })).toBeVisible();
  await expect(dialog.getByRole('link', { name: 'Open Two' })).toBeVisible();
  await expectSound(other);
  await other.close();
});

test('a bare MP4 that is dropped on the library asks to be imported; a document does not', async ({
  page,
}) => {
  await makeShard(page);
  const file = path.join(folder, 'film.mp4');
  await (await exportFile(page, 'Wind tunnel', 'MP4')).saveAs(file);
  await page.goto('/#/');
  const bytes = (await readFile(file)).toString('base64');
  await drop(page, 'film.mp4', bytes);
  const dialog = page.getByRole('dialog', { name: 'Import' });
  await expect(dialog.getByText(/^film\.mp4, /)).toBeVisible();
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(dialog.getByText('Bare MP4')).toBeVisible();
  await expect(dialog.getByText('all read from the video')).toBeVisible();
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(dialog).toHaveCount(0);

  await drop(page, 'note.txt', Buffer.from('A note.').toString('base64'));
  await expect(page).toHaveURL(/#\/add/);
  await expectSound(page);
});

async function drop(page: Page, name: string, base64: string): Promise<void> {
  await page.evaluate(
    ([called, encoded]) => {
      const data = new DataTransfer();
      const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
      data.items.add(new File([bytes], called));
      window.dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true }));
    },
    [name, base64] as const,
  );
}

test('a file that is no shard is refused by name, and nothing is there afterwards', async ({
  page,
}) => {
  await openApp(page);
  const dialog = await bringFile(page, path.resolve('package.json'));
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await expect(dialog.getByRole('alert')).toContainText('package.json');
  expect(await contentOf(page)).toEqual([]);
});
