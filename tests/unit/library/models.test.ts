/**
 * Bringing a model: what is kept is the pinned file or goes on from where it stopped, whatever the
 * server, the person's files or the person did. Over real HTTP, as a hub is asked.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ModelInfo, Progress } from '../../../src/lib/api';
import {
  CorruptError,
  InvalidError,
  NotFoundError,
  ReadOnlyError,
  UnsupportedError,
} from '../../../src/lib/errors';
import type { SentenceModelSpec } from '../../../src/lib/embedding/model';
import { modelSpec } from '../../../src/lib/embedding/registry';
import type { Models } from '../../../src/lib/library/models/models';
import { digestOfBlob } from '../../../src/lib/store/digest';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { modelsInNode } from './models-in-node';

const CONTENTS: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  'config.json': new TextEncoder().encode('{"hidden_size":8}'),
  'onnx/model_quantized.onnx': Uint8Array.from({ length: 300_000 }, (_, at) => (at * at) >> 3),
};
const spec: SentenceModelSpec = {
  ...{ kind: 'sentence', id: 'tiny', name: 'Tiny', dimensions: 8, languages: 'English' },
  ...{ scripts: 'Latin', licence: 'MIT', licenceUrl: 'https://example.org/licence' },
  ...{ origin: 'tests', pooling: 'mean', prefixes: { passage: '', query: '' }, maxTokens: 8 },
  hub: { name: 'tests/tiny', revision: '4'.repeat(40) },
  files: Object.entries(CONTENTS).map(([path, content]) => ({
    ...{ path, bytes: content.length },
    sha256: createHash('sha256').update(content).digest('hex'),
  })),
  bytes: Object.values(CONTENTS).reduce((sum, { length }) => sum + length, 0),
};
const PINNED = Object.fromEntries(spec.files.map(({ path, sha256 }) => [path, sha256]));
const MODEL = 'onnx/model_quantized.onnx';

/** How the hub answers for one path, once. */
type Trouble = (request: IncomingMessage, response: ServerResponse, content: Uint8Array) => void;

const hub = createServer((request, response) => {
  const path = (request.url ?? '').replace(`/tests/tiny/resolve/${'4'.repeat(40)}/`, '');
  asked.push({ path, range: request.headers.range });
  const content = CONTENTS[path];
  if (!content) {
    response.writeHead(404).end('Entry not found');
    return;
  }
  const trouble = troubles.get(path)?.shift();
  if (trouble) trouble(request, response, content);
  else answer(request, response, content);
});
let hubUrl = '';
let asked: { path: string; range: string | undefined }[] = [];
let troubles = new Map<string, Trouble[]>();

const answer: Trouble = (request, response, content) => {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from > 0) {
    const range = `bytes ${String(from)}-${String(content.length - 1)}/${String(content.length)}`;
    response.writeHead(206, { 'Content-Range': range });
  }
  response.end(content.subarray(from));
};
/** Sends so many bytes of what was asked for and drops the connection. */
const cutAfter =
  (bytes: number): Trouble =>
  (request, response, content) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, { 'Content-Length': content.length - from });
    response.write(content.subarray(from, from + bytes), () => {
      response.destroy();
    });
  };

beforeAll(async () => {
  await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
  const address = hub.address();
  if (typeof address === 'object' && address) hubUrl = `http://127.0.0.1:${String(address.port)}`;
});
afterAll(() => {
  hub.closeAllConnections();
  hub.close();
});
beforeEach(() => {
  asked = [];
  troubles = new Map();
});

const opened = (fs = new MemoryFileSystem()): Models =>
  modelsInNode({ fs, hubUrl, specs: [modelSpec('static-en'), spec] });
const idle = { signal: new AbortController().signal, progress: () => undefined };
const infoOf = async (models: Models): Promise<ModelInfo | undefined> =>
  (await models.list()).find(({ id }) => id === 'tiny');

/** The digests of the model's files as they are kept; undefined where it is not whole. */
async function keptIn(models: Models): Promise<Record<string, string> | undefined> {
  let kept: Record<string, string> | undefined;
  const caller = models.embedder({
    async call(_, args) {
      const files = 'brought' in args ? args.brought.files : undefined;
      const read = [...(files ?? [])].map(async ([path, blob]): Promise<[string, string]> => [
        path,
        await digestOfBlob(blob),
      ]);
      kept = Object.fromEntries(await Promise.all(read));
      throw new Error('seen');
    },
    close: () => undefined,
  });
  const asking = { model: 'tiny', texts: [], kind: 'query', assetsUrl: '' } as const;
  await caller.call('embed', asking).catch(() => undefined);
  return kept;
}

