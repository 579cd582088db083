/**
 * PDF by pdf.js, which runs in a worker of its own: text with its page. Runs no script. A page that
 * is a picture is drawn and read where a person asked for it, and else named in a warning.
 */

import type { PDFDataRangeTransport, PDFDocumentProxy, PDFPageProxy, PDFWorker } from 'pdfjs-dist';
import type * as PdfJsModule from 'pdfjs-dist';
import { CorruptError, MemreelError, PasswordError } from '../../errors';
import type { Block, ExtractContext, Extractor } from '../document';
import { OCR_ADVICE, OCR_WARNING, OcrReader, type ReadingPicture } from './ocr';
import { paragraphsOf, type Run } from './pdf-lines';
import { drawnOn, drawPage, PdfCanvases, PdfFilters } from './pdf-pictures';

type PdfJs = typeof PdfJsModule;

/** Bytes of a PDF read at once. */
const RANGE = 262_144;
/** A person mistypes; a program that always gives the same wrong password must end. */
const PASSWORD_TRIES = 3;
/** Bytes in which readers look for the header and for the end-of-file mark. */
const ENDS = 1024;
/** Letters and digits that a scanned page may have as text all the same: a number, a stamp. */
const FEW_LETTERS = 50;
/** The part of a page under pictures from which it is one, where its text is so little. */
const COVERED = 0.5;
/** Pixels of a picture, as it is declared, beyond which it is left out: it would be held whole. */
const LARGEST_PICTURE = 100_000_000;

export const pdf: Extractor = {
  type: 'application/pdf',
  extensions: ['pdf'],
  recognise: (head) => (latin1(head.subarray(0, ENDS)).includes('%PDF-') ? 1 : 0),
  extract: extractPdf,
};

async function* extractPdf(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const { name, signal } = context;
  signal.throwIfAborted();
  const pdfjs = await import('pdfjs-dist');
  const { default: PdfWorker } = await import('pdfjs-dist/build/pdf.worker.mjs?worker');
  const port = new PdfWorker();
  // pdf.js does not watch the thread that it talks to: its death would never be told.
  const over = new AbortController();
  const stopped = new Promise<never>((_, reject) => {
    const once = { signal: over.signal };
    signal.addEventListener('abort', () => reject(new Error('aborted')), once);
    port.addEventListener('error', (event) => reject(new Error(event.message)), once);
  });
  stopped.catch(() => undefined); // It may settle while nothing waits for it.
  const worker = pdfjs.PDFWorker.create({ port, verbosity: pdfjs.VerbosityLevel.ERRORS });
  const reader = context.ocr && new OcrReader(context.ocr);
  try {
    const opening = openDocument(pdfjs, worker, file, context);
    const document = await Promise.race([stopped, opening]);
    await warnIfCutOff(file, context);
    yield* readPages({ pdfjs, document, bytes: file.size, reader, stopped }, context);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof MemreelError) throw error;
    throw new CorruptError(`${name} is damaged: no text could be read from this PDF.`, {
      cause: error,
      subject: name,
    });
  } finally {
    over.abort();
    reader?.close();
    worker.destroy();
    port.terminate();
  }
}

async function openDocument(
  pdfjs: PdfJs,
  worker: PDFWorker,
  file: Blob,
  context: ExtractContext,
): Promise<PDFDocumentProxy> {
  const assets = new URL('pdfjs-dist/', context.assetsUrl);
  let password: string | undefined;
  for (let tries = 0; ; tries++) {
    const task = pdfjs.getDocument({
      range: rangesOf(pdfjs, file),
      rangeChunkSize: RANGE,
      disableAutoFetch: true,
      worker,
      ...(password === undefined ? {} : { password }),
      cMapUrl: new URL('cmaps/', assets).href,
      standardFontDataUrl: new URL('standard_fonts/', assets).href,
      wasmUrl: new URL('wasm/', assets).href,
      // The defaults ask `document`, which a worker does not have.
      useWorkerFetch: true,
      disableFontFace: true,
      useSystemFonts: false,
      CanvasFactory: PdfCanvases,
      FilterFactory: PdfFilters,
      maxImageSize: LARGEST_PICTURE,
    });
    try {
      return await task.promise;
    } catch (error) {
      if (!(error instanceof pdfjs.PasswordException)) throw error;
      await task.destroy();
      password = tries < PASSWORD_TRIES ? await context.password?.() : undefined;
      if (password === undefined) throw lockedError(context.name, tries > 0);
    }
  }
}

