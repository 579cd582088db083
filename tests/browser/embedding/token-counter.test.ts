/** Tokens as each model's own tokeniser counts them, without its weights. */
import { expect, it } from 'vitest';
import { NotFoundError, UnsupportedError } from '../../../src/lib/errors';
import { modelSpec } from '../../../src/lib/embedding/registry';
import { loadStaticModel } from '../../../src/lib/embedding/static-model';
import { loadTokenCounter } from '../../../src/lib/embedding/token-counter';
import { tinyFiles, tinySpec } from './tiny-model';

it('counts what the built-in model embeds', async () => {
  const spec = modelSpec('static-en');
  const count = await loadTokenCounter(spec, { assetsUrl: '/' });
  const model = await loadStaticModel(spec.id, '/');
  for (const text of ['', 'The cats sat.', 'Überraschung über 123 résumés', '各中文句子。'])
    expect(count(text)).toBe(model.tokens(text).length);
  expect(count('The cats sat.')).toBeGreaterThanOrEqual(3);
});

it("counts a larger model's tokens without those that it puts around, and without its weights", async () => {
  const files = new Map(await tinyFiles());
  for (const path of files.keys()) if (path.endsWith('.onnx')) files.delete(path);
  const count = await loadTokenCounter(tinySpec, { assetsUrl: '/', files });
  // the cat ##s sat
  expect(count('The cats sat')).toBe(4);
  expect(count('The cats sat\nThe cats sat')).toBe(8);
  expect(count('')).toBe(0);
});

it('says what to do where the model is not here, or a file of it is missing', async () => {
  const none = loadTokenCounter(tinySpec, { assetsUrl: '/' });
  await expect(none).rejects.toBeInstanceOf(UnsupportedError);
  await expect(none).rejects.toThrow(/Bring it in Settings, or count characters/u);
  const files = new Map(await tinyFiles());
  files.delete('tokenizer.json');
  const partial = loadTokenCounter(tinySpec, { assetsUrl: '/', files });
  await expect(partial).rejects.toBeInstanceOf(NotFoundError);
});
