/**
 * ZIP archives as containers (APPNOTE 6.3.10): their files are unpacked one at a time, under limits
 * that are counted and not believed. Documents that are ZIP files themselves are not read here:
 * `zip-parts.ts` opens those.
 */

import type * as zipCore from '@zip.js/zip.js/lib/zip-core-native.js';
import type { FileEntry } from '@zip.js/zip.js/lib/zip-core-native.js';
import { CorruptError, MemreelError, PasswordError, UnsupportedError } from '../../errors';
import type { Container, ExtractContext, Member } from '../document';
import { BlobSink, isPlain, readPlain } from './zip-data';
import { isLeftBehind, SafePaths } from './zip-names';

/** Members: each becomes a source, and costs some kilobytes while the archive is open. */
const MOST_MEMBERS = 10_000;

/** Entries of any kind, folders and what systems left behind included: a bound on time. */
const MOST_ENTRIES = 100_000;

/** Unpacked bytes of all members, as the archive says; none may unpack to more than it says. */
const MOST_BYTES = 4 * 2 ** 30;

/** Unpacked bytes of a member: it is kept whole while it is read, by the browser, off the heap. */
const LARGEST_MEMBER = 512 * 2 ** 20;

/** A person mistypes; a program that always gives the same wrong password must end. */
const PASSWORD_TRIES = 3;

export const zip: Container = {
  type: 'application/zip',
  extensions: ['zip'],

  /** Low: whoever knows what kind of document is in it knows better. */
  recognise(head) {
    const [a, b, c, d] = head;
    if (a !== 0x50 || b !== 0x4b) return 0;
    // A file; nothing at all; a first volume that stayed the only one.
    return (c === 3 && d === 4) || (c === 5 && d === 6) || (c === 7 && d === 8) ? 0.4 : 0;
  },

  members: (file, context) => new Archive(file, context).members(),
};

type ZipJs = typeof zipCore;

class Archive {
  readonly #file: Blob;
  readonly #context: ExtractContext;
  readonly #passwords: Passwords;

  constructor(file: Blob, context: ExtractContext) {
    this.#file = file;
    this.#context = context;
    this.#passwords = new Passwords(context);
  }

  async members(): Promise<Member[]> {
    // The build without workers' sources and without WASM; the browser inflates.
    const zipJs = await import('@zip.js/zip.js/lib/zip-core-native.js');
    const { signal } = this.#context;
    const reader = new zipJs.ZipReader(new zipJs.BlobReader(this.#file), {
      useWebWorkers: false,
      checkCrc32: true,
      filenameValidation: 'tolerant', // `SafePaths` makes them safe
    });
    const paths = new SafePaths();
    const members: Member[] = [];
    let entries = 0;
    let bytes = 0;
    let links = 0;
    try {
      for await (const entry of reader.getEntriesGenerator()) {
        signal.throwIfAborted();
        if (++entries > MOST_ENTRIES) throw this.#tooMuch(`${MOST_ENTRIES} entries`);
        if (entry.directory || isLeftBehind(entry.filename)) continue;
        if (entry.symlink) {
          links++;
          continue;
        }
        bytes += entry.uncompressedSize;
        if (members.length >= MOST_MEMBERS) throw this.#tooMuch(`${MOST_MEMBERS} files`);
        if (bytes > MOST_BYTES) throw this.#tooMuch('4 GiB of files');
        members.push(this.#member(zipJs, entry, paths.add(entry.filename)));
      }
    } catch (error) {
      throw this.#unlisted(zipJs, error);
    }
    if (links > 0) this.#context.warn(`Links to other files were left out: ${String(links)}.`);
    return members;
  }

  #member(zipJs: ZipJs, entry: FileEntry, path: string): Member {
    const { uncompressedSize: size, lastModDate } = entry;
    return {
      path,
      size,
      open: async () => {
        this.#context.signal.throwIfAborted();
        if (size > LARGEST_MEMBER) {
          throw new UnsupportedError(
            `${path} was not unpacked: a file in an archive may have 512 MiB. Unpack it and add it.`,
            { subject: path },
          );
        }
        try {
          const content = await this.#unpack(zipJs, entry, path);
          return new File([content], path, { lastModified: lastModDate.getTime() });
        } catch (error) {
          this.#context.signal.throwIfAborted();
          throw this.#unreadable(zipJs, path, error);
        }
      },
    };
  }

