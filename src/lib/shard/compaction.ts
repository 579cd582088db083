/**
 * The dry run of a compaction: which segments are worth writing anew, which of their frames are
 * copied as they are, and about what it comes to. It reads and writes nothing.
 */
import type { CompactionPlan, SegmentPlan } from '../api';
import { CorruptError, InvalidError } from '../errors';
import type { SegmentEntry } from './objects';

/** A text in a frame, as the head sees it. */
export interface RowUse {
  readonly frame: number;
  /** Of the text in the frame, UTF-8. */
  readonly bytes: number;
  /**
   * `dead`: deleted, not in the version, or replaced by an overlay. `redraw`: live, but place, source
   * or order are not what the frame says.
   */
  readonly use: 'live' | 'dead' | 'redraw';
}

export interface SegmentUse {
  readonly segment: SegmentEntry;
  /** All texts of all its frames. */
  readonly rows: readonly RowUse[];
}

/** A segment to write anew: its frames, each list ascending. */
export interface SegmentWork {
  readonly segment: SegmentEntry;
  /** Copied as they are. */
  readonly whole: readonly number[];
  /** Those with something live that must be drawn anew. */
  readonly part: readonly number[];
  /** Those that go. */
  readonly dead: readonly number[];
}

/**
 * What a frame comes to where a shard has none to go by: the compact profile's, as the benchmark
 * measured it.
 */
const USUAL_FRAME = { bytes: 4_400, textBytes: 8_500 };

/**
 * @param overlays live ones, which move into the video
 * @param threshold share of a segment's text bytes, 0 to 1. A segment is written anew where more than
 *   that is dead, and where nothing in it is live; at 0 one row to redraw is enough too
 * @throws InvalidError for another threshold
 * @throws CorruptError for a row in a frame that its segment does not have
 */
export function planCompaction(
  uses: readonly SegmentUse[],
  overlays: { chunks: number; textBytes: number },
  threshold: number,
): { plan: CompactionPlan; work: SegmentWork[] } {
  if (!(threshold >= 0 && threshold <= 1)) {
    throw new InvalidError('A threshold is a share from 0 to 1.', { subject: 'threshold' });
  }
  const surveys = uses.map((use) => survey(use, threshold));
  const before = { frames: 0, bytes: 0 };
  const after = { frames: 0, bytes: 0 };
  let textBytes = 0;
  let drawnBytes = overlays.textBytes;
  for (const { plan, partBytes } of surveys) {
    before.frames += plan.frames;
    before.bytes += plan.bytes;
    textBytes += plan.textBytes;
    after.frames += plan.rewrite ? plan.wholeFrames : plan.frames;
    after.bytes += plan.rewrite ? (plan.bytes * plan.wholeFrames) / (plan.frames || 1) : plan.bytes;
    if (plan.rewrite) drawnBytes += partBytes;
  }
  const usual =
    before.frames > 0 && textBytes > 0
      ? { bytes: before.bytes / before.frames, textBytes: textBytes / before.frames }
      : USUAL_FRAME;
  const drawn = Math.ceil(drawnBytes / usual.textBytes);
  return {
    plan: {
      threshold,
      segments: surveys.map(({ plan }) => plan),
      overlays: { ...overlays },
      frames: { before: before.frames, after: after.frames + drawn },
      bytes: { before: before.bytes, after: Math.round(after.bytes + drawn * usual.bytes) },
    },
    work: surveys.flatMap(({ plan, work }) => (plan.rewrite ? [work] : [])),
  };
}

interface Survey {
  readonly plan: SegmentPlan;
  readonly work: SegmentWork;
  /** Of live texts in frames that are not whole. */
  readonly partBytes: number;
}

/** What a frame holds, as bits. */
const LIVE = 1;
const DEAD = 2;
const REDRAW = 4;

function survey({ segment, rows }: SegmentUse, threshold: number): Survey {
  const held = new Uint8Array(segment.frames);
  let [textBytes, deadTextBytes] = [0, 0];
  let [isAnyLive, isAllAsDrawn] = [false, true];
  for (const { frame, bytes, use } of rows) {
    const before = held[frame];
    if (before === undefined) {
      throw new CorruptError(`A chunk is said to lie in frame ${frame}, which is not there.`, {
        subject: segment.id,
      });
    }
    held[frame] = before | (use === 'live' ? LIVE : use === 'dead' ? DEAD : REDRAW);
    textBytes += bytes;
    if (use === 'dead') deadTextBytes += bytes;
    else isAnyLive = true;
    if (use !== 'live') isAllAsDrawn = false;
  }
  const whole: number[] = [];
  const part: number[] = [];
  const dead: number[] = [];
  held.forEach((bits, frame) => {
    (bits === LIVE ? whole : bits & (LIVE | REDRAW) ? part : dead).push(frame);
  });
  let partBytes = 0;
  for (const { frame, bytes, use } of rows) {
    if (use !== 'dead' && held[frame] !== LIVE) partBytes += bytes;
  }
  const rewrite =
    !isAnyLive || (threshold === 0 ? !isAllAsDrawn : deadTextBytes / textBytes > threshold);
  return {
    plan: {
      id: segment.id,
      frames: segment.frames,
      bytes: segment.bytes.video,
      textBytes,
      deadTextBytes,
      wholeFrames: whole.length,
      partFrames: part.length,
      deadFrames: dead.length,
      rewrite,
    },
    work: { segment, whole, part, dead },
    partBytes,
  };
}
