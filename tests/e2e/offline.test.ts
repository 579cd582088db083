/**
 * The app without a network, without a host that sets headers, and with a newer build on its host.
 * The other end-to-end tests run without the service worker.
 */
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { DIST } from '../../scripts/build.mjs';
import { LEFT_OUT, ON_FIRST_USE, SERVICE_WORKER } from '../../scripts/vite-service-worker';
import { expectSound, libraryOpen, passages } from './memreel';
import { plainHost, type PlainHost } from './plain-host';

declare global {
  interface Window {
    /** Lets the export go on that stands still. */
    release?: () => void;
  }
}

test.use({ serviceWorkers: 'allow' });

let host: PlainHost;

test.beforeEach(async () => {
  host = await plainHost(DIST);
});

test.afterEach(async () => {
  await host.close();
});

async function readyOffline(page: Page): Promise<void> {
  await expect(page.getByRole('status', { name: 'Ready offline' })).toBeVisible();
}

async function openReady(page: Page): Promise<void> {
  await page.goto(host.url);
  await libraryOpen(page);
  await readyOffline(page);
}

/** Names relative to the build's folder. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .map((name) => name.split(path.sep).join('/'));
}

/** A page of one line, as small as the format allows; readers rebuild the missing table. */
function smallPdf(line: string): Buffer {
  const stream = `BT /F1 18 Tf 20 100 Td (${line}) Tj ET`;
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>',
    `<</Length ${String(stream.length)}>>stream\n${stream}\nendstream`,
    '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>',
  ];
  const body = objects.map((object, at) => `${String(at + 1)} 0 obj${object}endobj\n`).join('');
  return Buffer.from(`%PDF-1.4\n${body}trailer<</Root 1 0 R/Size 6>>\n%%EOF`);
}

test('does all of its work without a network', async ({ page, context }) => {
  await openReady(page);
  await host.close();
  await context.setOffline(true);
  const failed: string[] = [];
  page.on('requestfailed', (request) => failed.push(request.url()));
  page.on('response', (response) => {
    if (!response.ok()) failed.push(`${String(response.status())} ${response.url()}`);
  });
  page.on('pageerror', (error) => failed.push(error.message));
  await page.reload();
  await libraryOpen(page);

  const line = 'The compositor sets a line of type';
  const texts = passages(20);
  for (const profile of ['compact', 'universal'] as const) {
    const answer = await page.evaluate(
      async ([wanted, pdf, given]) => {
        const shard = await window.memreel?.create({ name: wanted, profile: wanted });
        if (!shard) throw new Error('There is no shard.');
        const bytes = Uint8Array.from(atob(pdf), (char) => char.charCodeAt(0));
        const report = await shard.ingest([
          new File([bytes], 'type.pdf'),
          new File(given, 'wind.txt'),
        ]);
        const hits = await shard.search('Who sets type?', { topK: 1 });
        const [hit] = hits;
        if (!hit?.frame) throw new Error('There is no hit with a frame.');
        const frame = await shard.frame(hit.frame.segment, hit.frame.index);
        const mp4 = await shard.export({ format: 'mp4' });
        return {
          errors: report.files.map(({ error }) => error?.message).filter(Boolean),
          ...{ text: hit.text, from: hit.from, width: frame.width, bytes: mp4?.size ?? 0 },
        };
      },
      [profile, smallPdf(line).toString('base64'), texts] as const,
    );
    expect(answer.errors).toEqual([]);
    expect(answer.text).toContain(line);
    expect(answer.from).toBe('video');
    expect(answer.width).toBeGreaterThan(100);
    expect(answer.bytes).toBeGreaterThan(1000);
  }
  // Every screen is a file of its own.
  for (const screen of ['add', 'settings']) {
    await page.goto(`${host.url}#/${screen}`);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  }
  await page.goto(`${host.url}#/`);
  await expectSound(page);
  await readyOffline(page);
  expect(failed).toEqual([]);
});

/** What offline cannot do without: a name that stands for each engine and each kind of data. */
const NEEDED = [
  /^index\.html$/,
  /^manifest\.webmanifest$/,
  /^assets\/index-.*\.js$/,
  /^assets\/index-.*\.css$/,
  /^assets\/(library|extract|embed|encode|decode|search)-.*\.js$/,
  /^assets\/(Add|Chunks|Compare|History|Overview|Search|Settings)Screen-.*\.js$/,
  /^assets\/ffmpeg-core-.*\.(js|wasm)$/,
  /^assets\/ort-wasm-simd-threaded-.*\.(mjs|wasm)$/,
  /^assets\/brotli_wasm_bg-.*\.wasm$/,
  /^assets\/zxing_reader-.*\.wasm$/,
  /^assets\/hnsw-.*\.js$/,
  /^assets\/pdf\.worker-.*\.js$/,
  /^assets\/probe-(compact|universal)-.*\.mp4$/,
  /^assets\/(inter|source-serif-4)-latin-.*\.woff2$/,
  /^pdfjs-dist\/cmaps\/UniJIS-UTF16-H\.bcmap$/,
  /^pdfjs-dist\/standard_fonts\/.*\.(ttf|pfb)$/,
  /^pdfjs-dist\/.*LICENSE/,
  /^models\/static-en\/.*\.(bin|json|txt|md)$/,
  /^samples\/index\.json$/,
  /^icons\/memreel-512\.png$/,
];

