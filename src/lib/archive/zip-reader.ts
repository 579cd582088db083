/**
 * Reads archives that `zip-writer.ts` or another zip program wrote: entries are unpacked as streams,
 * metered as they come out, and held against their digests. What they mean is for others.
 */
import {
  BlobReader,
  configure,
  ZipReader,
  type Entry,
} from '@zip.js/zip.js/lib/zip-core-native.js';
import { createSHA256 } from 'hash-wasm';
import { CorruptError, PasswordError, UnsupportedError } from '../errors';
import type { ManifestEntry } from './manifest';

configure({ useWebWorkers: false });

/** More is no archive of a library: each of its entries is a stream of many things. */
const MAX_ENTRIES = 10_000;

export class ArchiveReader {
  readonly #entries: ReadonlyMap<string, Entry & { directory: false }>;
  /** For messages. */
  readonly name: string;

  private constructor(entries: ReadonlyMap<string, Entry & { directory: false }>, name: string) {
    this.#entries = entries;
    this.name = name;
  }

  /** @throws CorruptError for what is no whole zip; UnsupportedError for one of too many entries */
  static async open(file: Blob, name: string): Promise<ArchiveReader> {
    const entries = new Map<string, Entry & { directory: false }>();
    try {
      for await (const entry of new ZipReader(new BlobReader(file)).getEntriesGenerator()) {
        if (entry.directory) continue;
        if (entries.size === MAX_ENTRIES) {
          throw new UnsupportedError(`${name} has more than ${String(MAX_ENTRIES)} entries.`, {
            subject: name,
          });
        }
        entries.set(entry.filename, entry);
      }
    } catch (error) {
      if (error instanceof UnsupportedError) throw error;
      throw new CorruptError(`${name} is damaged, or is no zip archive.`, {
        cause: error,
        subject: name,
      });
    }
    return new ArchiveReader(entries, name);
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  has(entry: string): boolean {
    return this.#entries.has(entry);
  }

  /** Bytes when unpacked, as the directory says. */
  sizeOf(entry: string): number {
    return this.#entries.get(entry)?.uncompressedSize ?? 0;
  }

  /**
   * Unpacks an entry piece by piece.
   * @param limit bytes; metered as they come out, whatever the directory says
   * @throws CorruptError where it is missing or damaged; UnsupportedError beyond the limit;
   * PasswordError for one that the zip program has locked
   */
  async *pieces(entry: string, limit: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const found = this.#entries.get(entry);
    if (!found) {
      throw new CorruptError(`${this.name} has no ${entry}.`, { subject: this.name });
    }
    if (found.encrypted) {
      throw new PasswordError(`${entry} in ${this.name} is locked by a zip program.`, {
        subject: this.name,
      });
    }
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const unpacking = found.getData(writable, { signal, checkSignature: true });
    unpacking.catch(() => undefined); // the stream fails with it
    const reader = readable.getReader();
    let bytes = 0;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        bytes += value.length;
        if (bytes > limit) {
          throw new UnsupportedError(
            `${entry} in ${this.name} is larger than ${String(limit)} bytes.`,
            { subject: this.name },
          );
        }
        yield value;
      }
      await unpacking;
    } catch (error) {
      if (error instanceof UnsupportedError) throw error;
      signal.throwIfAborted();
      throw new CorruptError(`${entry} in ${this.name} is damaged.`, {
        cause: error,
        subject: this.name,
      });
    } finally {
      await reader.cancel().catch(() => undefined); // it has failed or ended already, perhaps
    }
  }

  /** An entry as text. @throws as `pieces`; CorruptError where it is not UTF-8 */
  async text(entry: string, limit: number, signal: AbortSignal): Promise<string> {
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const parts: string[] = [];
    try {
      for await (const piece of this.pieces(entry, limit, signal)) {
        parts.push(decoder.decode(piece, { stream: true }));
      }
      parts.push(decoder.decode());
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new CorruptError(`${entry} in ${this.name} is not UTF-8.`, {
        cause: error,
        subject: this.name,
      });
    }
    return parts.join('');
  }

  /**
   * Hands on an entry's pieces and holds the whole against what the manifest says of it.
   * @throws as `pieces`; CorruptError where size or digest differ, once all has come by
   */
  async *checked(
    { name: entry, bytes, sha256 }: ManifestEntry,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const hash = await createSHA256();
    let count = 0;
    for await (const piece of this.pieces(entry, bytes, signal)) {
      hash.update(piece);
      count += piece.length;
      yield piece;
    }
    if (count !== bytes || hash.digest('hex') !== sha256) {
      throw new CorruptError(`${entry} in ${this.name} is not what was written.`, {
        subject: this.name,
      });
    }
  }
}
