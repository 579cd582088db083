import { afterEach, describe, expect, it, vi } from 'vitest';
import { CorruptError, NotFoundError } from '../../../src/lib/errors';
import { BUILT_IN, loadModel, modelSpec } from '../../../src/lib/embedding/registry';
import { selfTest } from '../../../src/lib/embedding/selftest';
import { loadSentenceModel } from '../../../src/lib/embedding/sentence-model';
import golden from '../../fixtures/embedding/golden.json';
import tiny from '../../fixtures/embedding/tiny-sentence.json';
import { tinyFiles, tinySpec as spec } from './tiny-model';

/** What the graph gives, by plain arithmetic: rows times matrix, pooled and normalised. */
function expectedVector(pieces: string, pooling: 'mean' | 'cls'): number[] {
  const ids = pieces.split(' ').map((piece) => tiny.vocabulary.indexOf(piece));
  expect(ids).not.toContain(-1);
  const size = tiny.dimensions;
  const sum = Array.from({ length: size }, () => 0);
  for (const id of pooling === 'cls' ? ids.slice(0, 1) : ids)
    for (let to = 0; to < size; to++)
      for (let from = 0; from < size; from++)
        sum[to] =
          (sum[to] ?? NaN) +
          (tiny.rows[id * size + from] ?? NaN) * (tiny.matrix[from * size + to] ?? NaN);
  const length = Math.hypot(...sum);
  return sum.map((value) => value / length);
}

function expectClose(found: Float32Array, expected: readonly number[]): void {
  expect(found).toHaveLength(expected.length);
  expected.forEach((value, index) => {
    expect(found[index]).toBeCloseTo(value, 5);
  });
}

function addressOf(request: RequestInfo | URL): URL {
  return new URL(request instanceof Request ? request.url : request, location.href);
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a sentence model', () => {
  it('gives what plain arithmetic gives, and fetches nothing from elsewhere', async () => {
    const files = await tinyFiles();
    const fetched = vi.spyOn(globalThis, 'fetch');
    performance.clearResourceTimings();
    performance.setResourceTimingBufferSize(5000);
    const model = await loadSentenceModel(spec, files);
    const found = await model.embed(['The cats sat', 'a blue sky'], 'passage');
    expectClose(found, [
      ...expectedVector('[CLS] passage : the cat ##s sat [SEP]', 'mean'),
      ...expectedVector('[CLS] passage : a blue sky [SEP]', 'mean'),
    ]);
    const addresses = [
      ...fetched.mock.calls.map(([request]) => addressOf(request)),
      ...performance.getEntriesByType('resource').map(({ name }) => addressOf(name)),
    ];
    expect(addresses.map(({ pathname }) => pathname.split('/').at(-1))).toEqual(
      expect.arrayContaining([expect.stringMatching(/^ort-wasm-simd-threaded.*\.wasm$/)]),
    );
    expect(new Set(addresses.map(({ origin }) => origin))).toEqual(new Set([location.origin]));
    model.dispose();
  });

  it('puts the prefix of a query before a query', async () => {
    const model = await loadSentenceModel(spec, await tinyFiles());
    expectClose(
      await model.embed(['rainfall'], 'query'),
      expectedVector('[CLS] query : [UNK] [SEP]', 'mean'),
    );
    model.dispose();
  });

  it('pools by the first token where the spec says so', async () => {
    const model = await loadSentenceModel({ ...spec, pooling: 'cls' }, await tinyFiles());
    expectClose(await model.embed(['dog ran home'], 'passage'), expectedVector('[CLS]', 'cls'));
    model.dispose();
  });

  it('cuts a long text to its first tokens and the closing one', async () => {
    const model = await loadSentenceModel(spec, await tinyFiles());
    expectClose(
      await model.embed([`${'dog '.repeat(20)}cat`], 'passage'),
      expectedVector(`[CLS] passage : ${'dog '.repeat(8)}[SEP]`, 'mean'),
    );
    model.dispose();
  });

  it('gives a text the same vector in a batch and alone', async () => {
    const model = await loadSentenceModel(spec, await tinyFiles());
    const texts = ['the cat', '', 'rain fall on a blue mat', 'dog'];
    const together = await model.embed(texts, 'passage');
    for (const [index, text] of texts.entries())
      expect(together.slice(index * 8, index * 8 + 8)).toEqual(
        await model.embed([text], 'passage'),
      );
    model.dispose();
  });

  it('runs in a worker', async () => {
    const files = await tinyFiles();
    const worker = new Worker(new URL('./embedding-worker.ts', import.meta.url), {
      type: 'module',
    });
    const answer = await new Promise<unknown>((resolve, reject) => {
      worker.onmessage = ({ data }) => {
        resolve(data);
      };
      worker.onerror = ({ message }) => {
        reject(new Error(message));
      };
      worker.postMessage([spec, files, ['dog ran home']]);
    });
    worker.terminate();
    if (!(answer instanceof Float32Array)) throw new Error(String(answer));
    expectClose(answer, expectedVector('[CLS] passage : dog ran home [SEP]', 'mean'));
  });

  it('stops at an abort between two texts', async () => {
    const model = await loadSentenceModel(spec, await tinyFiles());
    const controller = new AbortController();
    const work = model.embed(
      Array.from({ length: 500 }, () => 'the cat'),
      'passage',
      { signal: controller.signal },
    );
    setTimeout(() => {
      controller.abort(new Error('enough'));
    });
    await expect(work).rejects.toThrow('enough');
    model.dispose();
  });

  it('says which file is missing', async () => {
    const files = new Map(await tinyFiles());
    files.delete('tokenizer.json');
    const loading = loadSentenceModel(spec, files);
    await expect(loading).rejects.toThrow(NotFoundError);
    await expect(loading).rejects.toThrow('tokenizer.json');
  });

  it('refuses files that are not the pinned ones', async () => {
    const [first, ...rest] = tiny.files;
    if (!first) throw new Error('the fixture lists no files');
    const files = [{ ...first, sha256: '0'.repeat(64) }, ...rest];
    await expect(loadSentenceModel({ ...spec, files }, await tinyFiles())).rejects.toThrow(
      CorruptError,
    );
  });
});

describe('the registry in a browser', () => {
  it('loads the built-in model from where the app is served', async () => {
    const model = await loadModel(modelSpec(BUILT_IN), {
      assetsUrl: new URL('/', location.href).href,
    });
    expect(await selfTest(model, golden)).toMatchObject({ ok: true });
  });
});
