/**
 * New videos of what a version shows of old ones: whole frames are copied as they are, chunks of
 * other frames and overlays are drawn anew with their UUIDs. A few videos are read ahead, one is
 * filled at a time, and a few are being written. What is worth it is decided elsewhere, and search
 * data and pages are made elsewhere.
 */
import type { Progress } from '../../api';
import type { SegmentWork } from '../../shard/compaction';
import type { SegmentEntry } from '../../shard/objects';
import type { Store } from '../../store/store';
import { openMp4 } from '../../video/mp4-index';
import type { Engines } from '../engines';
import type { FrameTexts } from '../asking/frame-texts';
import { mapAhead } from '../ahead';
import { Gate } from '../gate';
import { byOrder, type LiveRow, type LiveRows, type RowOrigin } from './live-rows';
import { NewVideo, type OldVideo, type RedrawnVideo } from './new-video';
import type { SearchData } from './segment-files';
import type { VideoTarget } from './verified-video';
import type { ShardView } from '../view';

/** Old videos that are in memory at once: a few megabytes each. */
const OLD_VIDEOS = 3;

/** New videos that are being written: what one waits for, the file system or a digest, another does. */
const WRITTEN_AT_ONCE = 3;

export interface RedrawContext {
  readonly engines: Engines;
  readonly store: Store;
  readonly texts: FrameTexts;
  readonly signal: AbortSignal;
  /**
   * Makes the search data of a video's rows, by order; begun before the video is written. Without it
   * there is none.
   */
  searchData?(this: void, rows: readonly RowOrigin[]): Promise<SearchData>;
  /** `copy`, `encode` and `verify` count frames. */
  progress(progress: Progress): void;
}

/** What is drawn: the live rows of these segments, and overlays beside them. */
export interface Redrawing {
  readonly live: LiveRows;
  readonly work: readonly SegmentWork[];
  /** By order. */
  readonly overlays: readonly LiveRow[];
}

/**
 * Obeys the signal between frames.
 * @throws CorruptError where an old video cannot be read, or a new one does not read back
 */
export async function* redraw(
  view: ShardView,
  { live, work, overlays }: Redrawing,
  target: VideoTarget,
  context: RedrawContext,
): AsyncGenerator<RedrawnVideo, void, undefined> {
  const { signal, engines } = context;
  const { profile, lineage } = view.entry;
  const meter = new RedrawMeter(view, { live, work, overlays }, context);
  // One part more than there are encoders: the next is at hand when one is done.
  const gate = new Gate(engines.lanes + 1);
  const newVideo = (): NewVideo =>
    new NewVideo({
      ...{ view, target, engines, profile, lineage, signal, gate },
      ...(context.searchData ? { searchData: context.searchData } : {}),
      progress: (stage, frames) => {
        meter.add(stage, frames);
      },
    });
  let open = newVideo();
  /** Videos that are written and verified while the next one fills, in order. */
  const finishing: Promise<RedrawnVideo[]>[] = [];
  /** Begins to finish the open video; waits for the first one where there are enough. */
  const close = async (): Promise<RedrawnVideo[]> => {
    const done = open.finish();
    done.catch(() => undefined); // awaited in its turn, or in the end
    finishing.push(done);
    open = newVideo();
    return finishing.length < WRITTEN_AT_ONCE ? [] : ((await finishing.shift()) ?? []);
  };
  /** Closes the open video where it does not take these. */
  const makeRoom = async (rows: readonly LiveRow[], from?: OldVideo): Promise<RedrawnVideo[]> => {
    signal.throwIfAborted();
    return open.takes(rows, from) ? [] : close();
  };

  const loading = mapAhead(work, OLD_VIDEOS, async (one) => {
    const from = one.whole.length > 0 ? await oldVideo(context.store, one.segment) : undefined;
    return { ...one, from };
  });

  let overlay = 0;
  try {
    for await (const { segment, part, whole, from } of loading) {
      const frames = framesOf(live.ofSegment(segment.id));
      const drawn = part.flatMap((frame) => frames.get(frame) ?? []);
      const texts = await context.texts.read(
        view,
        drawn.map(({ record }) => record),
        signal,
      );
      const textOf = new Map(drawn.map((row, at) => [row, texts[at]]));
      const copied = new Set(whole);
      for (const frame of [...whole, ...part].sort((a, b) => a - b)) {
        const rows = frames.get(frame) ?? [];
        // Overlays come in where they stand, so that a video holds neighbours.
        for (let next = overlays[overlay]; isBefore(next, rows[0]); next = overlays[++overlay]) {
          yield* await makeRoom([next]);
          await open.draw(next, textIn(next.record.text));
        }
        if (from && copied.has(frame)) {
          yield* await makeRoom(rows, from);
          open.copy(rows, frame, from);
          meter.add('copy', 1);
          continue;
        }
        for (const row of rows) {
          yield* await makeRoom([row]);
          await open.draw(row, textIn(textOf.get(row)));
        }
      }
      // Rather one old segment in a new one than parts of two: its search data is read only once.
      if (open.isHalfFull) yield* await close();
    }
    for (const row of overlays.slice(overlay)) {
      yield* await makeRoom([row]);
      await open.draw(row, textIn(row.record.text));
    }
    if (!open.isEmpty) yield* await close();
    for (const done of finishing) yield* await done;
  } finally {
    await Promise.allSettled(finishing); // nothing is written after this
  }
}

