/**
 * Media types by file extension, for the files that the app is made of. Not a general table:
 * what is not listed is served as bytes.
 */

const TEXT = new Map([
  ['.html', 'text/html'],
  ['.htm', 'text/html'],
  ['.css', 'text/css'],
  ['.js', 'text/javascript'],
  ['.mjs', 'text/javascript'],
  ['.json', 'application/json'],
  ['.map', 'application/json'],
  ['.webmanifest', 'application/manifest+json'],
  ['.svg', 'image/svg+xml'],
  ['.txt', 'text/plain'],
  ['.ftl', 'text/plain'],
  ['.md', 'text/markdown'],
  ['.csv', 'text/csv'],
]);

const BINARY = new Map([
  ['.wasm', 'application/wasm'],
  ['.bin', 'application/octet-stream'],
  ['.onnx', 'application/octet-stream'],
  ['.ttf', 'font/ttf'],
  ['.png', 'image/png'],
  ['.jpg', 'image/jpeg'],
  ['.webp', 'image/webp'],
  ['.avif', 'image/avif'],
  ['.ico', 'image/x-icon'],
  ['.woff2', 'font/woff2'],
  ['.mp4', 'video/mp4'],
  ['.pdf', 'application/pdf'],
]);

/** Binary formats that still shrink; the others are compressed already. */
const SHRINKS = new Set(['.wasm', '.bin', '.onnx', '.ttf', '.ico']);

/**
 * @param {string} extension with its dot, lower case
 * @returns {string} the value of `Content-Type`
 */
export function mediaType(extension) {
  const text = TEXT.get(extension);
  if (text !== undefined) return `${text}; charset=utf-8`;
  return BINARY.get(extension) ?? 'application/octet-stream';
}

/**
 * @param {string} extension with its dot, lower case
 * @returns {boolean} whether compressing such a file for the way pays
 */
export function isCompressible(extension) {
  return TEXT.has(extension) || SHRINKS.has(extension);
}
