/**
 * `npm run check`: everything that reads the code without running it. Each check counts as one
 * test of `npm test`. Knows nothing of tests.
 */
import os from 'node:os';
import { bin } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { run } from './run.mjs';

const TIMEOUT_SECONDS = 480;

/** @type {Record<string, string[]>} what each check runs; the slow ones first, so that they overlap */
const CHECKS = {
  eslint: ['eslint/bin/eslint.js', '.', '--max-warnings=0'],
  'svelte-check': [
    'svelte-check/bin/svelte-check',
    '--tsconfig',
    'tsconfig.json',
    '--fail-on-warnings',
  ],
  'types of the library': ['typescript/bin/tsc', '-p', 'tsconfig.worker.json'],
  'types of the tests': ['typescript/bin/tsc', '-p', 'tsconfig.tests.json'],
  prettier: ['prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
  'dependency-cruiser': ['dependency-cruiser/bin/dependency-cruise.mjs', 'src'],
  knip: ['knip/bin/knip.js'],
};

/**
 * @typedef {{ name: string } & import('./run.mjs').RunReport} CheckResult
 */

/**
 * Runs all checks, a few side by side, and prints each as it ends.
 * @returns {Promise<CheckResult[]>}
 */
export async function runChecks() {
  const waiting = Object.entries(CHECKS);
  /** @type {CheckResult[]} */
  const results = [];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [name, [script = '', ...args]] = next;
      const report = await run([bin(script), ...args], {
        timeoutSeconds: TIMEOUT_SECONDS,
        // ESLint's typed rules hold three programs of the whole project.
        env: { NODE_OPTIONS: '--max-old-space-size=4096' },
      });
      const result = { name, ...report };
      results.push(result);
      printCheck(result);
    }
  };
  // Each type checker takes most of a gigabyte: half the cores keep small machines alive.
  const lanes = Math.max(1, Math.floor(os.availableParallelism() / 2));
  await Promise.all(Array.from({ length: lanes }, work));
  return results;
}

/**
 * One line, and the output of what failed.
 * @param {CheckResult} result
 */
export function printCheck({ name, ok, output, seconds }) {
  console.log(`${ok ? 'passed' : 'FAILED'}  ${name} (${seconds.toFixed(1)} s)`);
  if (!ok) console.log(output.trimEnd());
}

if (process.argv[1] === import.meta.filename) {
  ensureInstalled();
  const results = await runChecks();
  const failed = results.filter(({ ok }) => !ok).length;
  console.log(`${results.length - failed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}
