/** The built app as it is served: isolated, under its policy, from its own origin alone. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { DIST } from '../../scripts/build.mjs';
import { serve } from '../../scripts/serve.mjs';

test('opens isolated, without an error, and asks nobody else', async ({ page, baseURL }) => {
  const errors: string[] = [];
  const elsewhere: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(String(baseURL)) && !/^(blob|data):/.test(url)) elsewhere.push(url);
  });
  await page.goto('/');
  await expect(page.getByRole('button', { name: 'Add documents' }).first()).toBeVisible();
  await page.waitForFunction(() => 'memreel' in window);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(errors).toEqual([]);
  expect(elsewhere).toEqual([]);
});

test('runs no code from text, and no script from elsewhere', async ({ page }) => {
  await page.goto('/');
  const refused = await page.evaluate(() => {
    const attempts = {
      inline: () => {
        const script = document.createElement('script');
        script.textContent = 'window.ran = true';
        document.body.append(script);
        return 'ran' in window;
      },
      html: () => {
        document.body.insertAdjacentHTML('beforeend', '<b>text</b>');
        return true;
      },
      worker: () => {
        new Worker('https://example.org/worker.js').terminate();
        return true;
      },
    };
    return Object.entries(attempts).map(([name, attempt]) => {
      try {
        return [name, attempt()];
      } catch (error) {
        return [name, error instanceof TypeError ? 'refused' : String(error)];
      }
    });
  });
  expect(Object.fromEntries(refused)).toEqual({
    inline: 'refused',
    html: 'refused',
    worker: 'refused',
  });
});

test('opens under a path of its own', async ({ page }) => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'memreel-'));
  cpSync(DIST, path.join(folder, 'deep', 'memreel'), { recursive: true });
  writeFileSync(path.join(folder, 'index.html'), 'not the app');
  const serving = await serve({ root: folder, port: 0 });
  try {
    await page.goto(`${serving.url}deep/memreel/`);
    await expect(page.getByRole('button', { name: 'Add documents' }).first()).toBeVisible();
  } finally {
    await serving.close();
    rmSync(folder, { recursive: true });
  }
});
