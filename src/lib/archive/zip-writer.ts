/**
 * Writes a zip as a stream, the same bytes for the same contents: dates are 1980-01-01, entries come
 * in the order they are added. Each entry is counted and hashed on its way. ZIP64 where it is needed.
 * Reading: `zip-reader.ts`.
 */
import { configure, ZipWriter } from '@zip.js/zip.js/lib/zip-core-native.js';
import { createSHA256 } from 'hash-wasm';
import type { ManifestEntry } from './manifest';

configure({ useWebWorkers: false }); // it would start them from blobs, which the CSP refuses

/** The first moment that a zip can say. */
const NO_DATE = new Date(1980, 0, 1);

export class ArchiveWriter {
  readonly #zip: ZipWriter<unknown>;
  readonly #signal: AbortSignal;
  readonly entries: ManifestEntry[] = [];

  constructor(to: WritableStream<Uint8Array>, signal: AbortSignal) {
    this.#signal = signal;
    this.#zip = new ZipWriter(to, {
      lastModDate: NO_DATE,
      extendedTimestamp: false,
      keepOrder: true,
      signal,
    });
  }

  /**
   * Adds one entry; resolves when all of it is written. What is coded already is stored, texts are
   * deflated.
   */
  async add(
    name: string,
    content: ReadableStream<Uint8Array>,
    { deflate = false } = {},
  ): Promise<void> {
    const hash = await createSHA256();
    let bytes = 0;
    const counted = content.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform: (chunk, controller) => {
          this.#signal.throwIfAborted();
          hash.update(chunk);
          bytes += chunk.length;
          controller.enqueue(chunk);
        },
      }),
    );
    await this.#zip.add(name, counted, { level: deflate ? 6 : 0 });
    this.entries.push({ name, bytes, sha256: hash.digest('hex') });
  }

  /** Writes the directory and closes the stream that it was made with. */
  async close(): Promise<void> {
    await this.#zip.close();
  }
}

/** A zip as a stream: `write` adds its entries while someone reads. It fails with what `write` throws. */
export function archiveStream(
  signal: AbortSignal,
  write: (archive: ArchiveWriter) => Promise<void>,
): ReadableStream<Uint8Array> {
  let resume = (): void => undefined;
  let isCancelled = false;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const to = new WritableStream<Uint8Array>({
        async write(piece) {
          if (isCancelled) throw new DOMException('Nobody reads the archive.', 'AbortError');
          controller.enqueue(piece);
          if ((controller.desiredSize ?? 0) > 0) return;
          await new Promise<void>((resolve) => {
            resume = resolve;
          });
        },
      });
      const writing = async (): Promise<void> => {
        const archive = new ArchiveWriter(to, signal);
        await write(archive);
        await archive.close();
        controller.close();
      };
      writing().catch((error: unknown) => {
        if (!isCancelled) controller.error(error);
      });
    },
    pull() {
      resume();
    },
    cancel() {
      isCancelled = true;
      resume();
    },
  });
}

/** A stream of what an iteration yields, pulled one piece at a time. */
export function streamOf(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): ReadableStream<Uint8Array> {
  const iterator =
    Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

/** UTF-8 of texts, gathered to pieces of at least 64 KiB: a stream of single lines costs more. */
export async function* encodedTexts(
  texts: Iterable<string> | AsyncIterable<string>,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let held: string[] = [];
  let length = 0;
  for await (const text of texts) {
    held.push(text);
    length += text.length;
    if (length < 1 << 16) continue;
    yield encoder.encode(held.join(''));
    held = [];
    length = 0;
  }
  if (length > 0) yield encoder.encode(held.join(''));
}
