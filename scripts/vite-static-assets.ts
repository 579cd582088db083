/**
 * Serves files of packages under paths of our own origin: into dist/ when building, from
 * node_modules while developing and testing. For engines that take a folder's URL and fetch what
 * they need by name (pdf.js, ONNX Runtime), so that nothing comes from a CDN. It neither renames
 * nor changes a file; which files, the list of its caller says.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'vite';
import { PDF_ASSETS } from '../src/lib/text/extract/pdf-assets';
import { mediaType } from './media-types.mjs';

/** One folder of a package, without its subfolders. */
interface StaticAssets {
  /** The folder inside node_modules. */
  readonly from: string;
  /** The path under the app's base, without slashes around it. */
  readonly to: string;
  /** Which of its files; all without it. */
  readonly files?: RegExp | undefined;
}

/** What the app's engines fetch by name. */
const APP_ASSETS: readonly StaticAssets[] = PDF_ASSETS.map(({ folder, files }) => ({
  from: `pdfjs-dist/${folder}`,
  to: `pdfjs-dist/${folder}`,
  files,
}));

export default function staticAssets(lists = APP_ASSETS): Plugin {
  const files = new Map<string, string>();
  return {
    name: 'memreel-static-assets',
    configResolved({ root }) {
      // A folder that is gone after an update fails here, not in someone's browser.
      for (const { from, to, files: wanted } of lists) {
        const folder = path.join(root, 'node_modules', from);
        for (const name of readdirSync(folder)) {
          const file = path.join(folder, name);
          if (!statSync(file).isFile() || wanted?.test(name) === false) continue;
          files.set(`${to}/${name}`, file);
        }
      }
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const name = decodeURIComponent((request.url ?? '').replace(/[?#].*$/s, '')).slice(1);
        const file = files.get(name);
        if (file === undefined) {
          next();
          return;
        }
        response.setHeader('Content-Type', mediaType(path.extname(file)));
        response.end(readFileSync(file));
      });
    },
    generateBundle() {
      for (const [fileName, file] of files) {
        this.emitFile({ type: 'asset', fileName, source: readFileSync(file) });
      }
    },
  };
}
