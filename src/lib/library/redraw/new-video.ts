/**
 * One video in the making, of frames that are copied and chunks that are drawn; closed it is
 * verified and says where each chunk lies. What goes into it is for `redraw.ts` to say.
 */
import type { ProfileName } from '../../api';
import { segmentIdOf, type SegmentId } from '../../shard/ids';
import type { SegmentEntry } from '../../shard/objects';
import { PAGE_RECORDS } from '../../shard/records';
import { sameBytes } from '../../video/codec-config';
import type { EncodedFrames } from '../../video/encode';
import { FramePacker, type DrawnFrames, type FramesContext } from './frame-packing';
import { byOrder, withoutText, type LiveRow, type RowOrigin } from './live-rows';
import { frameSource, SEGMENT_BYTES } from '../ingest/segment-builder';
import { gzipBytes, type SearchData } from './segment-files';
import {
  writeVerified,
  type KeptVideo,
  type VideoTarget,
  type WrittenVideo,
} from './verified-video';
import type { ShardView } from '../view';

/** A video that frames are copied from. */
export interface OldVideo extends Pick<EncodedFrames, 'codec' | 'decoderConfig' | 'samples'> {
  readonly segment: SegmentEntry;
}

/** A video that was made, with the chunks in it. */
export interface RedrawnVideo {
  readonly video: KeptVideo;
  /** By order; each record says where its chunk lies now, and has no text of its own any more. */
  readonly rows: readonly LiveRow[];
  readonly copied: number;
  readonly encoded: number;
  readonly bytes: { readonly video: number; readonly text: number; readonly gzip: number };
  readonly payload: SegmentEntry['payload'];
  /** Of its rows; null where nobody asked for it. */
  readonly search: Promise<SearchData> | null;
}

interface Drawing {
  readonly order: string;
  readonly bytes: number;
  readonly row: LiveRow;
  readonly text: string;
}

export interface NewVideoContext extends FramesContext {
  readonly view: ShardView;
  readonly target: VideoTarget;
  /** Makes the search data of rows, by order. */
  searchData?(this: void, rows: readonly RowOrigin[]): Promise<SearchData>;
}

export class NewVideo {
  readonly #context: NewVideoContext;
  readonly #packer: FramePacker<Drawing>;
  readonly #copies: CopiedFrames;
  readonly #drawings: Drawing[] = [];
  #rows = 0;
  #bytes = 0;

