/**
 * Parts of a zip-based document, unpacked one at a time under limits. Owns zip.js for reading
 * documents. Not an archive reader: nothing here asks for passwords, and what the parts mean is
 * each format's matter.
 */

import type { FileEntry } from '@zip.js/zip.js/lib/zip-core-native.js';
import { CorruptError, MemreelError, PasswordError, UnsupportedError } from '../../errors';

/** Office documents have some hundreds, books some thousands; each costs about a kilobyte here. */
const MAX_ENTRIES = 20_000;
/** Inflated bytes of a part that is held whole. */
const MAX_PART = 64 * 2 ** 20;
/** Inflated bytes of a part that is streamed: it costs time, not memory. */
const MAX_STREAM = 2 ** 30;
/** Inflated bytes of all that is read of one file: parts may lie over each other. */
const MAX_TOTAL = 2 ** 31;

export class ZipParts {
  /** Paths with `/`, in the order of the file's table of contents; no folders. */
  readonly names: readonly string[];
  readonly #name: string;
  readonly #entries: ReadonlyMap<string, FileEntry>;
  #total = 0;
  #closed = false;

  private constructor(name: string, entries: ReadonlyMap<string, FileEntry>) {
    this.#name = name;
    this.#entries = entries;
    this.names = [...entries.keys()];
  }

  /**
   * Reads the table of contents, and nothing else.
   * @throws CorruptError, PasswordError (encrypted entries), UnsupportedError (too many entries);
   *   each names the file
   */
  static async open(file: Blob, name: string): Promise<ZipParts> {
    // The build without workers' sources and without WASM; the browser inflates.
    const { BlobReader, ZipReader } = await import('@zip.js/zip.js/lib/zip-core-native.js');
    const reader = new ZipReader(new BlobReader(file), {
      useWebWorkers: false,
      checkCrc32: true,
      // Names are only looked up here, never written to a disk: none is unsafe.
      filenameValidation: 'tolerant',
    });
    const entries = new Map<string, FileEntry>();
    try {
      for await (const entry of reader.getEntriesGenerator()) {
        if (entry.directory) continue;
        if (entry.encrypted) {
          throw new PasswordError(
            `${name} is protected by a password; save a copy without it and add that.`,
            { subject: name },
          );
        }
        if (entries.size >= MAX_ENTRIES) {
          const message = `${name} has more than ${MAX_ENTRIES} parts, too many for a document.`;
          throw new UnsupportedError(message, { subject: name });
        }
        entries.set(entry.filename.replaceAll('\\', '/').replace(/^\/+/, ''), entry);
      }
    } catch (error) {
      if (error instanceof MemreelError) throw error;
      throw new CorruptError(`${name} is damaged or cut off: its list of parts is not readable.`, {
        cause: error,
        subject: name,
      });
    }
    return new ZipParts(name, entries);
  }

  has(path: string): boolean {
    return this.#entries.has(path);
  }

  /**
   * A whole part, its checksum checked.
   * @throws CorruptError where it is missing or damaged; UnsupportedError beyond 64 MiB, which are
   *   counted while it inflates
   */
  async bytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const pieces: Uint8Array[] = [];
    let length = 0;
    const reader = this.#inflate(path, MAX_PART).getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      pieces.push(read.value);
      length += read.value.length;
    }
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  /** A whole part in UTF-8, or in UTF-16 where a byte order mark says so; the mark is left out. */
  async text(path: string): Promise<string> {
    const bytes = await this.bytes(path);
    const [a, b] = bytes;
    const wide = a === 0xff && b === 0xfe ? 'utf-16le' : a === 0xfe && b === 0xff ? 'utf-16be' : '';
    return new TextDecoder(wide === '' ? 'utf-8' : wide).decode(bytes);
  }

  /**
   * A part as it inflates; fails with the errors of `bytes`, but only beyond 1 GiB. Whoever stops
   * reading early cancels it.
   */
  stream(path: string): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#inflate(path, MAX_STREAM);
  }

  /** After it nothing can be unpacked. */
  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  #inflate(path: string, limit: number): ReadableStream<Uint8Array<ArrayBuffer>> {
    if (this.#closed) throw new Error(`${this.#name} is closed.`);
    const entry = this.#entries.get(path);
    if (entry === undefined) {
      throw new CorruptError(`${this.#name} is damaged: it has no part ${path}.`, {
        subject: this.#name,
      });
    }
    let length = 0;
    const meter = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (piece, controller) => {
        length += piece.length;
        this.#total += piece.length;
        if (length > limit || this.#total > MAX_TOTAL) throw this.#tooLarge(path);
        controller.enqueue(piece);
      },
    });
    const inflating = entry.getData(meter.writable).catch(async (error: unknown) => {
      // Where the stream has failed already this changes nothing: the first error stays.
      await meter.writable.abort(error).catch(() => undefined);
    });
    const reader = meter.readable.getReader();
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull: async (controller) => {
          try {
            const read = await reader.read();
            if (read.done) {
              await inflating;
              controller.close();
            } else controller.enqueue(read.value);
          } catch (error) {
            controller.error(this.#damaged(path, error));
          }
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    );
  }

  #tooLarge(path: string): UnsupportedError {
    return new UnsupportedError(
      `${this.#name} was not read: its part ${path} is far larger than a document needs.`,
      { subject: this.#name },
    );
  }

  #damaged(path: string, cause: unknown): MemreelError {
    if (cause instanceof MemreelError) return cause;
    const message = `${this.#name} is damaged: its part ${path} cannot be unpacked.`;
    return new CorruptError(message, { cause, subject: this.#name });
  }
}

/** What the first bytes of a zip say of an entry; `content` as far as it is there and stored. */
export interface FirstEntry {
  readonly name: string;
  readonly content: string;
}

/** PK\x03\x04, the signature of a local file header (APPNOTE.TXT, 4.3.7). */
const LOCAL_HEADER = 0x04034b50;
/** PK\x07\x08, before the sizes of an entry that stand behind it (4.3.9). */
const DATA_DESCRIPTOR = 0x08074b50;
/** Sizes stand behind the data, not before it (APPNOTE.TXT, 4.4.4). */
const SIZES_FOLLOW = 8;

/**
 * The entries that a file begins with, by their local headers; none where it is no zip. What lies
 * inside a stored entry is passed over, so that a document in an archive is not taken for it.
 */
export function firstEntries(head: Uint8Array): FirstEntry[] {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const decoder = new TextDecoder();
  const entries: FirstEntry[] = [];
  for (let at = 0; at + 30 <= head.length && view.getUint32(at, true) === LOCAL_HEADER;) {
    const flags = view.getUint16(at + 6, true);
    const stored = view.getUint16(at + 8, true) === 0;
    const nameEnd = at + 30 + view.getUint16(at + 26, true);
    const start = nameEnd + view.getUint16(at + 28, true);
    const isOpen = (flags & SIZES_FOLLOW) !== 0;
    const length = view.getUint32(at + 18, true);
    const end = isOpen ? nextSignature(view, start, DATA_DESCRIPTOR) : start + length;
    const name = decoder.decode(head.subarray(at + 30, nameEnd));
    entries.push({ name, content: stored ? decoder.decode(head.subarray(start, end)) : '' });
    at = isOpen ? nextSignature(view, start, LOCAL_HEADER) : end;
  }
  return entries;
}

function nextSignature(view: DataView, from: number, signature: number): number {
  let at = from;
  while (at + 4 <= view.byteLength && view.getUint32(at, true) !== signature) at++;
  return at;
}
