/**
 * Bytes to text: finds a file's character encoding and decodes it as a stream, with line ends
 * made `\n`. Knows nothing of formats; HTML passes in what its own markup declares.
 */

import chardet from 'chardet';
import { UnsupportedError } from '../errors';

/** What decoding needs besides the bytes. */
export interface DecodeOptions {
  /** The file's name, for messages. */
  readonly name?: string;
  /** An encoding that the document itself declares; a byte order mark goes before it. */
  readonly declared?: string;
  warn?(message: string): void;
  /** Bytes decoded so far. */
  progress?(bytesRead: number): void;
}

/** Bytes per read: one step of memory and of progress. */
const STEP = 262_144;
/** Bytes that a guess is made from. */
const SAMPLE = 65_536;
/** Of 100: below this chardet is wrong often enough to tell the person. */
const SURE = 50;

/**
 * The text of a file, in pieces. A byte order mark decides, then what the document declares,
 * then UTF-8 if the whole file is valid, then UTF-16 by its zero bytes, else a guess from the
 * frequencies of letters, which is told in a warning when it is not sure.
 * Looks at the signal before each read. Warns of a file with nothing but white space in it.
 *
 * @throws UnsupportedError for UTF-32, and where no known encoding fits
 */
export async function* decodeText(
  file: Blob,
  signal: AbortSignal,
  options: DecodeOptions = {},
): AsyncGenerator<string> {
  const decoder = new TextDecoder(await findEncoding(file, signal, options));
  let heldReturn = false;
  let blank = true;
  for (let at = 0; at < file.size; at += STEP) {
    signal.throwIfAborted();
    const bytes = await file.slice(at, at + STEP).arrayBuffer();
    const decoded = decoder.decode(bytes, { stream: true });
    // A CR at the end of a piece may be the first half of CR LF.
    const text: string = heldReturn ? '\r' + decoded : decoded;
    heldReturn = text.endsWith('\r');
    blank &&= text.trim() === '';
    options.progress?.(Math.min(at + STEP, file.size));
    yield unifyLineEnds(heldReturn ? text.slice(0, -1) : text);
  }
  yield unifyLineEnds((heldReturn ? '\r' : '') + decoder.decode());
  if (blank) options.warn?.(`${options.name ?? 'The file'} is empty.`);
}

/** The beginning of a document as text, good enough to recognise markup in it. */
export function decodeHead(head: Uint8Array): string {
  return new TextDecoder(byteOrderMark(head) ?? utf16ByZeros(head) ?? 'latin1').decode(head);
}

/** Whether the first bytes of a file can be text in any encoding that `decodeText` knows. */
export function isTextual(head: Uint8Array): boolean {
  if (byteOrderMark(head) !== undefined || utf16ByZeros(head) !== undefined) return true;
  let controls = 0;
  for (const byte of head) {
    if (byte === 0) return false;
    // Tab to CR and ESC (ISO-2022-JP, terminal logs) belong to text.
    if ((byte < 0x20 && (byte < 9 || byte > 13) && byte !== 0x1b) || byte === 0x7f) controls++;
  }
  return controls * 100 <= head.length;
}

async function findEncoding(
  file: Blob,
  signal: AbortSignal,
  { name = 'The file', declared, warn }: DecodeOptions,
): Promise<string> {
  const head = await bytesOf(file, 0, 4096);
  const mark = byteOrderMark(head);
  if (mark === 'utf-32') {
    throw new UnsupportedError(`${name} is in UTF-32, which browsers cannot read.`, {
      subject: name,
    });
  }
  if (mark !== undefined) return mark;
  const label = declared === undefined ? undefined : knownLabel(declared);
  // UTF-8 that is declared is still checked: a wrong declaration would cost every accent.
  if (label !== undefined && label !== 'utf-8' && !label.startsWith('utf-16')) return label;
  const wrong = await firstInvalidUtf8(file, signal);
  if (wrong === undefined) {
    // Valid UTF-8 may hold zero bytes, and UTF-16 of plain ASCII is valid UTF-8.
    return utf16ByZeros(head) ?? 'utf-8';
  }
  const wide = utf16ByZeros(head);
  if (wide !== undefined) return wide;
  const sample = await bytesOf(file, wrong, SAMPLE);
  return guess(sample, name, wrong, warn);
}

function guess(
  sample: Uint8Array,
  name: string,
  wrong: number,
  warn: DecodeOptions['warn'],
): string {
  for (const { name: encoding, confidence } of chardet.analyse(sample)) {
    const label = knownLabel(encoding);
    if (label === undefined || label.startsWith('utf-16')) continue;
    if (label === 'utf-8') {
      warn?.(`${name} is not valid UTF-8 from byte ${wrong} on; a few characters are lost.`);
      return label;
    }
    if (!decodes(sample, label)) continue;
    if (confidence < SURE) {
      warn?.(`${name} does not say its encoding; it was read as ${label} and may be wrong.`);
    }
    return label;
  }
  throw new UnsupportedError(`${name} is in no character encoding that is known here.`, {
    subject: name,
  });
}

/** The WHATWG name of an encoding; undefined where the engine does not know it. */
function knownLabel(label: string): string | undefined {
  try {
    return new TextDecoder(label.trim()).encoding;
  } catch (error) {
    // RangeError is how the Encoding Standard, section 7.2, says "unknown label".
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function decodes(sample: Uint8Array, label: string): boolean {
  try {
    // `stream` allows a character that the sample's end cuts.
    new TextDecoder(label, { fatal: true }).decode(sample, { stream: true });
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Where to begin reading a file that is not UTF-8: after ASCII only; undefined if it is UTF-8. */
async function firstInvalidUtf8(file: Blob, signal: AbortSignal): Promise<number | undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let at = 0; at < file.size; at += STEP) {
    signal.throwIfAborted();
    const bytes = await bytesOf(file, at, STEP);
    try {
      decoder.decode(bytes, { stream: at + STEP < file.size });
    } catch (error) {
      if (error instanceof TypeError) return at + firstHighByte(bytes);
      throw error;
    }
  }
  return undefined;
}

/** ASCII before the first byte that is not says nothing about the encoding. */
function firstHighByte(bytes: Uint8Array): number {
  const index = bytes.findIndex((byte) => byte >= 0x80);
  return index < 0 ? 0 : index;
}

function byteOrderMark(head: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' | 'utf-32' | undefined {
  const [a, b, c, d] = head;
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8';
  if (a === 0xff && b === 0xfe) return c === 0 && d === 0 ? 'utf-32' : 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  return a === 0 && b === 0 && c === 0xfe && d === 0xff ? 'utf-32' : undefined;
}

/** UTF-16 without a mark: most of its text, if Latin, has every other byte zero. */
function utf16ByZeros(head: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  const zeros = [0, 0];
  for (let i = 0; i < head.length; i++) if (head[i] === 0) zeros[i & 1]!++;
  const [even = 0, odd = 0] = zeros;
  const many = head.length * 0.2;
  if (odd > many && even * 20 < odd) return 'utf-16le';
  return even > many && odd * 20 < even ? 'utf-16be' : undefined;
}

async function bytesOf(file: Blob, from: number, length: number): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(from, from + length).arrayBuffer());
}

function unifyLineEnds(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
}