  async #unpack(zipJs: ZipJs, entry: FileEntry, path: string): Promise<Blob> {
    const { signal } = this.#context;
    if (isPlain(entry)) {
      return readPlain(this.#file, entry, {
        signal,
        onPiece: (length) => {
          this.#context.progress(length);
        },
      });
    }
    if (!entry.encrypted) return this.#unpackByZipJs(entry);
    return this.#passwords.open(path, async (password, isProven) => {
      try {
        return await this.#unpackByZipJs(entry, password);
      } catch (error) {
        const isWrong = isError(error, zipJs.ERR_INVALID_PASSWORD);
        // The old encryption checks one byte: one wrong password of 256 shows by the content alone.
        const mayBeWrong = entry.zipCrypto && !isProven && !isUnsupported(zipJs, error);
        if (isWrong || (mayBeWrong && !signal.aborted)) return undefined;
        throw error;
      }
    });
  }

  async #unpackByZipJs(entry: FileEntry, password?: string): Promise<Blob> {
    const sink = new BlobSink(entry.uncompressedSize, (length) => {
      this.#context.progress(length);
    });
    const writable = new WritableStream<Uint8Array<ArrayBuffer>>({
      write: (piece) => {
        sink.write(piece);
      },
    });
    const { signal } = this.#context;
    await entry.getData(writable, { signal, ...(password === undefined ? {} : { password }) });
    if (sink.length !== entry.uncompressedSize) throw new RangeError('It is smaller than it says.');
    return sink.finish();
  }

  #tooMuch(what: string): UnsupportedError {
    const { name } = this.#context;
    return new UnsupportedError(
      `${name} was not opened: it holds more than ${what}. Unpack it and add the files in parts.`,
      { subject: name },
    );
  }

  #unlisted(zipJs: ZipJs, error: unknown): unknown {
    const { name, signal } = this.#context;
    if (error instanceof MemreelError || signal.aborted) return error;
    if (isError(error, zipJs.ERR_ENCRYPTED_CENTRAL_DIRECTORY)) {
      return new PasswordError(
        `${name} hides its list of files behind a password, which cannot be opened here. Unpack it and add the files.`,
        { subject: name },
      );
    }
    return new CorruptError(`${name} is damaged or cut off: its list of files is not readable.`, {
      cause: error,
      subject: name,
    });
  }

  #unreadable(zipJs: ZipJs, path: string, error: unknown): unknown {
    if (error instanceof MemreelError) return error;
    if (!isUnsupported(zipJs, error)) return this.#damaged(path, error);
    return new UnsupportedError(
      `${path} is packed or encrypted by a method that cannot be read here. Unpack it and add it.`,
      { cause: error, subject: path },
    );
  }

  #damaged(path: string, cause: unknown): CorruptError {
    const message = `${path} in ${this.#context.name} is damaged: it cannot be unpacked.`;
    return new CorruptError(message, { cause, subject: path });
  }
}

/** What a person gave for one archive: mostly one password is that of all its members. */
class Passwords {
  readonly #context: ExtractContext;
  /** Those that opened a member. */
  readonly #proven: string[] = [];
  #isGivenUp = false;

  constructor(context: ExtractContext) {
    this.#context = context;
  }

  /**
   * Opens a member with a password that opened another one, else asks for it.
   * @param attempt undefined where the password is wrong
   * @throws PasswordError
   */
  async open(
    path: string,
    attempt: (password: string, isProven: boolean) => Promise<Blob | undefined>,
  ): Promise<Blob> {
    for (const password of this.#proven) {
      const content = await attempt(password, true);
      if (content) return content;
    }
    let tries = 0;
    while (!this.#isGivenUp) {
      const password = tries < PASSWORD_TRIES ? await this.#context.password?.() : undefined;
      if (password === undefined) {
        this.#isGivenUp = true;
        break;
      }
      tries++;
      const content = await attempt(password, false);
      if (!content) continue;
      this.#proven.push(password);
      return content;
    }
    const message =
      tries > 0 ? `That is not the password of ${path}.` : `${path} needs a password.`;
    throw new PasswordError(message, { subject: path });
  }
}

function isError(error: unknown, message: string): boolean {
  return error instanceof Error && error.message === message;
}

function isUnsupported(zipJs: ZipJs, error: unknown): boolean {
  return [
    zipJs.ERR_UNSUPPORTED_COMPRESSION,
    zipJs.ERR_UNSUPPORTED_ENCRYPTION,
    zipJs.ERR_RESERVED_COMPRESSION_METHOD,
  ].some((message) => isError(error, message));
}