function lockedError(name: string, wrong: boolean): PasswordError {
  const message = wrong ? `That is not the password of ${name}.` : `${name} needs a password.`;
  return new PasswordError(message, { subject: name });
}

/** Hands pdf.js the bytes that it asks for, so that the file need not be held whole. */
function rangesOf(pdfjs: PdfJs, file: Blob): PDFDataRangeTransport {
  const transport = new pdfjs.PDFDataRangeTransport(file.size, null);
  transport.requestDataRange = (begin: number, end: number) => {
    file
      .slice(begin, end)
      .arrayBuffer()
      .then(
        (bytes) => transport.onDataRange(begin, new Uint8Array(bytes)),
        // The file has gone or changed on disk: pdf.js waits for this range until it is told.
        () => transport.abort(),
      );
  };
  return transport;
}

interface PagesToRead {
  readonly pdfjs: PdfJs;
  readonly document: PDFDocumentProxy;
  readonly bytes: number;
  /** Absent where pictures are not read. */
  readonly reader: OcrReader | undefined;
  /** Rejects when the document is given up, or pdf.js is no more. */
  readonly stopped: Promise<never>;
}

/** What a page was, for the warnings. */
type PageKind = 'text' | 'blank' | 'picture-read' | 'picture-left';

async function* readPages(reading: PagesToRead, context: ExtractContext): AsyncGenerator<Block> {
  const { document, bytes, stopped } = reading;
  const { signal, progress } = context;
  const kinds = new Map<PageKind, number[]>();
  const unreadable: number[] = [];
  let cause: unknown;
  for (let number = 1; number <= document.numPages; number++) {
    signal.throwIfAborted();
    const working = (): void => {
      progress(Math.round((bytes * (number - 1)) / document.numPages));
    };
    try {
      const page = readPage(reading, number, { signal, working });
      const { paragraphs, kind } = await Promise.race([stopped, page]);
      kinds.set(kind, [...(kinds.get(kind) ?? []), number]);
      for (const text of paragraphs) yield { text, kind: 'paragraph', place: { page: number } };
    } catch (error) {
      signal.throwIfAborted();
      // Not this page's fault: no page could be read with such data, or without the engine.
      if (error instanceof MemreelError) throw error;
      unreadable.push(number);
      cause = error;
    }
    progress(Math.round((bytes * number) / document.numPages));
  }
  if (unreadable.length === document.numPages) throw cause;
  warnOfPages(kinds, unreadable, context);
}

function warnOfPages(
  kinds: ReadonlyMap<PageKind, readonly number[]>,
  unreadable: readonly number[],
  { name, warn }: ExtractContext,
): void {
  const told = (kind: PageKind, tell: (pages: string, isOne: boolean) => string): void => {
    const pages = kinds.get(kind);
    if (pages) warn(`${name}: ${tell(pageList(pages), pages.length === 1)}.`);
  };
  if (unreadable.length > 0) warn(`${name}: damaged, not read: ${pageList(unreadable)}.`);
  told('blank', (pages) => `no text on ${pages}`);
  told('picture-read', (pages, isOne) => `${pages} ${isOne ? 'was' : 'were'} ${OCR_WARNING}`);
  told(
    'picture-left',
    (pages, isOne) =>
      `${pages} ${isOne ? 'is a picture' : 'are pictures'}, and text in ${isOne ? 'it' : 'them'} was not read. ${OCR_ADVICE}`,
  );
}

