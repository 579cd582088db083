/**
 * Pages of a PDF as pictures: whether a page is one, and drawing it for reading. Draws on canvases
 * that need no document.
 */
import type { PDFPageProxy } from 'pdfjs-dist';
import type * as PdfJsModule from 'pdfjs-dist';
import { greyOf, MOST_PIXELS, whiteCanvas } from './ocr-picture';
import type { GreyPicture } from './ocr-worker';

type PdfJs = typeof PdfJsModule;
type RenderParameters = Parameters<PDFPageProxy['render']>[0];
type Matrix = readonly [number, number, number, number, number, number];

/** Dots an inch at which a page is read: below, small print is lost; above, it takes longer. */
const DPI = 200;
/** Units of a PDF in an inch. */
const UNITS = 72;

/** What is drawn on a page, besides text. */
export interface Drawn {
  readonly anything: boolean;
  /** The part of the page under pictures, 0 to 1; where they overlap they count twice. */
  readonly covered: number;
}

/** What a page draws, by its list of operations; its pictures are not waited for. */
export async function drawnOn(pdfjs: PdfJs, page: PDFPageProxy): Promise<Drawn> {
  const { OPS } = pdfjs;
  const { fnArray, argsArray } = await page.getOperatorList({ intent: 'print' });
  const [left = 0, bottom = 0, right = 0, top = 0] = page.view;
  const saved: Matrix[] = [];
  let matrix: Matrix = [1, 0, 0, 1, 0, 0];
  let area = 0;
  let anything = false;
  fnArray.forEach((operation, at) => {
    const args = argsArray[at] as readonly unknown[] | null;
    switch (operation) {
      case OPS.save:
        saved.push(matrix);
        return;
      case OPS.restore:
      case OPS.paintFormXObjectEnd:
        matrix = saved.pop() ?? matrix;
        return;
      case OPS.transform:
        matrix = times(matrix, args);
        return;
      case OPS.paintFormXObjectBegin:
        saved.push(matrix);
        matrix = times(matrix, args?.[0]);
        return;
      case OPS.paintImageXObject:
      case OPS.paintInlineImageXObject:
      case OPS.paintImageMaskXObject:
        // A picture fills the square from 0 to 1 (ISO 32000-1, 8.9.5).
        area += Math.abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]);
        anything = true;
        return;
      case OPS.constructPath:
      case OPS.shadingFill:
        anything = true;
        return;
    }
  });
  const whole = Math.abs((right - left) * (top - bottom));
  return { anything, covered: whole > 0 ? Math.min(1, area / whole) : 0 };
}

function times(a: Matrix, b: unknown): Matrix {
  if (!isNumbers(b)) return a;
  const [p = 1, q = 0, r = 0, s = 1, t = 0, u = 0] = b;
  return [
    a[0] * p + a[2] * q,
    a[1] * p + a[3] * q,
    a[0] * r + a[2] * s,
    a[1] * r + a[3] * s,
    a[0] * t + a[2] * u + a[4],
    a[1] * t + a[3] * u + a[5],
  ];
}

/** pdf.js hands matrices over as arrays, of floats where they come from its own buffers. */
function isNumbers(list: unknown): list is ArrayLike<number> & Iterable<number> {
  return Array.isArray(list) || list instanceof Float32Array;
}

/** The page drawn for reading. */
export async function drawPage(page: PDFPageProxy): Promise<GreyPicture> {
  const unit = page.getViewport({ scale: 1 });
  const wanted = DPI / UNITS;
  const scale = Math.min(wanted, Math.sqrt(MOST_PIXELS / (unit.width * unit.height)));
  const viewport = page.getViewport({ scale });
  const { context } = whiteCanvas(
    Math.max(1, Math.floor(viewport.width)),
    Math.max(1, Math.floor(viewport.height)),
  );
  // Drawing for a screen waits for its frames, which a worker in a hidden tab does not get. The
  // types of pdf.js know the canvases of documents alone.
  const how: object = { canvas: null, canvasContext: context, viewport, intent: 'print' };
  await page.render(how as RenderParameters).promise;
  return greyOf(context, Math.round(scale * UNITS));
}

/** What pdf.js draws parts of a page on: its own asks `document`. */
export class PdfCanvases {
  create(width: number, height: number): Surface {
    const canvas = new OffscreenCanvas(width, height);
    return { canvas, context: canvas.getContext('2d', { willReadFrequently: true }) };
  }

  reset({ canvas }: Surface, width: number, height: number): void {
    if (!canvas) return;
    canvas.width = width;
    canvas.height = height;
  }

  destroy(surface: Surface): void {
    if (surface.canvas) surface.canvas.width = surface.canvas.height = 0;
    surface.canvas = null;
    surface.context = null;
  }

  getNoAlphaContext(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D | null {
    return canvas.getContext('2d', { alpha: false, willReadFrequently: true });
  }
}

interface Surface {
  canvas: OffscreenCanvas | null;
  context: OffscreenCanvasRenderingContext2D | null;
}

/** What pdf.js filters colours with; its own needs SVG in a document. Pages are read without. */
export class PdfFilters {
  addFilter(): string {
    return 'none';
  }
  addHCMFilter(): string {
    return 'none';
  }
  addAlphaFilter(): string {
    return 'none';
  }
  addLuminosityFilter(): string {
    return 'none';
  }
  addKnockoutFilter(): string {
    return 'none';
  }
  destroy(): void {
    // Nothing is held.
  }
}
