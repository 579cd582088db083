import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { countReport } from '../../../scripts/report.mjs';

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
  expect(countReport('vitest', vitest(5, 2), false)).toEqual({ passed: 5, failed: 2, skipped: 2 });
  const stats = { expected: 4, unexpected: 1, flaky: 1, skipped: 3 };
  expect(countReport('playwright', reportOf({ stats }), false)).toEqual({
    passed: 4,
    failed: 2,
    skipped: 3,
  });
});

test('a runner that crashed, ran nothing or could not load a file has failed', () => {
  const missing = path.join(folder, 'missing.json');
  expect(countReport('vitest', missing, false)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(countReport('vitest', missing, true).failed).toBe(1);
  expect(countReport('vitest', vitest(5, 0), false).failed).toBe(1);
  expect(countReport('vitest', vitest(0, 0), true).failed).toBe(1);
  const unloaded = { status: 'failed', assertionResults: [] };
  expect(countReport('vitest', vitest(5, 1, [unloaded, unloaded]), false).failed).toBe(3);
});
