/**
 * The port between document formats and the chunker: what an extractor takes and what it yields.
 * Types only; `extract/<format>.ts` implements it, `chunk.ts` consumes it.
 */

import type { Place } from '../api';

/** Where a block stands; offsets are the chunker's, because only it sees the text as a whole. */
export type BlockPlace = Omit<Place, 'start' | 'end'>;

/**
 * A piece of a document's text that belongs together.
 *
 * Joined in order, the blocks' texts are the extracted text: separators belong to the block
 * before. Lines end in `\n` alone. A block that does not end in `\n` goes on in the next one of
 * the same kind and section, which is how an extractor hands over a paragraph too long to hold.
 */
export interface Block {
  readonly text: string;
  /** A `record` is a chunk as it stands: never merged, split only when too long. */
  readonly kind: 'heading' | 'paragraph' | 'code' | 'table' | 'record';
  /** `line` is the line of the block's first character, and counts on within the block. */
  readonly place: BlockPlace;
}

/** Reads one format. Extractors keep no state: one object serves any number of files. */
export interface Extractor {
  /** Media type, such as `text/html`. */
  readonly type: string;
  /** Lower case, without the dot. */
  readonly extensions: readonly string[];
  /** How likely it is this format: 0 no … 1 certain. `head` is the first bytes, 4 KiB at most. */
  recognise(head: Uint8Array, name: string): number;
  /**
   * Blocks no longer than `MAX_BLOCK` where the format can be read in pieces.
   * Looks at the signal between any two pieces of input and throws its reason.
   *
   * @throws CorruptError, PasswordError, UnsupportedError; each names the file
   */
  extract(file: Blob, context: ExtractContext): AsyncIterable<Block>;
}

/** A file inside another one. */
export interface Member {
  /** The path inside, `/` between folders: unique within its container, never absolute, without `..`. */
  readonly path: string;
  /** Bytes when unpacked, as far as the container says. */
  readonly size: number;
  /**
   * Unpacks it, with `path` as the file's name.
   * @throws CorruptError, PasswordError, UnsupportedError (too large, an unknown method); each names it
   */
  open(): Promise<File>;
}

/** Reads one format that holds other files. Keeps no state, as an extractor. */
export interface Container {
  readonly type: string;
  readonly extensions: readonly string[];
  /** As an extractor's: a file may be both, a message with attachments is. */
  recognise(head: Uint8Array, name: string): number;
  /**
   * The files inside that a person would look for, in their order; folders, and what systems leave
   * behind (`__MACOSX`, `.DS_Store`), are none. Empty where an extractor alone can read it.
   * @throws CorruptError, PasswordError, UnsupportedError; each names the file
   */
  members(file: Blob, context: ExtractContext): Promise<readonly Member[]>;
}

/** What an extractor is given besides the bytes. */
export interface ExtractContext {
  /** The file's name, for messages. */
  readonly name: string;
  readonly signal: AbortSignal;
  /**
   * Absolute URL of the folder where the app's static files are served (see `PDF_ASSETS`), with
   * its closing slash. A worker cannot find it: its own URL is the bundle's.
   */
  readonly assetsUrl: string;
  /** Tells the person about text that may be missing or wrong. */
  warn(message: string): void;
  /** Asks for the file's password; undefined gives up. */
  password?: () => Promise<string | undefined>;
  /** Bytes of the file that are dealt with so far. */
  progress(bytesRead: number): void;
  /** What pictures of text are read with; absent: such pages are reported and left out. */
  readonly ocr?: OcrSettings;
}

/** How pictures of text are read. */
export interface OcrSettings {
  /** Of the language data that is at hand, such as `eng`. */
  readonly languages: readonly string[];
  /** tesseract's data of those that the app does not serve, perhaps gzipped, by language. */
  readonly kept?: ReadonlyMap<string, Blob>;
}

/** UTF-16 units at which a paragraph without an end is handed over in pieces. */
export const MAX_BLOCK = 65_536;

/** The lower-case extension of a file name, without the dot; empty where it has none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase();
}
