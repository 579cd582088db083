/** The lists that offline stands on: what is fetched, what the system may open, what hosts send. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { APP_HEADERS } from '../../../scripts/headers.mjs';
import { buildList, LEFT_OUT, ON_FIRST_USE } from '../../../scripts/vite-service-worker';
import { CONTAINERS, EXTRACTORS } from '../../../src/lib/text/extract/index';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('the list of a build', () => {
  test('has each file once: fetched at once, on first use, or left out by name', () => {
    const name = fc.oneof(
      fc.stringMatching(/^[\w.-]{1,12}(\/[\w. -]{1,12}){0,2}$/),
      fc.constantFrom(
        ...['assets/ort-wasm-simd-threaded.asyncify-a1.wasm', 'tesseract/eng.traineddata.gz'],
        ...['.built', '.vite/manifest.json', 'service-worker.js', 'index.html'],
      ),
    );
    fc.assert(
      fc.property(fc.uniqueArray(name), (names) => {
        const { precached, onFirstUse } = buildList(names.map((one) => [one, bytesOf(one)]));
        const left = names.filter((one) => LEFT_OUT.some(({ files }) => files.test(one)));
        const listed = [...precached, ...onFirstUse].map(({ url }) => decodeURIComponent(url));
        expect([...listed, ...left].sort()).toEqual([...names].sort());
      }),
    );
  });

  test('says why a file is not fetched at once', () => {
    for (const { reason } of [...ON_FIRST_USE, ...LEFT_OUT]) expect(reason).toMatch(/\w{3}/);
  });

  test('gives a file another revision when its bytes change, and a page when its headers do', () => {
    const revisions = (text: string, headers: Record<string, string>) => {
      const files = ['index.html', 'assets/a.js', 'core.wasm'] as const;
      const { precached } = buildList(
        files.map((file) => [file, bytesOf(text)]),
        headers,
      );
      return precached.map(({ revision }) => revision);
    };
    const [page, script, wasm] = revisions('a', { A: '1' });
    expect(revisions('a', { A: '1' })).toEqual([page, script, wasm]);
    const others = revisions('b', { A: '1' });
    for (const revision of others) expect([page, script, wasm]).not.toContain(revision);
    const [page2, script2, wasm2] = revisions('a', { A: '2' });
    expect([page2, script2]).not.toContain(page);
    expect(script2).not.toBe(script);
    expect(wasm2).toBe(wasm);
  });

  test('names the bytes as Subresource Integrity does, and the headers of the server', () => {
    const bytes = bytesOf('whole');
    const { precached, headers } = buildList([['a b.txt', bytes]]);
    const digest = createHash('sha256').update(bytes).digest('base64');
    expect(precached).toMatchObject([{ url: 'a%20b.txt', integrity: `sha256-${digest}` }]);
    expect(headers).toEqual(APP_HEADERS);
  });
});

interface Manifest {
  icons: { src: string }[];
  file_handlers: { accept: Record<string, string[]> }[];
  share_target: { params: { files: { accept: string[] }[] } };
}

describe('the manifest of the installed app', () => {
  const manifest = JSON.parse(
    readFileSync(path.join(ROOT, 'public/manifest.webmanifest'), 'utf8'),
  ) as Manifest;

  test('offers to open every format that is read, and what can be imported', () => {
    const wanted = new Map<string, Set<string>>([
      ['video/mp4', new Set(['.mp4'])],
      ['application/x-age-encryption', new Set(['.age'])],
    ]);
    for (const { type, extensions } of [...EXTRACTORS, ...CONTAINERS]) {
      // Read only to say which format to save it in.
      if (type === 'application/x-ole-storage') continue;
      const known = wanted.get(type) ?? new Set();
      for (const extension of extensions) known.add(`.${extension}`);
      wanted.set(type, known);
    }
    const offered = Object.entries(manifest.file_handlers[0]?.accept ?? {});
    const sorted = (pairs: Iterable<[string, Iterable<string>]>) =>
      Object.fromEntries([...pairs].map(([type, names]) => [type, [...names].sort()]));
    expect(sorted(offered)).toEqual(sorted(wanted));
    for (const [type] of offered) {
      expect(manifest.share_target.params.files[0]?.accept).toContain(type);
    }
  });

  test('shows icons that are there', () => {
    for (const { src } of manifest.icons) {
      expect(readFileSync(path.join(ROOT, 'public', src)).length).toBeGreaterThan(0);
    }
  });
});

describe('the examples for hosts', () => {
  test.each(['nginx.conf', '_headers'])('%s sends the headers of the app, as they are', (name) => {
    const text = readFileSync(path.join(ROOT, 'examples/hosting', name), 'utf8');
    for (const [header, value] of Object.entries(APP_HEADERS)) {
      const line =
        name === '_headers' ? `  ${header}: ${value}` : `add_header ${header} "${value}" always;`;
      expect(text).toContain(line);
    }
  });
});
