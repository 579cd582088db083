/// <reference path="./ocr-core.d.ts" />
/**
 * The worker's side of reading pictures of text: tesseract's core, its language data, one picture
 * after another. A worker of its own, because a page takes seconds in which nothing else could run.
 * It uses tesseract.js-core without tesseract.js, whose worker is a classic script that fetches more
 * scripts: our policy on scripts refuses that.
 */
import type {
  CoreOptions,
  TessBaseAPI,
  TesseractCore,
} from 'tesseract.js-core/tesseract-core-simd-lstm.js';
import plainWasm from 'tesseract.js-core/tesseract-core-lstm.wasm?url';
import simdWasm from 'tesseract.js-core/tesseract-core-simd-lstm.wasm?url';
import { gunzipped } from './ocr-gunzip';
import { SERVED_OCR_LANGUAGES } from './ocr-served';

/** Grey values, row by row from the top left, a byte each; 255 is white. */
export interface GreyPicture {
  readonly width: number;
  readonly height: number;
  readonly grey: Uint8Array<ArrayBuffer>;
  /** Dots an inch, where that is known. */
  readonly dpi?: number | undefined;
}

export type OcrAsk =
  | {
      readonly kind: 'load';
      readonly languages: readonly string[];
      readonly kept: ReadonlyMap<string, Blob>;
    }
  | { readonly kind: 'read'; readonly picture: GreyPicture };

export type OcrAnswer =
  | { readonly kind: 'loaded' }
  /** A sign of life while a picture is read. */
  | { readonly kind: 'working' }
  | { readonly kind: 'text'; readonly text: string }
  /** `data`: that language's data is damaged; `fetch`: it, or the engine, could not be fetched. */
  | {
      readonly kind: 'failed';
      readonly over: 'data' | 'fetch' | 'picture';
      readonly message: string;
    };

/** What a worker's global scope is to this side. */
interface Port {
  postMessage(answer: OcrAnswer): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<OcrAsk>) => void): void;
}

/** Bytes of a language when unpacked: the largest of tesseract's own are 60 MB. */
const LARGEST_DATA = 128 << 20;

interface Loaded {
  readonly core: TesseractCore;
  readonly api: TessBaseAPI;
}

/** Answers one ask after another: the other side waits before it asks again. */
export function serveOcr(port: Port): void {
  let loaded: Loaded | undefined;

  const answer = async (ask: OcrAsk): Promise<OcrAnswer> => {
    switch (ask.kind) {
      case 'load':
        loaded = await load(ask.languages, ask.kept, () => {
          port.postMessage({ kind: 'working' });
        });
        return { kind: 'loaded' };
      case 'read':
        if (!loaded) throw new Failure('picture', 'No language is loaded.');
        return { kind: 'text', text: read(loaded, ask.picture) };
    }
  };

  port.addEventListener('message', ({ data }) => {
    answer(data).then(
      (answered) => {
        port.postMessage(answered);
      },
      (error: unknown) => {
        const over = error instanceof Failure ? error.over : 'picture';
        const message = error instanceof Error ? error.message : String(error);
        port.postMessage({ kind: 'failed', over, message });
      },
    );
  });
}

class Failure extends Error {
  readonly over: 'data' | 'fetch' | 'picture';

  constructor(over: Failure['over'], message: string) {
    super(message);
    this.over = over;
  }
}

async function load(
  languages: readonly string[],
  kept: ReadonlyMap<string, Blob>,
  working: () => void,
): Promise<Loaded> {
  const [core, data] = await Promise.all([
    loadCore(working),
    Promise.all(languages.map((language) => dataOf(language, kept.get(language), working))),
  ]);
  languages.forEach((language, at) => {
    core.FS.writeFile(`./${language}.traineddata`, data[at] ?? new Uint8Array());
  });
  const api = new core.TessBaseAPI();
  const names = languages.join('+');
  if (initialised(api, names)) return { core, api };
  throw new Failure('data', `The data for reading ${names} is damaged, or is none of tesseract's.`);
}

/** Whether the data is taken: damaged data is refused, or ends in an assertion of tesseract's. */
function initialised(api: TessBaseAPI, languages: string): boolean {
  try {
    return api.Init(null, languages, 1) === 0;
  } catch {
    return false;
  }
}

async function loadCore(working: () => void): Promise<TesseractCore> {
  const isSimd = WebAssembly.validate(SIMD_MODULE);
  const wasm = isSimd ? simdWasm : plainWasm;
  const options: CoreOptions = {
    // Where the bundler put it: by itself the core looks beside this worker's script.
    locateFile: () => new URL(wasm, self.location.href).href,
    print: () => undefined,
    printErr: () => undefined,
    TesseractProgress: working,
  };
  try {
    const { default: start } = isSimd
      ? await import('tesseract.js-core/tesseract-core-simd-lstm.js')
      : await import('tesseract.js-core/tesseract-core-lstm.js');
    return await start(options);
  } catch (error) {
    throw new Failure(
      'fetch',
      `The engine for pictures of text does not start (${String(error)}).`,
    );
  }
}

async function dataOf(
  language: string,
  kept: Blob | undefined,
  working: () => void,
): Promise<Uint8Array> {
  try {
    const given = kept ?? (await fetchServed(language, working));
    return await gunzipped(given, LARGEST_DATA);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('data', `The data for reading ${language} is damaged (${String(error)}).`);
  }
}

/** @param working told of each piece: a slow line is no hanging one */
async function fetchServed(language: string, working: () => void): Promise<Blob> {
  const served = SERVED_OCR_LANGUAGES.find(({ id }) => id === language);
  if (!served) {
    throw new Failure('fetch', `There is no data here for reading the language ${language}.`);
  }
  const failed = (why: string): Failure =>
    new Failure(
      'fetch',
      `The data for reading ${language} could not be loaded: ${why}. Try again.`,
    );
  const response = await fetch(served.url).catch(() => {
    throw failed('no connection');
  });
  if (!response.ok || !response.body) throw failed(`status ${String(response.status)}`);
  const heard = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(piece, controller) {
      working();
      controller.enqueue(piece);
    },
  });
  return new Response(response.body.pipeThrough(heard)).blob().catch(() => {
    throw failed('the connection broke');
  });
}

function read({ core, api }: Loaded, { width, height, grey, dpi }: GreyPicture): string {
  // A portable greymap: a line of text and the bytes as they are (netpbm, pgm(5)).
  const head = new TextEncoder().encode(`P5\n${String(width)} ${String(height)}\n255\n`);
  const file = new Uint8Array(head.length + grey.length);
  file.set(head);
  file.set(grey, head.length);
  core.FS.writeFile('/input', file);
  if (api.SetImageFile() === 1) throw new Failure('picture', 'tesseract takes no such picture.');
  core.FS.unlink('/input');
  if (dpi !== undefined) api.SetSourceResolution(dpi);
  if (api.Recognize(null) !== 0) throw new Failure('picture', 'tesseract could not read it.');
  return api.GetUTF8Text();
}

/** A module with one instruction on 128-bit vectors: valid where the browser knows them. */
const SIMD_MODULE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123],
  ...[3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11],
);
