/** What shards take: computed from their tables, never by listing files. */
import type { ShardStats, StorageReport } from '../api';
import type { SegmentEntry, ShardEntry } from '../shard/objects';
import type { Digest } from '../store/digest';
import type { Catalogue } from './catalogue';
import type { ShardView } from './view';

/** What gzip makes of text where nothing was measured yet: the share of English abstracts. */
const USUAL_GZIP = 0.3;

export async function statsOf(catalogue: Catalogue, view: ShardView): Promise<ShardStats> {
  const { segments, version } = view;
  const sum = (of: (segment: SegmentEntry) => number): number =>
    segments.reduce((total, segment) => total + of(segment), 0);
  const shown = new Set(segments.map(({ video }) => video));
  const all = await blobsOf(catalogue, view.entry);
  let retainedBytes = 0;
  for (const [digest, { video, bytes }] of all)
    if (video && !shown.has(digest)) retainedBytes += bytes;
  let textBytes = 0;
  for (const { deleted, bytes } of view.ordered()) if (!deleted) textBytes += bytes;
  const drawnBytes = sum(({ bytes }) => bytes.text);
  let deltaBytes = 0;
  for (const { bytes } of version.deltas) deltaBytes += bytes;
  let overlayVectorBytes = 0;
  for (const { delta } of view.deltas) overlayVectorBytes += delta.vectors?.length ?? 0;
  return {
    chunks: version.counts.chunks - version.counts.deleted,
    deleted: version.counts.deleted,
    frames: sum(({ frames }) => frames),
    segments: segments.length,
    textBytes,
    // Measured when segments were written; of the live text, in proportion.
    gzipBytes:
      drawnBytes > 0
        ? Math.round((sum(({ bytes }) => bytes.gzip) * textBytes) / drawnBytes)
        : Math.round(textBytes * USUAL_GZIP),
    videoBytes: sum(({ bytes }) => bytes.video),
    retainedBytes,
    indexBytes: sum(({ bytes }) => bytes.page) + deltaBytes,
    vectorBytes: sum(({ bytes }) => bytes.vectors) + overlayVectorBytes,
    wordBytes: sum(({ bytes }) => bytes.postings),
    payload: {
      text: sum(({ payload }) => payload.text),
      metadata: sum(({ payload }) => payload.metadata),
      unfilled: sum(({ payload }) => payload.unfilled),
    },
  };
}

/** Bytes that only one shard needs, and bytes that several do. */
export async function bytesByShard(
  catalogue: Catalogue,
  entries: readonly ShardEntry[],
): Promise<StorageReport['shards']> {
  const blobs = await Promise.all(entries.map((entry) => blobsOf(catalogue, entry)));
  const uses = new Map<Digest, number>();
  for (const one of blobs) {
    for (const digest of one.keys()) uses.set(digest, (uses.get(digest) ?? 0) + 1);
  }
  return entries.map(({ id, name }, at) => {
    let ownBytes = 0;
    let sharedBytes = 0;
    for (const [digest, { bytes }] of blobs[at] ?? []) {
      if (uses.get(digest) === 1) ownBytes += bytes;
      else sharedBytes += bytes;
    }
    return { id, name, ownBytes, sharedBytes };
  });
}

/** The blobs that any version of a shard refers to, with their sizes in bytes. */
async function blobsOf(
  catalogue: Catalogue,
  entry: ShardEntry,
): Promise<Map<Digest, { bytes: number; video: boolean }>> {
  const blobs = new Map<Digest, { bytes: number; video: boolean }>();
  const tables = new Set<Digest>();
  for await (const link of catalogue.line(entry)) {
    if (link.skeleton) continue;
    const version = await catalogue.version(link);
    for (const { digest, bytes } of version.deltas) blobs.set(digest, { bytes, video: false });
    if (tables.has(version.segments)) continue;
    tables.add(version.segments);
    const { segments } = await catalogue.segments(version);
    for (const { video, page, postings, vectors, bytes } of segments) {
      blobs.set(video, { bytes: bytes.video, video: true });
      blobs.set(page, { bytes: bytes.page, video: false });
      blobs.set(postings, { bytes: bytes.postings, video: false });
      if (vectors) blobs.set(vectors, { bytes: bytes.vectors, video: false });
    }
  }
  return blobs;
}
