/**
 * What a person brings back in: told apart by content, opened, and handed to the reader of its kind.
 * Each reader makes something that can be committed; it is committed here.
 */
import type { ImportOptions, ImportReport } from '../../api';
import { InvalidError, MemreelError, UnsupportedError } from '../../errors';
import { ENTRY } from '../../archive/manifest';
import { decodeLibraryList, LIBRARY_LIST } from '../../archive/library-list';
import { isSealed, unsealed } from '../../archive/seal';
import { ArchiveReader } from '../../archive/zip-reader';
import { streamOf } from '../../archive/zip-writer';
import type { ShardEntry } from '../../shard/objects';
import { EXPORTS, saveStream } from './delivery';
import { commitImport, type ImportCommit, type PreparedImport } from './import-commit';
import { importCopy } from './import-copy';
import { importMemvid, isMemvidIndex, isMemvidVideo, type MemvidFiles } from './import-memvid';
import { importMp4 } from './import-mp4';
import { importZip } from './import-zip';
import type { ImportContext } from './unpacked';

export type ImportWishes = Pick<ImportOptions, 'password' | 'ifPresent' | 'name'>;

export interface ImportJob extends ImportContext, ImportCommit {
  /** From reading an entry to writing the next one nothing else may write. */
  committing<T>(work: () => Promise<T>): Promise<T>;
}

export interface Imported {
  readonly entry: ShardEntry;
  readonly isNew: boolean;
  readonly report: ImportReport;
}

/**
 * One shard, or those of an archive of a whole library, each committed as it is done.
 * @throws InvalidError for files that do not belong together
 * @throws CorruptError, UnsupportedError, PasswordError; each names the file
 */
export async function* importFiles(
  files: readonly File[],
  wishes: ImportWishes,
  job: ImportJob,
): AsyncGenerator<Imported> {
  const temporary = new TemporaryFiles(job);
  try {
    for await (const prepared of preparedFrom(files, wishes, temporary, job)) {
      job.signal.throwIfAborted();
      job.progress({ stage: 'commit', done: 0, total: 1 });
      const { entry, isNew } = await job.committing(() => commitImport(prepared, wishes, job));
      const report = {
        ...prepared.report,
        ...{ shard: entry.id, version: entry.head.id, chunks: entry.facts.chunks },
      };
      yield { entry, isNew, report };
    }
  } catch (error) {
    throw naming(error, files);
  } finally {
    await temporary.remove();
  }
}

/** An error that does not say which file it is about gets its name. */
function naming(error: unknown, files: readonly File[]): unknown {
  const [first] = files;
  if (!(error instanceof MemreelError) || !first || error.message.includes(first.name))
    return error;
  error.message = `${first.name}: ${error.message}`;
  return error;
}

async function* preparedFrom(
  files: readonly File[],
  wishes: ImportWishes,
  temporary: TemporaryFiles,
  job: ImportJob,
): AsyncGenerator<PreparedImport> {
  const [first, ...others] = files;
  if (!first) throw new InvalidError('There is no file to import.');
  if (others.length > 0) {
    yield importMemvid(await memvidSet(files), job);
    return;
  }
  const file = (await isSealed(first))
    ? await temporary.keep(await unsealed(first, wishes.password, first.name), plainName(first))
    : first;
  const magic = new Uint8Array(await file.slice(0, 12).arrayBuffer());
  if (beginsWith(magic, 'PK\u0003\u0004') || beginsWith(magic, 'PK\u0005\u0006')) {
    yield* preparedFromZip(file, temporary, job);
  } else if (await isMemvidVideo(file)) {
    // A copy of a video of ours that others encoded looks like any video, but for what it shows.
    yield (await importCopy(file, job)) ?? (await importMemvid({ video: file, index: null }, job));
  } else if (beginsWith(magic.subarray(4), 'ftyp')) {
    yield importMp4(file, job);
  } else {
    throw new UnsupportedError(
      `${first.name} is no shard: a shard zip, an MP4 that Memreel exported, or memvid’s video and its _index.json are. Documents are added with “Add documents”.`,
      { subject: first.name },
    );
  }
}

async function* preparedFromZip(
  file: File,
  temporary: TemporaryFiles,
  job: ImportJob,
): AsyncGenerator<PreparedImport> {
  const { signal } = job;
  const archive = await ArchiveReader.open(file, file.name);
  if (archive.has(ENTRY.manifest)) {
    yield importZip(archive, job);
    return;
  }
  if (archive.has(LIBRARY_LIST)) {
    const list = decodeLibraryList(await archive.text(LIBRARY_LIST, 64 << 20, signal));
    for (const entry of list.shards) {
      const shard = await temporary.keep(streamOf(archive.checked(entry, signal)), entry.name);
      yield importZip(await ArchiveReader.open(shard, entry.name), job);
      await temporary.remove();
    }
    return;
  }
  const members: File[] = [];
  for (const name of archive.names) {
    const isWanted = isMemvidIndex(name) || /\.(mp4|mkv|avi|m4v|webm)$/iu.test(name);
    if (!isWanted) continue;
    const pieces = archive.pieces(name, MAX_MEMVID, signal);
    members.push(await temporary.keep(streamOf(pieces), name.replace(/^.*\//u, '')));
  }
  yield importMemvid(await memvidSet(members, file.name), job);
}

/** A video of memvid's: its own are 100 MB for 10,000 chunks. */
const MAX_MEMVID = 16 * 2 ** 30;

/** @throws InvalidError where these are not one video and its index */
async function memvidSet(files: readonly File[], from = files[0]?.name): Promise<MemvidFiles> {
  const indexes = files.filter(({ name }) => isMemvidIndex(name));
  const videos: File[] = [];
  for (const file of files) {
    const isIndex = indexes.includes(file) || file.name.endsWith('.faiss');
    if (!isIndex && (await isMemvidVideo(file))) videos.push(file);
  }
  const [video] = videos;
  if (video && videos.length === 1 && indexes.length <= 1) {
    return { video, index: indexes[0] ?? null };
  }
  throw new InvalidError(
    `${from ?? 'These files'}: several files are imported together only where they are one memvid video and its _index.json.`,
    from === undefined ? {} : { subject: from },
  );
}

function plainName({ name }: File): string {
  return name.replace(/\.age$/u, '');
}

function beginsWith(bytes: Uint8Array, magic: string): boolean {
  return Array.from(magic).every((character, at) => bytes[at] === character.charCodeAt(0));
}

/** Files beside the store that last as long as an import. */
class TemporaryFiles {
  readonly #job: ImportJob;
  readonly #paths: string[] = [];

  constructor(job: ImportJob) {
    this.#job = job;
  }

  async keep(stream: ReadableStream<Uint8Array>, name: string): Promise<File> {
    const { fs, signal } = this.#job;
    const path = `${EXPORTS}/${crypto.randomUUID()}.part`;
    await saveStream(stream, fs, path, signal);
    this.#paths.push(path);
    const file = await fs.read(path);
    if (!file) throw new Error('What was unpacked for an import is gone.');
    return new File([file], name);
  }

  async remove(): Promise<void> {
    for (const path of this.#paths.splice(0)) await this.#job.fs.remove(path);
  }
}
