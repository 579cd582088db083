/**
 * The bytes of one file in a ZIP archive, plain or deflated (APPNOTE 6.3.10, 4.3.7 and 4.4.5), read
 * in one go where it is small. Other methods and encrypted files are zip.js's: through its streams a
 * small file takes five times as long.
 */

import type { FileEntry } from '@zip.js/zip.js/lib/zip-core-native.js';
import { crc32Of } from './crc32';

const STORED = 0;
const DEFLATED = 8;

const LOCAL_HEADER = 0x04034b50;
const HEADER_BYTES = 30;

/** What a local header may have in extra fields, to be read along with a small file. */
const EXTRA_BYTES = 512;

/** Packed bytes that are read in one go; a larger file is streamed. */
const SMALL = 2 ** 20;

/** Unpacked bytes that are handed to the browser at a time: from then on they are off the heap. */
const PIECE = 4 * 2 ** 20;

/** Takes pieces of a file and gives them to the browser. */
export class BlobSink {
  readonly #most: number;
  readonly #onPiece: (length: number) => void;
  readonly #blobs: Blob[] = [];
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #held = 0;
  #crc = 0;
  length = 0;

  /** @param most bytes: one more is an error */
  constructor(most: number, onPiece: (length: number) => void) {
    this.#most = most;
    this.#onPiece = onPiece;
  }

  /** CRC-32 of all that was written. */
  get crc(): number {
    return this.#crc;
  }

  /** @throws RangeError beyond the most; whoever writes stops there */
  write(piece: Uint8Array<ArrayBuffer>): void {
    this.length += piece.length;
    if (this.length > this.#most) throw new RangeError('It is larger than the archive says.');
    this.#crc = crc32Of(piece, this.#crc);
    this.#pieces.push(piece);
    this.#held += piece.length;
    if (this.#held >= PIECE) this.#close();
  }

  finish(): Blob {
    if (this.#blobs.length === 0) return new Blob(this.#pieces);
    this.#close();
    return new Blob(this.#blobs);
  }

  #close(): void {
    this.#blobs.push(new Blob(this.#pieces));
    this.#pieces = [];
    this.#held = 0;
    this.#onPiece(this.length);
  }
}

/** Whether `readPlain` can read it. */
export function isPlain({ encrypted, compressionMethod }: FileEntry): boolean {
  return !encrypted && (compressionMethod === STORED || compressionMethod === DEFLATED);
}

/**
 * A file that is neither encrypted nor packed by an uncommon method. A stored one is a part of the
 * archive as it lies there, its checksum unread.
 * @throws RangeError, TypeError or the stream's error where the archive is not as it says
 */
export async function readPlain(
  file: Blob,
  entry: FileEntry,
  { signal, onPiece }: { signal: AbortSignal; onPiece: (length: number) => void },
): Promise<Blob> {
  const { offset, compressedSize, uncompressedSize, rawFilename, compressionMethod } = entry;
  const isDeflated = compressionMethod === DEFLATED;
  const isSmall = isDeflated && compressedSize <= SMALL;
  const header = HEADER_BYTES + rawFilename.length + EXTRA_BYTES;
  const head = new DataView(
    await file.slice(offset, offset + header + (isSmall ? compressedSize : 0)).arrayBuffer(),
  );
  if (head.byteLength < HEADER_BYTES || head.getUint32(0, true) !== LOCAL_HEADER) {
    throw new RangeError('Its header is not where the archive says.');
  }
  const start = HEADER_BYTES + head.getUint16(26, true) + head.getUint16(28, true);
  const packed = file.slice(offset + start, offset + start + compressedSize);
  if (packed.size < compressedSize) throw new RangeError('It is cut off.');
  if (!isDeflated) {
    if (uncompressedSize !== compressedSize) throw new RangeError('Its length is not its own.');
    return packed;
  }
  const isHere = isSmall && start + compressedSize <= head.byteLength;
  const sink = new BlobSink(uncompressedSize, onPiece);
  await inflate(isHere ? new Uint8Array(head.buffer, start, compressedSize) : packed, sink, signal);
  if (sink.length !== uncompressedSize) throw new RangeError('It is smaller than it says.');
  if (sink.crc !== entry.crc32) throw new RangeError('Its checksum is another one.');
  return sink.finish();
}

async function inflate(
  packed: Uint8Array<ArrayBuffer> | Blob,
  sink: BlobSink,
  signal: AbortSignal,
): Promise<void> {
  const { readable, writable } = new DecompressionStream('deflate-raw');
  const feeding =
    packed instanceof Blob ? packed.stream().pipeTo(writable) : feed(packed, writable);
  const reader = readable.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      signal.throwIfAborted();
      sink.write(read.value);
    }
    await feeding;
  } catch (error) {
    feeding.catch(() => undefined); // it fails by what comes here
    await reader.cancel(error).catch(() => undefined); // or has failed before
    throw error;
  }
}

async function feed(
  bytes: Uint8Array<ArrayBuffer>,
  to: WritableStream<BufferSource>,
): Promise<void> {
  const writer = to.getWriter();
  const written = writer.write(bytes);
  written.catch(() => undefined); // closing fails too then
  await writer.close();
}
