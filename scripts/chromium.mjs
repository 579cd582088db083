/**
 * Which Chromium the tests and the benchmark drive, and how it is launched. The one owner of that
 * question: vitest.config.ts, playwright.config.ts and bench.mjs ask here.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { bin } from './build.mjs';

/** Nothing of the browser's own goes to the network while it is tested. */
export const CHROMIUM_ARGS = ['--disable-background-networking', '--disable-quic'];

/**
 * The first of: MEMREEL_CHROMIUM, Debian's, one in PATH, the one Playwright downloaded.
 * @returns {string | undefined} an executable's path
 */
export function findChromium() {
  const named = process.env['MEMREEL_CHROMIUM'];
  if (named) {
    if (!isExecutable(named)) throw new Error(`MEMREEL_CHROMIUM is not a program: ${named}`);
    return named;
  }
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const candidates = [
    '/usr/bin/chromium',
    ...['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].flatMap((name) =>
      folders.map((folder) => path.join(folder, name)),
    ),
  ];
  return [...candidates, playwrightsOwn()].find((file) => file !== '' && isExecutable(file));
}

/** Finds a Chromium, or installs one. @throws where neither works */
export function ensureChromium() {
  const there = findChromium();
  if (there !== undefined) return there;
  console.log('Installing Chromium');
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    run('apt-get', ['update']);
    run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium']);
  } else {
    run(process.execPath, [bin('playwright/cli.js'), 'install', 'chromium']);
  }
  const installed = findChromium();
  if (installed === undefined) throw new Error('No Chromium: set MEMREEL_CHROMIUM to one');
  return installed;
}

/** @returns {string} '' where Playwright is not installed yet */
function playwrightsOwn() {
  if (!existsSync(bin('playwright/package.json'))) return '';
  const playwright = /** @type {typeof import('playwright')} */ (
    createRequire(import.meta.url)('playwright')
  );
  return playwright.chromium.executablePath();
}

/** @param {string} file */
function isExecutable(file) {
  if (!existsSync(file)) return false;
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // accessSync says no by throwing, whatever the reason: another candidate is tried.
    return false;
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed (${status})`);
}
