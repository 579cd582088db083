/**
 * Reads payloads back out of segments: sample, decoder, grid, bytes. Keeps the table of each open
 * segment, warm decoders and samples near those read last, no payloads. Does not know what a payload
 * means.
 */
import type { ProfileName } from '../api';
import { CorruptError, InvalidError, NotFoundError, UnsupportedError } from '../errors';
import { readPicture, SymbolReader } from '../qr';
import { openAvifDecoder } from './avif-decoder';
import type { DecoderName, FrameDecoder, Luma } from './decode';
import { openFfmpegDecoder } from './ffmpeg-decoder';
import { sampleModules } from './frame';
import type { Track } from './mp4';
import { openMp4, type Mp4 } from './mp4-index';
import { PROFILES, type Profile } from './profile';
import { SampleWindows } from './sample-window';
import { openWebCodecsDecoder } from './webcodecs-decoder';

/** Samples that are read from the file ahead of the decoder: under 1 MB. */
const READ_AHEAD = 64;
/** Decoders that stay warm; segments of one shard share one. */
const WARM_DECODERS = 4;

/** How a symbol was read: off the grid, or found in the picture by a standard reader. */
export type ReadHow = 'grid' | 'zxing' | 'jsqr';

export interface ReadOptions {
  /** Looked at between frames; the call then rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** `corrected`: codewords that error correction mended; 0 where a standard reader does not say. */
  readonly onPayload: (index: number, payload: Uint8Array, how: ReadHow, corrected: number) => void;
}

/** What is known of an open segment. */
export interface SegmentInfo {
  readonly frames: number;
  readonly profile: ProfileName;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Segment {
  readonly mp4: Mp4;
  readonly profile: Profile;
}

/** Reads frames of any number of open segments; calls wait for each other. */
export class FrameReader {
  readonly #wanted: 'auto' | DecoderName;
  readonly #segments = new Map<string, Segment>();
  readonly #windows = new SampleWindows();
  /** By codec configuration, least recently used first. */
  readonly #decoders = new Map<string, FrameDecoder>();
  readonly #symbolReaders = new Map<ProfileName, GridReader>();
  #queue: Promise<unknown> = Promise.resolve();

  /** `auto` takes WebCodecs where it can, else AVIF for AV1 and ffmpeg for H.264. */
  constructor(options: { decoder?: 'auto' | DecoderName } = {}) {
    this.#wanted = options.decoder ?? 'auto';
  }

  /**
   * Opens a segment under an id of the caller's; does nothing where that id is open.
   * @throws CorruptError for what is not a whole MP4
   * @throws UnsupportedError for one that is of neither profile
   */
  async open(id: string, blob: Blob): Promise<SegmentInfo> {
    let segment = this.#segments.get(id);
    if (!segment) {
      const mp4 = await openMp4(blob);
      segment = { mp4, profile: profileOf(mp4) };
      this.#segments.set(id, segment);
    }
    const { mp4, profile } = segment;
    return { frames: mp4.frames, profile: profile.name, metadata: mp4.metadata };
  }

  /**
   * Reads frames in the order given, each payload as soon as it is there.
   * @throws CorruptError for a frame that cannot be read; `subject` is its index
   * @throws NotFoundError for a segment that is not open
   * @throws InvalidError for a frame that is not there
   * @throws UnsupportedError where nothing here decodes the segment
   */
  readPayloads(id: string, indices: readonly number[], options: ReadOptions): Promise<void> {
    return this.#inTurn(() => this.#read(id, indices, options));
  }

