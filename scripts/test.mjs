/**
 * `npm test`: installs what is missing, then checks, builds, and runs every test. The last line is
 * the count, with what failed named above it; the exit code is not 0 when anything failed or nothing
 * ran.
 */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { bin, ensureBuilt } from './build.mjs';
import { printCheck, runChecks } from './check.mjs';
import { ensureChromium } from './chromium.mjs';
import { ensureInstalled, ROOT } from './install.mjs';
import { readReport } from './report.mjs';
import { run } from './run.mjs';
import { measureFirstScreen } from './size.mjs';

const REPORTS = path.join(ROOT, 'test-results', 'reports');
/** Lines that are shown of what failed: its message, and where. */
const SHOWN_LINES = 30;

/**
 * @typedef {import('./report.mjs').Results} Results
 * @typedef {{ name: string, runner: 'vitest' | 'playwright', args: string[], minutes: number }} Suite
 */

/** @type {Suite[]} the minutes add up to less than the twenty that all may take */
const SUITES = [
  { name: 'unit', runner: 'vitest', args: vitest('unit'), minutes: 6 },
  { name: 'browser', runner: 'vitest', args: vitest('browser'), minutes: 6 },
  { name: 'e2e', runner: 'playwright', args: [bin('@playwright/test/cli.js'), 'test'], minutes: 6 },
];

ensureInstalled();
const chromium = ensureChromium();
rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS, { recursive: true });

/** @type {Results} */
const total = { passed: 0, failed: 0, skipped: 0, failures: [] };
for (const check of await runChecks()) addCheck(check);
if (checkHere('build', ensureBuilt)) checkHere('size of the first screen', measureFirstScreen);
for (const suite of SUITES) add(await runSuite(suite));

// Once more at the end, where whoever reads only that finds it.
for (const failure of total.failures) {
  console.log(`\nFAILED  ${failure.name}`);
  console.log(failure.message.split('\n').slice(0, SHOWN_LINES).join('\n'));
}
if (total.skipped > 0) console.log(`${total.skipped} skipped`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;

/** @param {Results} results */
function add(results) {
  total.passed += results.passed;
  total.failed += results.failed;
  total.skipped += results.skipped;
  total.failures.push(...results.failures);
}

/** @param {{ name: string, ok: boolean, output: string }} check */
function addCheck({ name, ok, output }) {
  if (ok) add({ passed: 1, failed: 0, skipped: 0, failures: [] });
  else add({ passed: 0, failed: 1, skipped: 0, failures: [{ name, message: output }] });
}

/**
 * A check that is a function of ours; throwing is failing.
 * @param {string} name
 * @param {() => { ok: boolean, output: string } | void} check
 * @returns {boolean} whether it passed
 */
function checkHere(name, check) {
  const start = performance.now();
  const report = attempt(check);
  printCheck({ name, ...report, seconds: (performance.now() - start) / 1000 });
  addCheck({ name, ...report });
  return report.ok;
}

/** @param {() => { ok: boolean, output: string } | void} check */
function attempt(check) {
  try {
    return check() ?? { ok: true, output: '' };
  } catch (error) {
    return { ok: false, output: String(error) };
  }
}

/**
 * @param {Suite} suite
 * @returns {Promise<Results>}
 */
async function runSuite({ name, runner, args, minutes }) {
  console.log(`\n${name}`);
  const file = path.join(REPORTS, `${name}.json`);
  const { ok } = await run(args, {
    timeoutSeconds: minutes * 60,
    show: true,
    env: {
      MEMREEL_CHROMIUM: chromium,
      PLAYWRIGHT_JSON_OUTPUT_FILE: file,
      VITE_CONFIG_NATIVE_IGNORE_WARNING: 'true', // as in build.mjs
    },
  });
  return readReport(runner, file, ok);
}

/** @param {'unit' | 'browser'} project */
function vitest(project) {
  const report = path.join(REPORTS, `${project}.json`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  return [bin('vitest/vitest.mjs'), 'run', '--project', project, ...reporters];
}
