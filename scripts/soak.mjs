/**
 * `npm run soak`: the tests of random histories, for as many runs as there is patience for. The
 * number of runs is the argument; a run takes about five seconds.
 */
import { bin } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { run } from './run.mjs';

const RUNS = 500;

ensureInstalled();
const { ok } = await run(
  [bin('vitest/vitest.mjs'), 'run', '--project', 'unit', 'tests/unit/library/model.test.ts'],
  {
    timeoutSeconds: 24 * 3600,
    show: true,
    env: {
      SOAK_RUNS: process.argv[2] ?? String(RUNS),
      VITE_CONFIG_NATIVE_IGNORE_WARNING: 'true', // as in build.mjs
    },
  },
);
process.exitCode = ok ? 0 : 1;
