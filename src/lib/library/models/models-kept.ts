/**
 * Larger models as they are kept: one folder a model and revision in a file system of their own, so
 * that the store knows nothing of them and all libraries of an origin share them. A file that stopped
 * in the middle stays, and goes on from its end. It is whole once a mark beside it says so, written
 * after its SHA-256 was found to be the pinned one. Where files come from is not known here.
 */
import { CorruptError, UnsupportedError } from '../../errors';
import type { ModelFile, ModelFiles, SentenceModelSpec } from '../../embedding/model';
import { createDigest, type RunningDigest } from '../../store/digest';
import { PIECE_BYTES, type FileSystem, type WritableFile } from '../../store/file-system';

/** The bytes of a file from an offset on, as far as they come. */
export interface FileBytes {
  /** The first byte's offset: 0 where the giver could not begin in the middle. */
  readonly from: number;
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Gives a file's bytes from `from` on. */
export type BringFile = (from: number) => Promise<FileBytes>;

export class KeptModels {
  readonly #fs: FileSystem;

  constructor(fs: FileSystem) {
    this.#fs = fs;
  }

  /** Bytes of a model that are here, of files that are not whole too. */
  async bytes(spec: SentenceModelSpec): Promise<number> {
    let sum = 0;
    for (const file of spec.files) {
      const size = (await this.#fs.read(pathOf(spec, file)))?.size ?? 0;
      sum += Math.min(size, file.bytes);
    }
    return sum;
  }

  /** All files of a model, as handles; undefined where one is not whole. */
  async files(spec: SentenceModelSpec): Promise<ModelFiles | undefined> {
    const files = new Map<string, Blob>();
    for (const file of spec.files) {
      const content = await this.#whole(spec, file);
      if (!content) return undefined;
      files.set(file.path, content);
    }
    return files;
  }

  /**
   * Brings one file, or what is missing of it, unless it is whole. Holds a few pieces in memory.
   * @param told how many bytes of the file are here
   * @throws CorruptError for other bytes than the pinned ones: what is here of the file goes
   * @throws UnsupportedError where they end too early, and whatever the stream fails with: what is
   *   here stays; QuotaError
   */
  async keep(
    spec: SentenceModelSpec,
    file: ModelFile,
    bring: BringFile,
    { signal, told }: { signal: AbortSignal; told: (bytes: number) => void },
  ): Promise<void> {
    if (await this.#whole(spec, file)) {
      told(file.bytes);
      return;
    }
    const path = pathOf(spec, file);
    const out = await this.#fs.open(path, { create: true });
    let isPinned: boolean;
    try {
      isPinned = (await fill(out, file, bring, { signal, told })) === file.sha256;
      out.flush();
    } finally {
      out.close();
    }
    if (!isPinned) {
      await this.#fs.remove(path);
      throw new CorruptError(
        `${file.path} is not the file of ${spec.hub.name} at revision ${spec.hub.revision}.`,
        { subject: file.path },
      );
    }
    await this.#mark(path, file);
  }

  /** Lets all files of a model go, those of other revisions too. */
  async remove(spec: SentenceModelSpec): Promise<void> {
    const own = (await this.#fs.files()).filter((path) => path.startsWith(`${spec.id}/`));
    const isMark = (path: string): boolean => path.endsWith(MARK);
    for (const path of [...own.filter(isMark), ...own.filter((one) => !isMark(one))]) {
      await this.#fs.remove(path);
    }
  }

  async #whole(spec: SentenceModelSpec, file: ModelFile): Promise<Blob | undefined> {
    const path = pathOf(spec, file);
    const mark = await this.#fs.readBytes(path + MARK);
    if (!mark || new TextDecoder().decode(mark) !== file.sha256) return undefined;
    const content = await this.#fs.read(path);
    return content?.size === file.bytes ? content : undefined;
  }

  async #mark(path: string, { sha256 }: ModelFile): Promise<void> {
    const mark = await this.#fs.open(path + MARK, { create: true });
    try {
      mark.truncate(0);
      mark.write(0, new TextEncoder().encode(sha256));
      mark.flush();
    } finally {
      mark.close();
    }
  }
}

/** Beside a whole file; holds its digest. */
const MARK = '.sha256';

const pathOf = ({ id, hub }: SentenceModelSpec, { path }: ModelFile): string =>
  `${id}/${hub.revision}/${path}`;

/** Writes what is missing. @returns the digest of it all, or null as soon as there is too much */
async function fill(
  out: WritableFile,
  { path, bytes }: ModelFile,
  bring: BringFile,
  { signal, told }: { signal: AbortSignal; told: (bytes: number) => void },
): Promise<string | null> {
  if (out.size() > bytes) out.truncate(0);
  let at = out.size();
  let digest = await digestOf(out, signal);
  told(at);
  if (at < bytes) {
    signal.throwIfAborted();
    const { from, stream } = await bring(at);
    if (from !== at) {
      out.truncate(0);
      at = 0;
      digest = await createDigest();
      told(at);
    }
    const reader = stream.getReader();
    try {
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        signal.throwIfAborted();
        if (at + read.value.length > bytes) return null;
        out.write(at, read.value);
        digest.update(read.value);
        at += read.value.length;
        told(at);
      }
    } finally {
      // Whoever gives more than is wanted, or is waited for in vain, need not go on.
      await reader.cancel().catch(() => undefined);
    }
  }
  if (at < bytes) {
    throw new UnsupportedError(
      `${path} ended after ${String(at)} of ${String(bytes)} bytes. They are kept: try again.`,
      { subject: path },
    );
  }
  return digest.end();
}

/** A digest of what a file holds already, to go on with. */
async function digestOf(file: WritableFile, signal: AbortSignal): Promise<RunningDigest> {
  const digest = await createDigest();
  for (let at = 0; at < file.size(); at += PIECE_BYTES) {
    signal.throwIfAborted();
    digest.update(file.read(at, PIECE_BYTES));
  }
  return digest;
}
