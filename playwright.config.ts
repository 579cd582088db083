import { defineConfig } from '@playwright/test';
import { CHROMIUM_ARGS, findChromium } from './scripts/chromium.mjs';

const chromium = findChromium();

export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: 'test-results/e2e',
  globalSetup: './tests/e2e/serve-app.ts',
  // Encoders and the storage are shared by all pages of one machine.
  workers: 2,
  timeout: 120_000,
  // No test depends on speed: engines start when they are first needed.
  expect: { timeout: 30_000 },
  forbidOnly: true,
  // scripts/test.mjs names the file that it counts from.
  reporter: process.env['PLAYWRIGHT_JSON_OUTPUT_FILE'] ? [['list'], ['json']] : [['list']],
  use: {
    // serve-app.ts sets it; the workers read this file again after that.
    baseURL: process.env['MEMREEL_URL'],
    trace: 'retain-on-failure',
    // Each would keep the whole build first; what is offline is tested where it is allowed.
    serviceWorkers: 'block',
    launchOptions: {
      ...(chromium === undefined ? {} : { executablePath: chromium }),
      args: CHROMIUM_ARGS,
    },
  },
});
