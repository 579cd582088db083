/** Larger models in the built app: under its policy, from the hub and from files, and in Settings. */
import { expect, test } from '@playwright/test';
import { openApp } from './memreel';

const CORS = { 'Access-Control-Allow-Origin': '*' };

test('asks the hub only after a yes, and refuses other bytes', async ({ page, context }) => {
  const asked: string[] = [];
  await context.route(/^https:\/\/huggingface\.co\//, async (route) => {
    asked.push(route.request().url());
    await route.fulfill({ status: 200, headers: CORS, body: '{"hidden_size":384}'.padEnd(650) });
  });
  await openApp(page);
  await page.goto('/#/settings');
  const row = page.getByRole('listitem').filter({ hasText: 'MiniLM L6 v2' });
  await row.getByRole('button', { name: 'Download…' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('huggingface.co/Xenova/all-MiniLM-L6-v2');
  expect(asked).toEqual([]);
  await dialog.getByRole('button', { name: /^Download/ }).click();
  await expect(row.getByRole('alert')).toContainText('config.json is not the file of');
  expect(asked).toEqual([
    'https://huggingface.co/Xenova/all-MiniLM-L6-v2/resolve/751bff37182d3f1213fa05d7196b954e230abad9/config.json',
  ]);
  await expect(row).toContainText('not here');
});

test('reaches the hub and its store, and nobody else', async ({ page, context }) => {
  await context.route(/^https:\/\//, (route) => route.fulfill({ status: 200, headers: CORS }));
  await openApp(page);
  const reached = await page.evaluate(() => {
    const hosts = ['huggingface.co', 'cas-bridge.xethub.hf.co', 'example.org', 'hf.co.example.org'];
    return Promise.all(
      hosts.map((host) =>
        fetch(`https://${host}/file`).then(
          ({ ok }) => ok,
          () => false,
        ),
      ),
    );
  });
  expect(reached).toEqual([true, true, false, false]);
});

test('a shard whose model is not here is searched by words, says so, and gets another one', async ({
  page,
}) => {
  await openApp(page);
  const id = await page.evaluate(async () => {
    const shard = await window.memreel?.create({ name: 'Notes', model: 'bge-small-en-v1.5' });
    const file = new File(['The car needs petrol.'], 'a.txt');
    const report = await shard?.ingest([file]);
    if (report?.files[0]?.warnings.length !== 1) throw new Error('There was no warning.');
    return shard?.id ?? '';
  });
  await page.goto(`/#/shard/${id}/search?q=petrol`);
  await expect(page.getByText('searched by words alone')).toBeVisible();
  await expect(page.getByRole('main')).toContainText('The car needs petrol.');
  await page.goto(`/#/shard/${id}/overview`);
  await page.getByRole('button', { name: 'Change model…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: 'Built-in English' }).check();
  await dialog.getByRole('button', { name: 'Embed anew' }).click();
  await expect(dialog).toContainText('Embedded 1 chunk');
  const hits = await page.evaluate(async (shard) => {
    const opened = await window.memreel?.open(shard);
    return opened?.search('petrol');
  }, id);
  expect(hits?.[0]?.matched).toEqual(['lexical', 'semantic']);
});

test('the licence of the model that ships is served by the app', async ({ page }) => {
  await openApp(page);
  await page.goto('/#/settings');
  await page.getByRole('button', { name: 'Licence and sources' }).click();
  await expect(page.getByRole('dialog')).toContainText('OpenStax');
});
