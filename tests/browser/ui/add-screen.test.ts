/** The screen that adds documents, over the real library in memory. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { openLibrary, type IngestedFile, type Library } from '../../../src/lib';
import { AppState } from '../../../src/lib/ui/app.svelte';
import JobFiles from '../../../src/lib/ui/JobFiles.svelte';
import type { JobFile } from '../../../src/lib/ui/jobs.svelte';
import { Router } from '../../../src/lib/ui/router.svelte';
import { addingStrings as words } from '../../../src/lib/ui/strings/adding';
import AddScreen from '../../../src/routes/add/AddScreen.svelte';

let library: Library;

beforeEach(async () => {
  library = await openLibrary({ name: 'add-screen', storage: 'memory', assetsUrl: '/' });
});
afterEach(async () => {
  await library.close();
});

async function show(files: File[]) {
  const app = new AppState(library, new Router(window));
  app.draft.put(files);
  const screen = await render(AddScreen, { app });
  return { app, screen };
}

const SENTENCE = 'A passage of some words stands here, and another one follows it. ';
const guide = (): File =>
  new File([`# Guide\n\n${SENTENCE.repeat(12)}\n\n## Second\n\n${SENTENCE.repeat(8)}`], 'guide.md');

test('the cuts of a document are shown with places and lengths, and follow the choices', async () => {
  const { screen } = await show([guide(), new File(['x'], 'other.txt')]);
  await screen.getByRole('button', { name: words.showCutsOf('guide.md') }).click();
  const cuts = screen.getByRole('region', { name: words.cuts('guide.md') });
  await expect.element(cuts.getByRole('status')).toHaveTextContent('2 passages in all.');
  await expect.element(cuts.getByRole('listitem').nth(1)).toHaveTextContent('Guide › Second');
  await expect.element(cuts.getByRole('listitem').nth(1)).toHaveTextContent('characters');
  await screen.getByText(words.options, { exact: true }).click();
  const size = screen.getByRole('spinbutton', { name: words.chunkSize });
  await size.fill('300');
  await expect.element(cuts.getByRole('status')).toHaveTextContent(/^[5-9] passages in all/u);
  await size.fill('3');
  await expect.element(cuts.getByRole('status')).toHaveTextContent(words.badSize);
  await screen.getByRole('combobox', { name: words.unit }).selectOptions('tokens');
  await expect.element(size).toHaveValue(200);
  await expect.element(cuts.getByRole('listitem').first()).toHaveTextContent('tokens');
  const hide = screen.getByRole('button', { name: words.hideCutsOf('guide.md') });
  await expect.element(hide).toHaveAttribute('aria-expanded', 'true');
  (hide.element() as HTMLElement).focus();
  await userEvent.keyboard('{Enter}');
  await expect.element(cuts).not.toBeInTheDocument();
  expect(await library.shards()).toEqual([]);
});

test('what was chosen is what is added', async () => {
  const { app, screen } = await show([guide()]);
  await screen.getByText(words.options, { exact: true }).click();
  await screen.getByRole('spinbutton', { name: words.chunkSize }).fill('300');
  await screen.getByRole('spinbutton', { name: words.expiry }).fill('7');
  await screen.getByRole('combobox', { name: words.language }).selectOptions('und');
  await screen.getByRole('button', { name: 'Add documents' }).click();
  await expect.element(screen.getByRole('cell', { name: /chunks/u })).toBeVisible();
  await expect.poll(() => app.jobs.list[0]?.phase).toBe('done');
  const [info] = await library.shards();
  expect(info?.language).toBe('und');
  const chunks = await (await library.open(info?.id ?? '')).chunks();
  expect(chunks.length).toBeGreaterThan(4);
  for (const { expiresAt = '' } of chunks)
    expect((Date.parse(expiresAt) - Date.now()) / 86_400_000).toBeCloseTo(7, 1);
});

test('ten thousand files are counted, and a few hundred are in the page', async () => {
  const many = Array.from({ length: 10_000 }, (_, i) => new File(['x'], `notes/${String(i)}.txt`));
  const { screen } = await show(many);
  await expect.element(screen.getByText(words.more(9800))).toBeVisible();
  const table = screen.getByRole('table', { name: words.documents });
  expect(table.element().querySelectorAll('tbody tr')).toHaveLength(200);
  await screen.getByRole('button', { name: words.showMore(200) }).click();
  await expect.element(screen.getByText(words.more(9600))).toBeVisible();
});

test('without files it says how to bring some, and that the originals are not kept', async () => {
  const { screen } = await show([]);
  await expect.element(screen.getByRole('button', { name: 'Choose files' })).toBeVisible();
  await expect.element(screen.getByRole('button', { name: words.folder })).toBeVisible();
  await expect.element(screen.getByText(words.keptNote)).toBeVisible();
});

const ended = (report: IngestedFile): JobFile => ({
  ...{ name: report.name, bytes: 1000 },
  state: { phase: report.error ? 'failed' : 'added', report },
});

test('what is in an archive stands under it, each with its own state', async () => {
  const error = { name: 'CorruptError', code: 'corrupt', message: 'b.docx is cut short.' };
  const members = [
    { name: 'in/a.txt', chunks: 3, warnings: [] },
    { name: 'b.docx', chunks: 0, warnings: ['guessed'], error },
  ];
  const archive = ended({ name: 'all.zip', chunks: 3, warnings: [], members });
  const screen = await render(JobFiles, { files: [archive] });
  await expect.element(screen.getByRole('row', { name: /all\.zip.*2 files in it/u })).toBeVisible();
  await expect.element(screen.getByRole('row', { name: /in\/a\.txt.*3 chunks/u })).toBeVisible();
  const bad = screen.getByRole('row', { name: /b\.docx.*Not added.*cut short.*guessed/u });
  await expect.element(bad).toBeVisible();
});

test('in a long list who has a problem stands first', async () => {
  const files = Array.from({ length: 1000 }, (_, i) =>
    ended({ name: `${String(i)}.txt`, chunks: 1, warnings: i === 900 ? ['odd'] : [] }),
  );
  const screen = await render(JobFiles, { files });
  await expect.element(screen.getByRole('row').nth(1)).toHaveTextContent('900.txt');
  expect(screen.container.querySelectorAll('tbody tr')).toHaveLength(200);
});
