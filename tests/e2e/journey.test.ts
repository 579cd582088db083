/** A person's way through the app: by what they see, and by nothing else. */
import { expect, test } from '@playwright/test';
import { expectSound, libraryOpen, openApp } from './memreel';

test('first visit → samples → answer from the video → reload → the same answer', async ({
  page,
}) => {
  await openApp(page);
  const asked = page.evaluate(
    () =>
      new Promise<boolean>((resolve) => {
        navigator.storage.persist = () => {
          resolve(true);
          return Promise.resolve(true);
        };
      }),
  );
  await expect(page.getByRole('searchbox')).toHaveCount(0);
  await page.getByRole('button', { name: 'Try the sample documents' }).click();

  const search = page.getByRole('searchbox', { name: 'Search' });
  await expect(search).toBeVisible({ timeout: 60_000 });
  await expect(page).toHaveURL(/#\/shard\/.+\/search/);
  await search.fill('When will the national debt be paid off?');
  const first = page.getByRole('list', { name: 'Results' }).getByRole('listitem').first();
  await expect(first).toContainText('debt');
  await expect(first).toContainText(/read from frame \d+/i);
  await expect(first.locator('mark').first()).toBeVisible();
  await expect(first.locator('canvas')).toBeVisible();
  const answer = await first.innerText();
  expect(await asked).toBe(true); // the browser was asked to keep the first shard

  await page.reload();
  await libraryOpen(page);
  await expect(page.getByRole('searchbox', { name: 'Search' })).toHaveValue(
    'When will the national debt be paid off?',
  );
  await expect(first).toContainText('debt');
  expect(await first.innerText()).toBe(answer);
  await expectSound(page);
});

test('documents are added by the picker, a bad one among good ones is named', async ({ page }) => {
  await openApp(page);
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Add documents' }).first().click();
  await (
    await chooser
  ).setFiles([
    {
      name: 'wing.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from('The slipstream of a propeller increases the lift of a wing.'),
    },
    {
      name: 'picture.png',
      mimeType: 'image/png',
      buffer: Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
    },
  ]);
  await page.getByRole('button', { name: 'Add documents' }).click();
  await expect(page.getByText('picture.png').first()).toBeVisible();
  await expect(page.getByText(/is an image, and its text was not read/i).first()).toBeVisible({
    timeout: 30_000,
  });
  const link = page.getByRole('link', { name: 'Ask it something' });
  await link.click();
  await page.getByRole('searchbox', { name: 'Search' }).fill('propeller');
  const results = page.getByRole('list', { name: 'Results' });
  await expect(results.getByRole('listitem').first()).toContainText('slipstream');
});
