/**
 * Reads pictures of text, in a worker of its own that is started with the first picture. Knows
 * nothing of documents: what a picture is part of, and what an unread one means, its caller knows.
 */
import { CorruptError, UnsupportedError } from '../../errors';
import type { OcrSettings } from '../document';
import { joinLines } from './pdf-lines';
import type { GreyPicture, OcrAnswer, OcrAsk } from './ocr-worker';

/** Milliseconds for which a worker waits for the next document: to start one takes half a second. */
const IDLE = 20_000;

/** What a person is told of text that was read so. */
export const OCR_WARNING = 'read from pictures by OCR, which may misread';

/** What a person is told to do about pictures that were not read. */
export const OCR_ADVICE =
  'Turn on “Read pictures of text (OCR)” under Options and add the file again to have it read';

export interface ReadingPicture {
  readonly signal: AbortSignal;
  /** Told every now and then while it works. */
  working(): void;
}

/** One reader at a time of one document; `close` it whatever happened. */
export class OcrReader {
  readonly #settings: OcrSettings;
  #worker: OcrWorker | undefined;

  constructor(settings: OcrSettings) {
    this.#settings = settings;
  }

  /**
   * The paragraphs of a picture, in reading order.
   * @throws CorruptError where a language's data is damaged; UnsupportedError where it, or the
   *   engine, cannot be had; Error where this picture cannot be read: the next one may
   */
  async read(picture: GreyPicture, reading: ReadingPicture): Promise<string[]> {
    reading.signal.throwIfAborted();
    try {
      this.#worker ??= await takeWorker(this.#settings, reading);
      const answer = await this.#worker.ask({ kind: 'read', picture }, reading, [
        picture.grey.buffer,
      ]);
      if (answer.kind !== 'text') throw new Error(`There was no text in the answer.`);
      return paragraphsOfPicture(answer.text);
    } catch (error) {
      // An assertion inside the engine leaves it unusable.
      this.#worker?.end();
      this.#worker = undefined;
      throw error;
    }
  }

  close(): void {
    if (this.#worker) keepWorker(this.#worker);
    this.#worker = undefined;
  }
}

/**
 * Whether tesseract takes this data for a language.
 * @throws CorruptError where it does not; UnsupportedError where the engine cannot be had
 */
export async function checkOcrData(
  language: string,
  data: Blob,
  signal: AbortSignal,
): Promise<void> {
  const settings = { languages: [language], kept: new Map([[language, data]]) };
  const worker = await OcrWorker.start(settings, { signal, working: () => undefined });
  worker.end();
}

class OcrWorker {
  readonly settings: OcrSettings;
  readonly #worker: Worker;
  #isOver = false;
  #isBusy = false;

  private constructor(settings: OcrSettings) {
    this.settings = settings;
    this.#worker = new Worker(new URL('../../../workers/ocr.ts', import.meta.url), {
      type: 'module',
    });
  }

  static async start(settings: OcrSettings, reading: ReadingPicture): Promise<OcrWorker> {
    const { languages, kept = new Map<string, Blob>() } = settings;
    const worker = new OcrWorker(settings);
    try {
      await worker.ask({ kind: 'load', languages, kept }, reading);
      return worker;
    } catch (error) {
      worker.end();
      throw error;
    }
  }

  /** Whether it can be left to the next reader. */
  get isFree(): boolean {
    return !this.#isOver && !this.#isBusy;
  }

  /** One at a time. @throws the signal's reason, and ends the worker: a picture has no middle */
  ask(
    ask: OcrAsk,
    { signal, working }: ReadingPicture,
    transfer: Transferable[] = [],
  ): Promise<OcrAnswer> {
    if (this.#isOver) return Promise.reject(new Error('The worker that reads was ended.'));
    const worker = this.#worker;
    const over = new AbortController();
    const once = { signal: over.signal };
    const answered = new Promise<OcrAnswer>((resolve, reject) => {
      const hear = ({ data }: MessageEvent<OcrAnswer>): void => {
        if (data.kind === 'working') working();
        else if (data.kind === 'failed') reject(errorOf(data));
        else resolve(data);
      };
      const fail = ({ message }: ErrorEvent): void => {
        reject(new Error(message || 'The worker that reads could not be started.'));
      };
      const stop = (): void => {
        this.end();
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      worker.addEventListener('message', hear, once);
      worker.addEventListener('error', fail, once);
      signal.addEventListener('abort', stop, once);
    });
    this.#isBusy = true;
    worker.postMessage(ask, transfer);
    return answered.finally(() => {
      this.#isBusy = false;
      over.abort();
    });
  }

  end(): void {
    this.#isOver = true;
    this.#worker.terminate();
  }
}

function errorOf({ over, message }: OcrAnswer & { kind: 'failed' }): Error {
  if (over === 'data') return new CorruptError(message);
  return over === 'fetch' ? new UnsupportedError(message) : new Error(message);
}

/** Many pictures come as documents of their own: the worker of one is left for the next. */
let waiting:
  { readonly worker: OcrWorker; readonly timer: ReturnType<typeof setTimeout> } | undefined;

function takeWorker(settings: OcrSettings, reading: ReadingPicture): Promise<OcrWorker> {
  const left = waiting;
  if (left) {
    clearTimeout(left.timer);
    waiting = undefined;
    if (isSame(left.worker.settings, settings)) return Promise.resolve(left.worker);
    left.worker.end();
  }
  return OcrWorker.start(settings, reading);
}

function keepWorker(worker: OcrWorker): void {
  // A document that is given up may leave one in the middle of a picture.
  if (waiting || !worker.isFree) {
    worker.end();
    return;
  }
  const timer = setTimeout(() => {
    worker.end();
    waiting = undefined;
  }, IDLE);
  waiting = { worker, timer };
}

/** Of kept data each call has objects of its own: with any, a worker is started anew. */
function isSame(a: OcrSettings, b: OcrSettings): boolean {
  const kept = (a.kept?.size ?? 0) + (b.kept?.size ?? 0);
  return kept === 0 && a.languages.join('+') === b.languages.join('+');
}

/** Lines to paragraphs: an empty line parts them, a hyphen at a line's end may join a word. */
function paragraphsOfPicture(text: string): string[] {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) =>
      paragraph
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '')
        .reduce((whole, line) => (whole === '' ? line : joinLines(whole, line)), ''),
    )
    .filter((paragraph) => paragraph !== '')
    .map((paragraph) => `${paragraph}\n\n`);
}
