/**
 * Reads how a test run went from its runner's JSON report, and counts it. A run that ends badly
 * without saying which test failed counts as one failure: a crash is never a pass.
 */
import { existsSync, readFileSync } from 'node:fs';

/**
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 * @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number,
 *   numTodoTests: number, testResults: { status: string, assertionResults: unknown[] }[] }} VitestReport
 * @typedef {{ stats: { expected: number, unexpected: number, flaky: number, skipped: number } }} PlaywrightReport
 */

/**
 * @param {'vitest' | 'playwright'} runner
 * @param {string} file its JSON report
 * @param {boolean} succeeded whether the runner ended with code 0
 * @returns {Counts}
 */
export function countReport(runner, file, succeeded) {
  if (!existsSync(file)) return { passed: 0, failed: 1, skipped: 0 };
  /** @type {unknown} */
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const counts =
    runner === 'vitest'
      ? countVitest(/** @type {VitestReport} */ (report))
      : countPlaywright(/** @type {PlaywrightReport} */ (report));
  if (counts.failed === 0 && (!succeeded || counts.passed === 0)) counts.failed = 1;
  return counts;
}

/**
 * @param {VitestReport} report
 * @returns {Counts}
 */
function countVitest(report) {
  // A file that does not load has no tests to fail: it counts as one.
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/**
 * @param {PlaywrightReport} report
 * @returns {Counts}
 */
function countPlaywright({ stats }) {
  // A test that passes only the second time has found something: it counts as failed.
  return {
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky,
    skipped: stats.skipped,
  };
}
