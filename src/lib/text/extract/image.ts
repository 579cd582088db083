/**
 * Pictures as documents: text is read out of them where a person asked for it, and they are refused
 * with what to do where nobody did. The browser decodes them; of several frames the first counts.
 * Not SVG, which is text, and not TIFF, which browsers do not decode.
 */
import { CorruptError, UnsupportedError } from '../../errors';
import type { Block, ExtractContext, Extractor } from '../document';
import { pictureFormat, pictureSize } from './image-size';
import { OCR_ADVICE, OCR_WARNING, OcrReader } from './ocr';
import { greyOf, MOST_PIXELS, whiteCanvas } from './ocr-picture';
import type { GreyPicture } from './ocr-worker';

/** Pixels that are decoded at most, four bytes each: A3 scanned at 600 dpi has 70 million. */
const LARGEST = 80_000_000;

/** Pixels below which a picture is one of a screen: its small letters are read better doubled. */
const SCREEN_PIXELS = 2_500_000;

export const image: Extractor = {
  type: 'image/*',
  extensions: ['png', 'jpg', 'jpeg', 'gif', 'webp', 'bmp'],
  recognise: (head) => (pictureFormat(head) === undefined ? 0 : 1),
  extract: extractImage,
};

async function* extractImage(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const { name, ocr, signal, warn } = context;
  signal.throwIfAborted();
  if (!ocr) {
    throw new UnsupportedError(`${name} is an image, and its text was not read. ${OCR_ADVICE}.`, {
      subject: name,
    });
  }
  const picture = await decode(file, name);
  context.progress(0);
  const reader = new OcrReader(ocr);
  try {
    const paragraphs = await reader.read(picture, {
      signal,
      working: () => {
        context.progress(0);
      },
    });
    if (paragraphs.length === 0) warn(`${name}: no text was found in this picture.`);
    else warn(`${name}: ${OCR_WARNING}.`);
    for (const text of paragraphs) yield { text, kind: 'paragraph', place: {} };
    context.progress(file.size);
  } finally {
    reader.close();
  }
}

/** @throws CorruptError; UnsupportedError where it is too large */
async function decode(file: Blob, name: string): Promise<GreyPicture> {
  const damaged = (cause?: unknown): CorruptError =>
    new CorruptError(`${name} is damaged: this picture cannot be decoded.`, {
      cause,
      subject: name,
    });
  const format = pictureFormat(new Uint8Array(await file.slice(0, 64).arrayBuffer()));
  const size = format && (await pictureSize(file, format));
  if (!size) throw damaged();
  const pixels = size.width * size.height;
  if (pixels > LARGEST) {
    throw new UnsupportedError(
      `${name} has ${String(Math.round(pixels / 1e6))} million pixels, and at most ${String(LARGEST / 1e6)} million are read. Save it smaller.`,
      { subject: name },
    );
  }
  const bitmap = await createImageBitmap(file).catch((error: unknown) => {
    throw damaged(error);
  });
  const scale = pixels < SCREEN_PIXELS ? 2 : Math.min(1, Math.sqrt(MOST_PIXELS / pixels));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const { context } = whiteCanvas(width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return greyOf(context);
}
