/**
 * A shard zip of everything: all segments that a kept version needs, tombstones, overlays and the
 * history itself. Deleted text goes along; the screens say so. What the entries look like is for
 * `archive/`.
 */
import { indexLines } from '../../archive/index-json';
import { encodeHistoryLine, type TableSegment } from '../../archive/history-json';
import {
  encodeManifest,
  ENTRY,
  videoEntry,
  ZIP_FORMAT,
  type Manifest,
  type ManifestSegment,
  type VectorRange,
  type WholeShard,
} from '../../archive/manifest';
import {
  archiveStream,
  encodedTexts,
  streamOf,
  type ArchiveWriter,
} from '../../archive/zip-writer';
import type { LoggedVersion, SegmentEntry, ShardEntry, Version } from '../../shard/objects';
import type { Digest } from '../../store/digest';
import { joinMp4 } from '../../video/join';
import { openMp4 } from '../../video/mp4-index';
import { sourcesOf } from '../redraw/compaction';
import { shardFacts } from './export-live';
import type { ExportContext, Outgoing } from './outgoing';
import { listQuestions } from '../asking/questions';
import type { ShardView } from '../view';

export function exportEverything(view: ShardView, context: ExportContext): Outgoing {
  const stream = archiveStream(context.signal, async (archive) => {
    const line = await lineOf(view.entry, context);
    const segments = await segmentsOf(line, context);
    const described = await addVideos(archive, view, segments, context);
    const records = view.ordered();
    const sources = sourcesOf(view, records);
    const index = indexLines(view.entry.lineage, sources, records);
    await archive.add(ENTRY.index, streamOf(encodedTexts(index)), { deflate: true });
    const ranges = new Map<Digest, VectorRange>();
    await archive.add(ENTRY.vectors, streamOf(vectorsOfAll(line, ranges, context)));
    const history = historyLines(line, ranges, context);
    await archive.add(ENTRY.history, streamOf(encodedTexts(history)), { deflate: true });
    const { chunks, deleted } = view.version.counts;
    const manifest: Manifest = {
      format: ZIP_FORMAT,
      include: 'everything',
      shard: shardFacts(view),
      counts: { chunks: chunks - deleted, deleted, sources: sources.length },
      segments: described,
      whole: await wholeOf(view.entry, context),
      entries: archive.entries,
    };
    await archive.add(ENTRY.manifest, streamOf([encodeManifest(manifest)]), { deflate: true });
  });
  const close = (): Promise<void> => Promise.resolve();
  return { stream, extension: 'zip', type: 'application/zip', close };
}

/** A shard's versions, newest first, as far as they are kept: opened, or what is left of them. */
type Line = readonly { readonly logged: LoggedVersion; readonly version: Version | null }[];

async function lineOf(entry: ShardEntry, { catalogue }: ExportContext): Promise<Line> {
  const line: { logged: LoggedVersion; version: Version | null }[] = [];
  for await (const logged of catalogue.line(entry)) {
    line.push({ logged, version: logged.skeleton ? null : await catalogue.version(logged) });
  }
  return line;
}

/** Each segment once, in the order in which they were made. */
async function segmentsOf(line: Line, { catalogue }: ExportContext): Promise<SegmentEntry[]> {
  const found = new Map<string, SegmentEntry>();
  for (const { version } of line.toReversed()) {
    if (!version) continue;
    for (const segment of (await catalogue.segments(version)).segments) {
      if (!found.has(segment.id)) found.set(segment.id, segment);
    }
  }
  return [...found.values()];
}

