/**
 * A shard zip into what can be committed: entries are unpacked beside the store, each held against
 * its digest, segments cut out of the video as they were, and their texts read back from the frames.
 * Commits nothing; what was stored before an error is collected like any blob without a reference.
 */
import type { ImportReport, Progress } from '../api';
import { CorruptError, UnsupportedError } from '../errors';
import {
  bytesOfLine,
  decodeHistoryLine,
  type ArchivedVersion,
  type HistoryLine,
  type TableSegment,
} from '../archive/history-json';
import { parseIndex } from '../archive/index-json';
import {
  decodeManifest,
  ENTRY,
  type Manifest,
  type ManifestEntry,
  type ManifestSegment,
  type VectorRange,
} from '../archive/manifest';
import { linesOf } from '../archive/lines';
import type { ArchiveReader } from '../archive/zip-reader';
import { streamOf } from '../archive/zip-writer';
import { selectVectorBytes } from '../search/combine-vectors';
import { decodeDelta, mergeDeltas, type Delta } from '../shard/delta';
import type { DeltaLink, SegmentEntry } from '../shard/objects';
import { decodePage, type ChunkRecord, type IndexPage } from '../shard/records';
import type { Digest } from '../store/digest';
import type { FileSystem } from '../store/file-system';
import { writeMp4 } from '../video/mp4';
import { openMp4, type Mp4 } from '../video/mp4-index';
import { sourcesNamed } from './compaction';
import { EXPORTS, saveStream } from './delivery';
import type { PreparedImport, PreparedVersion } from './import-commit';
import { storeKnownSegment, type KnownSegmentContext } from './known-segment';

export interface ImportContext extends KnownSegmentContext {
  readonly fs: FileSystem;
  progress(progress: Progress): void;
}

/** More is no description of a shard. */
export const MAX_MANIFEST = 64 << 20;
/** What a JSON text may be at most: the index of three million chunks. */
const MAX_INDEX = 500_000_000;

/** @throws CorruptError, UnsupportedError; each names the file */
export async function importZip(
  archive: ArchiveReader,
  context: ImportContext,
): Promise<PreparedImport> {
  const text = await archive.text(ENTRY.manifest, MAX_MANIFEST, context.signal);
  const manifest = decodeManifest(text);
  const unpacked = new Unpacked(archive, manifest, context);
  try {
    return manifest.include === 'live'
      ? await importLive(manifest, unpacked, context)
      : await importEverything(manifest, unpacked, context);
  } finally {
    await unpacked.remove();
  }
}

