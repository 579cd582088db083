/** What is to be added: the draft and its choices, what is pasted and picked, and the cuts. */
import { afterEach, expect, test, vi } from 'vitest';
import type { Library, Preview } from '../../../src/lib/api';
import { UnsupportedError } from '../../../src/lib/errors';
import { Cuts } from '../../../src/lib/ui/cuts.svelte';
import { Draft } from '../../../src/lib/ui/draft.svelte';
import { filesOfFolder, pastedFiles } from '../../../src/lib/ui/dropped';
import { addingStrings as words } from '../../../src/lib/ui/strings/adding';

const file = (name: string, text = 'hello'): File => new File([text], name);

afterEach(() => {
  vi.useRealTimers();
});

test('a draft tells an ingest what was chosen, and nothing of what was left alone', () => {
  const draft = new Draft();
  draft.put([file('a.txt')]);
  expect(draft.options).toEqual({ chunking: {} });
  draft.unit = 'tokens';
  draft.sizes.tokens = 300;
  draft.overlap = 50;
  draft.days = 2;
  draft.ocr = ['eng'];
  expect(draft.valid).toBe(true);
  expect(draft.options).toEqual({
    chunking: { size: 300, unit: 'tokens', overlap: 50 },
    ttlSeconds: 172_800,
    ocr: { languages: ['eng'] },
  });
  // Each unit keeps the size that was typed for it.
  draft.unit = 'characters';
  expect(draft.chunking).toEqual({ overlap: 50 });
});

test('a draft is not valid while a choice is not possible', () => {
  const draft = new Draft();
  expect(draft.valid).toBe(false);
  draft.put([file('a.txt')]);
  expect(draft.valid).toBe(true);
  for (const size of [99, 8001, 250.5, null]) {
    draft.sizes.characters = size;
    expect(draft.valid).toBe(false);
    expect(draft.chunking).toBeNull();
  }
  draft.sizes.characters = 100;
  draft.days = 0;
  expect(draft.valid).toBe(false);
});

test('a file that is handed in twice is listed once, and one taken out shows no cuts', () => {
  const draft = new Draft();
  const [a, b] = [file('a.txt'), file('b.txt')];
  draft.put([a, b]);
  draft.put([b]);
  expect(draft.files).toEqual([a, b]);
  draft.shown = b;
  draft.take(b);
  expect(draft.shown).toBeNull();
  expect(draft.bytes).toBe(5);
});

function paste(parts: Record<string, string>, files: File[] = []): File[] {
  const data = new DataTransfer();
  for (const [type, text] of Object.entries(parts)) data.setData(type, text);
  for (const one of files) data.items.add(one);
  return pastedFiles(data, { text: 'Pasted text.txt', page: 'Pasted page' });
}

const nameOf = (files: File[]): string[] => files.map(({ name }) => name);

test('a pasted page is named from its first heading, and text stays text', async () => {
  const page = '<p>Before</p><h2 class="x">Wings &amp; <b>lift</b>: a/b</h2><h1>Second</h1>';
  expect(nameOf(paste({ 'text/html': page, 'text/plain': 'Before' }))).toEqual([
    'Wings lift a b.html',
  ]);
  const [made] = paste({ 'text/html': page });
  expect(made?.type).toBe('text/html');
  expect(await made?.text()).toBe(page);
  expect(nameOf(paste({ 'text/html': '<p>No heading</p>' }))).toEqual(['Pasted page.html']);
  expect(nameOf(paste({ 'text/html': '<h1> </h1><p>x</p>' }))).toEqual(['Pasted page.html']);
  // Editors copy the colours of code as markup, which says no more than the text.
  const code = '<div style="color:#fff"><span>let a = 1;</span></div>';
  expect(nameOf(paste({ 'text/html': code, 'text/plain': 'let a = 1;' }))).toEqual([
    'Pasted text.txt',
  ]);
  expect(paste({ 'text/plain': '  \n' })).toEqual([]);
});

test('a picture that an office program puts beside a copied text is not what was copied', () => {
  const picture = new File(['png'], 'image.png', { type: 'image/png' });
  expect(nameOf(paste({ 'text/plain': 'Total\t12' }, [picture]))).toEqual(['Pasted text.txt']);
  expect(nameOf(paste({}, [picture]))).toEqual(['image.png']);
});

test('a hostile heading is looked at in one pass', () => {
  const page = `<h1 ${'a '.repeat(200_000)}<p>${'<h2'.repeat(100_000)}`;
  expect(nameOf(paste({ 'text/html': page }))).toEqual(['Pasted page.html']);
});

