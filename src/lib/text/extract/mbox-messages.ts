/**
 * A mailbox's bytes to its messages' bytes. Each message may have an encoding of its own, so
 * nothing is decoded here but the `From ` lines.
 */

import { looksLikeFromLine, MAX_MESSAGE } from './mail-message';

/** Bytes per read. */
const STEP = 1 << 20;
/** Bytes of a `From ` line: a longer one is text. */
const MAX_FROM_LINE = 512;

const FROM = [0x46, 0x72, 0x6f, 0x6d, 0x20];
const QUOTE = 0x3e;
const NEWLINE = 10;

/** A message as it lies in a mailbox, without its `From ` line. */
export interface MailboxMessage {
  /** Valid until the next message is asked for. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether all of it was kept. */
  readonly whole: boolean;
  /** Bytes of the mailbox up to here. */
  readonly read: number;
}

/**
 * Messages in their order. A line that begins with `From ` and holds a date and a time begins a
 * message, as does the first line of all; quoting (`>From `) is taken back (mboxrd, mboxo).
 */
export async function* splitMailbox(
  file: Blob,
  signal: AbortSignal,
): AsyncGenerator<MailboxMessage> {
  const kept = new KeptBytes();
  let rest = new Uint8Array(0);
  let begun = false;
  /** Whether the bytes at hand go on in a line that was too long to be held. */
  let within = false;
  for (let at = 0; at < file.size; at += STEP) {
    signal.throwIfAborted();
    const own = new Uint8Array(await file.slice(at, at + STEP).arrayBuffer());
    const bytes = rest.length === 0 ? own : concat(rest, own);
    const last = at + STEP >= file.size;
    let start = 0;
    /** Where what was not yet copied begins: runs of plain lines are copied at once. */
    let run = 0;
    while (start < bytes.length) {
      const newline = bytes.indexOf(NEWLINE, start);
      if (newline < 0 && !last && bytes.length - start < STEP) break;
      const end = newline < 0 ? bytes.length : newline + 1;
      const first = within ? 0 : bytes[start];
      if (first === FROM[0] && isFromLine(bytes.subarray(start, end), begun)) {
        kept.add(bytes.subarray(run, start));
        if (begun) yield { ...kept.take(), read: at };
        kept.clear();
        begun = true;
        run = end;
      } else if (first === QUOTE && isQuotedFrom(bytes, start)) {
        kept.add(bytes.subarray(run, start));
        run = start + 1;
      }
      within = newline < 0;
      start = end;
    }
    kept.add(bytes.subarray(run, start));
    rest = bytes.slice(start);
  }
  if (begun || kept.length > 0) yield { ...kept.take(), read: file.size };
}

function isFromLine(line: Uint8Array, begun: boolean): boolean {
  if (line.length > MAX_FROM_LINE || !startsWith(line, FROM, 0)) return false;
  return !begun || looksLikeFromLine(new TextDecoder('latin1').decode(line));
}

function isQuotedFrom(bytes: Uint8Array, start: number): boolean {
  let at = start;
  while (bytes[at] === QUOTE) at++;
  return startsWith(bytes, FROM, at);
}

function startsWith(bytes: Uint8Array, wanted: readonly number[], at: number): boolean {
  return wanted.every((byte, i) => bytes[at + i] === byte);
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

/**
 * The bytes of the message that is being read; one buffer for all messages. What is beyond the
 * limit of a message is dropped, and said.
 */
class KeptBytes {
  length = 0;
  #whole = true;
  #buffer = new Uint8Array(1 << 16);

  add(bytes: Uint8Array): void {
    const room = MAX_MESSAGE - this.length;
    const fits = bytes.length <= room ? bytes : bytes.subarray(0, room);
    if (fits.length < bytes.length) this.#whole = false;
    const length = this.length + fits.length;
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, this.length));
      this.#buffer = larger;
    }
    this.#buffer.set(fits, this.length);
    this.length = length;
  }

  take(): { bytes: Uint8Array<ArrayBuffer>; whole: boolean } {
    return { bytes: this.#buffer.subarray(0, this.length), whole: this.#whole };
  }

  clear(): void {
    this.length = 0;
    this.#whole = true;
  }
}
