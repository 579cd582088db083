/**
 * A static file server for the built app: the headers of headers.mjs, ranges, compression,
 * revalidation. It never answers a missing file with a page, never leaves its folder, and knows
 * nothing of building. `npm start`, the end-to-end tests and the benchmark use it.
 */
import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { APP_HEADERS } from './headers.mjs';
import { isCompressible, mediaType } from './media-types.mjs';

const DEFAULT_PORT = 4173;
// ffmpeg's 32 MB core: 9.6 MB in 0.4 s at quality 2, 8.6 MB in 1.2 s at 5, a minute at 11. Someone
// waits for the first request, so large files get the fast one.
const LARGE = 1024 * 1024;
const brotliQuality = (/** @type {number} */ size) => (size > LARGE ? 2 : 5);
// Below this the header costs as much as the compression saves.
const SMALL = 1024;

const compressors = {
  br: (/** @type {Buffer} */ bytes) =>
    promisify(brotliCompress)(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: brotliQuality(bytes.length),
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }),
  gzip: (/** @type {Buffer} */ bytes) =>
    promisify(gzip)(bytes, { level: bytes.length > LARGE ? 1 : 6 }),
};

/**
 * @typedef {import('node:http').IncomingMessage} IncomingMessage
 * @typedef {import('node:http').ServerResponse} ServerResponse
 * @typedef {{ file: string, size: number, etag: string, extension: string }} Found
 * @typedef {{ url: string, port: number, close: () => Promise<void> }} Serving
 */

/**
 * Serves a folder on this machine only.
 * @param {{ root: string, port?: number }} options `port` is the one wished for (default 4173, 0
 *   for any); a free one is taken where it is in use.
 * @returns {Promise<Serving>}
 */