test('a folder gives its files with their paths, without what nobody put there', async () => {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle('adding-test', { create: true });
  try {
    for (const path of ['a.txt', '.DS_Store', 'in/deep/b.md', '.git/config', 'in/Thumbs.db']) {
      const parts = path.split('/');
      let at = folder;
      for (const part of parts.slice(0, -1))
        at = await at.getDirectoryHandle(part, { create: true });
      const writable = await (
        await at.getFileHandle(parts.at(-1) ?? '', { create: true })
      ).createWritable();
      await writable.write(path);
      await writable.close();
    }
    const files = await filesOfFolder(folder);
    expect(nameOf(files).sort()).toEqual(['adding-test/a.txt', 'adding-test/in/deep/b.md']);
    expect(await files.find(({ name }) => name.endsWith('b.md'))?.text()).toBe('in/deep/b.md');
  } finally {
    await root.removeEntry('adding-test', { recursive: true });
  }
});

type Asked = NonNullable<Parameters<Library['preview']>[1]>;

/** Previews that are answered by hand. */
function previewer() {
  const calls: {
    options: Asked;
    give: (preview: Preview) => void;
    fail: (error: unknown) => void;
  }[] = [];
  const cuts = new Cuts({
    preview: (_, options = {}) =>
      new Promise((resolve, reject) => {
        calls.push({ options, give: resolve, fail: reject });
      }),
  });
  return { cuts, calls };
}

const preview = (text: string): Preview => ({
  ...{ file: 'a.txt', type: 'text/plain', more: false, warnings: [] },
  chunks: [{ text, place: { start: 0, end: text.length } }],
});

test('cuts are asked for at once, and then once typing rests; the question before is given up', async () => {
  vi.useFakeTimers();
  const { cuts, calls } = previewer();
  const a = file('a.txt');
  const show = (size: number): void => {
    cuts.show({ file: a, chunking: { size }, model: undefined });
  };
  show(1000);
  await vi.advanceTimersByTimeAsync(0);
  expect(calls).toHaveLength(1);
  for (const size of [2, 20, 200]) show(size);
  expect(calls[0]?.options.signal?.aborted).toBe(true);
  await vi.advanceTimersByTimeAsync(200);
  expect(calls).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(100);
  expect(calls.map(({ options }) => options.chunking?.size)).toEqual([1000, 200]);
  calls[0]?.give(preview('late'));
  calls[1]?.give(preview('wanted'));
  await vi.advanceTimersByTimeAsync(0);
  expect(cuts.preview?.chunks[0]?.text).toBe('wanted');
  expect(cuts.busy).toBe(false);
});

test('what cannot be cut says why, until it can', async () => {
  vi.useFakeTimers();
  const { cuts, calls } = previewer();
  const a = file('a.txt');
  cuts.show({ file: a, chunking: { unit: 'tokens' }, model: 'x' });
  await vi.advanceTimersByTimeAsync(0);
  calls[0]?.fail(new UnsupportedError('The model is not here.'));
  await vi.advanceTimersByTimeAsync(0);
  expect(cuts.error).toBeInstanceOf(UnsupportedError);
  cuts.show({ file: a, chunking: {}, model: 'x' });
  await vi.advanceTimersByTimeAsync(300);
  calls[1]?.give(preview('fine'));
  await vi.advanceTimersByTimeAsync(0);
  expect([cuts.error, cuts.preview?.chunks.length]).toEqual([null, 1]);
});

test('a password is asked for once a document, and again where it was wrong', async () => {
  vi.useFakeTimers();
  const { cuts, calls } = previewer();
  const a = file('a.pdf');
  const ask = (call: number): Promise<string | undefined> | undefined =>
    calls[call]?.options.password?.('a.pdf');
  cuts.show({ file: a, chunking: {}, model: undefined });
  await vi.advanceTimersByTimeAsync(0);
  const first = ask(0);
  expect(cuts.locked?.file).toBe('a.pdf');
  cuts.locked?.answer('secret');
  expect(await first).toBe('secret');
  cuts.show({ file: a, chunking: { size: 200 }, model: undefined });
  await vi.advanceTimersByTimeAsync(300);
  expect(await ask(1)).toBe('secret');
  const again = ask(1);
  expect(cuts.locked?.file).toBe('a.pdf');
  cuts.locked?.answer(undefined);
  expect(await again).toBeUndefined();
  cuts.clear();
  cuts.show({ file: a, chunking: {}, model: undefined });
  await vi.advanceTimersByTimeAsync(0);
  void ask(2);
  expect(cuts.locked?.file).toBe('a.pdf');
});

test('what became of a source that was there already is said in words', () => {
  const again = { source: 's', kept: 12, replaced: 2, drifted: 1 };
  expect(words.again(3, again)).toBe('12 passages kept, 3 new, 2 replaced, 1 of yours differs.');
  const same = { ...again, replaced: 0, drifted: 0 };
  expect(words.again(0, same)).toBe('Nothing new: 12 passages are here already.');
  expect(words.again(0, { ...same, sameAs: 'old.md', kept: 1 })).toBe(
    'The same as old.md. Nothing new: 1 passage is here already.',
  );
});