test('keeps every file of the build that offline needs, and what it keeps is there', async ({
  page,
}) => {
  await openReady(page);
  const urls = await page.evaluate(async () => {
    const names = (await caches.keys()).filter((name) => name.includes('precache'));
    const lists = await Promise.all(
      names.map(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url)),
    );
    return lists.flat();
  });
  const { pathname } = new URL(host.url);
  const kept = new Set(
    urls.map((url) => decodeURIComponent(new URL(url).pathname.slice(pathname.length))),
  );
  for (const needed of NEEDED) {
    const found = [...kept].some((name) => needed.test(name));
    expect(found, `${String(needed)} is kept`).toBe(true);
  }
  const files = filesOf(DIST);
  expect([...kept].filter((name) => !files.includes(name))).toEqual([]);
  const exceptions = [...ON_FIRST_USE, ...LEFT_OUT];
  const excepted = files.filter((name) => exceptions.some((one) => one.files.test(name)));
  expect([...kept, ...excepted].sort()).toEqual([...files].sort());

  // What the browser lets go is fetched again before the status says so again.
  const gone = urls.find((url) => url.includes('ffmpeg-core')) ?? '';
  const isKept = (url: string) => page.evaluate((one) => caches.match(one).then(Boolean), url);
  await page.evaluate(async (url) => {
    for (const name of await caches.keys()) await (await caches.open(name)).delete(url);
  }, gone);
  expect(await isKept(gone)).toBe(false);
  await page.reload();
  await libraryOpen(page);
  await readyOffline(page);
  expect(await isKept(gone)).toBe(true);
});

test('a host without headers ends isolated and under the policy, without a forced reload', async ({
  page,
}) => {
  let loads = 0;
  page.on('load', () => (loads += 1));
  await openReady(page);
  expect(loads).toBe(1);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  await page.reload();
  await libraryOpen(page);
  const seen = await page.evaluate(async () => {
    const inline = document.createElement('script');
    const refusesInline = (() => {
      try {
        inline.textContent = 'window.ran = true';
        document.body.append(inline);
        return !('ran' in window);
      } catch (error) {
        return error instanceof TypeError;
      }
    })();
    const worker = performance
      .getEntriesByType('resource')
      .map(({ name }) => name)
      .find((name) => /\/library-.*\.js$/.test(name));
    const script = worker === undefined ? undefined : await fetch(worker);
    return {
      isolated: crossOriginIsolated,
      refusesInline,
      policyOfWorker: script?.headers.get('Content-Security-Policy') ?? '',
    };
  });
  expect(seen).toMatchObject({ isolated: true, refusesInline: true });
  expect(seen.policyOfWorker).toContain("script-src 'self' 'wasm-unsafe-eval'");
});

/** A build of another day: the same but for a mark in its page, and so for the worker's list. */
function nextBuild(mark: string): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'memreel-next-'));
  cpSync(DIST, folder, { recursive: true });
  const page = path.join(folder, 'index.html');
  const integrity = (bytes: Buffer) =>
    `sha256-${createHash('sha256').update(bytes).digest('base64')}`;
  const before = integrity(readFileSync(page));
  const html = readFileSync(page, 'utf8').replace(
    '<meta ',
    `<meta name="build" content="${mark}" /><meta `,
  );
  writeFileSync(page, html);
  const worker = path.join(folder, SERVICE_WORKER);
  const script = readFileSync(worker, 'utf8');
  const revision = /index\.html`,revision:`([0-9a-f]{16})/.exec(script)?.[1];
  if (revision === undefined || !script.includes(before))
    throw new Error('The list has another form.');
  writeFileSync(
    worker,
    script
      .replaceAll(before, integrity(Buffer.from(html)))
      .replaceAll(revision, mark.padEnd(16, '0')),
  );
  return folder;
}

const buildOf = (page: Page): Promise<string | undefined> =>
  page.evaluate(() => document.querySelector<HTMLMetaElement>('meta[name=build]')?.content);