/** An empty chunk is never written, so a text that is missing may not become one. */
function textIn(text: string | undefined): string {
  if (text === undefined) throw new Error('A chunk that is drawn has no text.');
  return text;
}

function isBefore(row: LiveRow | undefined, other: LiveRow | undefined): row is LiveRow {
  return row !== undefined && other !== undefined && byOrder(row, other) < 0;
}

function framesOf(rows: readonly LiveRow[]): Map<number, LiveRow[]> {
  const frames = new Map<number, LiveRow[]>();
  for (const row of rows) {
    const frame = row.record.at?.frame ?? -1;
    const others = frames.get(frame);
    if (others) others.push(row);
    else frames.set(frame, [row]);
  }
  return frames;
}

/** The whole video, verified by its digest: a copied frame is the one that was verified once. */
async function oldVideo(store: Store, segment: SegmentEntry): Promise<OldVideo> {
  const bytes = await store.read(segment.video);
  const mp4 = await openMp4(bytes);
  const { codec, decoderConfig } = mp4;
  return { segment, codec, decoderConfig, samples: await mp4.samples(0, mp4.frames) };
}

/** UTF-8 bytes of text in a frame where there is none to go by. */
const USUAL_TEXT_BYTES = 8_500;

/** Copied frames that are told at a time: to tell of each would cost as much as to copy it. */
const TOLD_FRAMES = 32;

/** Adds frames up into progress. How many will be drawn is guessed from the frames there are. */
class RedrawMeter {
  readonly #progress: (progress: Progress) => void;
  readonly #done = { copy: 0, encode: 0, verify: 0 };
  readonly #total: { readonly copy: number; readonly drawn: number };

  constructor(view: ShardView, { live, work, overlays }: Redrawing, { progress }: RedrawContext) {
    const { segments } = view;
    const frames = segments.reduce((sum, one) => sum + one.frames, 0);
    const textBytes = segments.reduce((sum, { bytes }) => sum + bytes.text, 0);
    let drawnBytes = overlays.reduce((sum, { record }) => sum + record.bytes, 0);
    for (const { segment, part } of work) {
      const drawn = new Set(part);
      for (const { record } of live.ofSegment(segment.id)) {
        if (drawn.has(record.at?.frame ?? -1)) drawnBytes += record.bytes;
      }
    }
    this.#progress = progress;
    this.#total = {
      copy: work.reduce((sum, { whole }) => sum + whole.length, 0),
      drawn: Math.ceil(drawnBytes / (frames > 0 ? textBytes / frames : USUAL_TEXT_BYTES)),
    };
  }

  add(stage: 'copy' | 'encode' | 'verify', frames: number): void {
    this.#done[stage] += frames;
    const done = this.#done[stage];
    const total = stage === 'copy' ? this.#total.copy : Math.max(done, this.#total.drawn);
    if (stage === 'copy' && done < total && done % TOLD_FRAMES !== 0) return;
    this.#progress({ stage, done, total });
  }
}
