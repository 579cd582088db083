/** Pictures as tesseract reads them: grey values, and how large a picture is worth reading. */
import type { GreyPicture } from './ocr-worker';

/** Pixels that are read at most: A4 at 350 dpi. More is slower and reads no better. */
export const MOST_PIXELS = 12_000_000;

/** A canvas without transparency: what a picture leaves out is paper. */
export function whiteCanvas(
  width: number,
  height: number,
): { canvas: OffscreenCanvas; context: OffscreenCanvasRenderingContext2D } {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
  if (!context) throw new Error('There is no canvas to draw on.');
  context.fillStyle = 'white';
  context.fillRect(0, 0, width, height);
  return { canvas, context };
}

/** The grey values of what is drawn (luma of ITU-R BT.601). */
export function greyOf(context: OffscreenCanvasRenderingContext2D, dpi?: number): GreyPicture {
  const { width, height } = context.canvas;
  const grey = new Uint8Array(width * height);
  // In bands, so that the colours of the whole picture are not held as well.
  const band = Math.max(1, Math.floor((1 << 20) / width));
  for (let top = 0, at = 0; top < height; top += band) {
    const rows = Math.min(band, height - top);
    const { data } = context.getImageData(0, top, width, rows);
    for (let i = 0; i < data.length; i += 4) {
      const [red = 0, green = 0, blue = 0] = [data[i], data[i + 1], data[i + 2]];
      grey[at++] = (77 * red + 150 * green + 29 * blue) >> 8;
    }
  }
  return { width, height, grey, dpi };
}
