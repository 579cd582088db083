import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { CorruptError, NotFoundError, UnsupportedError } from '../../../src/lib/errors';
import { readModelFiles } from '../../../src/lib/embedding/model-files';
import { BUILT_IN, loadModel, modelRegistry, modelSpec } from '../../../src/lib/embedding/registry';
import type { SentenceModelSpec } from '../../../src/lib/embedding/model';
import { builtInFile } from './built-in';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Answers as a host does that serves public/; anything else gets `missing`. */
function serve(missing: () => Response): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', (address: string) => {
    asked.push(address);
    const path = new URL(address).pathname;
    const file = new URL(`../../../public${path}`, import.meta.url);
    return Promise.resolve(
      existsSync(file) ? new Response(builtInFile(path.split('/').at(-1) ?? '')) : missing(),
    );
  });
  return asked;
}
const frontPage = () =>
  new Response('<!doctype html>', { headers: { 'content-type': 'text/html; charset=utf-8' } });
const notFound = () => new Response('', { status: 404 });

describe('modelRegistry', () => {
  it('begins with the built-in model, which costs nothing to bring', () => {
    expect(modelRegistry()[0]).toMatchObject({ id: BUILT_IN, bytes: 0, dimensions: 128 });
  });

  it('has unique ids, and pins every file of the others', () => {
    const models = modelRegistry();
    expect(new Set(models.map(({ id }) => id)).size).toBe(models.length);
    const sentence = models.filter((spec) => spec.kind === 'sentence');
    expect(sentence.map(({ id }) => id)).toEqual([
      'all-MiniLM-L6-v2',
      'bge-small-en-v1.5',
      'multilingual-e5-small',
    ]);
    for (const { hub, files, bytes } of sentence) {
      expect(hub.revision).toMatch(/^[0-9a-f]{40}$/);
      expect(files.map(({ path }) => path).sort()).toEqual([
        'config.json',
        'onnx/model_quantized.onnx',
        'tokenizer.json',
        'tokenizer_config.json',
      ]);
      for (const { sha256 } of files) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(bytes).toBeGreaterThan(20_000_000);
    }
  });
});

describe('loadModel', () => {
  it.each(['https://memreel.test/', 'https://memreel.test'])(
    'loads the built-in model from %s, each file once',
    async (assetsUrl) => {
      const asked = serve(notFound);
      const model = await loadModel(modelSpec(BUILT_IN), { assetsUrl });
      expect(model).toMatchObject({ id: BUILT_IN, dimensions: 128 });
      const vector = await model.embed(['wing'], 'query');
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
      expect(asked.sort()).toEqual(
        ['config.json', 'embeddings.i4.bin', 'scales.f16.bin', 'vocab.txt'].map(
          (name) => `https://memreel.test/models/static-en/${name}`,
        ),
      );
    },
  );

  it.each([
    ['404', notFound],
    ['the front page', frontPage],
  ])('says which file is missing where a host answers %s', async (_, missing) => {
    serve(missing);
    const loading = loadModel(modelSpec(BUILT_IN), { assetsUrl: 'https://memreel.test/nowhere/' });
    await expect(loading).rejects.toThrow(NotFoundError);
    await expect(loading).rejects.toThrow(/config\.json|vocab\.txt|\.bin/);
  });

  it('says so where the host cannot be reached', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    await expect(
      loadModel(modelSpec(BUILT_IN), { assetsUrl: 'https://memreel.test/' }),
    ).rejects.toThrow(NotFoundError);
  });

  it('refuses a model that it does not know', () => {
    expect(() => modelSpec('word2vec')).toThrow(UnsupportedError);
  });

  it('asks nobody for a larger model that was not brought', async () => {
    const asked = serve(notFound);
    const loading = loadModel(modelSpec('bge-small-en-v1.5'), {
      assetsUrl: 'https://memreel.test/',
    });
    await expect(loading).rejects.toThrow(NotFoundError);
    expect(asked).toEqual([]);
  });
});

describe('readModelFiles', () => {
  // SHA-256 of "abc": FIPS 180-4, the NIST example.
  const spec: SentenceModelSpec = {
    kind: 'sentence',
    id: 'abc',
    name: 'ABC',
    dimensions: 3,
    languages: '',
    scripts: 'all',
    licence: 'MIT',
    licenceUrl: '',
    origin: '',
    bytes: 3,
    hub: { name: 'test/abc', revision: '0'.repeat(40) },
    files: [
      {
        path: 'onnx/a.onnx',
        bytes: 3,
        sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      },
    ],
    pooling: 'mean',
    prefixes: { passage: '', query: '' },
    maxTokens: 8,
  };
  const read = (content: string | undefined) =>
    readModelFiles(
      spec,
      new Map(content === undefined ? [] : [['onnx/a.onnx', new Blob([content])]]),
    );

  it('takes the pinned file, from what was handed in alone', async () => {
    const asked = serve(notFound);
    expect((await read('abc')).get('onnx/a.onnx')).toEqual(Uint8Array.from([97, 98, 99]));
    expect(asked).toEqual([]);
  });

  it('refuses another file of the same size, and of another', async () => {
    await expect(read('abd')).rejects.toThrow(CorruptError);
    await expect(read('abcd')).rejects.toThrow(CorruptError);
  });

  it('says what was not handed in', async () => {
    await expect(read(undefined)).rejects.toThrow(NotFoundError);
    await expect(read(undefined)).rejects.toThrow('onnx/a.onnx');
  });
});
