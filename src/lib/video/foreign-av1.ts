/**
 * AV1 that others made, by WebCodecs, for the ffmpeg core has no decoder for it: ffmpeg takes the
 * packets out of the container. Other than ours, these frames may build on those before them.
 */
import { CorruptError, UnsupportedError } from '../errors';
import { av1Configuration, av1Sample } from './av1';
import { av1Codec } from './codec-config';
import type { Luma } from './decode';
import { runOnVideo, type ForeignRead } from './foreign-run';
import { LumaExtractor } from './luma';

/** Bytes of an IVF file before its frames, and of each frame's head. */
const FILE_HEAD = 32;
const FRAME_HEAD = 12;

/** Packets in the decoder at a time. */
const WINDOW = 8;

/**
 * As `readForeign`. All frames before `to` are decoded.
 * @throws UnsupportedError where this browser has no decoder for it
 */
export async function readForeignAv1(
  file: Blob,
  { from, to, signal, onLuma }: ForeignRead,
): Promise<void> {
  const ivf = await runOnVideo({
    before: [],
    input: file,
    after: ['-map', '0:v:0', '-c', 'copy', '-f', 'ivf'],
    signal,
  });
  const units = [...ivfFrames(ivf)];
  const [first] = units;
  const config = { codec: first ? codecOf(first) : '', optimizeForLatency: true };
  if (typeof VideoDecoder === 'undefined' || !first) throw noDecoder();
  if ((await VideoDecoder.isConfigSupported(config)).supported !== true) throw noDecoder();

  const extractor = new LumaExtractor();
  const decoded: VideoFrame[] = [];
  let failure: DOMException | undefined;
  /** Something came out, or nothing will any more. */
  let wake = (): void => undefined;
  const decoder = new VideoDecoder({
    output: (frame) => {
      decoded.push(frame);
      wake();
    },
    error: (error) => {
      failure = error;
      wake();
    },
  });
  decoder.addEventListener('dequeue', () => {
    wake();
  });
  let shown = 0;
  const handOut = async (): Promise<void> => {
    for (let frame = decoded.shift(); frame; frame = decoded.shift()) {
      try {
        signal?.throwIfAborted();
        const at = shown++;
        if (at >= from && at < to) await onLuma(packed(await extractor.fromFrame(frame)));
      } finally {
        frame.close();
      }
    }
  };
  try {
    decoder.configure(config);
    for (const [timestamp, data] of units.entries()) {
      while (decoder.decodeQueueSize >= WINDOW && !failure) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      await handOut();
      if (failure || shown >= to) break;
      const type = isKey(data) ? 'key' : 'delta';
      decoder.decode(new EncodedVideoChunk({ type, timestamp, data }));
    }
    // What does not decode ends the reading: frames behind it build on it.
    if (!failure) await decoder.flush().catch(() => undefined);
    await handOut();
  } finally {
    for (const frame of decoded) frame.close();
    if (decoder.state !== 'closed') decoder.close();
  }
}

/** Rows without a gap. */
function packed({ width, height, data, stride }: Luma): Luma {
  if (stride === width) return { width, height, stride, data: data.subarray(0, width * height) };
  const rows = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    rows.set(data.subarray(row * stride, row * stride + width), row * width);
  }
  return { width, height, stride: width, data: rows };
}

/** The frames of an IVF file as ffmpeg writes it. @throws CorruptError */
function* ivfFrames(ivf: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(ivf.buffer, ivf.byteOffset, ivf.byteLength);
  for (let at = FILE_HEAD; at + FRAME_HEAD <= ivf.length;) {
    const start = at + FRAME_HEAD;
    at = start + view.getUint32(at, true);
    if (at > ivf.length) throw new CorruptError('A frame of the video is cut off.');
    yield ivf.subarray(start, at);
  }
}

/** Encoders write a sequence header in front of each key frame (AV1 7.5). */
function isKey(unit: Uint8Array): boolean {
  try {
    return av1Sample(unit).sequenceHeader.length > 0;
  } catch (error) {
    if (error instanceof CorruptError) return false;
    throw error;
  }
}

function codecOf(unit: Uint8Array): string {
  return av1Codec(av1Configuration(av1Sample(unit).sequenceHeader));
}

const noDecoder = (): UnsupportedError =>
  new UnsupportedError('This browser cannot decode the AV1 of this video.');
