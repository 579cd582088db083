import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { APP_HEADERS } from '../../../scripts/headers.mjs';
import { serve } from '../../../scripts/serve.mjs';

const TEXT = 'abcdefghij'.repeat(500);
const BYTES = Uint8Array.from({ length: 4321 }, (_, i) => i % 251);

let folder: string;
let serving: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'serve-'));
  const root = path.join(folder, 'root');
  mkdirSync(path.join(root, 'assets'), { recursive: true });
  writeFileSync(path.join(root, 'index.html'), '<!doctype html><title>front</title>');
  writeFileSync(path.join(root, 'assets', 'a-1.js'), TEXT);
  writeFileSync(path.join(root, 'code.mjs'), TEXT);
  writeFileSync(path.join(root, 'core.wasm'), TEXT);
  writeFileSync(path.join(root, 'message.ftl'), 'a = b');
  writeFileSync(path.join(root, 'video.mp4'), BYTES);
  writeFileSync(path.join(root, 'empty.txt'), '');
  writeFileSync(path.join(root, '.built'), 'hidden');
  writeFileSync(path.join(folder, 'secret.txt'), 'secret');
  symlinkSync(path.join(folder, 'secret.txt'), path.join(root, 'link.txt'));
  serving = await serve({ root, port: 0 });
});

afterAll(async () => {
  await serving.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** Sends the path as it is: `fetch` would tidy it up first. */
function get(
  target: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port: serving.port, path: target, headers, method },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () => {
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, body: Buffer.concat(parts) });
        });
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

test('every answer carries the policy, also the refusals', async () => {
  for (const target of ['/', '/assets/a-1.js', '/core.wasm', '/missing.js', '/%']) {
    const { headers } = await get(target);
    for (const [name, value] of Object.entries(APP_HEADERS)) {
      expect(headers[name.toLowerCase()], `${target} ${name}`).toBe(value);
    }
  }
});

test('each file has its media type', async () => {
  const types = {
    '/': 'text/html; charset=utf-8',
    '/code.mjs': 'text/javascript; charset=utf-8',
    '/core.wasm': 'application/wasm',
    '/message.ftl': 'text/plain; charset=utf-8',
    '/video.mp4': 'video/mp4',
  };
  for (const [target, type] of Object.entries(types)) {
    expect((await get(target)).headers['content-type'], target).toBe(type);
  }
});

test('a missing file is 404 and never a page', async () => {
  for (const target of [
    '/missing',
    '/missing.js',
    '/assets',
    '/assets/',
    '/models/x/config.json',
  ]) {
    const { status, body } = await get(target, { accept: 'text/html' });
    expect(status, target).toBe(404);
    expect(body.toString(), target).not.toContain('front');
  }
});

test('no path leads out of the folder or to a hidden file', async () => {
  const ways = [
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/..%5csecret.txt',
    '//../secret.txt',
    '/link.txt',
    '/.built',
    '/%2ebuilt',
    '/index.html%00.txt',
    '/%',
    path.join(folder, 'secret.txt'),
  ];
  for (const target of ways) {
    const { status, body } = await get(target);
    expect(status, target).toBe(404);
    expect(body.toString(), target).not.toMatch(/secret|hidden/);
  }
});

test('compression gives the same bytes, and each encoding its own tag', async () => {
  const plain = await get('/core.wasm');
  const br = await get('/core.wasm', { 'accept-encoding': 'gzip, br' });
  const gzip = await get('/core.wasm', { 'accept-encoding': 'br;q=0, gzip' });
  expect(br.headers['content-encoding']).toBe('br');
  expect(gzip.headers['content-encoding']).toBe('gzip');
  expect(plain.headers['content-encoding']).toBeUndefined();
  expect(plain.body.toString()).toBe(TEXT);
  expect(brotliDecompressSync(br.body).toString()).toBe(TEXT);
  expect(gunzipSync(gzip.body).toString()).toBe(TEXT);
  expect(new Set([plain, br, gzip].map(({ headers }) => headers['etag'])).size).toBe(3);
  expect((await get('/video.mp4', { 'accept-encoding': 'br' })).body).toEqual(Buffer.from(BYTES));
});

test('any range of a file is that slice of it', async () => {
  const position = fc.nat({ max: BYTES.length + 50 });
  await fc.assert(
    fc.asyncProperty(
      position,
      position,
      fc.constantFrom('both', 'from', 'last'),
      async (a, b, kind) => {
        const [start, end] = [Math.min(a, b), Math.max(a, b)];
        const range = { both: `${start}-${end}`, from: `${start}-`, last: `-${end}` }[kind];
        const wanted = {
          both: BYTES.slice(start, end + 1),
          from: BYTES.slice(start),
          last: end === 0 ? BYTES.slice(0, 0) : BYTES.slice(-end),
        }[kind];
        const { status, headers, body } = await get('/video.mp4', {
          range: `bytes=${range}`,
          'accept-encoding': 'br',
        });
        if (wanted.length === 0) {
          expect(status).toBe(416);
          expect(headers['content-range']).toBe(`bytes */${BYTES.length}`);
          return;
        }
        expect(status).toBe(206);
        expect(body).toEqual(Buffer.from(wanted));
        expect(headers['content-length']).toBe(String(wanted.length));
        const first = kind === 'last' ? BYTES.length - wanted.length : start;
        expect(headers['content-range']).toBe(
          `bytes ${first}-${first + wanted.length - 1}/${BYTES.length}`,
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('only what the build named by content is kept for ever; the rest is asked for again', async () => {
  expect((await get('/assets/a-1.js')).headers['cache-control']).toContain('immutable');
  const first = await get('/code.mjs', { 'accept-encoding': 'br' });
  expect(first.headers['cache-control']).toBe('no-cache');
  const tag = String(first.headers['etag']);
  const again = await get('/code.mjs', { 'accept-encoding': 'br', 'if-none-match': tag });
  expect(again.status).toBe(304);
  expect(again.body.length).toBe(0);
  expect((await get('/code.mjs', { 'if-none-match': tag })).status).toBe(200);
});

test('HEAD tells the length and sends nothing, an empty file is empty, writing is refused', async () => {
  const head = await get('/video.mp4', {}, 'HEAD');
  expect(head.headers['content-length']).toBe(String(BYTES.length));
  expect(head.body.length).toBe(0);
  const empty = await get('/empty.txt');
  expect(empty.status).toBe(200);
  expect(empty.body.length).toBe(0);
  expect((await get('/code.mjs', {}, 'POST')).status).toBe(405);
});

test('a port that is taken is left to its owner', async () => {
  const other = await serve({ root: path.join(folder, 'root'), port: serving.port });
  expect(other.port).not.toBe(serving.port);
  const response = await fetch(other.url);
  expect(response.status).toBe(200);
  await response.arrayBuffer();
  await other.close();
});