/** Joins all segments; those of another encoder's settings become an entry of their own. */
async function addVideos(
  archive: ArchiveWriter,
  view: ShardView,
  segments: readonly SegmentEntry[],
  { store, signal, progress }: ExportContext,
): Promise<ManifestSegment[]> {
  const kinds = new Map<string, { files: Blob[]; frames: number; file: string }>();
  const described: ManifestSegment[] = [];
  let total = 0;
  for (const { id, video, frames, bytes, payload } of segments) {
    const file = await store.get(video);
    const { codec, decoderConfig, metadata } = await openMp4(file);
    const key = `${codec} ${decoderConfig.join()}`;
    const kind = kinds.get(key) ?? { files: [], frames: 0, file: videoEntry(kinds.size) };
    kinds.set(key, kind);
    described.push({
      id,
      file: kind.file,
      firstFrame: kind.frames,
      frames,
      sha256: video,
      comment: metadata['comment'] ?? '',
      bytes: { text: bytes.text, gzip: bytes.gzip },
      payload,
    });
    kind.files.push(file);
    kind.frames += frames;
    total += file.size;
  }
  let before = 0;
  for (const { files, file } of kinds.values()) {
    const comment = `memreel/1 ${view.entry.profile} segments=${String(files.length)}`;
    const joined = joinMp4(
      files,
      { title: view.entry.name, comment },
      {
        signal,
        onProgress: (done) => {
          progress({ stage: 'export', done: before + done, total });
        },
      },
    );
    await archive.add(file, joined);
    before += files.reduce((sum, { size }) => sum + size, 0);
  }
  return described;
}

/** Each vector file once; where it comes to lie is noted in `ranges`. */
async function* vectorsOfAll(
  line: Line,
  ranges: Map<Digest, VectorRange>,
  { catalogue, store, signal }: ExportContext,
): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for (const { version } of line.toReversed()) {
    if (!version) continue;
    for (const { vectors } of (await catalogue.segments(version)).segments) {
      if (vectors === null || ranges.has(vectors)) continue;
      signal.throwIfAborted();
      const packed = await store.read(vectors);
      ranges.set(vectors, { offset, bytes: packed.length });
      offset += packed.length;
      yield packed;
    }
  }
}

async function* historyLines(
  line: Line,
  ranges: ReadonlyMap<Digest, VectorRange>,
  { catalogue, store, signal }: ExportContext,
): AsyncGenerator<string> {
  const written = new Set<Digest>();
  const tables = new Map<Digest, string>();
  const stored = async function* (kind: 'page' | 'delta', digest: Digest): AsyncGenerator<string> {
    if (written.has(digest)) return;
    written.add(digest);
    signal.throwIfAborted();
    const data: unknown = JSON.parse(new TextDecoder().decode(await store.read(digest)));
    yield encodeHistoryLine({ kind, digest, data });
  };
  for (const { logged, version } of line) {
    const { merged } = logged;
    const mergedIn = merged === undefined ? {} : { merged };
    if (!version) {
      const skeleton = await catalogue.skeleton(logged.digest);
      yield encodeHistoryLine({ kind: 'skeleton', skeleton, ...mergedIn });
      continue;
    }
    let table = tables.get(version.segments);
    if (table === undefined) {
      table = String(tables.size);
      tables.set(version.segments, table);
      const { segments } = await catalogue.segments(version);
      for (const { page } of segments) yield* stored('page', page);
      const rows = segments.map((segment): TableSegment => {
        const { id, page, frames, chunks, bytes, payload, vectors } = segment;
        const { text, gzip } = bytes;
        const range = vectors === null ? null : (ranges.get(vectors) ?? null);
        return { id, page, frames, chunks, bytes: { text, gzip }, payload, vectors: range };
      });
      yield encodeHistoryLine({ kind: 'table', key: table, segments: rows });
    }
    for (const { digest } of version.deltas) yield* stored('delta', digest);
    const { id, parents, operation, message, createdAt, model, counts, retention } = version;
    yield encodeHistoryLine({
      kind: 'version',
      version: {
        ...{ id, parents, operation, message, createdAt, model, counts, table },
        ...(retention ? { retention } : {}),
        deltas: version.deltas.map(({ digest }) => digest),
        patch: version.patch && (await catalogue.patch(version.patch)),
        ...mergedIn,
      },
    });
  }
}

async function wholeOf(entry: ShardEntry, { catalogue }: ExportContext): Promise<WholeShard> {
  const { id, head, tags, createdAt, updatedAt, origin } = entry;
  return {
    id,
    head: head.id,
    tags: Object.fromEntries(Object.entries(tags).map(([tag, link]) => [tag, link.id])),
    ...{ createdAt, updatedAt },
    ...(origin ? { origin } : {}),
    questions: await listQuestions(catalogue, entry),
  };
}
