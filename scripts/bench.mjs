/**
 * `npm run bench`: builds and serves the app, runs every scenario of tests/bench/ in Chromium, each
 * in a fresh profile, prints what was measured and keeps it in bench-results/. It judges nothing.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DIST, ensureBuilt } from './build.mjs';
import { CHROMIUM_ARGS, ensureChromium } from './chromium.mjs';
import { ensureInstalled, ROOT } from './install.mjs';
import { serve } from './serve.mjs';

/**
 * @typedef {import('../tests/bench/scenario').Scenario} Scenario
 * @typedef {import('../tests/bench/scenario').Measure} Measure
 */

const FOLDER = path.join(ROOT, 'tests', 'bench');
const RESULTS = path.join(ROOT, 'bench-results');

ensureInstalled();
ensureBuilt();
const executablePath = ensureChromium();
const { chromium } = await import('playwright');

const wanted = process.argv.slice(2);
const scenarios = (await loadScenarios()).filter(
  ({ name }) => wanted.length === 0 || wanted.includes(name),
);
if (scenarios.length === 0) throw new Error('No scenario of that name in tests/bench');

const serving = await serve({ root: DIST, port: 0 });
const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS });
/** @type {Record<string, Measure[]>} */
const results = {};
try {
  for (const scenario of scenarios) {
    console.log(`\n${scenario.name}`);
    const context = await browser.newContext({ baseURL: serving.url });
    const page = await context.newPage();
    await page.goto(serving.url);
    await page.waitForFunction(() => 'memreel' in window);
    const measures = await scenario.run(page, { url: serving.url, shared: sharedFolder() });
    results[scenario.name] = measures;
    for (const { what, value, unit } of measures) {
      console.log(`  ${what.padEnd(48)} ${formatValue(value).padStart(12)} ${unit}`);
    }
    await context.close();
  }
  const date = new Date().toISOString();
  const machine = {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    system: `${os.type()} ${os.release()}`,
    node: process.version,
    chromium: browser.version(),
  };
  mkdirSync(RESULTS, { recursive: true });
  const file = path.join(RESULTS, `${date.replaceAll(':', '-')}.json`);
  writeFileSync(file, `${JSON.stringify({ date, machine, results }, null, 2)}\n`);
  console.log(`\n${path.relative(ROOT, file)}`);
} finally {
  await browser.close();
  await serving.close();
}

/** @returns {Promise<Scenario[]>} of all files, in the order of their names */
async function loadScenarios() {
  const { runnerImport } = await import('vite');
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.bench.ts'));
  /** @type {Scenario[]} */
  const found = [];
  for (const file of files.toSorted()) {
    /** @type {{ module: { scenarios: Scenario[] } }} */
    const { module } = await runnerImport(path.join(FOLDER, file), { configFile: false });
    found.push(...module.scenarios);
  }
  return found;
}

/** Corpora and samples that are too large for the repository. */
function sharedFolder() {
  return path.resolve(ROOT, process.env['MEMREEL_CORPORA'] ?? '../shared');
}

/** @param {number} value three significant digits, whole from 100 */
function formatValue(value) {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
