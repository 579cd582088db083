import { createRequire } from 'node:module';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { CHROMIUM_ARGS, findChromium } from './scripts/chromium.mjs';
import { ISOLATION_HEADERS } from './scripts/headers.mjs';
import hnswlibCsp from './scripts/vite-hnswlib-csp';
import staticAssets from './scripts/vite-static-assets';

const require = createRequire(import.meta.url);
const chromium = findChromium();

/** What hangs is ended; how long anything takes is not what is tested. */
const PATIENCE = {
  testTimeout: 300_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: 30_000 } },
};

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [svelte()],
        // brotli-wasm has a build for Node that `import` does not pick.
        resolve: { alias: { 'brotli-wasm': require.resolve('brotli-wasm') } },
        test: {
          name: 'unit',
          environment: 'node',
          include: ['tests/unit/**/*.test.ts'],
          ...PATIENCE,
        },
      },
      {
        plugins: [svelte(), staticAssets(), hnswlibCsp()],
        worker: { format: 'es' },
        server: { headers: ISOLATION_HEADERS },
        // As in vite.config.ts. A reload in the middle of a run would fail whatever was running.
        optimizeDeps: {
          entries: ['src/workers/*.ts', 'tests/browser/**/*.test.ts'],
          exclude: ['@ffmpeg/ffmpeg', '@ffmpeg/util', '@ffmpeg/core', 'brotli-wasm'],
        },
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          ...PATIENCE,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                ...(chromium === undefined ? {} : { executablePath: chromium }),
                args: CHROMIUM_ARGS,
              },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
