/**
 * A shard zip of what is visible now: nothing that is deleted, replaced or expired is in it, nor any
 * history. What the entries look like is for `archive/`.
 */
import { indexLines } from '../../archive/index-json';
import {
  encodeManifest,
  ENTRY,
  ZIP_FORMAT,
  type Manifest,
  type ManifestSegment,
  type VectorRange,
} from '../../archive/manifest';
import { archiveStream, encodedTexts, streamOf } from '../../archive/zip-writer';
import { openMp4 } from '../../video/mp4-index';
import { sourcesOf } from '../redraw/compaction';
import { joinedVideo } from './export-mp4';
import type { ExportContext, Outgoing } from './outgoing';
import { byOrder } from '../redraw/live-rows';
import { liveVideo, type LivePart } from './live-video';
import { vectorsOf } from './live-vectors';
import type { ShardView } from '../view';

/** @throws InvalidError where nothing is visible; CorruptError as `redraw`; QuotaError */
export async function exportLive(view: ShardView, context: ExportContext): Promise<Outgoing> {
  const live = await liveVideo(view, new Date(), context);
  try {
    const video = joinedVideo(view, live, context);
    const stream = archiveStream(context.signal, async (archive) => {
      await archive.add(ENTRY.video, video);
      const rows = live.parts.flatMap((part) => part.rows).sort(byOrder);
      const records = rows.map(({ record }) => record);
      const sources = sourcesOf(view, records);
      const index = indexLines(view.entry.lineage, sources, records);
      await archive.add(ENTRY.index, streamOf(encodedTexts(index)), { deflate: true });
      const vectors: (VectorRange | null)[] = [];
      await archive.add(ENTRY.vectors, streamOf(packedVectors(view, live.parts, vectors, context)));
      const manifest: Manifest = {
        format: ZIP_FORMAT,
        include: 'live',
        shard: shardFacts(view),
        counts: { chunks: records.length, deleted: 0, sources: sources.length },
        ...(view.retention ? { retention: view.retention } : {}),
        segments: await describedSegments(live.parts),
        vectors,
        entries: archive.entries,
      };
      await archive.add(ENTRY.manifest, streamOf([encodeManifest(manifest)]), { deflate: true });
    });
    return { stream, extension: 'zip', type: 'application/zip', close: () => live.close() };
  } catch (error) {
    await live.close();
    throw error;
  }
}

/** What every zip says of its shard. */
export function shardFacts({ entry, version }: ShardView): Manifest['shard'] {
  const { id, name, lineage, profile, language } = entry;
  return { id, name, lineage, profile, model: version.model, language };
}

/** The vectors of each part's chunks; where they come to lie is noted in `ranges`. */
async function* packedVectors(
  view: ShardView,
  parts: readonly LivePart[],
  ranges: (VectorRange | null)[],
  { store, signal }: ExportContext,
): AsyncGenerator<Uint8Array> {
  let offset = 0;
  for (const { rows } of parts) {
    signal.throwIfAborted();
    const packed = await vectorsOf(
      view,
      rows.map(({ origin }) => origin),
      store,
    );
    ranges.push(packed && { offset, bytes: packed.length });
    if (!packed) continue;
    offset += packed.length;
    yield packed;
  }
}

async function describedSegments(parts: readonly LivePart[]): Promise<ManifestSegment[]> {
  let firstFrame = 0;
  const segments: ManifestSegment[] = [];
  for (const { id, digest, video, frames, bytes, payload } of parts) {
    const { comment = '' } = (await openMp4(video)).metadata;
    const { text, gzip } = bytes;
    const place = { file: ENTRY.video, firstFrame, frames };
    segments.push({ id, ...place, sha256: digest, comment, bytes: { text, gzip }, payload });
    firstFrame += frames;
  }
  return segments;
}
