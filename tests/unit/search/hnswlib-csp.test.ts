/** The plugin against the installed bundle: a new release must not slip past it. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { withoutEval } from '../../../scripts/vite-hnswlib-csp';

const DIST = 'node_modules/hnswlib-wasm/dist';
const bundles = readdirSync(DIST)
  .filter((name) => name.endsWith('.js'))
  .map((name) => readFileSync(`${DIST}/${name}`, 'utf8'))
  .filter((code) => code.includes('embind'));

it('finds one bundle, and takes out both places that compile text', () => {
  expect(bundles).toHaveLength(1);
  for (const bundle of bundles) {
    expect(bundle.split('newFunc(Function').length - 1).toBe(2);
    expect(withoutEval(bundle)).not.toContain('newFunc(Function');
  }
});

it('stops the build where the bundle is not the known one', () => {
  const [bundle = ''] = bundles;
  for (const changed of [
    bundle.replace('function craftInvokerFunction(', 'function craftInvoker('),
    bundle.replace('newFunc(Function, params)', 'newFunc(Function, parameters)'),
    `${bundle}\nconst late = new Function('return 1');`,
    `${bundle}\neval('1');`,
    withoutEval(bundle),
  ])
    expect(() => withoutEval(changed)).toThrow('vite-hnswlib-csp');
});