  constructor(context: NewVideoContext) {
    const { view, profile } = context;
    this.#context = context;
    this.#copies = new CopiedFrames(profile);
    this.#packer = new FramePacker(context, {
      frameChunk: ({ row: { record }, text }) => {
        const { order, place, uuid, source } = record;
        const named = source === null ? null : frameSource(view.source(source));
        return { order, place, uuid, source: named, text };
      },
    });
  }

  get isEmpty(): boolean {
    return this.#rows === 0;
  }

  get isHalfFull(): boolean {
    return this.#rows >= PAGE_RECORDS / 2 || this.#bytes >= SEGMENT_BYTES / 2;
  }

  /** Whether these rows fit in as well, and frames of `from` may stand beside those it has. */
  takes(rows: readonly LiveRow[], from?: OldVideo): boolean {
    if (this.isEmpty) return true;
    if (from && !this.#copies.areLike(from)) return false;
    return (
      this.#rows + rows.length <= PAGE_RECORDS && this.#bytes + textBytes(rows) <= SEGMENT_BYTES
    );
  }

  /** Takes a frame as it is, with all chunks in it. */
  copy(rows: readonly LiveRow[], frame: number, from: OldVideo): void {
    this.#copies.add(rows, frame, from);
    this.#rows += rows.length;
    this.#bytes += textBytes(rows);
  }

  /** Takes a chunk to be drawn; waits while as many parts are under way as may be. */
  async draw(row: LiveRow, text: string): Promise<void> {
    const { order, bytes } = row.record;
    const drawing = { order, bytes, row, text };
    this.#drawings.push(drawing);
    this.#rows++;
    this.#bytes += bytes;
    await this.#packer.add(drawing);
  }

  /** One video, or two where copied frames and drawn ones do not go into one. @throws CorruptError */
  async finish(): Promise<RedrawnVideo[]> {
    const { view } = this.#context;
    // While the video is made, which it does not depend on.
    const search = this.#searchData([
      ...this.#copies.all(),
      ...this.#drawings.map(({ row }) => row),
    ]);
    const gzip = gzipBytes(this.#drawings.map(({ text }) => text));
    const drawn = await this.#packer.finish();
    const context = { ...this.#context, model: view.version.model };
    const written = await writeVerified(this.#copies.frames, drawn, context);
    const drawnGzip = drawn.payloads.length > 0 ? await gzip : 0;
    return written.map((video) => {
      const described = this.#describe(video, drawn, drawnGzip);
      return {
        ...described,
        search: written.length === 1 ? search : this.#searchData(described.rows),
      };
    });
  }

  #searchData(rows: readonly LiveRow[]): Promise<SearchData> | null {
    const origins = rows.toSorted(byOrder).map(({ origin }) => origin);
    const making = this.#context.searchData?.(origins) ?? null;
    making?.catch(() => undefined); // awaited by who takes the video
    return making;
  }

  #describe(
    video: WrittenVideo,
    drawn: DrawnFrames<Drawing>,
    drawnGzip: number,
  ): Omit<RedrawnVideo, 'search'> {
    const id = segmentIdOf(video.digest);
    const rows: LiveRow[] = [];
    const sums = { gzip: 0, text: 0, metadata: 0, unfilled: 0 };
    if (video.copied > 0) {
      rows.push(...this.#copies.rows(id));
      sums.gzip += this.#copies.gzip;
      addPayload(sums, this.#copies.payload);
    }
    if (video.drawn > 0) {
      for (const drawing of this.#drawings) {
        const place = drawn.places.get(drawing);
        if (!place) throw new Error(`Chunk ${drawing.row.record.uuid} is in no frame.`);
        rows.push(movedTo(drawing.row, id, video.copied + place.frame, place.slot));
      }
      sums.gzip += drawnGzip;
      addPayload(sums, drawn.payload);
    }
    const { gzip, ...payload } = sums;
    return {
      video,
      rows: rows.sort(byOrder),
      copied: video.copied,
      encoded: video.drawn,
      bytes: { video: video.size, text: textBytes(rows), gzip: Math.round(gzip) },
      payload: {
        text: Math.round(payload.text),
        metadata: Math.round(payload.metadata),
        unfilled: Math.round(payload.unfilled),
      },
    };
  }
}

/**
 * Frames as they are, of videos of one configuration. What gzip would make of their texts, and how
 * their payloads divide, is known of whole videos only: they get their share of those by bytes of
 * text and by frames, for to know better the frames would have to be decoded.
 */
class CopiedFrames {
  readonly #profile: ProfileName;
  readonly #samples: Uint8Array[] = [];
  readonly #rows: { readonly row: LiveRow; readonly frame: number }[] = [];
  #first: OldVideo | undefined;
  gzip = 0;
  readonly payload = { text: 0, metadata: 0, unfilled: 0 };

  constructor(profile: ProfileName) {
    this.#profile = profile;
  }

  get frames(): EncodedFrames | null {
    if (!this.#first) return null;
    const { codec, decoderConfig } = this.#first;
    return { profile: this.#profile, codec, decoderConfig, samples: this.#samples };
  }

  areLike({ codec, decoderConfig }: OldVideo): boolean {
    const first = this.#first;
    return !first || (first.codec === codec && sameBytes(first.decoderConfig, decoderConfig));
  }

  add(rows: readonly LiveRow[], frame: number, from: OldVideo): void {
    const sample = from.samples[frame];
    const { id, frames, bytes, payload } = from.segment;
    if (!sample) throw new Error(`Segment ${id} has no frame ${String(frame)}.`);
    this.#first ??= from;
    for (const row of rows) this.#rows.push({ row, frame: this.#samples.length });
    this.#samples.push(sample.slice()); // not the whole old video is kept for it
    this.gzip += bytes.text > 0 ? (bytes.gzip * textBytes(rows)) / bytes.text : 0;
    this.payload.text += payload.text / frames;
    this.payload.metadata += payload.metadata / frames;
    this.payload.unfilled += payload.unfilled / frames;
  }

  /** As they were. */
  all(): LiveRow[] {
    return this.#rows.map(({ row }) => row);
  }

  rows(segment: SegmentId): LiveRow[] {
    return this.#rows.map(({ row, frame }) => {
      if (!row.record.at) throw new Error(`Chunk ${row.record.uuid} is in no frame.`);
      return movedTo(row, segment, frame, row.record.at.slot);
    });
  }
}

function movedTo(
  { record, origin }: LiveRow,
  segment: SegmentId,
  frame: number,
  slot: number,
): LiveRow {
  // From now on no overlay says that a person wrote it.
  const own = record.text === undefined ? {} : { own: true as const };
  return { record: { ...withoutText(record), ...own, at: { segment, frame, slot } }, origin };
}

type Payload = { -readonly [K in keyof SegmentEntry['payload']]: number };

function addPayload(sum: Payload, payload: SegmentEntry['payload']): void {
  sum.text += payload.text;
  sum.metadata += payload.metadata;
  sum.unfilled += payload.unfilled;
}

function textBytes(rows: readonly LiveRow[]): number {
  let sum = 0;
  for (const { record } of rows) sum += record.bytes;
  return sum;
}
