/**
 * Runs one program of the tool chain to its end, within a time limit. The whole process group is
 * ended when time is up, because test runners leave browsers behind.
 */
import { spawn } from 'node:child_process';
import { ROOT } from './install.mjs';

/**
 * @typedef {{ ok: boolean, output: string, seconds: number }} RunReport
 */

/**
 * @param {string[]} args of this Node, beginning with a script
 * @param {{ timeoutSeconds: number, env?: Record<string, string>, show?: boolean }} options
 *   `show` also passes the output on as it comes
 * @returns {Promise<RunReport>}
 */
export function run(args, { timeoutSeconds, env = {}, show = false }) {
  const start = performance.now();
  const grouped = process.platform !== 'win32';
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: grouped,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      output += text;
      if (show) process.stdout.write(text);
    });
  }
  const end = () => {
    if (child.pid === undefined || child.exitCode !== null) return;
    // Its own group, never another's: `detached` made the child the leader of one.
    if (grouped) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  };
  const timer = setTimeout(() => {
    output += `\nStopped after ${timeoutSeconds} s\n`;
    end();
  }, timeoutSeconds * 1000);
  // A group of its own does not hear Ctrl-C, so it is passed on.
  const interrupted = () => {
    end();
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      process.off('SIGINT', interrupted);
      resolve({ ok: code === 0, output, seconds: (performance.now() - start) / 1000 });
    });
  });
}