async function readPage(
  { pdfjs, document, reader }: PagesToRead,
  number: number,
  reading: ReadingPicture,
): Promise<{ paragraphs: string[]; kind: PageKind }> {
  const page = await document.getPage(number);
  try {
    const own = await ownText(page);
    const fields = await fieldValues(page);
    const answer = (text: readonly string[], kind: PageKind) => ({
      paragraphs: fields === '' ? [...text] : [...text, fields],
      kind: kind === 'blank' && fields !== '' ? 'text' : kind,
    });
    if (!(await isPicture(pdfjs, page, own))) return answer(own, own.length > 0 ? 'text' : 'blank');
    if (!reader) return answer(own, 'picture-left');
    const read = await reader.read(await drawPage(page), reading);
    if (lettersIn(read) > lettersIn(own)) return answer(read, 'picture-read');
    return answer(own, own.length > 0 ? 'text' : 'blank');
  } finally {
    page.cleanup();
  }
}

/** Whether what there is to read on a page is drawn, and not among its text. */
async function isPicture(
  pdfjs: PdfJs,
  page: PDFPageProxy,
  own: readonly string[],
): Promise<boolean> {
  const letters = lettersIn(own);
  if (letters >= FEW_LETTERS) return false;
  const { anything, covered } = await drawnOn(pdfjs, page);
  return letters === 0 ? anything : covered >= COVERED;
}

function lettersIn(paragraphs: readonly string[]): number {
  return paragraphs.reduce((sum, text) => sum + (text.match(/[\p{L}\p{N}]/gu)?.length ?? 0), 0);
}

async function ownText(page: PDFPageProxy): Promise<string[]> {
  const { items, styles } = await page.getTextContent();
  const runs: Run[] = [];
  for (const item of items) {
    if (!('str' in item) || item.str === '') continue;
    const [, , c = 0, d = 0, x = 0, y = 0] = item.transform as number[];
    runs.push({
      text: item.str,
      x,
      y,
      width: item.width,
      height: Math.hypot(c, d),
      rtl: item.dir === 'rtl',
      vertical: styles[item.fontName]?.vertical === true,
    });
  }
  return paragraphsOf(runs);
}

/** What was filled into the page's form, a line each: it is not part of the page's own text. */
async function fieldValues(page: PDFPageProxy): Promise<string> {
  const lines: string[] = [];
  for (const field of (await page.getAnnotations()) as Widget[]) {
    if (field.fieldType !== 'Tx' && field.fieldType !== 'Ch') continue;
    const value = [field.fieldValue ?? []].flat().join(', ').trim();
    if (value === '' || field.password === true || field.hidden === true) continue;
    lines.push(field.alternativeText ? `${field.alternativeText}: ${value}` : value);
  }
  return lines.length === 0 ? '' : lines.join('\n').replace(/\r\n?/g, '\n') + '\n\n';
}

/** What pdf.js tells of a form field, as far as it is read here. */
interface Widget {
  readonly fieldType?: string;
  readonly fieldValue?: string | string[] | null;
  readonly alternativeText?: string;
  readonly password?: boolean;
  readonly hidden?: boolean;
}

/** pdf.js repairs a file without an end silently: what is missing must not be. */
async function warnIfCutOff(file: Blob, { name, warn }: ExtractContext): Promise<void> {
  const end = new Uint8Array(await file.slice(-ENDS).arrayBuffer());
  if (latin1(end).includes('%%EOF')) return;
  warn(`${name} has no end and seems to be cut off: text is missing.`);
}

/** `pages 1, 4–7`; at most ten parts. */
function pageList(pages: readonly number[]): string {
  const parts: string[] = [];
  for (let i = 0; i < pages.length; i++) {
    const from = i;
    while (pages[i + 1] === (pages[i] ?? 0) + 1) i++;
    parts.push(from === i ? `${pages[i]}` : `${pages[from]}–${pages[i]}`);
  }
  const more = parts.length > 10 ? ` and ${parts.length - 10} more` : '';
  return `${pages.length === 1 ? 'page' : 'pages'} ${parts.slice(0, 10).join(', ')}${more}`;
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}
