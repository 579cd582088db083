/**
 * Bundles src/workers/service-worker.ts into `service-worker.js` beside index.html, with the list of
 * the files that the build has written: which the app needs without a network, and which are kept
 * from their first use on. Every file of the build is on one of the lists or left out here by name.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { build, type Plugin } from 'vite';
import type { BuildFile, BuildList } from '../src/lib/offline/build-list';
import { APP_HEADERS } from './headers.mjs';

/** The worker's own name: at the root of the app, because its folder is what it may answer for. */
export const SERVICE_WORKER = 'service-worker.js';

/** What becomes of a file that is not fetched at once, and why. */
interface Exception {
  readonly files: RegExp;
  readonly reason: string;
}

/** Kept from the first time that they are asked for. */
export const ON_FIRST_USE: readonly Exception[] = [
  {
    files: /^assets\/ort-wasm-simd-threaded\.(asyncify|jsep)-/u,
    reason: '27 MB for larger models on WebGPU; without it they run in the WASM that is kept',
  },
  {
    files: /tesseract|traineddata/u,
    reason: 'only for pictures of text, which are read when a person asks for it',
  },
];

/** Never asked for by the app. */
export const LEFT_OUT: readonly Exception[] = [
  { files: /^\./u, reason: 'notes of the build; many hosts do not serve such names' },
  { files: /^service-worker\.js$/u, reason: 'kept by the browser itself' },
];

/** Pages and scripts are kept with their headers: other headers make another file of them. */
const WITH_HEADERS = /\.(html|m?js)$/u;

/** @param files names relative to the build's folder, `/` between folders, with their bytes */
export function buildList(
  files: Iterable<readonly [name: string, bytes: Uint8Array]>,
  headers: BuildList['headers'] = APP_HEADERS,
): BuildList {
  const precached: BuildFile[] = [];
  const onFirstUse: BuildFile[] = [];
  for (const [name, bytes] of files) {
    if (LEFT_OUT.some((one) => one.files.test(name))) continue;
    const later = ON_FIRST_USE.some((one) => one.files.test(name));
    (later ? onFirstUse : precached).push(buildFile(name, bytes, headers));
  }
  return { precached, onFirstUse, headers };
}

function buildFile(name: string, bytes: Uint8Array, headers: BuildList['headers']): BuildFile {
  const revision = createHash('sha256').update(bytes);
  if (WITH_HEADERS.test(name)) revision.update(JSON.stringify(headers));
  return {
    url: name.split('/').map(encodeURIComponent).join('/'),
    revision: revision.digest('hex').slice(0, 16),
    integrity: `sha256-${createHash('sha256').update(bytes).digest('base64')}`,
  };
}

/** All files below a folder, by name. */
function* filesBelow(folder: string): Generator<readonly [name: string, bytes: Uint8Array]> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  for (const name of names.sort()) {
    yield [name.split(path.sep).join('/'), readFileSync(path.join(folder, name))];
  }
}

export default function serviceWorker(): Plugin {
  let root = '';
  let outDir = '';
  let target: string | string[] | false = false;
  return {
    name: 'memreel-service-worker',
    apply: 'build',
    configResolved(config) {
      root = config.root;
      outDir = path.resolve(root, config.build.outDir);
      target = config.build.target;
    },
    // Behind everything else: what counts is what lies in the folder.
    writeBundle: {
      order: 'post',
      sequential: true,
      async handler() {
        await build({
          configFile: false,
          root,
          publicDir: false,
          logLevel: 'warn',
          define: { BUILD_LIST: JSON.stringify(buildList(filesBelow(outDir))) },
          build: {
            outDir,
            emptyOutDir: false,
            target,
            modulePreload: false,
            reportCompressedSize: false,
            rolldownOptions: {
              input: path.join(root, 'src/workers/service-worker.ts'),
              // A classic script: browsers that know no module workers of this kind take it too.
              output: { format: 'iife', entryFileNames: SERVICE_WORKER },
            },
          },
        });
      },
    },
  };
}
