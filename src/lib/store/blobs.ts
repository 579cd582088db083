/**
 * Content-addressed blobs. Never overwrites one that checks; removes one only when told to, which
 * `collect.ts` alone does. Knows nothing of commits.
 */
import { CorruptError } from '../errors';
import { createDigest, digestOf, digestOfBlob } from './digest';
import type { Digest, RunningDigest } from './digest';
import { PIECE_BYTES } from './file-system';
import type { FileSystem, WritableFile } from './file-system';
import { blobPath, STAGING } from './layout';

/** A stream up to this size is gathered in memory; a longer one is staged in a file. */
const GATHER_BYTES = 4 * PIECE_BYTES;

export class Blobs {
  readonly #fs: FileSystem;
  /** Blobs that were seen and not removed since. Who removes holds all tabs' `readers` lock. */
  readonly #present = new Set<Digest>();
  readonly #putting = new Map<Digest, Promise<void>>();
  readonly #removing = new Map<Digest, Promise<void>>();
  /** Counts removals, when they begin and again when they end. */
  #removals = 0;
  /** Files in `staging/` that a stream is being written to. */
  readonly #staged = new Set<string>();

  constructor(fs: FileSystem) {
    this.#fs = fs;
  }

  /** The blob, not verified; undefined when it is not there. */
  async get(digest: Digest): Promise<Blob | undefined> {
    return this.#fs.read(blobPath(digest));
  }

  async has(digest: Digest): Promise<boolean> {
    if (this.#present.has(digest)) return true;
    const removals = this.#removals;
    const there = (await this.get(digest)) !== undefined;
    // One that was being removed meanwhile was perhaps seen, and is gone now.
    if (there && removals === this.#removals) this.#present.add(digest);
    return there;
  }

  /**
   * Deletes a blob, which puts of it wait for; false, and nothing is deleted, while it is being put.
   * @throws ReadOnlyError when someone else holds its file
   */
  async remove(digest: Digest): Promise<boolean> {
    if (this.#putting.has(digest)) return false;
    this.#removals++;
    this.#present.delete(digest);
    const removing = this.#fs.remove(blobPath(digest)).finally(() => {
      this.#removals++;
      this.#removing.delete(digest);
    });
    this.#removing.set(digest, removing);
    await removing;
    return true;
  }

  /** Whether a stream is being written to this path of `staging/`. */
  isStaging(path: string): boolean {
    return this.#staged.has(path);
  }

  /** Whether a blob's bytes are those of its digest. */
  async verifies(digest: Digest, blob: Blob): Promise<boolean> {
    return (await digestOfBlob(blob)) === digest;
  }

  /** The bytes, verified; undefined when the blob is not there. @throws CorruptError */
  async read(digest: Digest): Promise<Uint8Array | undefined> {
    const blob = await this.get(digest);
    if (!blob) return undefined;
    const bytes = new Uint8Array(await blob.arrayBuffer());
    if ((await digestOf(bytes)) !== digest) throw corrupt(digest);
    return bytes;
  }

  /**
   * Written, count checked, flushed, read back, hashed. Free when it is there and verifies.
   * Its digest is among `puts` before its file is there, so that nobody takes it for a stray.
   * @throws QuotaError and leaves nothing behind
   */
  async put(bytes: Uint8Array, puts?: Set<Digest>): Promise<Digest> {
    const digest = await digestOf(bytes);
    const fill = (file: WritableFile): void => {
      file.write(0, bytes);
    };
    await this.#putOnce(digest, bytes.byteLength, fill, puts);
    return digest;
  }

  /** As `put`; memory stays flat. */
  async putStream(stream: ReadableStream<Uint8Array>, puts?: Set<Digest>): Promise<Digest> {
    const reader = stream.getReader();
    try {
      const gathered: Uint8Array[] = [];
      let size = 0;
      while (size <= GATHER_BYTES) {
        const { done, value } = await reader.read();
        if (done) return await this.put(joined(gathered, size), puts);
        gathered.push(value);
        size += value.byteLength;
      }
      return await this.#putStaged(gathered, reader, puts);
    } catch (error) {
      await reader.cancel(error); // a source that nobody reads on must hear of it
      throw error;
    } finally {
      reader.releaseLock();
    }
  }

  /** The digest of a long stream is known at its end only: it waits in a file until then. */
  async #putStaged(
    first: Uint8Array[],
    rest: ReadableStreamDefaultReader<Uint8Array>,
    puts: Set<Digest> | undefined,
  ): Promise<Digest> {
    const path = `${STAGING}/${crypto.randomUUID()}`;
    this.#staged.add(path);
    try {
      return await this.#putThrough(path, first, rest, puts);
    } finally {
      await this.#fs.remove(path);
      this.#staged.delete(path);
    }
  }

