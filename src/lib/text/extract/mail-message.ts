/**
 * One mail message as postal-mime reads it, under limits. Owns postal-mime. Knows nothing of
 * blocks, files or mailboxes.
 */

import type { Email } from 'postal-mime';
import { CorruptError, UnsupportedError } from '../../errors';

/** Bytes of a message: it is held whole, with what is attached to it. Servers take 25 to 50 MiB. */
export const MAX_MESSAGE = 64 * 2 ** 20;
/**
 * Lines of a message: each costs the parser some hundred bytes and 5 µs. 64 MiB of base64 have
 * 900,000.
 */
const MAX_LINES = 1_000_000;
/** Parts inside each other: real messages have about five levels. */
const MAX_DEPTH = 64;
/** Bytes of all its headers together. */
const MAX_HEADERS = 2 ** 21;

/** A message, and what postal-mime's own reading of it does not tell. */
export interface Message {
  /** Without its bodies. */
  readonly email: Email;
  /** The bodies of each kind, in their order, joined by blank lines. */
  readonly plain: string;
  readonly html: string;
  /** Whether its last part has no end: it was cut off. */
  readonly cut: boolean;
}

/** @throws UnsupportedError where it is too large to be held */
export async function readMessage(file: Blob, name: string): Promise<Uint8Array<ArrayBuffer>> {
  if (file.size > MAX_MESSAGE) {
    throw new UnsupportedError(
      `${name} is larger than 64 MiB; save its attachments and add them on their own.`,
      { subject: name },
    );
  }
  return new Uint8Array(await file.arrayBuffer());
}

/** The line that begins a message in a mailbox: `From `, a sender, and a date with a time. */
export function looksLikeFromLine(line: string): boolean {
  return line.startsWith('From ') && /\b\d{1,2}:\d\d/.test(line) && /\b(?:19|20)\d\d\b/.test(line);
}

/**
 * Reads a message; a `From ` line above its header is left out, and messages inside it are
 * attachments.
 *
 * @throws CorruptError, UnsupportedError (too many lines, parts too deep); each names the file
 */
export async function parseMessage(
  bytes: Uint8Array<ArrayBuffer>,
  { name, signal }: { name: string; signal: AbortSignal },
): Promise<Message> {
  if (countLines(bytes) > MAX_LINES) {
    throw new UnsupportedError(`${name} has more lines than any mail message.`, { subject: name });
  }
  const { default: PostalMime } = await import('postal-mime');
  signal.throwIfAborted();
  const bodies: Record<'plain' | 'html', string[]> = { plain: [], html: [] };
  /**
   * Takes the bodies where the parser would put them aside to render each kind as the other as well:
   * that says everything twice, and takes minutes for some kilobytes of `<a href=`.
   */
  class Reader extends PostalMime {
    addTextEntry(_: unknown, kind: 'plain' | 'html', { value }: { value: string }): void {
      bodies[kind].push(value);
    }
  }
  const body = withoutFromLine(bytes);
  let email: Email;
  try {
    email = await new Reader({
      forceRfc822Attachments: true,
      maxNestingDepth: MAX_DEPTH,
      maxHeadersSize: MAX_HEADERS,
    }).parse(body);
  } catch (error) {
    // The parser's own limits are plain errors; nothing else of a message makes it throw.
    if (!(error instanceof Error)) throw error;
    throw new CorruptError(`${name} is no readable mail message: ${error.message}.`, {
      subject: name,
      cause: error,
    });
  }
  const [plain, html] = [bodies.plain.join('\n\n'), bodies.html.join('\n\n')];
  return { email, plain, html, cut: isCut(email, body) };
}

function countLines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}

/** Also without white space above the header, which would end it before it begins. */
function withoutFromLine(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (bytes[at] === 0x20 || (bytes[at] ?? 0x21) === 9 || bytes[at] === 10 || bytes[at] === 13) {
    at++;
  }
  const begins = [0x46, 0x72, 0x6f, 0x6d, 0x20].every((byte, i) => bytes[at + i] === byte);
  const end = begins ? bytes.indexOf(10, at) : -1;
  return bytes.subarray(end < 0 ? at : end + 1);
}

/** RFC 2046, 5.1.1: a multipart body ends with its boundary between dashes. */
function isCut(email: Email, bytes: Uint8Array): boolean {
  const type = email.headers.find(({ key }) => key === 'content-type')?.value ?? '';
  if (!/^\s*multipart\//i.test(type)) return false;
  const boundary = /;\s*boundary\s*=\s*(?:"([^"]*)"|([^\s;"]+))/i.exec(type);
  const value = boundary?.[1] ?? boundary?.[2] ?? '';
  if (value === '') return false;
  return !includesBytes(bytes, new TextEncoder().encode(`--${value}--`));
}

function includesBytes(bytes: Uint8Array, wanted: Uint8Array): boolean {
  const [first = 0] = wanted;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return true;
  }
  return false;
}
