/**
 * The videos that an export joins: of all that is visible now, and of nothing else. Segments with
 * anything deleted, replaced or expired are drawn anew into files beside the store, never into it.
 */
import type { SegmentWork } from '../../shard/compaction';
import { segmentIdOf, type SegmentId } from '../../shard/ids';
import type { SegmentEntry } from '../../shard/objects';
import { compareOrder } from '../../shard/order';
import { digestOf, type Digest } from '../../store/digest';
import type { FileSystem } from '../../store/file-system';
import { openMp4 } from '../../video/mp4-index';
import { planned } from '../redraw/compaction';
import { EXPORTS } from './delivery';
import { byOrder, LiveRows, type LiveRow } from '../redraw/live-rows';
import { redraw, type RedrawContext, type Redrawing } from '../redraw/redraw';
import type { VideoTarget } from '../redraw/verified-video';
import type { ShardView } from '../view';

export interface LiveVideoContext extends RedrawContext {
  readonly fs: FileSystem;
}

/** One video of an export, and what is visible in it: that is all that is in it. */
export interface LivePart {
  readonly id: SegmentId;
  readonly digest: Digest;
  readonly video: Blob;
  /** By order; each record says where its chunk lies in this video. */
  readonly rows: readonly LiveRow[];
  readonly frames: number;
  readonly bytes: { readonly text: number; readonly gzip: number };
  readonly payload: SegmentEntry['payload'];
}

export interface LiveVideo {
  /** In the order of their texts; none where nothing is visible. */
  readonly parts: readonly LivePart[];
  /** Removes what was drawn: nothing of it may be read afterwards. */
  close(): Promise<void>;
}

/** @throws CorruptError as `redraw`; QuotaError. Then nothing that was drawn is left. */
export async function liveVideo(
  view: ShardView,
  now: Date,
  context: LiveVideoContext,
): Promise<LiveVideo> {
  const live = new LiveRows(view, now);
  // From the first text on that is not visible a segment has to be drawn anew.
  const { work, overlays } = planned(view, live, 0);
  const drawn = new TemporaryVideos(context.fs);
  try {
    let parts = await drawParts(view, { live, work, overlays }, drawn, context);
    if (!(await areAlike(parts))) {
      // Another browser's encoder drew some of them, and its frames do not join with this one's.
      await drawn.remove();
      const all = everyFrame(view, live);
      parts = await drawParts(view, { live, work: all, overlays }, drawn, context);
    }
    parts.sort((a, b) => compareOrder(firstOrder(a), firstOrder(b)));
    return { parts, close: () => drawn.remove() };
  } catch (error) {
    await drawn.remove();
    throw error;
  }
}

const firstOrder = ({ rows }: LivePart): string => rows[0]?.record.order ?? '';

/** The segments that have no work as they are, and what is drawn of the others. */
async function drawParts(
  view: ShardView,
  redrawing: Redrawing,
  drawn: VideoTarget,
  context: LiveVideoContext,
): Promise<LivePart[]> {
  const { live, work } = redrawing;
  const rewritten = new Set(work.map(({ segment }) => segment.id));
  const parts: LivePart[] = [];
  for (const { id, video: digest, frames, bytes, payload } of view.segments) {
    if (rewritten.has(id)) continue;
    const rows = live.ofSegment(id).toSorted(byOrder);
    const video = await context.store.get(digest);
    parts.push({ id, digest, video, rows, frames, bytes, payload });
  }
  for await (const made of redraw(view, redrawing, drawn, context)) {
    const { video, rows, copied, encoded, bytes, payload } = made;
    parts.push({
      id: segmentIdOf(video.digest),
      digest: video.digest,
      video: video.segment.file,
      frames: copied + encoded,
      ...{ rows, bytes, payload },
    });
  }
  return parts;
}

/** Whether the videos can be joined: they have one configuration. */
async function areAlike(parts: readonly LivePart[]): Promise<boolean> {
  const kinds = new Set<string>();
  for (const { video } of parts) {
    const { codec, decoderConfig } = await openMp4(video);
    kinds.add(`${codec} ${decoderConfig.join()}`);
  }
  return kinds.size < 2;
}

/** All frames with something visible in them, to be drawn anew. */
function everyFrame(view: ShardView, live: LiveRows): SegmentWork[] {
  return view.segments.map((segment) => {
    const frames = new Set(live.ofSegment(segment.id).map(({ record }) => record.at?.frame ?? -1));
    return { segment, whole: [], part: [...frames], dead: [] };
  });
}

/** Videos as files that last as long as an export. */
class TemporaryVideos implements VideoTarget {
  readonly #fs: FileSystem;
  readonly #paths: string[] = [];

  constructor(fs: FileSystem) {
    this.#fs = fs;
  }

  async keep(mp4: Uint8Array): ReturnType<VideoTarget['keep']> {
    const path = `${EXPORTS}/${crypto.randomUUID()}.part`;
    this.#paths.push(path);
    const file = await this.#fs.open(path, { create: true });
    try {
      file.write(0, mp4);
      file.flush();
    } finally {
      file.close();
    }
    const written = await this.#fs.read(path);
    if (!written) throw new Error('A video that was written for an export is gone.');
    const digest = await digestOf(mp4);
    // Not the id of a segment: decode workers keep files by their ids, and this one will go.
    return { digest, segment: { id: path, file: written } };
  }

  async remove(): Promise<void> {
    for (const path of this.#paths.splice(0)) await this.#fs.remove(path);
  }
}
