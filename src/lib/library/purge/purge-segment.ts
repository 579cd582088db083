/**
 * One segment without some of its chunks: frames that hold none of them are copied, the others drawn
 * again from what is left in them. Says where everything came to lie, for every page and delta that
 * speaks of the segment.
 */
import type { ShardEntry, SegmentEntry } from '../../shard/objects';
import type { ChunkUuid, SegmentId } from '../../shard/ids';
import type { ChunkRecord, SourceRecord } from '../../shard/records';
import type { Store } from '../../store/store';
import type { EncodedFrames } from '../../video/encode';
import { openMp4 } from '../../video/mp4-index';
import type { Engines } from '../engines';
import { FramePacker, type DrawnFrames, type PackedChunk } from '../redraw/frame-packing';
import { Gate } from '../gate';
import { frameSource } from '../ingest/segment-builder';
import { storedVideos, writeVerified, type WrittenVideo } from '../redraw/verified-video';

/** Where a text lies. */
export type Place = NonNullable<ChunkRecord['at']>;

/** A chunk as some version has it, with its source. */
export interface KnownChunk {
  readonly record: ChunkRecord;
  readonly source: SourceRecord | undefined;
}

export interface PurgedSegment {
  readonly videos: readonly WrittenVideo[];
  /** Where a place of the old segment is now; undefined for what is gone. */
  moved(at: Place): Place | undefined;
  /** How the payload bytes of its frames divide, as near as is known. */
  readonly payload: SegmentEntry['payload'];
}

export interface PurgeSegmentContext {
  readonly engines: Engines;
  readonly store: Store;
  readonly entry: ShardEntry;
  readonly signal: AbortSignal;
  progress(frames: number): void;
}

interface KeptChunk extends PackedChunk, KnownChunk {
  readonly uuid: ChunkUuid;
  readonly text: string;
  readonly was: Place;
}

/**
 * @param frames those with a chunk that goes
 * @param known what is known of the segment's chunks by any version, by UUID; one that nobody knows
 *   goes along
 */
export async function purgeSegment(
  segment: SegmentEntry,
  frames: ReadonlySet<number>,
  purged: ReadonlySet<ChunkUuid>,
  known: ReadonlyMap<ChunkUuid, KnownChunk>,
  context: PurgeSegmentContext,
): Promise<PurgedSegment> {
  const { store, engines, entry, signal } = context;
  const bytes = await store.read(segment.video);
  const mp4 = await openMp4(bytes);
  const samples = await mp4.samples(0, mp4.frames);
  const copied = samples.map((_, frame) => frame).filter((frame) => !frames.has(frame));
  const { codec, decoderConfig } = mp4;
  const encoded: EncodedFrames | null =
    copied.length > 0
      ? {
          profile: entry.profile,
          codec,
          decoderConfig,
          samples: copied.flatMap((frame) => samples[frame] ?? []),
        }
      : null;
  const file = await store.get(segment.video);
  const read = await engines.decode.call(
    'read',
    { segment: { id: segment.id, file }, frames: [...frames].sort((a, b) => a - b) },
    { signal },
  );
  const kept = read.flatMap(({ index, chunks }) =>
    chunks.flatMap(({ uuid, text }, slot): KeptChunk[] => {
      const chunk = known.get(uuid);
      if (!chunk || purged.has(uuid)) return [];
      const { order, bytes: length } = chunk.record;
      const was = { segment: segment.id, frame: index, slot };
      return [{ ...chunk, uuid, text, order, bytes: length, was }];
    }),
  );
  const drawing = {
    engines,
    profile: entry.profile,
    lineage: entry.lineage,
    signal,
    gate: new Gate(engines.lanes),
    progress: (_: unknown, more: number) => {
      context.progress(more);
    },
  };
  const packer = new FramePacker<KeptChunk>(drawing, {
    frameChunk: ({ record, source, text, uuid }) => ({
      ...{ order: record.order, place: record.place, text, uuid },
      source: source ? frameSource(source) : null,
    }),
  });
  for (const chunk of kept) await packer.add(chunk);
  const drawn = await packer.finish();
  const videos = await writeVerified(encoded, drawn, {
    ...drawing,
    model: entry.model,
    target: storedVideos(store),
  });
  return {
    videos,
    moved: mover(copied, kept, drawn, videos),
    payload: payloadOf(segment, copied.length, drawn),
  };
}

/** Copied frames lie first, in the first video that has some; drawn ones behind them in the last. */
function mover(
  copied: readonly number[],
  kept: readonly KeptChunk[],
  drawn: DrawnFrames<KeptChunk>,
  videos: readonly WrittenVideo[],
): PurgedSegment['moved'] {
  const positions = new Map(copied.map((frame, at) => [frame, at]));
  const withCopied = videos.find((video) => video.copied > 0);
  const withDrawn = videos.find((video) => video.drawn > 0);
  const redrawn = new Map(
    kept.map((chunk) => {
      const place = drawn.places.get(chunk);
      if (!place || !withDrawn) throw new Error(`Chunk ${chunk.uuid} is in no frame.`);
      const frame = withDrawn.copied + place.frame;
      return [
        keyOf(chunk.was),
        { segment: withDrawn.segment.id as SegmentId, frame, slot: place.slot },
      ];
    }),
  );
  return (at) => {
    const frame = positions.get(at.frame);
    if (frame === undefined) return redrawn.get(keyOf(at));
    if (!withCopied) throw new Error('Copied frames are in no video.');
    return { segment: withCopied.segment.id as SegmentId, frame, slot: at.slot };
  };
}

const keyOf = ({ frame, slot }: Place): string => `${String(frame)} ${String(slot)}`;

function payloadOf(
  { payload, frames }: SegmentEntry,
  copied: number,
  drawn: DrawnFrames<KeptChunk>,
): SegmentEntry['payload'] {
  const share = frames > 0 ? copied / frames : 0;
  return {
    text: Math.round(payload.text * share) + drawn.payload.text,
    metadata: Math.round(payload.metadata * share) + drawn.payload.metadata,
    unfilled: Math.round(payload.unfilled * share) + drawn.payload.unfilled,
  };
}
