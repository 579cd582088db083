/**
 * The grey of decoded pictures, whatever form the browser hands them out in: planar, interleaved,
 * or opaque. Which form it is differs between browsers, codecs and machines, so it is looked at.
 */
import type { Luma } from './decode';

/** Formats whose first plane is 8-bit luma (WebCodecs, 9.4.2). */
const LUMA_FIRST: ReadonlySet<string> = new Set(['I420', 'I420A', 'I422', 'I444', 'NV12']);
const RGB: ReadonlySet<string> = new Set(['RGBA', 'RGBX', 'BGRA', 'BGRX']);

/** Turns frames and bitmaps into `Luma`; keeps its buffers from one to the next. */
export class LumaExtractor {
  #raw = new Uint8Array();
  #grey = new Uint8Array();
  #canvas: OffscreenCanvas | undefined;

  /** The frame stays the caller's to close. */
  async fromFrame(frame: VideoFrame): Promise<Luma> {
    const { format } = frame;
    const rect = frame.visibleRect;
    if (format === null || rect === null || !(LUMA_FIRST.has(format) || RGB.has(format))) {
      // Opaque, or deeper than 8 bits.
      return this.#fromImage(frame, frame.displayWidth, frame.displayHeight);
    }
    const { width, height } = rect;
    const size = frame.allocationSize();
    if (this.#raw.length < size) this.#raw = new Uint8Array(size);
    const first = (await frame.copyTo(this.#raw.subarray(0, size)))[0];
    if (!first) throw new Error(`A frame in ${format} without planes`);
    const data = this.#raw.subarray(first.offset);
    if (LUMA_FIRST.has(format)) return { width, height, data, stride: first.stride };
    return this.#fromRgb(data, width, height, first.stride);
  }

  fromBitmap(bitmap: ImageBitmap): Luma {
    return this.#fromImage(bitmap, bitmap.width, bitmap.height);
  }

  #fromImage(image: VideoFrame | ImageBitmap, width: number, height: number): Luma {
    let canvas = this.#canvas;
    if (canvas?.width !== width || canvas.height !== height) {
      canvas = this.#canvas = new OffscreenCanvas(width, height);
    }
    const context = canvas.getContext('2d', { willReadFrequently: true, alpha: false });
    if (!context) throw new Error('No 2D canvas');
    context.drawImage(image, 0, 0);
    return this.#fromRgb(context.getImageData(0, 0, width, height).data, width, height, width * 4);
  }

  /** The pictures have no colours, so green is as good as any weighting. */
  #fromRgb(
    data: Uint8Array | Uint8ClampedArray,
    width: number,
    height: number,
    stride: number,
  ): Luma {
    if (this.#grey.length < width * height) this.#grey = new Uint8Array(width * height);
    const grey = this.#grey;
    let to = 0;
    for (let row = 0; row < height; row++) {
      let from = row * stride + 1;
      for (let column = 0; column < width; column++, from += 4) grey[to++] = data[from] ?? 0;
    }
    return { width, height, data: grey, stride: width };
  }
}
