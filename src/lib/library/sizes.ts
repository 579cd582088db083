/** What shards take: computed from their tables, never by listing files. */
import type { ShardStats, StorageReport } from '../api';
import type { SegmentEntry, ShardEntry, VersionLog } from '../shard/objects';
import type { Digest } from '../store/digest';
import type { Catalogue } from './catalogue';
import type { ShardView } from './view';

export async function statsOf(catalogue: Catalogue, view: ShardView): Promise<ShardStats> {
  const { segments, version } = view;
  const sum = (of: (segment: SegmentEntry) => number): number =>
    segments.reduce((total, segment) => total + of(segment), 0);
  const shown = new Set(segments.map(({ video }) => video));
  const all = await blobsOf(catalogue, view.entry);
  let retainedBytes = 0;
  for (const [digest, { video, bytes }] of all)
    if (video && !shown.has(digest)) retainedBytes += bytes;
  return {
    chunks: version.counts.chunks - version.counts.deleted,
    deleted: version.counts.deleted,
    frames: sum(({ frames }) => frames),
    segments: segments.length,
    textBytes: sum(({ bytes }) => bytes.text),
    gzipBytes: sum(({ bytes }) => bytes.gzip),
    videoBytes: sum(({ bytes }) => bytes.video),
    retainedBytes,
    indexBytes: sum(({ bytes }) => bytes.page),
    vectorBytes: sum(({ bytes }) => bytes.vectors),
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
  for (let stretch: Digest | null = entry.log; stretch;) {
    const log: VersionLog = await catalogue.log(stretch);
    for (const link of log.versions) {
      const { segments } = await catalogue.segments(await catalogue.version(link));
      for (const { video, page, postings, vectors, bytes } of segments) {
        blobs.set(video, { bytes: bytes.video, video: true });
        blobs.set(page, { bytes: bytes.page, video: false });
        blobs.set(postings, { bytes: bytes.postings, video: false });
        if (vectors) blobs.set(vectors, { bytes: bytes.vectors, video: false });
      }
    }
    stretch = log.older;
  }
  return blobs;
}
