/**
 * New videos of what a version shows of old ones: whole frames are copied as they are, chunks of
 * other frames and overlays are drawn anew with their UUIDs. One video is read and one made at a
 * time. What is worth it is decided elsewhere, and search data and pages are made elsewhere.
 */
import type { Progress } from '../../api';
import type { SegmentWork } from '../../shard/compaction';
import type { SegmentEntry } from '../../shard/objects';
import type { Store } from '../../store/store';
import { cutSamples, openMp4 } from '../../video/mp4-index';
import type { Engines } from '../engines';
import type { FrameTexts } from '../asking/frame-texts';
import { Gate } from '../gate';
import { byOrder, type LiveRow, type LiveRows } from './live-rows';
import { NewVideo, type OldVideo, type RedrawnVideo } from './new-video';
import type { VideoTarget } from './verified-video';
import type { ShardView } from '../view';

export interface RedrawContext {
  readonly engines: Engines;
  readonly store: Store;
  readonly texts: FrameTexts;
  readonly signal: AbortSignal;
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
      progress: (stage, frames) => {
        meter.add(stage, frames);
      },
    });
  let open = newVideo();
  /** The video before, which is written and verified while the next one fills. */
  let finishing: Promise<RedrawnVideo[]> = Promise.resolve([]);
  /** Begins to finish the open video, once the one before is done: that is what it gives. */
  const close = async (): Promise<RedrawnVideo[]> => {
    const full = open;
    open = newVideo();
    const before = await finishing;
    finishing = full.finish();
    finishing.catch(() => undefined); // awaited by the next one, or in the end
    return before;
  };
  /** Closes the open video where it does not take these. */
  const makeRoom = async (rows: readonly LiveRow[], from?: OldVideo): Promise<RedrawnVideo[]> => {
    signal.throwIfAborted();
    return open.takes(rows, from) ? [] : close();
  };

  const load = (at: number): Promise<OldVideo> | undefined => {
    const next = work[at];
    if (!next || next.whole.length === 0) return undefined;
    const loading = oldVideo(context.store, next.segment);
    loading.catch(() => undefined); // awaited when its turn comes
    return loading;
  };

  let overlay = 0;
  let loaded = load(0);
  try {
    for (const [at, { segment, part, whole }] of work.entries()) {
      const frames = framesOf(live.ofSegment(segment.id));
      const from = await loaded;
      loaded = load(at + 1);
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
    yield* await finishing;
  } finally {
    await finishing.catch(() => undefined); // nothing is written after this
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
  const mp4 = await openMp4(new Blob([bytes as Uint8Array<ArrayBuffer>]));
  const { codec, decoderConfig } = mp4;
  return { segment, codec, decoderConfig, samples: cutSamples(mp4, bytes) };
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
