/** What people do to get shards out of the app and into it, for tests: by roles and names alone. */
import { expect, type Download, type Locator, type Page } from '@playwright/test';

/** Exports a shard by its dialog, and answers the download. `choose` is done in the dialog before. */
export async function exportFile(
  page: Page,
  name: string,
  format: 'Shard zip' | 'MP4' | 'JSON Lines' | 'Markdown' | 'Vectors (.npy)',
  choose: (dialog: Locator) => Promise<void> = () => Promise.resolve(),
): Promise<Download> {
  await page.goto('/#/');
  await page.getByRole('main').getByRole('link', { name, exact: true }).click();
  await page.getByRole('link', { name: 'Overview' }).first().click();
  await page.getByRole('main').getByRole('button', { name: 'Export', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Export' });
  await dialog.getByRole('radio', { name: format }).check();
  await choose(dialog);
  const download = page.waitForEvent('download');
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  const file = await download;
  await expect(dialog.getByText(/is with your downloads/)).toBeVisible();
  await page.keyboard.press('Escape');
  return file;
}

/** Opens Import on the library's screen and brings a file; nothing is imported yet. */
export async function bringFile(page: Page, file: string): Promise<Locator> {
  await page.goto('/#/');
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await (await chooser).setFiles(file);
  return page.getByRole('dialog', { name: 'Import' });
}
