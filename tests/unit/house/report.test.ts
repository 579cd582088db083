import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readReport } from '../../../scripts/report.mjs';

const folder = mkdtempSync(path.join(os.tmpdir(), 'report-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function reportOf(content: unknown): string {
  const file = path.join(folder, 'report.json');
  writeFileSync(file, JSON.stringify(content));
  return file;
}

const vitest = (passed: number, failed: number, testResults: unknown[] = []) =>
  reportOf({
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: 1,
    numTodoTests: 1,
    testResults,
  });

test('passed, failed and skipped tests are counted as they are', () => {
  const counts = readReport('vitest', vitest(5, 2), false);
  expect(counts).toMatchObject({ passed: 5, failed: 2, skipped: 2 });
  const stats = { expected: 4, unexpected: 1, flaky: 1, skipped: 3 };
  const report = reportOf({ stats, suites: [], errors: [] });
  expect(readReport('playwright', report, false)).toMatchObject({
    passed: 4,
    failed: 2,
    skipped: 3,
  });
});

test('what failed is named, with what was said of it', () => {
  const assertions = [
    { fullName: 'a law holds', status: 'failed', failureMessages: ['seed: 7'] },
    { fullName: 'another holds', status: 'passed', failureMessages: [] },
  ];
  const file = { name: '/x/laws.test.ts', status: 'failed', assertionResults: assertions };
  expect(readReport('vitest', vitest(1, 1, [file]), false).failures).toEqual([
    { name: 'laws.test.ts: a law holds', message: 'seed: 7' },
  ]);
  const spec = (title: string, status: string) => ({
    title,
    tests: [{ status, results: [{ errors: [{ message: `${title} broke` }] }] }],
  });
  const inner = { title: 'inner', specs: [spec('one', 'flaky')] };
  const suite = {
    title: 'outer',
    specs: [spec('two', 'unexpected'), spec('three', 'expected')],
    suites: [inner],
  };
  const stats = { expected: 1, unexpected: 1, flaky: 1, skipped: 0 };
  const report = reportOf({ stats, suites: [suite], errors: [] });
  expect(readReport('playwright', report, false).failures).toEqual([
    { name: 'outer: two', message: 'two broke' },
    { name: 'inner: one', message: 'one broke' },
  ]);
});

test('a runner that crashed, ran nothing or could not load a file has failed', () => {
  const missing = path.join(folder, 'missing.json');
  for (const succeeded of [false, true]) {
    expect(readReport('vitest', missing, succeeded)).toMatchObject({
      passed: 0,
      failed: 1,
      failures: [{ name: 'missing' }],
    });
  }
  expect(readReport('vitest', vitest(5, 0), false).failures).toHaveLength(1);
  expect(readReport('vitest', vitest(5, 0), false).failed).toBe(1);
  expect(readReport('vitest', vitest(0, 0), true).failed).toBe(1);
  const unloaded = { name: 'broken.ts', status: 'failed', message: 'no', assertionResults: [] };
  const { failed, failures } = readReport('vitest', vitest(5, 1, [unloaded, unloaded]), false);
  expect(failed).toBe(3);
  expect(failures).toEqual([
    { name: 'broken.ts', message: 'no' },
    { name: 'broken.ts', message: 'no' },
  ]);
});
