import { expect, test, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import type { CheckReport, ImportReport, Library } from '../../../src/lib/api';
import { CorruptError, PasswordError } from '../../../src/lib/errors';
import { Importing, meaningOf, type ImportingLibrary } from '../../../src/lib/ui/importing.svelte';
import { importSets } from '../../../src/lib/ui/import-sets';
import { importingStrings as words } from '../../../src/lib/ui/strings/importing';
import { keepingStrings } from '../../../src/lib/ui/strings/keeping';
import ImportDialog from '../../../src/routes/library/ImportDialog.svelte';
import ImportOutcome from '../../../src/routes/library/ImportOutcome.svelte';
import StoreCheck from '../../../src/routes/settings/StoreCheck.svelte';

const REPORT: ImportReport = {
  ...{ kind: 'zip', shard: 's', version: 'v', chunks: 60 },
  frames: { found: 10, unread: [], missing: [] },
  texts: { fromVideo: 60, fromIndex: 0 },
  warnings: [],
};

type ImportCall = ImportingLibrary['import'];

/** The dialog, open over a library whose `import` is this. */
async function shown(call: ImportCall, files: File[], isUnclear = false) {
  const importing = new Importing({ import: call });
  const stage = vi.fn();
  const found = { name: 'Wind tunnel' };
  const app = { importing, stage, shards: { find: () => found } };
  importing.open(files, { isUnclear });
  const screen = await render(ImportDialog, { app });
  const dialog = screen.getByRole('dialog', { name: words.title });
  await expect.element(dialog).toBeVisible();
  const act = dialog.getByRole('button', { name: words.act, exact: true });
  return { importing, stage, dialog, act };
}

const file = (name: string, content = ''): File => new File([content], name);

test('videos of memvid go with what is named after them, among other files too', () => {
  const named = (...names: string[]): File[] => names.map((name) => new File([], name));
  const setsOf = (...names: string[]): string[][] =>
    importSets(named(...names)).map((set) => set.map(({ name }) => name));
  expect(setsOf('a.zip', 'b_index.json', 'b.mkv', 'c.mp4', 'B_index.faiss')).toEqual([
    ['a.zip'],
    ['b.mkv', 'b_index.json', 'B_index.faiss'],
    ['c.mp4'],
  ]);
  expect(setsOf('memory.mp4', 'other_index.json')).toEqual([['memory.mp4', 'other_index.json']]);
  expect(setsOf('a.mp4', 'b.mp4', 'c_index.json')).toEqual([
    ['a.mp4'],
    ['b.mp4'],
    ['c_index.json'],
  ]);
});

test('asks for a password, again where it was wrong, and keeps it for nothing else', async () => {
  const call = vi.fn<ImportCall>((_, { password, onReport }) => {
    if (password !== 'right') return Promise.reject(new PasswordError('a.zip.age is sealed.'));
    onReport?.(REPORT);
    return Promise.resolve({ id: 's' });
  });
  const { dialog, act, importing } = await shown(call, [file('a.zip.age')]);
  await act.click();
  await expect.element(dialog.getByRole('alert')).toHaveTextContent(words.sealed('a.zip.age'));
  await dialog.getByLabelText(words.password).fill('wrong');
  await act.click();
  await expect.element(dialog.getByRole('alert')).toHaveTextContent(words.wrong('a.zip.age'));
  await expect.element(dialog.getByLabelText(words.password)).toHaveFocus();
  await dialog.getByLabelText(words.password).fill('right');
  await act.click();
  await expect
    .element(dialog.getByRole('link', { name: words.open('Wind tunnel') }))
    .toHaveAttribute('href', '#/shard/s/search');
  expect(call.mock.calls.map(([, options]) => options.password)).toEqual([
    undefined,
    'wrong',
    'right',
  ]);
  expect(importing.password).toBe('');
});

test('several files come in one after another; the one that failed still waits', async () => {
  const call = vi.fn<ImportCall>((files, { onReport }) => {
    const [first] = files;
    if (first?.name === 'b.zip') return Promise.reject(new CorruptError('b.zip is damaged.'));
    onReport?.({ ...REPORT, version: first?.name ?? '' });
    return Promise.resolve({ id: 's' });
  });
  const { dialog, act } = await shown(call, [file('a.zip'), file('b.zip'), file('c.mp4')]);
  await dialog.getByRole('radio', { name: words.choices.version.name }).click();
  await act.click();
  await expect.element(dialog.getByRole('alert')).toHaveTextContent('b.zip is damaged.');
  await expect.element(dialog.getByText(words.done(1))).toBeVisible();
  expect(call.mock.calls.map(([, options]) => options.ifPresent)).toEqual(['version', 'version']);
  await dialog.getByRole('button', { name: words.takeOut('b.zip') }).click();
  await act.click();
  await expect.element(dialog.getByText(words.done(2))).toBeVisible();
  expect(call.mock.calls.map(([files]) => files[0]?.name)).toEqual(['a.zip', 'b.zip', 'c.mp4']);
});

test('an import shows how far it is; cancelling it leaves the dialog as it was', async () => {
  const call = vi.fn<ImportCall>(
    (_, { signal, onProgress }) =>
      new Promise((_, reject) => {
        onProgress?.({ stage: 'verify', done: 3, total: 4 });
        signal?.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      }),
  );
  const { dialog, act } = await shown(call, [file('a.zip')]);
  await act.click();
  await expect.element(dialog.getByRole('progressbar')).toHaveAttribute('value', '0.75');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect.element(dialog.getByText(words.cancelled)).toBeVisible();
  await expect.element(act).toBeEnabled();
});

test('what stops after the dialog was closed says nothing in the next one', async () => {
  let stop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const call: ImportCall = async (_, { onReport }) => {
    await stopped;
    onReport?.(REPORT);
    throw new PasswordError('a.zip is sealed.');
  };
  const importing = new Importing({ import: call });
  importing.open([file('a.zip')]);
  const started = importing.start();
  importing.close();
  importing.open([file('b.zip')]);
  stop();
  await started;
  expect(importing.reports).toEqual([]);
  expect(importing.lock).toBeNull();
  expect(importing.files.map(({ name }) => name)).toEqual(['b.zip']);
  expect(importing.call.state.phase).toBe('idle');
});

test('what may be meant as documents can still be added as such', async () => {
  const call = vi.fn<ImportCall>();
  const { dialog, stage } = await shown(call, [file('set.zip')], true);
  await expect.element(dialog.getByText(words.unclear)).toBeVisible();
  await dialog.getByRole('button', { name: words.asDocuments }).click();
  expect(stage).toHaveBeenCalledExactlyOnceWith(
    [expect.objectContaining({ name: 'set.zip' })],
    null,
  );
  expect(call).not.toHaveBeenCalled();
});

test('a drop is told apart by what is in it', async () => {
  const sealed = file('x.bin', 'age-encryption.org/v1\n-> scrypt');
  const film = file('film.mp4', '\0\0\0\u0020ftypisom');
  const note = file('note.txt', 'A note.');
  const index = file('memory_index.json', '{}');
  expect(await meaningOf([sealed])).toBe('shards');
  expect(await meaningOf([film, sealed])).toBe('shards');
  expect(await meaningOf([note])).toBe('documents');
  expect(await meaningOf([film, note])).toBe('documents');
  expect(await meaningOf([film, index, file('memory_index.faiss')])).toBe('shards');
  expect(await meaningOf([file('memory.mkv'), index])).toBe('shards');
  expect(await meaningOf([index])).toBe('documents');
  expect(await meaningOf([file('a.zip', 'PK\u0003\u0004 … memory_index.json … memory.mkv')])).toBe(
    'unclear',
  );
  expect(await meaningOf([file('a.zip', 'PK\u0003\u0004 … letter.docx')])).toBe('documents');
  expect(await meaningOf([])).toBe('documents');
  expect(importSets([film, index])).toEqual([[film, index]]);
  expect(importSets([film, sealed])).toEqual([[film], [sealed]]);
});

test('names the first 20 frames that could not be read, and how many there are', async () => {
  const unread = Array.from({ length: 25 }, (_, at) => at);
  const screen = await render(ImportOutcome, {
    name: 'Film',
    report: {
      ...REPORT,
      kind: 'memvid',
      frames: { found: 100, unread, missing: [98, 99] },
      texts: { fromVideo: 70, fromIndex: 30 },
      warnings: ['One of them.'],
    },
  });
  const outcome = screen.getByRole('region', { name: 'Film' });
  await expect.element(outcome).toHaveTextContent('0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10');
  await expect.element(outcome).toHaveTextContent('18, 19 … (25 in all)');
  await expect.element(outcome).not.toHaveTextContent('20,');
  await expect.element(outcome).toHaveTextContent('98, 99');
  await expect.element(outcome).toHaveTextContent(words.report.fromBoth(70, 30));
  await expect.element(outcome).toHaveTextContent('One of them.');
  await expect.element(outcome).not.toHaveTextContent(words.report.allRead(100));
});

const CHECKED = { blobs: 3, bytes: 1000, versions: 2, frames: 0 };
const BROKEN: CheckReport = {
  ok: false,
  problems: [{ code: 'missing', where: 'page 1', message: 'A page is lost.' }],
  checked: CHECKED,
};

test('repair is offered where a check found something, and says what stays', async () => {
  const check = vi.fn<Library['check']>(() => Promise.resolve(BROKEN));
  const repair = vi
    .fn<Library['repair']>()
    .mockResolvedValueOnce(BROKEN)
    .mockResolvedValueOnce({ ok: true, problems: [], checked: CHECKED });
  const screen = await render(StoreCheck, { app: { library: { check, repair } } });
  const said = keepingStrings.repair;
  const act = screen.getByRole('button', { name: said.act, exact: true });
  await expect.element(act).not.toBeInTheDocument();
  await screen.getByRole('button', { name: 'Check the store' }).click();
  await expect.element(screen.getByRole('status')).toHaveTextContent('A page is lost.');
  await act.click();
  await expect.element(screen.getByRole('status')).toHaveTextContent(said.left(1));
  expect(repair.mock.calls[0]?.[0]).toBeUndefined();
  await act.click();
  await expect.element(screen.getByRole('status')).toHaveTextContent(said.whole);
  await expect.element(act).not.toBeInTheDocument();
});
