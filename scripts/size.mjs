/**
 * Holds the first screen to its size: the JavaScript that index.html loads before anything is
 * asked for (its entry and what that imports statically), gzipped. Engines are lazy and not
 * counted. Reads the build's manifest; builds nothing.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { DIST } from './build.mjs';

/** Kilobytes of 1,000 bytes. */
const LIMIT_KB = 150;

/**
 * @typedef {{ file: string, imports?: string[], isEntry?: boolean }} ManifestEntry
 * @typedef {{ ok: boolean, output: string }} SizeReport
 */

/** @returns {SizeReport} */
export function measureFirstScreen() {
  const manifest = /** @type {Record<string, ManifestEntry>} */ (
    JSON.parse(readFileSync(path.join(DIST, '.vite', 'manifest.json'), 'utf8'))
  );
  /** @type {Map<string, number>} file to gzipped bytes */
  const files = new Map();
  /** @param {string} key */
  const add = (key) => {
    const entry = manifest[key];
    if (!entry) throw new Error(`The build manifest has no ${key}`);
    if (files.has(entry.file)) return;
    files.set(entry.file, gzipSync(readFileSync(path.join(DIST, entry.file)), { level: 9 }).length);
    entry.imports?.forEach(add);
  };
  add('index.html');
  const total = [...files.values()].reduce((sum, bytes) => sum + bytes, 0) / 1000;
  const lines = [...files].map(([file, bytes]) => `${(bytes / 1000).toFixed(1)} KB  ${file}`);
  const ok = total <= LIMIT_KB;
  const verdict = `First screen: ${total.toFixed(1)} KB of JavaScript, gzipped; limit ${LIMIT_KB} KB`;
  return { ok, output: [...lines, verdict].join('\n') };
}

if (process.argv[1] === import.meta.filename) {
  const { ok, output } = measureFirstScreen();
  console.log(output);
  process.exitCode = ok ? 0 : 1;
}
