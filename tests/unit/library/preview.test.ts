/** A preview has a worker to itself: it asks through it, and ends it unless it read to the end. */
import { expect, test } from 'vitest';
import { CorruptError } from '../../../src/lib/errors';
import { previewDocument, type PreviewAsked } from '../../../src/lib/library/ingest/preview';
import type { DraftChunk, ExtractProtocol } from '../../../src/lib/library/protocol';
import type { Handlers } from '../../../src/lib/rpc/protocol';
import { callDirectly } from '../../../src/lib/rpc/server';

const asked = (limit = 20): PreviewAsked => ({
  ...{ file: new File(['x'], 'a.bin'), chunking: {}, model: 'static-en', limit },
});

const chunk = (text: string): DraftChunk => ({
  ...{ text, bytes: text.length, sha256: '', place: { start: 0, end: text.length } },
});

/** A worker with these handlers, and what became of it. */
function workerOf(handlers: Partial<Handlers<ExtractProtocol>>) {
  const ends: string[] = [];
  const context = {
    assetsUrl: '',
    signal: new AbortController().signal,
    password: (): Promise<string | undefined> => Promise.resolve(undefined),
    engines: {
      extract: () => ({
        ...callDirectly<ExtractProtocol>({
          identify: () =>
            Promise.resolve({
              ...{ type: 'text/plain', sha256: '', isText: true },
              ...{ members: [], warnings: [] },
            }),
          open: () => Promise.resolve({ reading: 1, first: { chunks: [chunk('one')] } }),
          next: () => Promise.resolve({ chunks: [chunk('more')] }),
          ...handlers,
        }),
        close: () => {
          ends.push('ended');
        },
        giveBack: () => {
          ends.push('given back');
        },
      }),
    },
  };
  return { context, ends };
}

test('reads on as far as it shows, and ends the worker that has more', async () => {
  const { context, ends } = workerOf({});
  const preview = await previewDocument(asked(3), context);
  expect(preview.chunks.map(({ text }) => text)).toEqual(['one', 'more', 'more']);
  expect(preview.more).toBe(true);
  expect(ends).toEqual(['ended']);
});

test('leaves a worker that read to the end to whoever comes next', async () => {
  const { context, ends } = workerOf({
    next: () => Promise.resolve({ chunks: [chunk('last')], end: { warnings: ['odd'] } }),
  });
  const preview = await previewDocument(asked(2), context);
  expect(preview).toMatchObject({ more: false, warnings: ['odd'] });
  expect(ends).toEqual(['given back']);
});

test('asks for a password, and ends the worker of a document that fails', async () => {
  const { context, ends } = workerOf({
    open: async (_, { question }) => {
      throw new CorruptError(`It was ${String(await question({ password: 'a.bin' }))}.`);
    },
  });
  const password = (file: string): Promise<string> => Promise.resolve(`that of ${file}`);
  await expect(previewDocument(asked(), { ...context, password })).rejects.toThrow(
    'It was that of a.bin.',
  );
  expect(ends).toEqual(['ended']);
});

test('an abort ends the worker at once', async () => {
  const stop = new AbortController();
  const { context, ends } = workerOf({
    open: (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
        stop.abort(new DOMException('Typed on', 'AbortError'));
      }),
  });
  await expect(previewDocument(asked(), { ...context, signal: stop.signal })).rejects.toThrow(
    'Typed on',
  );
  expect(ends).toEqual(['ended']);
});

test('of an archive it takes the first file that gives text, own text of a message before', async () => {
  const opened: (string | undefined)[] = [];
  const inside = ['broken', 'empty', 'inner.zip', 'late'];
  const { context } = workerOf({
    identify: ({ member }) =>
      Promise.resolve({
        ...{ type: member ?? 'archive', sha256: '', warnings: [] },
        isText: member !== undefined && member !== 'inner.zip',
        members: (member === undefined
          ? inside
          : member === 'inner.zip'
            ? ['inner.zip/b.txt']
            : []
        ).map((path) => ({ path, size: 1 })),
      }),
    open: ({ member }) => {
      opened.push(member);
      if (member === 'broken') return Promise.reject(new CorruptError('It is cut short.'));
      const chunks = member === 'empty' ? [] : [chunk(member ?? '')];
      return Promise.resolve({ reading: 1, first: { chunks, end: { warnings: [] } } });
    },
  });
  const preview = await previewDocument(asked(), context);
  expect(opened).toEqual(['broken', 'empty', 'inner.zip/b.txt']);
  expect(preview).toMatchObject({
    ...{ member: 'inner.zip/b.txt', type: 'inner.zip/b.txt' },
    warnings: ['broken: It is cut short.'],
  });
});

test('an archive without any text says so by having no cut', async () => {
  const { context, ends } = workerOf({
    identify: () =>
      Promise.resolve({
        ...{ type: 'application/zip', sha256: '', isText: false },
        ...{ members: [], warnings: ['There is no file in it.'] },
      }),
  });
  expect(await previewDocument(asked(), context)).toMatchObject({
    ...{ chunks: [], more: false, warnings: ['There is no file in it.'] },
  });
  expect(ends).toEqual(['given back']);
});
