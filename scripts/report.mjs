/**
 * Reads how a test run went from its runner's JSON report: counts, and what failed. A run that ends
 * badly without saying which test failed counts as one failure: a crash is never a pass.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * @typedef {{ name: string, message: string }} Failure
 * @typedef {{ passed: number, failed: number, skipped: number, failures: Failure[] }} Results
 * @typedef {{ fullName: string, status: string, failureMessages: string[] }} Assertion
 * @typedef {{ name: string, status: string, message: string, assertionResults: Assertion[] }} TestFile
 * @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number,
 *   numTodoTests: number, testResults: TestFile[] }} VitestReport
 * @typedef {{ title: string, ok: boolean,
 *   tests: { status: string, results: { errors: { message?: string }[] }[] }[] }} Spec
 * @typedef {{ title: string, specs?: Spec[], suites?: Suite[] }} Suite
 * @typedef {{ stats: { expected: number, unexpected: number, flaky: number, skipped: number },
 *   suites: Suite[], errors: { message?: string }[] }} PlaywrightReport
 */

/**
 * @param {'vitest' | 'playwright'} runner
 * @param {string} file its JSON report
 * @param {boolean} succeeded whether the runner ended with code 0
 * @returns {Results}
 */
export function readReport(runner, file, succeeded) {
  const name = path.basename(file, '.json');
  if (!existsSync(file)) return crashed(name, { passed: 0, failed: 0, skipped: 0, failures: [] });
  /** @type {unknown} */
  const report = JSON.parse(readFileSync(file, 'utf8'));
  const results =
    runner === 'vitest'
      ? readVitest(/** @type {VitestReport} */ (report))
      : readPlaywright(/** @type {PlaywrightReport} */ (report));
  const isBad = results.failed === 0 && (!succeeded || results.passed === 0);
  return isBad ? crashed(name, results) : results;
}

/**
 * @param {string} name
 * @param {Results} results
 * @returns {Results}
 */
function crashed(name, { failures, ...counts }) {
  const failure = { name, message: 'The run ended badly, and does not say which test failed.' };
  return { ...counts, failed: 1, failures: [...failures, failure] };
}

/**
 * @param {VitestReport} report
 * @returns {Results}
 */
function readVitest(report) {
  // A file that does not load has no tests to fail: it counts as one.
  const unloaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  const failed = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => ({
        name: `${path.basename(name)}: ${fullName}`,
        message: failureMessages.join('\n'),
      })),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: [...failed, ...unloaded.map(({ name, message }) => ({ name, message }))],
  };
}

/**
 * @param {PlaywrightReport} report
 * @returns {Results}
 */
function readPlaywright({ stats, suites, errors }) {
  const messages = errors.map(({ message = '' }) => ({ name: 'Playwright', message }));
  // A test that passes only the second time has found something: it counts as failed.
  return {
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky,
    skipped: stats.skipped,
    failures: [...suites.flatMap(failuresIn), ...messages],
  };
}

/**
 * @param {Suite} suite
 * @returns {Failure[]}
 */
function failuresIn({ title, specs = [], suites = [] }) {
  const own = specs
    .filter(({ tests }) =>
      tests.some(({ status }) => status === 'unexpected' || status === 'flaky'),
    )
    .map((spec) => {
      const errors = spec.tests.flatMap(({ results }) => results.flatMap((one) => one.errors));
      const message = errors.map((error) => error.message ?? '').join('\n');
      return { name: `${title}: ${spec.title}`, message };
    });
  return [...own, ...suites.flatMap(failuresIn)];
}
