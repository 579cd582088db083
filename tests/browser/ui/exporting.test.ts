import { expect, test, vi } from 'vitest';
import { render } from 'vitest-browser-svelte';
import type { ExportOptions, Library, Shard } from '../../../src/lib/api';
import { UnsupportedError } from '../../../src/lib/errors';
import ExportAllDialog from '../../../src/lib/ui/ExportAllDialog.svelte';
import { EXPORT_FORMATS, ExportWishes, fileNameOf } from '../../../src/lib/ui/exporting.svelte';
import { forgetHandle } from '../../../src/lib/ui/handles';
import { Notices } from '../../../src/lib/ui/notices.svelte';
import { Router } from '../../../src/lib/ui/router.svelte';
import { exportingStrings as words } from '../../../src/lib/ui/strings/exporting';
import ExportDialog from '../../../src/routes/shard/ExportDialog.svelte';

const SHARD = { id: 'exported', name: 'Wind / tunnel', model: 'static-en' };

/** Writes these bytes wherever it is told to, as the engine does. */
const writing = (bytes: string) =>
  vi.fn<Shard['export']>(async ({ to, format }: ExportOptions) => {
    if (!to) return new File([bytes], `Wind - tunnel.${format}`);
    const stream = to instanceof WritableStream ? to : await to.createWritable();
    await new Blob([bytes]).stream().pipeTo(stream);
    return undefined;
  });

async function shown(change: Shard['export']) {
  const open = () => Promise.resolve({ export: change });
  const app = { shards: { open }, notices: new Notices(), router: new Router(window) };
  const close = vi.fn();
  const screen = await render(ExportDialog, { app, shard: SHARD, close });
  const dialog = screen.getByRole('dialog', { name: words.title });
  await expect.element(dialog).toBeVisible();
  return { screen, dialog, close };
}

test('only a zip is ever asked to hold everything, or to be sealed', () => {
  const wishes = new ExportWishes();
  wishes.include = 'everything';
  wishes.password = 'secret';
  for (const format of EXPORT_FORMATS) {
    wishes.format = format;
    const asked = format === 'zip' ? { include: 'everything', password: 'secret' } : {};
    expect(wishes.options, format).toEqual(asked);
  }
  wishes.format = 'zip';
  wishes.password = '';
  expect(wishes.options).toEqual({ include: 'everything' });
});

test('a file is only written over by what Import takes back, and by the same kind', () => {
  const wishes = new ExportWishes();
  expect(wishes.fits('a.zip')).toBe(true);
  expect(wishes.fits('a.zip.age')).toBe(false);
  wishes.password = 'secret';
  expect(wishes.fits('a.zip')).toBe(false);
  expect(wishes.fits('a.zip.age')).toBe(true);
  for (const format of ['memvid', 'markdown'] as const) {
    wishes.format = format;
    expect(wishes.fits('a.zip'), format).toBe(false);
  }
  expect(fileNameOf('a/b:c\n"d"', 'zip')).toBe('a-b-c-d-.zip');
});

test('says plainly that deleted text goes along, and wants a password twice', async () => {
  const write = writing('zip');
  const { dialog } = await shown(write);
  await dialog.getByRole('radio', { name: words.includes.everything.name }).click();
  await expect.element(dialog).toHaveTextContent(words.includes.everything.note);
  const act = dialog.getByRole('button', { name: words.act, exact: true });
  await dialog.getByLabelText(words.password).fill('correct horse');
  await expect.element(act).toBeDisabled();
  await dialog.getByLabelText(words.again).fill('correct hors');
  await expect.element(dialog.getByText(words.differ)).toBeVisible();
  await expect.element(act).toBeDisabled();
  await dialog.getByLabelText(words.again).fill('correct horse');
  await act.click();
  await expect.element(dialog.getByText(words.downloaded('Wind - tunnel.zip', 3))).toBeVisible();
  expect(write.mock.calls[0]?.[0]).toMatchObject({
    ...{ format: 'zip', include: 'everything', password: 'correct horse' },
  });
  // What is hidden with another format is not asked for.
  await dialog.getByRole('radio', { name: words.formats.mp4.name }).click();
  await expect.element(dialog.getByLabelText(words.password)).not.toBeInTheDocument();
  await act.click();
  await expect.element(dialog.getByText(words.downloaded('Wind - tunnel.mp4', 3))).toBeVisible();
  const asked = write.mock.calls[1]?.[0];
  expect(asked?.format).toBe('mp4');
  expect(asked).not.toHaveProperty('password');
  expect(asked).not.toHaveProperty('include');
});