describe('downloading a model', () => {
  test('keeps the pinned files, tells every step, and asks for no more than once', async () => {
    const models = opened();
    expect(await infoOf(models)).toMatchObject({ state: 'absent', keptBytes: 0 });
    const told: Progress[] = [];
    const { signal } = idle;
    const made = await models.download('tiny', { signal, progress: (step) => told.push(step) });
    expect(made).toMatchObject({ state: 'ready', keptBytes: spec.bytes });
    expect(await keptIn(models)).toEqual(PINNED);
    expect(told.at(-1)).toEqual({
      ...{ stage: 'download', file: MODEL, done: spec.bytes, total: spec.bytes },
    });
    expect(told.map(({ done }) => done)).toEqual(
      told.map(({ done }) => done).sort((a, b) => a - b),
    );
    expect(asked).toHaveLength(2);
    await models.download('tiny', idle);
    expect(asked).toHaveLength(2);
  });

  test('goes on after each lost connection, in the same tab or another one', async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(cuts, fc.boolean(), async (bytes, reloads) => {
        asked = [];
        troubles = new Map([[MODEL, bytes.map(cutAfter)]]);
        const fs = new MemoryFileSystem();
        let models = opened(fs);
        for (let tries = 0; (await infoOf(models))?.state !== 'ready'; tries++) {
          expect(tries).toBeLessThanOrEqual(bytes.length);
          await models.download('tiny', idle).catch((error: unknown) => {
            expect(error).toBeInstanceOf(UnsupportedError);
          });
          if (reloads) models = opened(fs);
        }
        expect(await keptIn(models)).toEqual(PINNED);
        // Nothing is asked for twice: each range begins where the one before was cut off.
        const from = asked
          .filter(({ path }) => path === MODEL)
          .map(({ range }) => Number(range?.slice('bytes='.length, -1) ?? 0));
        expect(from).toEqual([...new Set(from)].sort((a, b) => a - b));
      }),
      { numRuns: 12 },
    );
  });

  test('an abort keeps what has come, and the next call goes on there', async () => {
    const models = opened();
    const stop = new AbortController();
    // The rest never comes: only the abort ends it.
    const stall: Trouble = (_, response, content) => {
      response.writeHead(200, { 'Content-Length': content.length });
      response.write(content.subarray(0, 100_000));
    };
    troubles.set(MODEL, [stall]);
    const downloading = models.download('tiny', {
      signal: stop.signal,
      progress: ({ file, done }) => {
        if (file === MODEL && done > 50_000) stop.abort(new Error('paused'));
      },
    });
    await expect(downloading).rejects.toThrow('paused');
    const info = await infoOf(models);
    expect(info?.state).toBe('partial');
    expect(info?.keptBytes).toBeGreaterThan(50_000);
    expect(await keptIn(models)).toBeUndefined();
    await models.download('tiny', idle);
    expect(await keptIn(models)).toEqual(PINNED);
    expect(asked.at(-1)?.range).toMatch(/^bytes=\d+-$/);
  });

  test('begins again where the server knows no ranges, and where it has less', async () => {
    const whole: Trouble = (_, response, content) => response.end(content);
    const less: Trouble = (_, response) => response.writeHead(416).end();
    for (const trouble of [whole, less]) {
      const models = opened();
      troubles.set(MODEL, [cutAfter(70_000), trouble]);
      await expect(models.download('tiny', idle)).rejects.toThrow(/cut off/);
      await models.download('tiny', idle);
      expect(await keptIn(models)).toEqual(PINNED);
    }
  });

  test.each<[string, Trouble]>([
    [
      'other bytes',
      (_, response, content) => response.end(content.map((byte, at) => (at === 9 ? ~byte : byte))),
    ],
    ['more bytes', (_, response, content) => response.end(Buffer.concat([content, content]))],
  ])('refuses %s and keeps nothing of them', async (_, trouble) => {
    const models = opened();
    troubles.set(MODEL, [trouble]);
    await expect(models.download('tiny', idle)).rejects.toThrow(CorruptError);
    const { length } = CONTENTS['config.json'] ?? [];
    expect(await infoOf(models)).toMatchObject({ state: 'partial', keptBytes: length });
    await models.download('tiny', idle);
    expect(await keptIn(models)).toEqual(PINNED);
  });

  test('other bytes behind the right ones are found out, too', async () => {
    const models = opened();
    const others: Trouble = (request, response, content) => {
      answer(
        request,
        response,
        content.map((byte) => byte ^ 1),
      );
    };
    troubles.set(MODEL, [cutAfter(1000), others]);
    await expect(models.download('tiny', idle)).rejects.toThrow(UnsupportedError);
    await expect(models.download('tiny', idle)).rejects.toThrow(CorruptError);
    await models.download('tiny', idle);
    expect(await keptIn(models)).toEqual(PINNED);
  });

  test('says what is missing, what is in the way, and what is not known', async () => {
    const gone = opened();
    troubles.set(MODEL, [(_, response) => response.writeHead(404).end()]);
    await expect(gone.download('tiny', idle)).rejects.toThrow(NotFoundError);
    troubles.set(MODEL, [(_, response) => response.writeHead(503).end()]);
    await expect(gone.download('tiny', idle)).rejects.toThrow(/503/);
    await expect(gone.download('word2vec', idle)).rejects.toThrow(NotFoundError);
    const offline = modelsInNode({ hubUrl: 'http://127.0.0.1:9', specs: [spec] });
    await expect(offline.download('tiny', idle)).rejects.toThrow(UnsupportedError);
  });

  test('one tab at a time brings a model; it needs nobody once it is here', async () => {
    const models = opened();
    const both = await Promise.allSettled([
      models.download('tiny', idle),
      models.download('tiny', idle),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(both[1]).toMatchObject({ reason: expect.any(ReadOnlyError) as unknown });
    asked = [];
    expect(await models.state('tiny')).toBe('ready');
    expect(await keptIn(models)).toEqual(PINNED);
    expect(asked).toEqual([]);
  });

  test('removes a model, and not the one that ships with the app', async () => {
    const models = opened();
    await models.download('tiny', idle);
    await models.remove('tiny');
    expect(await infoOf(models)).toMatchObject({ state: 'absent', keptBytes: 0 });
    await expect(models.remove('static-en')).rejects.toThrow(InvalidError);
  });
});