  /** The picture of one frame. Errors as in `readPayloads`. */
  picture(id: string, index: number): Promise<ImageBitmap> {
    return this.#inTurn(async () => {
      const { mp4 } = this.#segment(id);
      checkIndex(mp4, index);
      const decoder = await this.#decoder(mp4);
      const [sample] = await this.#windows.read(id, mp4, [index]);
      if (!sample) throw new Error(`No sample for frame ${index}`);
      return await namingFrame([index], decoder.picture(sample));
    });
  }

  /** Which decoder reads a segment. Errors as in `readPayloads`. */
  decoderOf(id: string): Promise<DecoderName> {
    return this.#inTurn(async () => (await this.#decoder(this.#segment(id).mp4)).name);
  }

  /** Forgets a segment, or all of them and the decoders with them. */
  close(id?: string): void {
    this.#windows.forget(id);
    if (id !== undefined) {
      this.#segments.delete(id);
      return;
    }
    this.#segments.clear();
    for (const decoder of this.#decoders.values()) decoder.close();
    this.#decoders.clear();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(work);
    this.#queue = result.catch(() => undefined); // the caller has the error
    return result;
  }

  async #read(
    id: string,
    indices: readonly number[],
    { signal, onPayload }: ReadOptions,
  ): Promise<void> {
    const { mp4, profile } = this.#segment(id);
    signal?.throwIfAborted();
    for (const index of indices) checkIndex(mp4, index);
    const decoder = await this.#decoder(mp4);
    let reader = this.#symbolReaders.get(profile.name);
    if (!reader) this.#symbolReaders.set(profile.name, (reader = new GridReader(profile)));
    const grid = reader;
    for (let at = 0; at < indices.length; at += READ_AHEAD) {
      signal?.throwIfAborted();
      const batch = indices.slice(at, at + READ_AHEAD);
      const samples = await this.#windows.read(id, mp4, batch);
      const onLuma = async (position: number, luma: Luma): Promise<void> => {
        const index = batch[position] ?? 0;
        const clean = grid.read(luma);
        if (clean) onPayload(index, clean.payload, 'grid', clean.corrected);
        else await readWithStandardReader(luma, index, onPayload);
      };
      await namingFrame(batch, decoder.decode(samples, onLuma, signal));
    }
  }

  async #decoder(track: Track): Promise<FrameDecoder> {
    const key = `${track.codec} ${track.width}x${track.height} ${track.decoderConfig.join()}`;
    let decoder = this.#decoders.get(key);
    if (decoder) this.#decoders.delete(key);
    else decoder = await openDecoder(this.#wanted, track);
    this.#decoders.set(key, decoder);
    const oldest = this.#decoders.keys().next().value;
    if (this.#decoders.size > WARM_DECODERS && oldest !== undefined) {
      this.#decoders.get(oldest)?.close();
      this.#decoders.delete(oldest);
    }
    return decoder;
  }

  #segment(id: string): Segment {
    const segment = this.#segments.get(id);
    if (!segment) throw new NotFoundError(`Segment ${id} is not open`, { subject: id });
    return segment;
  }
}

/** Samples and reads the grid of one profile. */
class GridReader {
  readonly #profile: Profile;
  readonly #reader: SymbolReader;
  readonly #modules: Uint8Array;

  constructor(profile: Profile) {
    this.#profile = profile;
    this.#reader = new SymbolReader(profile.symbol);
    this.#modules = new Uint8Array(profile.symbolModules ** 2);
  }

  /** Undefined where the grid has more errors than can be mended. */
  read(luma: Luma): { payload: Uint8Array; corrected: number } | undefined {
    sampleModules(this.#profile, luma, this.#modules);
    try {
      return this.#reader.read(this.#modules);
    } catch (error) {
      if (error instanceof CorruptError) return undefined;
      throw error;
    }
  }
}

async function readWithStandardReader(
  luma: Luma,
  index: number,
  onPayload: ReadOptions['onPayload'],
): Promise<void> {
  const { width, height, stride } = luma;
  const packed = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    packed.set(luma.data.subarray(row * stride, row * stride + width), row * width);
  }
  const found = await readPicture(packed, width, height);
  if (!found) throw new CorruptError(`Frame ${index} cannot be read`, { subject: String(index) });
  onPayload(index, found.payload, found.reader, 0);
}

/** Decoders name a sample of the batch; callers know frames. */
async function namingFrame<T>(batch: readonly number[], work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof CorruptError) || error.message.startsWith('Frame ')) throw error;
    const index = batch[Number(error.subject)];
    throw new CorruptError(`Frame ${index} does not decode`, {
      subject: String(index),
      cause: error,
    });
  }
}

function checkIndex(mp4: Mp4, index: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= mp4.frames) {
    throw new InvalidError(`No frame ${index} of ${mp4.frames}`, { subject: String(index) });
  }
}

function profileOf(mp4: Mp4): Profile {
  for (const profile of Object.values(PROFILES)) {
    const codec = profile.codec === 'av1' ? 'av01' : 'avc1';
    if (mp4.codec.startsWith(codec) && mp4.width === profile.framePixels) {
      if (mp4.height === mp4.width) return profile;
    }
  }
  throw new UnsupportedError(`No profile: ${mp4.codec}, ${mp4.width} x ${mp4.height}`);
}

async function openDecoder(wanted: 'auto' | DecoderName, track: Track): Promise<FrameDecoder> {
  const openers = {
    webcodecs: () => openWebCodecsDecoder(track),
    avif: () => openAvifDecoder(track),
    ffmpeg: () => openFfmpegDecoder(track),
  } satisfies Record<DecoderName, unknown>;
  const names: readonly DecoderName[] =
    wanted === 'auto' ? ['webcodecs', 'avif', 'ffmpeg'] : [wanted];
  for (const name of names) {
    const decoder = await openers[name]();
    if (decoder) return decoder;
  }
  throw new UnsupportedError(`No decoder for ${track.codec} here (${names.join(', ')})`);
}