test('memvid with another model leads to a clone', async () => {
  const refused = vi.fn<Shard['export']>(() =>
    Promise.reject(
      new UnsupportedError('memvid knows all-MiniLM-L6-v2 alone.', { subject: 'static-en' }),
    ),
  );
  refused.mockRejectedValueOnce(new UnsupportedError('A chunk is too long.', { subject: 'uuid' }));
  const { screen, dialog } = await shown(refused);
  await dialog.getByRole('radio', { name: words.formats.memvid.name }).click();
  const act = dialog.getByRole('button', { name: words.act, exact: true });
  const cloneFirst = dialog.getByRole('button', { name: words.cloneFirst });
  await act.click();
  await expect.element(dialog.getByRole('alert')).toHaveTextContent('A chunk is too long.');
  await expect.element(cloneFirst).not.toBeInTheDocument();
  await act.click();
  await expect.element(dialog.getByRole('alert')).toHaveTextContent('all-MiniLM-L6-v2 alone');
  await cloneFirst.click();
  await expect.element(screen.getByRole('dialog', { name: 'Clone' })).toBeVisible();
});

test('an export shows how far it is, and can be cancelled', async () => {
  const endless = vi.fn<Shard['export']>(
    ({ signal, onProgress }) =>
      new Promise((_, reject) => {
        onProgress?.({ stage: 'copy', done: 1, total: 4 });
        signal?.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      }),
  );
  const { dialog, close } = await shown(endless);
  await dialog.getByRole('button', { name: words.act, exact: true }).click();
  await expect.element(dialog.getByRole('progressbar')).toHaveAttribute('value', '0.25');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect.element(dialog.getByText(words.cancelled)).toBeVisible();
  expect(close).not.toHaveBeenCalled();
});

test('a picked file is written straight, and offered again, until it is gone', async () => {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle('saved', { create: true });
  const handle = await folder.getFileHandle('wind.zip', { create: true });
  const pick = vi.fn(() => Promise.resolve(handle));
  vi.stubGlobal('showSaveFilePicker', pick);
  try {
    const { dialog } = await shown(writing('picked'));
    await dialog.getByRole('button', { name: words.saveAs }).click();
    await expect.element(dialog.getByText(words.saved('wind.zip', 6))).toBeVisible();
    expect(pick).toHaveBeenCalledExactlyOnceWith({ suggestedName: 'Wind - tunnel.zip' });
    expect(await (await handle.getFile()).text()).toBe('picked');
    const again = dialog.getByRole('button', { name: words.saveAgain('wind.zip') });
    await again.click();
    await expect.element(dialog.getByText(words.saved('wind.zip', 6))).toBeVisible();
    expect(pick).toHaveBeenCalledOnce();
    // Another kind of file does not take its place.
    await dialog.getByRole('radio', { name: words.formats.markdown.name }).click();
    await expect.element(again).not.toBeInTheDocument();
    await dialog.getByRole('radio', { name: words.formats.zip.name }).click();
    await root.removeEntry('saved', { recursive: true });
    await again.click();
    await expect.element(dialog.getByRole('alert')).toBeVisible();
    await expect.element(again).not.toBeInTheDocument();
  } finally {
    vi.unstubAllGlobals();
    await forgetHandle(SHARD.id);
  }
});

test('whoever closes the picker has changed their mind', async () => {
  vi.stubGlobal('showSaveFilePicker', () => Promise.reject(new DOMException('', 'AbortError')));
  try {
    const write = writing('never');
    const { dialog } = await shown(write);
    await dialog.getByRole('button', { name: words.saveAs }).click();
    await expect.element(dialog.getByRole('button', { name: words.saveAs })).toBeEnabled();
    await expect.element(dialog.getByRole('alert')).not.toBeInTheDocument();
    expect(write).not.toHaveBeenCalled();
  } finally {
    vi.unstubAllGlobals();
  }
});

test('everything at once: asks the library, and says what came of it', async () => {
  const exportAll = vi.fn<Library['exportAll']>(() =>
    Promise.resolve(new File(['1234'], 'Memreel library.zip')),
  );
  const done = vi.fn();
  const screen = await render(ExportAllDialog, { library: { exportAll }, done, close: vi.fn() });
  const dialog = screen.getByRole('dialog', { name: words.all.title });
  await dialog.getByRole('button', { name: words.act, exact: true }).click();
  await expect.element(dialog.getByText(words.downloaded('Memreel library.zip', 4))).toBeVisible();
  expect(exportAll.mock.calls[0]?.[0]).toMatchObject({ include: 'live' });
  expect(done).toHaveBeenCalledOnce();
});
