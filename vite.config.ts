import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { ISOLATION_HEADERS } from './scripts/headers.mjs';
import brotliWindow from './scripts/vite-brotli-window';
import hnswlibCsp from './scripts/vite-hnswlib-csp';
import serviceWorker from './scripts/vite-service-worker';
import staticAssets from './scripts/vite-static-assets';
import trustedTypes from './scripts/vite-trusted-types';

export default defineConfig({
  // Relative, so that the app also lives under a path such as example.org/memreel/.
  base: './',
  plugins: [
    svelte(),
    staticAssets(),
    trustedTypes(),
    hnswlibCsp(),
    brotliWindow(),
    serviceWorker(),
  ],
  worker: { format: 'es', plugins: () => [trustedTypes(), hnswlibCsp(), brotliWindow()] },
  // Workers are not found by following imports, and what is found late reloads the page.
  optimizeDeps: {
    entries: ['index.html', 'src/workers/*.ts'],
    // These load their own workers and wasm by URL, which pre-bundling would break.
    exclude: ['@ffmpeg/ffmpeg', '@ffmpeg/util', '@ffmpeg/core', 'brotli-wasm'],
  },
  build: {
    target: 'es2023',
    // scripts/size.mjs reads it.
    manifest: true,
    // A data: URL of a worker or wasm would be refused by our content security policy.
    assetsInlineLimit: 0,
    // Compressing 75 MB of wasm for a table in the log is not worth the seconds.
    reportCompressedSize: false,
  },
  server: { headers: ISOLATION_HEADERS },
});
