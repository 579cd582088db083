/**
 * A shard zip into what can be committed: entries are unpacked beside the store, each held against
 * its digest, segments cut out of the video as they were, and their texts read back from the frames.
 * Commits nothing; what was stored before an error is collected like any blob without a reference.
 */
import type { ImportReport } from '../../api';
import { CorruptError, UnsupportedError } from '../../errors';
import { decodeHistoryLine } from '../../archive/history-json';
import { parseIndex } from '../../archive/index-json';
import { linesOf } from '../../archive/lines';
import { decodeManifest, ENTRY, type Manifest } from '../../archive/manifest';
import type { ArchiveReader } from '../../archive/zip-reader';
import { selectVectorBytes } from '../../search/combine-vectors';
import { mergeDeltas } from '../../shard/delta';
import type { SegmentEntry } from '../../shard/objects';
import type { ChunkRecord, IndexPage } from '../../shard/records';
import { sourcesNamed } from '../redraw/compaction';
import type { PreparedImport, PreparedVersion } from './import-commit';
import { HistoryReader } from './import-history';
import { storeKnownSegment } from './known-segment';
import { FrameMeter, storeVideo, Unpacked, type ImportContext } from './unpacked';

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
