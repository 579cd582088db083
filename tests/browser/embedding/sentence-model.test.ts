import { afterEach, describe, expect, it, vi } from 'vitest';
import { CorruptError, NotFoundError } from '../../../src/lib/errors';
import type { SentenceModelSpec } from '../../../src/lib/embedding/model';
import { BUILT_IN, loadModel } from '../../../src/lib/embedding/registry';
import { selfTest } from '../../../src/lib/embedding/selftest';
import { loadSentenceModel } from '../../../src/lib/embedding/sentence-model';
import golden from '../../fixtures/embedding/golden.json';
import tiny from '../../fixtures/embedding/tiny-sentence.json';

const assetsUrl = new URL('/tests/fixtures/embedding/assets/', location.href).href;
const spec: SentenceModelSpec = {
  kind: 'sentence',
  id: 'tiny-sentence',
  name: 'Tiny',
  dimensions: tiny.dimensions,
  languages: 'English',
  scripts: 'Latin',
  licence: 'MIT',
  origin: 'tests',
  bytes: 0,
  hub: { name: 'tests/tiny-sentence', revision: '0'.repeat(40) },
  files: tiny.files,
  pooling: 'mean',
  prefixes: { passage: 'passage: ', query: 'query: ' },
  maxTokens: 12,
};

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
    const fetched = vi.spyOn(globalThis, 'fetch');
    performance.clearResourceTimings();
    performance.setResourceTimingBufferSize(5000);
    const model = await loadSentenceModel(spec, { assetsUrl });
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
      expect.arrayContaining(['tokenizer.json', 'ort-wasm-simd-threaded.wasm']),
    );
    expect(new Set(addresses.map(({ origin }) => origin))).toEqual(new Set([location.origin]));
    model.dispose();
  });

  it('puts the prefix of a query before a query', async () => {
    const model = await loadSentenceModel(spec, { assetsUrl });
    expectClose(
      await model.embed(['rainfall'], 'query'),
      expectedVector('[CLS] query : [UNK] [SEP]', 'mean'),
    );
    model.dispose();
  });

  it('pools by the first token where the spec says so', async () => {
    const model = await loadSentenceModel({ ...spec, pooling: 'cls' }, { assetsUrl });
    expectClose(await model.embed(['dog ran home'], 'passage'), expectedVector('[CLS]', 'cls'));
    model.dispose();
  });

  it('cuts a long text to its first tokens and the closing one', async () => {
    const model = await loadSentenceModel(spec, { assetsUrl });
    expectClose(
      await model.embed([`${'dog '.repeat(20)}cat`], 'passage'),
      expectedVector(`[CLS] passage : ${'dog '.repeat(8)}[SEP]`, 'mean'),
    );
    model.dispose();
  });

  it('gives a text the same vector in a batch and alone', async () => {
    const model = await loadSentenceModel(spec, { assetsUrl });
    const texts = ['the cat', '', 'rain fall on a blue mat', 'dog'];
    const together = await model.embed(texts, 'passage');
    for (const [index, text] of texts.entries())
      expect(together.slice(index * 8, index * 8 + 8)).toEqual(
        await model.embed([text], 'passage'),
      );
    model.dispose();
  });

  it('loads from files that were handed in, without asking for them', async () => {
    const blobs = await Promise.all(
      tiny.files.map(async ({ path }): Promise<[string, Blob]> => {
        const response = await fetch(`${assetsUrl}models/tiny-sentence/${path}`);
        return [path, await response.blob()];
      }),
    );
    const fetched = vi.spyOn(globalThis, 'fetch');
    const model = await loadSentenceModel(spec, { assetsUrl, files: new Map(blobs) });
    expectClose(
      await model.embed(['the mat'], 'passage'),
      expectedVector('[CLS] passage : the mat [SEP]', 'mean'),
    );
    expect(
      fetched.mock.calls.filter(([request]) => addressOf(request).href.includes('tiny-sentence')),
    ).toEqual([]);
    model.dispose();
  });

  it('runs in a worker', async () => {
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
      worker.postMessage([spec, assetsUrl, ['dog ran home']]);
    });
    worker.terminate();
    if (!(answer instanceof Float32Array)) throw new Error(String(answer));
    expectClose(answer, expectedVector('[CLS] passage : dog ran home [SEP]', 'mean'));
  });

  it('stops at an abort between two texts', async () => {
    const model = await loadSentenceModel(spec, { assetsUrl });
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

  it('says which file is missing, where the server answers with its front page', async () => {
    const lost = { ...spec, id: 'nowhere' };
    const loading = loadSentenceModel(lost, { assetsUrl });
    await expect(loading).rejects.toThrow(NotFoundError);
    await expect(loading).rejects.toThrow('config.json');
  });

  it('refuses files that are not the pinned ones', async () => {
    const [first, ...rest] = tiny.files;
    if (!first) throw new Error('the fixture lists no files');
    const files = [{ ...first, sha256: '0'.repeat(64) }, ...rest];
    await expect(loadSentenceModel({ ...spec, files }, { assetsUrl })).rejects.toThrow(
      CorruptError,
    );
  });
});

describe('the registry in a browser', () => {
  it('loads the built-in model from where the app is served', async () => {
    const model = await loadModel(BUILT_IN, { assetsUrl: new URL('/', location.href).href });
    expect(await selfTest(model, golden)).toMatchObject({ ok: true });
  });

  it('asks for a larger model at this origin only, and says that it is not there', async () => {
    const fetched = vi.spyOn(globalThis, 'fetch');
    await expect(
      loadModel('all-MiniLM-L6-v2', { assetsUrl: new URL('/', location.href).href }),
    ).rejects.toThrow(NotFoundError);
    for (const [request] of fetched.mock.calls)
      expect(addressOf(request).origin).toBe(location.origin);
  });
});