  async #putThrough(
    path: string,
    first: Uint8Array[],
    rest: ReadableStreamDefaultReader<Uint8Array>,
    puts: Set<Digest> | undefined,
  ): Promise<Digest> {
    const staged = await this.#fs.open(path, { create: true });
    try {
      const running = await createDigest();
      let size = 0;
      const take = (piece: Uint8Array) => {
        running.update(piece);
        staged.write(size, piece);
        size += piece.byteLength;
      };
      first.forEach(take);
      first.length = 0;
      for (let next = await rest.read(); !next.done; next = await rest.read()) take(next.value);
      const digest = running.end();
      const fill = (file: WritableFile): void => {
        for (let at = 0; at < size; at += PIECE_BYTES) {
          file.write(at, staged.read(at, PIECE_BYTES));
        }
      };
      await this.#putOnce(digest, size, fill, puts);
      return digest;
    } finally {
      staged.close();
    }
  }

  /** Two puts of the same bytes at once are one. */
  async #putOnce(
    digest: Digest,
    size: number,
    fill: (file: WritableFile) => void,
    puts: Set<Digest> | undefined,
  ): Promise<void> {
    const noted = puts?.has(digest) === true;
    puts?.add(digest);
    let putting = this.#putting.get(digest);
    if (!putting) {
      putting = this.#put(digest, size, fill).finally(() => this.#putting.delete(digest));
      this.#putting.set(digest, putting);
    }
    try {
      await putting;
    } catch (error) {
      if (!noted) puts?.delete(digest);
      throw error;
    }
  }

  async #put(digest: Digest, size: number, fill: (file: WritableFile) => void): Promise<void> {
    await this.#removing.get(digest);
    const there = await this.get(digest);
    if (there?.size === size && (await digestOfBlob(there)) === digest) {
      this.#present.add(digest);
      return;
    }
    const path = blobPath(digest);
    const file = await this.#fs.open(path, { create: true });
    try {
      // What is there does not verify: the remains of a crash, or rot. Written over in place, so
      // that a full disk cannot take what may still be salvaged.
      fill(file);
      file.truncate(size);
      file.flush();
      if (file.size() !== size || (await digestOfFile(file)) !== digest) throw corrupt(digest);
    } catch (error) {
      file.close();
      if (!there) await this.#fs.remove(path);
      throw error;
    }
    file.close();
    this.#present.add(digest);
  }
}

function corrupt(digest: Digest): CorruptError {
  return new CorruptError('The bytes of a stored object do not match its digest.', {
    subject: blobPath(digest),
  });
}

/** WebCrypto is several times faster than WASM, where the whole fits in memory anyway. */
async function digestOfFile(file: WritableFile): Promise<Digest> {
  const size = file.size();
  if (size <= GATHER_BYTES) return digestOf(file.read(0, size));
  const running: RunningDigest = await createDigest();
  for (let at = 0; at < size; at += PIECE_BYTES) running.update(file.read(at, PIECE_BYTES));
  return running.end();
}

function joined(pieces: Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}
