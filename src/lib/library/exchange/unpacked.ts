/**
 * The entries of a shard zip as files beside the store, for as long as an import takes, and the
 * segments that are cut out of its videos. What the entries mean is for others.
 */
import type { Progress } from '../../api';
import { CorruptError } from '../../errors';
import {
  ENTRY,
  type Manifest,
  type ManifestEntry,
  type ManifestSegment,
  type VectorRange,
} from '../../archive/manifest';
import type { ArchiveReader } from '../../archive/zip-reader';
import { streamOf } from '../../archive/zip-writer';
import type { Digest } from '../../store/digest';
import type { FileSystem } from '../../store/file-system';
import { writeMp4 } from '../../video/mp4';
import { openMp4, type Mp4 } from '../../video/mp4-index';
import { EXPORTS, saveStream } from './delivery';
import type { KnownSegmentContext } from './known-segment';

export interface ImportContext extends KnownSegmentContext {
  readonly fs: FileSystem;
  progress(progress: Progress): void;
}

/** The entries of an archive as files beside the store, for as long as the import takes. */
export class Unpacked {
  readonly #archive: ArchiveReader;
  readonly #entries: ReadonlyMap<string, ManifestEntry>;
  readonly #context: ImportContext;
  readonly #files = new Map<string, Promise<{ path: string; file: Blob }>>();
  readonly #videos = new Map<string, Promise<Mp4>>();
  readonly #total: number;
  #done = 0;

  constructor(archive: ArchiveReader, manifest: Manifest, context: ImportContext) {
    this.#archive = archive;
    this.#context = context;
    this.#entries = new Map(manifest.entries.map((entry) => [entry.name, entry]));
    this.#total = manifest.entries.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** An entry as it was written. @throws CorruptError where it is another one, or none */
  async file(name: string): Promise<Blob> {
    let file = this.#files.get(name);
    if (!file) {
      file = this.#unpack(name);
      this.#files.set(name, file);
    }
    return (await file).file;
  }

  async #unpack(name: string): Promise<{ path: string; file: Blob }> {
    const { fs, signal, progress } = this.#context;
    const entry = this.#entries.get(name);
    if (!entry) throw new CorruptError(`${this.#archive.name} does not list ${name}.`);
    const told = async function* (
      pieces: AsyncIterable<Uint8Array>,
      tell: (bytes: number) => void,
    ): AsyncGenerator<Uint8Array> {
      for await (const piece of pieces) {
        tell(piece.length);
        yield piece;
      }
    };
    const pieces = told(this.#archive.checked(entry, signal), (bytes) => {
      this.#done += bytes;
      progress({ stage: 'read', done: this.#done, total: this.#total, file: this.#archive.name });
    });
    const path = `${EXPORTS}/${crypto.randomUUID()}.part`;
    await saveStream(streamOf(pieces), fs, path, signal);
    const file = await fs.read(path);
    if (!file) throw new Error('What was unpacked for an import is gone.');
    return { path, file };
  }

  /** The bytes of one MP4 as it was before it was joined. @throws CorruptError */
  async segment(manifest: Manifest, segment: ManifestSegment): Promise<Uint8Array<ArrayBuffer>> {
    const { file, firstFrame, frames, comment } = segment;
    let video = this.#videos.get(file);
    if (!video) {
      video = this.file(file).then(openMp4);
      this.#videos.set(file, video);
    }
    const mp4 = await video;
    if (firstFrame + frames > mp4.frames || frames === 0) {
      throw new CorruptError(`${file} does not have the frames of segment ${segment.id}.`);
    }
    const samples = await mp4.samples(firstFrame, firstFrame + frames);
    const { codec, decoderConfig } = mp4;
    const { profile } = manifest.shard;
    return writeMp4([{ profile, codec, decoderConfig, samples }], { comment });
  }

  async vectors(range: VectorRange | null): Promise<Uint8Array | null> {
    if (!range) return null;
    const file = await this.file(ENTRY.vectors);
    const { offset, bytes } = range;
    if (offset + bytes > file.size) {
      throw new CorruptError(`${ENTRY.vectors} is shorter than the archive says.`);
    }
    return new Uint8Array(await file.slice(offset, offset + bytes).arrayBuffer());
  }

  async remove(): Promise<void> {
    for (const file of this.#files.values()) {
      const written = await file.catch(() => undefined); // then nothing of it is left
      if (written) await this.#context.fs.remove(written.path);
    }
  }
}

/** Puts a segment's video into the store. @throws CorruptError where it is not what it was */
export async function storeVideo(
  manifest: Manifest,
  segment: ManifestSegment,
  unpacked: Unpacked,
  { store }: ImportContext,
): Promise<{ video: Digest; videoBytes: number }> {
  const bytes = await unpacked.segment(manifest, segment);
  const video = await store.putBlob(bytes);
  if (video === segment.sha256) return { video, videoBytes: bytes.length };
  throw new CorruptError(`Segment ${segment.id} is not what was written.`);
}

/** Adds frames up into progress. */
export class FrameMeter {
  readonly #progress: ImportContext['progress'];
  readonly #total: number;
  #done = 0;

  constructor({ segments }: Manifest, { progress }: ImportContext) {
    this.#progress = progress;
    this.#total = segments.reduce((sum, { frames }) => sum + frames, 0);
  }

  add(frames: number): void {
    this.#done += frames;
    this.#progress({ stage: 'verify', done: this.#done, total: this.#total });
  }
}