/** The entries of an archive as files beside the store, for as long as the import takes. */
class Unpacked {
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
async function storeVideo(
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

async function importLive(
  manifest: Manifest,
  unpacked: Unpacked,
  context: ImportContext,
): Promise<PreparedImport> {
  const indexFile = await unpacked.file(ENTRY.index);
  if (indexFile.size > MAX_INDEX) {
    throw new UnsupportedError('The index of the archive is too large to be read at once.');
  }
  const index = parseIndex(await indexFile.text());
  if (index.lineage !== manifest.shard.lineage) {
    throw new CorruptError('The index and the description of the archive name different lineages.');
  }
  const bySegment = new Map<string, ChunkRecord[]>();
  for (const record of index.records) {
    if (record.deleted || record.text !== undefined || !record.at) {
      throw new CorruptError('An archive of what is visible has a chunk that is not in its video.');
    }
    const records = bySegment.get(record.at.segment);
    if (records) records.push(record);
    else bySegment.set(record.at.segment, [record]);
  }
  const sources = new Map(index.sources.map((source) => [source.id, source]));
  const segments: SegmentEntry[] = [];
  const pages: IndexPage[] = [];
  const meter = new FrameMeter(manifest, context);
  for (const [at, segment] of manifest.segments.entries()) {
    context.signal.throwIfAborted();
    const records = bySegment.get(segment.id) ?? [];
    if (!bySegment.delete(segment.id)) {
      throw new CorruptError(`The index has no chunk in segment ${segment.id}.`);
    }
    const stored = await storeVideo(manifest, segment, unpacked, context);
    const { frames, bytes, payload } = segment;
    const { language, model } = manifest.shard;
    const page = { sources: sourcesNamed(records, sources), records };
    const known = { ...stored, frames, chunks: records.length, bytes, payload, language, model };
    const vectors = await unpacked.vectors(manifest.vectors?.[at] ?? null);
    segments.push(await storeKnownSegment({ ...known, vectors }, page, context));
    pages.push({ segment: segment.id, ...page });
    meter.add(frames);
  }
  if (bySegment.size > 0) {
    throw new CorruptError('The index names a segment that the archive does not have.');
  }
  return {
    shard: manifest.shard,
    ...{ segments, pages, delta: null },
    ...(manifest.retention ? { retention: manifest.retention } : {}),
    message: `Imported ${String(index.records.length)} passages`,
    report: reportOf(manifest, index.records.length),
  };
}

async function importEverything(
  manifest: Manifest,
  unpacked: Unpacked,
  context: ImportContext,
): Promise<PreparedImport> {
  const { whole } = manifest;
  if (!whole) throw new CorruptError('The archive does not say what its history is.');
  // Its digest is proved; what it says is in the history too, with all versions.
  await unpacked.file(ENTRY.index);
  const history = new HistoryReader(manifest, unpacked, context);
  const text = await unpacked.file(ENTRY.history);
  const line: PreparedVersion[] = [];
  for await (const read of linesOf(text.stream())) {
    context.signal.throwIfAborted();
    const prepared = await history.take(decodeHistoryLine(read));
    if (prepared) line.push(prepared);
  }
  const head = line.find((one) => 'version' in one && one.version.id === whole.head);
  if (!head || !('version' in head)) {
    throw new CorruptError('The archive’s history does not have its newest version.');
  }
  const deltas = head.version.deltas.map((digest) => history.delta(digest).delta);
  const { retention, model } = head.version;
  return {
    shard: { ...manifest.shard, model },
    segments: head.segments,
    pages: history.pagesOf(head.version),
    delta: deltas.length > 0 ? mergeDeltas(deltas, selectVectorBytes) : null,
    ...(retention ? { retention } : {}),
    whole: { facts: whole, line },
    message: `Imported ${String(manifest.counts.chunks)} passages`,
    report: reportOf(manifest, manifest.counts.chunks),
  };
}

/** Takes the lines of a history one after another, and stores what they bring. */
class HistoryReader {
  readonly #manifest: Manifest;
  readonly #unpacked: Unpacked;
  readonly #context: ImportContext;
  readonly #meter: FrameMeter;
  readonly #videos = new Map<string, { video: Digest; videoBytes: number }>();
  readonly #pages = new Map<Digest, IndexPage>();
  readonly #deltas = new Map<Digest, { link: DeltaLink; delta: Delta }>();
  readonly #tables = new Map<
    string,
    {
      segments: readonly SegmentEntry[];
      pages: readonly IndexPage[];
      rows: readonly TableSegment[];
    }
  >();
  /** Segments by what makes their search data: versions share them. */
  readonly #made = new Map<string, SegmentEntry>();

  constructor(manifest: Manifest, unpacked: Unpacked, context: ImportContext) {
    this.#manifest = manifest;
    this.#unpacked = unpacked;
    this.#context = context;
    this.#meter = new FrameMeter(manifest, context);
  }

  async take(line: HistoryLine): Promise<PreparedVersion | null> {
    switch (line.kind) {
      case 'page':
        this.#pages.set(line.digest, decodePage(await bytesOfLine(line)));
        return null;
      case 'delta': {
        const bytes = await bytesOfLine(line);
        const delta = decodeDelta(bytes);
        await this.#context.store.putBlob(bytes);
        const link = { digest: line.digest, rows: delta.rows.length, bytes: bytes.length };
        this.#deltas.set(line.digest, { link, delta });
        return null;
      }
      case 'table':
        this.#tables.set(line.key, { segments: [], pages: [], rows: line.segments });
        return null;
      case 'version': {
        const { version } = line;
        const { segments } = await this.#table(version);
        const deltas = version.deltas.map((digest) => this.delta(digest).link);
        return { version, segments, deltas };
      }
      case 'skeleton': {
        const { skeleton, merged } = line;
        return merged === undefined ? { skeleton } : { skeleton, merged };
      }
    }
  }

  delta(digest: Digest): { link: DeltaLink; delta: Delta } {
    const delta = this.#deltas.get(digest);
    if (delta) return delta;
    throw new CorruptError('The archive’s history names a delta that it does not have.');
  }

  pagesOf({ table }: ArchivedVersion): readonly IndexPage[] {
    return this.#tables.get(table)?.pages ?? [];
  }

  /** The segments of a version's table, stored when the first version names it. */
  async #table(version: ArchivedVersion): Promise<{ segments: readonly SegmentEntry[] }> {
    const table = this.#tables.get(version.table);
    if (!table)
      throw new CorruptError('The archive’s history names a table that it does not have.');
    if (table.segments.length === table.rows.length) return table;
    const segments: SegmentEntry[] = [];
    const pages: IndexPage[] = [];
    for (const row of table.rows) {
      const page = this.#pages.get(row.page);
      if (page?.segment !== row.id) {
        throw new CorruptError(`The archive’s history has no page of segment ${row.id}.`);
      }
      pages.push(page);
      segments.push(await this.#segment(row, page, version.model));
    }
    const whole = { ...table, segments, pages };
    this.#tables.set(version.table, whole);
    return whole;
  }

  async #segment(row: TableSegment, page: IndexPage, model: string): Promise<SegmentEntry> {
    const key = `${row.page} ${row.vectors ? String(row.vectors.offset) : `- ${model}`}`;
    const made = this.#made.get(key);
    if (made) return made;
    const stored = await this.#video(row);
    const { frames, chunks, bytes, payload } = row;
    const { language } = this.#manifest.shard;
    const vectors = await this.#unpacked.vectors(row.vectors);
    const known = { ...stored, frames, chunks, bytes, payload, language, model, vectors };
    const segment = await storeKnownSegment(known, page, this.#context);
    this.#made.set(key, segment);
    return segment;
  }

  async #video(row: TableSegment): Promise<{ video: Digest; videoBytes: number }> {
    const known = this.#videos.get(row.id);
    if (known) return known;
    const segment = this.#manifest.segments.find(({ id }) => id === row.id);
    if (segment?.frames !== row.frames) {
      throw new CorruptError(`The archive has no segment ${row.id}.`);
    }
    const stored = await storeVideo(this.#manifest, segment, this.#unpacked, this.#context);
    this.#videos.set(row.id, stored);
    this.#meter.add(row.frames);
    return stored;
  }
}

/** Adds frames up into progress. */
class FrameMeter {
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

/** All of it was read: whatever cannot be is an error in an archive. */
function reportOf(
  { segments }: Manifest,
  chunks: number,
): Pick<ImportReport, 'kind' | 'frames' | 'texts' | 'warnings'> {
  const found = segments.reduce((sum, { frames }) => sum + frames, 0);
  return {
    kind: 'zip',
    frames: { found, unread: [], missing: [] },
    texts: { fromVideo: chunks, fromIndex: 0 },
    warnings: [],
  };
}
