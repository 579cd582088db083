/**
 * The videos that an export joins: of all that is visible now, and of nothing else. Segments with
 * anything deleted, replaced or expired are drawn anew into files beside the store, never into it.
 */
import type { SegmentWork } from '../shard/compaction';
import { compareOrder } from '../shard/order';
import { digestOf } from '../store/digest';
import type { FileSystem } from '../store/file-system';
import { openMp4 } from '../video/mp4-index';
import { planned } from './compaction';
import { LiveRows, type LiveRow } from './live-rows';
import { redraw, type RedrawContext, type Redrawing } from './redraw';
import type { VideoTarget } from './verified-video';
import type { ShardView } from './view';

/** Where exports are made and wait to be saved; emptied when no tab is open any more. */
export const EXPORTS = 'exports';

export interface LiveVideoContext extends RedrawContext {
  readonly fs: FileSystem;
}

export interface LiveVideo {
  /** In the order of their texts; none where nothing is visible. */
  readonly videos: readonly Blob[];
  /** Visible chunks in them. */
  readonly chunks: number;
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
    parts.sort((a, b) => compareOrder(a.order, b.order));
    return {
      videos: parts.map(({ video }) => video),
      chunks: parts.reduce((sum, { chunks }) => sum + chunks, 0),
      close: () => drawn.remove(),
    };
  } catch (error) {
    await drawn.remove();
    throw error;
  }
}

interface Part {
  /** Of its first chunk. */
  readonly order: string;
  readonly chunks: number;
  readonly video: Blob;
}

/** The segments that have no work as they are, and what is drawn of the others. */
async function drawParts(
  view: ShardView,
  redrawing: Redrawing,
  drawn: VideoTarget,
  context: LiveVideoContext,
): Promise<Part[]> {
  const { live, work } = redrawing;
  const rewritten = new Set(work.map(({ segment }) => segment.id));
  const parts: Part[] = [];
  for (const { id, video } of view.segments) {
    if (rewritten.has(id)) continue;
    const rows = live.ofSegment(id);
    parts.push({ ...partOf(rows), video: await context.store.get(video) });
  }
  for await (const { video, rows } of redraw(view, redrawing, drawn, context)) {
    parts.push({ ...partOf(rows), video: video.segment.file });
  }
  return parts;
}

function partOf(rows: readonly LiveRow[]): Omit<Part, 'video'> {
  return { order: rows[0]?.record.order ?? '', chunks: rows.length };
}

/** Whether the videos can be joined: they have one configuration. */
async function areAlike(parts: readonly Part[]): Promise<boolean> {
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
