/**
 * Installs the packages of the lock file when they are not the installed ones. Uses nothing but
 * Node, because it runs on a fresh clone before anything else is there.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The folder of package.json. */
export const ROOT = path.resolve(import.meta.dirname, '..');

const STAMP = path.join(ROOT, 'node_modules', '.memreel-lock');

/** Runs `npm ci` unless the last one was for this very lock file. @throws where npm fails */
export function ensureInstalled() {
  const lock = createHash('sha256')
    .update(readFileSync(path.join(ROOT, 'package-lock.json')))
    .digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8').trim() === lock) return;
  console.log('Installing packages (npm ci)');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: ROOT,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (npm.error) throw npm.error;
  if (npm.status !== 0) throw new Error(`npm ci failed (${npm.status ?? npm.signal})`);
  writeFileSync(STAMP, `${lock}\n`);
}