test('a newer version asks, waits for work, and then reloads every tab', async ({
  page,
  context,
}) => {
  await openReady(page);
  await page.reload();
  const other = await context.newPage();
  await openReady(other);
  const folder = nextBuild('2');
  try {
    host.root = folder;
    await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
    await expect(page.getByText('A new version is ready.')).toBeVisible();
    await expect(other.getByText('A new version is ready.')).toBeVisible();
    // Reloading is not consent.
    await page.reload();
    await libraryOpen(page);
    expect(await buildOf(page)).toBeUndefined();

    // Another tab is at work: its export stands still at a file that takes nothing yet.
    await other.evaluate(async (texts) => {
      const shard = await window.memreel?.create({ name: 'Work' });
      await shard?.ingest([new File(texts, 'a.txt')]);
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      const to = new WritableStream<Uint8Array>({ write: () => held });
      Object.assign(window, { release, exported: shard?.export({ format: 'mp4', to }) });
    }, passages(5));
    await expect(other.getByText('when the work in all Memreel tabs is done')).toBeVisible();
    await page.getByRole('button', { name: 'Update now' }).click();
    await expect(page.getByText('when the work in all Memreel tabs is done')).toBeVisible();
    expect(await buildOf(page)).toBeUndefined();
    expect(await buildOf(other)).toBeUndefined();

    await other.evaluate(() => {
      window.release?.();
    });
    for (const tab of [page, other]) {
      await expect.poll(() => buildOf(tab).catch(() => undefined)).toBe('2');
      await libraryOpen(tab);
      await readyOffline(tab);
      await expect(tab.getByText('A new version is ready.')).toBeHidden();
    }
    await expectSound(page);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what another app shares waits on the Add screen', async ({ page }) => {
  await openReady(page);
  await page.evaluate(async () => {
    const form = new FormData();
    form.set('title', 'A page: worth keeping');
    form.set('text', 'Lead type is cast from an alloy.');
    form.set('url', 'https://example.org/type');
    form.append('files', new File(['# Kerning'], 'kerning.md', { type: 'text/markdown' }));
    await fetch('./share', { method: 'POST', body: form });
  });
  await page.goto(`${host.url}?shared#/add`);
  await expect(page.getByText('kerning.md')).toBeVisible();
  await expect(page.getByText('A page worth keeping.txt')).toBeVisible();
  expect(
    await page.evaluate(async () => (await (await caches.open('memreel-shared')).keys()).length),
  ).toBe(0);
});

test('opens files of the system: documents to add, shards to import', async ({ page }) => {
  await page.goto(host.url);
  await libraryOpen(page);
  const exported = await page.evaluate(async (texts) => {
    const shard = await window.memreel?.create({ name: 'Film' });
    await shard?.ingest([new File(texts, 'a.txt')]);
    const zip = await shard?.export({ format: 'zip' });
    const bytes = new Uint8Array(await (zip ?? new Blob()).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  }, passages(5));
  // The system's own window cannot be driven: this is what it hands over.
  await page.addInitScript((zip) => {
    const handle = (name: string, part: BlobPart) => ({
      kind: 'file',
      getFile: () => Promise.resolve(new File([part], name)),
    });
    const bytes = Uint8Array.from(atob(zip), (char) => char.charCodeAt(0));
    const files = [handle('notes.md', '# Notes'), handle('Film.zip', bytes)];
    Object.defineProperty(window, 'launchQueue', {
      value: {
        setConsumer: (consumer: (launch: { files: unknown[] }) => void) => {
          consumer({ files });
        },
      },
    });
  }, exported);
  await page.reload();
  const dialog = page.getByRole('dialog', { name: 'Import' });
  await expect(dialog).toContainText('Film.zip');
  await dialog.getByRole('button', { name: 'Import', exact: true }).click();
  await expect
    .poll(() => page.evaluate(async () => (await window.memreel?.shards())?.length))
    .toBe(2);
});

test('a library of a newer version is shown, and says that it is not changed', async ({ page }) => {
  await page.goto(host.url);
  await libraryOpen(page);
  const id = await page.evaluate(async (texts) => {
    const shard = await window.memreel?.create({ name: 'Kept' });
    await shard?.ingest([new File(texts, 'a.txt')]);
    return shard?.id ?? '';
  }, passages(5));
  await page.goto(`${host.url}samples/index.json`);
  await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const library = await root.getDirectoryHandle('memreel-memreel');
    for await (const entry of library.values()) {
      if (entry.kind !== 'file' || !entry.name.startsWith('head-')) continue;
      const handle = await library.getFileHandle(entry.name);
      const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
      if (bytes.length === 0) continue; // the slot of the next checkpoint
      const view = new DataView(bytes.buffer);
      const length = view.getUint32(12, true);
      view.setUint32(8, view.getUint32(8, true) + 1, true);
      const checked = bytes.slice(0, length - 32);
      bytes.set(new Uint8Array(await crypto.subtle.digest('SHA-256', checked)), length - 32);
      const writable = await handle.createWritable();
      await writable.write(bytes);
      await writable.close();
    }
  });
  await page.goto(host.url);
  await libraryOpen(page);
  await expect(page.getByText('A newer version of Memreel wrote this library.')).toBeVisible();
  const outcome = await page.evaluate(async (shard) => {
    const opened = await window.memreel?.open(shard);
    const [hit] = (await opened?.search('wing')) ?? [];
    const edit = opened?.edit(hit?.uuid ?? '', 'changed');
    const code = await edit?.catch((error: unknown) => (error as { code?: string }).code);
    return { found: hit !== undefined, code };
  }, id);
  expect(outcome).toEqual({ found: true, code: 'read-only' });
});