const folder = (prefix: string, change: Partial<Record<string, Uint8Array<ArrayBuffer>>> = {}) =>
  Object.entries({ ...CONTENTS, ...change }).flatMap(([path, content]) =>
    content
      ? [{ path: prefix + path, file: new File([content], path.split('/').at(-1) ?? '') }]
      : [],
  );

describe('adding a model from files', () => {
  test.each(['', 'tiny/', 'downloads/tiny/'])('takes the folder “%s”', async (prefix) => {
    const models = opened();
    const pooling = new File(['{}'], 'config.json');
    const files = [{ path: `${prefix}1_Pooling/config.json`, file: pooling }, ...folder(prefix)];
    expect(await models.add('tiny', files, idle)).toMatchObject({ state: 'ready' });
    expect(await keptIn(models)).toEqual(PINNED);
    expect(asked).toEqual([]);
  });

  test('takes files that were chosen one by one', async () => {
    const models = opened();
    const flat = folder('').map(({ file }) => ({ path: file.name, file }));
    expect(await models.add('tiny', flat, idle)).toMatchObject({ state: 'ready' });
  });

  test('goes on with what a download left', async () => {
    const models = opened();
    troubles.set(MODEL, [cutAfter(70_000)]);
    await expect(models.download('tiny', idle)).rejects.toThrow(UnsupportedError);
    await models.add('tiny', folder(''), idle);
    expect(await keptIn(models)).toEqual(PINNED);
  });

  test('takes a zip of the folder', async () => {
    const { BlobWriter, Uint8ArrayReader, ZipWriter } =
      await import('@zip.js/zip.js/lib/zip-core-native.js');
    const zip = new ZipWriter(new BlobWriter(), { useWebWorkers: false });
    for (const [path, content] of Object.entries(CONTENTS)) {
      await zip.add(`tiny/${path}`, new Uint8ArrayReader(content));
    }
    const file = new File([await zip.close()], 'tiny.zip');
    const models = opened();
    await models.add('tiny', [{ path: 'tiny.zip', file }], idle);
    expect(await keptIn(models)).toEqual(PINNED);
    const cut = new File([file.slice(0, file.size - 50)], 'cut.zip');
    await expect(opened().add('tiny', [{ path: 'cut.zip', file: cut }], idle)).rejects.toThrow(
      CorruptError,
    );
  });

  test('names what is missing, of another size, or of another content', async () => {
    const models = opened();
    const missing = models.add('tiny', folder('', { [MODEL]: undefined }), idle);
    await expect(missing).rejects.toThrow(NotFoundError);
    await expect(missing).rejects.toThrow(MODEL);
    const shorter = models.add('tiny', folder('', { [MODEL]: new Uint8Array(5) }), idle);
    await expect(shorter).rejects.toThrow(CorruptError);
    await expect(shorter).rejects.toThrow(spec.hub.revision);
    const other = models.add('tiny', folder('', { [MODEL]: new Uint8Array(300_000) }), idle);
    await expect(other).rejects.toThrow(CorruptError);
    expect(await models.state('tiny')).toBe('absent');
  });
});