export async function serve({ root, port = DEFAULT_PORT }) {
  const folder = await realpath(root);
  /** @type {Map<string, Promise<Buffer>>} one entry per file, version and encoding */
  const compressed = new Map();
  const server = createServer((request, response) => {
    answer(request, response, folder, compressed).catch((/** @type {unknown} */ error) => {
      if (isGone(error)) return;
      console.error(request.method, request.url, error);
      if (response.headersSent) response.destroy();
      else refuse(response, 500);
    });
  });
  const taken = await listen(server, port).catch((/** @type {unknown} */ error) => {
    if (codeOf(error) === 'EADDRINUSE') return listen(server, 0);
    throw error;
  });
  return {
    url: `http://localhost:${taken}/`,
    port: taken,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => {
          if (error) reject(error);
          else resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/**
 * @param {import('node:http').Server} server
 * @param {number} port
 * @returns {Promise<number>} the port that it listens on
 */
function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/**
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 * @param {string} folder
 * @param {Map<string, Promise<Buffer>>} compressed
 */
async function answer(request, response, folder, compressed) {
  for (const [name, value] of Object.entries(APP_HEADERS)) response.setHeader(name, value);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    refuse(response, 405);
    return;
  }
  const found = await find(folder, request.url ?? '/');
  if (!found) {
    refuse(response, 404);
    return;
  }
  response.setHeader('Content-Type', mediaType(found.extension));
  response.setHeader('Cache-Control', cacheControl(path.relative(folder, found.file)));
  response.setHeader('Vary', 'Accept-Encoding');
  response.setHeader('Accept-Ranges', 'bytes');
  const range = request.headers.range;
  // A range counts bytes of the file, so it is answered from the file as it is.
  const encoding = range === undefined ? pickEncoding(request, found) : undefined;
  // Two encodings are two representations and need two tags (RFC 9110, 8.8.3.3).
  const etag = encoding === undefined ? `"${found.etag}"` : `"${found.etag}-${encoding}"`;
  response.setHeader('ETag', etag);
  if (request.headers['if-none-match']?.split(/\s*,\s*/).includes(etag)) {
    response.writeHead(304).end();
    return;
  }
  if (encoding !== undefined) {
    const key = `${found.file}\n${etag}`;
    const body = compressed.get(key) ?? readFile(found.file).then(compressors[encoding]);
    compressed.set(key, body);
    const bytes = await body;
    response.writeHead(200, { 'Content-Encoding': encoding, 'Content-Length': bytes.length });
    response.end(request.method === 'HEAD' ? undefined : bytes);
    return;
  }
  const part = parseRange(range, found.size);
  if (part === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${found.size}`);
    refuse(response, 416);
    return;
  }
  if (part) {
    response.setHeader('Content-Range', `bytes ${part.start}-${part.end}/${found.size}`);
  }
  const { start, end } = part ?? { start: 0, end: found.size - 1 };
  response.writeHead(part ? 206 : 200, { 'Content-Length': end - start + 1 });
  if (request.method === 'HEAD' || found.size === 0) response.end();
  else await pipeline(createReadStream(found.file, { start, end }), response);
}

/**
 * @param {string} folder a real path
 * @param {string} url path and query as requested
 * @returns {Promise<Found | undefined>} nothing for what is missing, hidden or outside
 */
async function find(folder, url) {
  const name = decodePath(url);
  if (name === undefined || name.split(/[/\\]/).some((part) => part.startsWith('.'))) {
    return undefined;
  }
  const asked = path.join(folder, name.endsWith('/') ? `${name}index.html` : name);
  try {
    // Links are followed first: what counts is where the file really lies.
    const file = await realpath(asked);
    if (!file.startsWith(folder + path.sep)) return undefined;
    const entry = await stat(file);
    if (!entry.isFile()) return undefined;
    const etag = `${entry.size.toString(36)}-${Math.floor(entry.mtimeMs).toString(36)}`;
    return { file, size: entry.size, etag, extension: path.extname(file).toLowerCase() };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP'].includes(codeOf(error) ?? '')) {
      return undefined;
    }
    throw error;
  }
}

/**
 * @param {string} url
 * @returns {string | undefined} undefined where it is not a path
 */
function decodePath(url) {
  try {
    const name = decodeURIComponent(url.replace(/[?#].*$/s, ''));
    return name.startsWith('/') && !name.includes('\0') ? name : undefined;
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/**
 * @param {IncomingMessage} request
 * @param {Found} found
 * @returns {'br' | 'gzip' | undefined}
 */
function pickEncoding(request, found) {
  if (found.size < SMALL || !isCompressible(found.extension)) return undefined;
  const accepted = (request.headers['accept-encoding'] ?? '')
    .split(',')
    .filter((entry) => !/;\s*q=0(\.0*)?\s*$/.test(entry))
    .map((entry) => entry.replace(/;.*$/s, '').trim().toLowerCase());
  if (accepted.includes('br')) return 'br';
  return accepted.includes('gzip') ? 'gzip' : undefined;
}

/**
 * One byte range (RFC 9110, 14.1.2); several at once, or another unit, are answered in full.
 * @param {string | undefined} header
 * @param {number} size
 * @returns {{ start: number, end: number } | 'unsatisfiable' | undefined}
 */
function parseRange(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [, first = '', last = ''] = match;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < start) return undefined;
  return start >= size ? 'unsatisfiable' : { start, end };
}

/** @param {string} name relative to the served folder */
function cacheControl(name) {
  // The build names what lies in assets/ by its content.
  return name.startsWith(`assets${path.sep}`) ? 'public, max-age=31536000, immutable' : 'no-cache';
}

/**
 * @param {ServerResponse} response
 * @param {404 | 405 | 416 | 500} status
 */
function refuse(response, status) {
  const text = { 404: 'Not found', 405: 'Not allowed', 416: 'No such range', 500: 'Failed' };
  response.setHeader('Cache-Control', 'no-store');
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${text[status]}\n`);
}

/** @param {unknown} error whether the browser went away in the middle */
function isGone(error) {
  return ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'].includes(codeOf(error) ?? '');
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
