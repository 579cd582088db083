/**
 * PDF by pdf.js, which runs in a worker of its own: text with its page. Draws nothing, runs no
 * script, reads no image: a scanned page gives no text and a warning.
 */

import type { PDFDataRangeTransport, PDFDocumentProxy, PDFPageProxy, PDFWorker } from 'pdfjs-dist';
import type * as PdfJsModule from 'pdfjs-dist';
import { CorruptError, MemreelError, PasswordError } from '../../errors';
import type { Block, ExtractContext, Extractor } from '../document';
import { paragraphsOf, type Run } from './pdf-lines';

type PdfJs = typeof PdfJsModule;

/**
 * The folders of `node_modules/pdfjs-dist` that must be served at `<assetsUrl>pdfjs-dist/`:
 * character maps of CJK fonts, and metrics of the fonts that PDFs may leave out. (Its `wasm` is
 * for images only.)
 */
export const PDF_ASSETS = ['cmaps', 'standard_fonts'] as const;

/** Bytes of a PDF read at once. */
const RANGE = 262_144;
/** A person mistypes; a program that always gives the same wrong password must end. */
const PASSWORD_TRIES = 3;
/** Bytes in which readers look for the header and for the end-of-file mark. */
const ENDS = 1024;

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
  try {
    const opening = openDocument(pdfjs, worker, file, context);
    const document = await Promise.race([stopped, opening]);
    await warnIfCutOff(file, context);
    yield* readPages(document, file.size, context, stopped);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof MemreelError) throw error;
    throw new CorruptError(`${name} is damaged: no text could be read from this PDF.`, {
      cause: error,
      subject: name,
    });
  } finally {
    over.abort();
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
      // The defaults ask `document`, which a worker does not have.
      useWorkerFetch: true,
      disableFontFace: true,
      useSystemFonts: false,
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

async function* readPages(
  document: PDFDocumentProxy,
  bytes: number,
  context: ExtractContext,
  stopped: Promise<never>,
): AsyncGenerator<Block> {
  const empty: number[] = [];
  const unreadable: number[] = [];
  let cause: unknown;
  for (let number = 1; number <= document.numPages; number++) {
    context.signal.throwIfAborted();
    try {
      const paragraphs = await Promise.race([stopped, readPage(document, number)]);
      if (paragraphs.length === 0) empty.push(number);
      for (const text of paragraphs) yield { text, kind: 'paragraph', place: { page: number } };
    } catch (error) {
      context.signal.throwIfAborted();
      unreadable.push(number);
      cause = error;
    }
    context.progress(Math.round((bytes * number) / document.numPages));
  }
  if (unreadable.length === document.numPages) throw cause;
  const { name, warn } = context;
  if (unreadable.length > 0) warn(`${name}: damaged, not read: ${pageList(unreadable)}.`);
  if (empty.length > 0) {
    warn(
      `${name}: no text on ${pageList(empty)}; scanned pages would need text recognition first.`,
    );
  }
}

async function readPage(document: PDFDocumentProxy, number: number): Promise<string[]> {
  const page = await document.getPage(number);
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
  const paragraphs = paragraphsOf(runs);
  const fields = await fieldValues(page);
  if (fields !== '') paragraphs.push(fields);
  page.cleanup();
  return paragraphs;
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
