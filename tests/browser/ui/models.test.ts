import { expect, test, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import type { Library, ModelInfo, Shard, Work } from '../../../src/lib/api';
import { UnsupportedError } from '../../../src/lib/errors';
import { ModelShelf } from '../../../src/lib/ui/models.svelte';
import { Notices } from '../../../src/lib/ui/notices.svelte';
import { Resource } from '../../../src/lib/ui/resource.svelte';
import { modelStrings as words } from '../../../src/lib/ui/strings/models';
import ModelList from '../../../src/routes/settings/ModelList.svelte';
import ReindexDialog from '../../../src/routes/shard/ReindexDialog.svelte';

const BUILT_IN: ModelInfo = {
  ...{ id: 'static-en', name: 'Built-in English', bytes: 0, dimensions: 128, keptBytes: 0 },
  ...{ languages: 'English', licence: 'MIT', origin: 'the app', state: 'ready' },
  licenceUrl: '/models/static-en/README.md',
};
const LARGE: ModelInfo = {
  ...{ id: 'bge-small-en-v1.5', name: 'BGE', bytes: 34_000_000, dimensions: 384, keptBytes: 0 },
  ...{ languages: 'English', licence: 'MIT', origin: 'huggingface.co/Xenova/bge', state: 'absent' },
  licenceUrl: 'https://huggingface.co/BAAI/bge',
};

/** Settings over a library with these two models, of which the second can be brought. */
async function shown(change: Partial<Library> = {}, first: ModelInfo = LARGE) {
  let large = first;
  const set = (state: ModelInfo['state'], keptBytes: number): ModelInfo =>
    (large = { ...LARGE, state, keptBytes });
  const calls = {
    models: () => Promise.resolve([BUILT_IN, large]),
    downloadModel: vi.fn((_: string, work: Work = {}): Promise<ModelInfo> => {
      const file = 'onnx/model_quantized.onnx';
      work.onProgress?.({ stage: 'download', done: 17_000_000, total: large.bytes, file });
      return new Promise((_, reject) => {
        work.signal?.addEventListener('abort', () => {
          set('partial', 17_000_000);
          reject(work.signal?.reason as Error);
        });
      });
    }),
    addModel: vi.fn(() => Promise.resolve(set('ready', large.bytes))),
    removeModel: vi.fn(() => Promise.resolve(void set('absent', 0))),
  };
  const app = {
    models: new ModelShelf({ ...calls, ...change }),
    notices: new Notices(),
    shards: { listing: new Resource(() => Promise.resolve({ live: [], removed: [] })) },
  };
  const screen = await render(ModelList, { app });
  return { calls, app, screen };
}

test('says what each model is good at and whose it is, and fetches nothing of that', async () => {
  const fetched = vi.spyOn(globalThis, 'fetch');
  const { screen } = await shown();
  const list = screen.getByRole('list', { name: words.title });
  await expect.element(list).toHaveTextContent('It knows words, not sentences');
  const link = list.getByRole('link', { name: LARGE.licenceUrl });
  await expect.element(link).toHaveAttribute('rel', 'noopener noreferrer');
  expect(fetched).not.toHaveBeenCalled();
  await list.getByRole('button', { name: words.showLicence }).click();
  const dialog = screen.getByRole('dialog', { name: words.licenceTitle(BUILT_IN.name) });
  await expect.element(dialog).toHaveTextContent('OpenStax');
  fetched.mockRestore();
});

test('downloads only after a yes that knows from where and how much; pauses and goes on', async () => {
  const { calls, screen, app } = await shown();
  await screen.getByRole('button', { name: words.download }).click();
  const dialog = screen.getByRole('dialog', { name: words.ask.title(LARGE.name) });
  await expect.element(dialog).toHaveTextContent(words.ask.from(LARGE.origin, LARGE.bytes));
  await expect.element(dialog).toHaveTextContent('Nothing else is sent');
  expect(calls.downloadModel).not.toHaveBeenCalled();
  await dialog.getByRole('button', { name: words.ask.act(LARGE.bytes) }).click();
  const bar = screen.getByRole('progressbar', { name: words.downloading(LARGE.name) });
  await expect.element(bar).toHaveAttribute('value', '0.5');
  await screen.getByRole('button', { name: words.pause }).click();
  await expect.element(screen.getByText(words.kept(17_000_000, LARGE.bytes))).toBeVisible();
  await screen.getByRole('button', { name: words.goOn }).click();
  // Only what is missing yet.
  const again = screen.getByRole('button', { name: words.ask.act(17_000_000) });
  calls.downloadModel.mockResolvedValueOnce({ ...LARGE, state: 'ready' });
  await again.click();
  await expect.poll(() => app.notices.list.at(-1)?.text).toBe(words.ready(LARGE.name));
});

test('a failure is said where it happened, and leaves the way open', async () => {
  const downloadModel = vi.fn(() => Promise.reject(new UnsupportedError('The hub is away.')));
  const { screen } = await shown({ downloadModel });
  await screen.getByRole('button', { name: words.download }).click();
  await screen.getByRole('button', { name: words.ask.act(LARGE.bytes) }).click();
  await expect.element(screen.getByRole('alert')).toHaveTextContent('The hub is away.');
  await expect.element(screen.getByRole('button', { name: words.download })).toBeEnabled();
});

test('a model that is here can be removed', async () => {
  const { calls, screen } = await shown({}, { ...LARGE, state: 'ready', keptBytes: LARGE.bytes });
  await screen.getByRole('button', { name: words.remove }).click();
  expect(calls.removeModel).toHaveBeenCalledWith(LARGE.id);
  await expect.element(screen.getByRole('button', { name: words.download })).toBeVisible();
});

test('a shard gets another model that is here, with progress; one that is away cannot be chosen', async () => {
  const reindex = vi.fn<Shard['reindex']>((work = {}) => {
    work.onProgress?.({ stage: 'embed', done: 1, total: 2 });
    const report = { model: 'm', chunks: 2, embedded: 2, seconds: 3, version: 'v' };
    return Promise.resolve(report);
  });
  const other: ModelInfo = { ...LARGE, id: 'zeta', name: 'Zeta', state: 'ready' };
  const screen = await render(ReindexDialog, {
    library: { models: () => Promise.resolve([BUILT_IN, LARGE, other]) },
    shard: { model: BUILT_IN.id },
    open: () => Promise.resolve({ reindex }),
    close: vi.fn(),
  });
  await expect.element(screen.getByRole('radio', { name: LARGE.name })).toBeDisabled();
  await screen.getByRole('radio', { name: 'Zeta' }).click();
  await screen.getByRole('button', { name: words.reindex.act }).click();
  await expect.element(screen.getByRole('dialog')).toHaveTextContent(words.reindex.done(2, 3));
  expect(reindex.mock.calls[0]?.[0]).toMatchObject({ model: 'zeta' });
  await screen.getByRole('radio', { name: BUILT_IN.name }).click();
  await screen.getByRole('button', { name: words.reindex.fill }).click();
  await expect.poll(() => reindex.mock.calls.length).toBe(2);
  expect(reindex.mock.calls[1]?.[0]).not.toHaveProperty('model');
});
