/**
 * Builds the app into dist/ unless what lies there was made from exactly these sources. It decides
 * by content, never by time: a stamp holds the digest of what went in and of what came out.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './install.mjs';

/** Where the built app lies. */
export const DIST = path.join(ROOT, 'dist');

const STAMP = path.join(DIST, '.built');
const INPUTS = ['index.html', 'src', 'public', 'scripts', 'vite.config.ts', 'svelte.config.js'];
const CONFIGURATION = /^(package(-lock)?|tsconfig.*)\.json$/;

/** Builds if needed. @throws where the build fails */
export function ensureBuilt() {
  const inputs = digest([
    ...INPUTS,
    ...readdirSync(ROOT).filter((name) => CONFIGURATION.test(name)),
  ]);
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === stamp(inputs)) return;
  console.log('Building (vite build)');
  const vite = spawnSync(
    process.execPath,
    [bin('vite/bin/vite.js'), 'build', '--logLevel', 'warn'],
    {
      cwd: ROOT,
      stdio: 'inherit',
      // The configuration is bundled before it is loaded, so its imports need no extension.
      env: { ...process.env, VITE_CONFIG_NATIVE_IGNORE_WARNING: 'true' },
    },
  );
  if (vite.error) throw vite.error;
  if (vite.status !== 0) throw new Error(`vite build failed (${vite.status ?? vite.signal})`);
  writeFileSync(STAMP, stamp(inputs));
}

/**
 * The script behind a package's command, run by this Node without a shell.
 * @param {string} script path inside node_modules
 */
export function bin(script) {
  return path.join(ROOT, 'node_modules', script);
}

/** @param {string} inputs */
function stamp(inputs) {
  return `in ${inputs}\nout ${digest(['dist'])}\n`;
}

/**
 * SHA-256 over names and contents of all files, hidden ones left out.
 * @param {string[]} names relative to the root; a missing one counts as missing
 */
function digest(names) {
  const hash = createHash('sha256');
  for (const name of names.toSorted()) add(hash, name);
  return hash.digest('hex');
}

/**
 * @param {import('node:crypto').Hash} hash
 * @param {string} name
 */
function add(hash, name) {
  const file = path.join(ROOT, name);
  if (!existsSync(file)) return;
  if (statSync(file).isDirectory()) {
    for (const entry of readdirSync(file).toSorted()) {
      if (!entry.startsWith('.')) add(hash, path.join(name, entry));
    }
    return;
  }
  const bytes = readFileSync(file);
  hash.update(`${name}\0${bytes.length}\0`).update(bytes);
}
