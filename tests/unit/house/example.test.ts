import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('the example program in docs/FORMAT.md is the one in examples/, and short', () => {
  const program = readFileSync('examples/read_mp4.py', 'utf8');
  const page = readFileSync('docs/FORMAT.md', 'utf8');
  expect(/^```python\n(.*?)^```$/msu.exec(page)?.[1]).toBe(program);
  expect(program.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
});
