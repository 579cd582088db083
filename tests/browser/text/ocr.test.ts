import { describe, expect, it } from 'vitest';
import { CorruptError, UnsupportedError } from '../../../src/lib/errors';
import { checkOcrData } from '../../../src/lib/text/extract/ocr';
import { gunzipped } from '../../../src/lib/text/extract/ocr-gunzip';
import { SERVED_OCR_LANGUAGES } from '../../../src/lib/text/extract/ocr-served';
import { extractAll, type Extraction } from '../../fixtures/text/extraction';
import { pdfOfPicture } from '../../fixtures/text/tiny-pdf';
import ExtractWorker from './extract.worker?worker';

const english = { languages: ['eng'] };
const { signal } = new AbortController();
const assetsUrl = new URL('/', location.href).href;
const read = (content: BlobPart, name: string, ocr = english): Promise<Extraction> =>
  extractAll(content, name, { assetsUrl, ocr });

const LINES = ['The quick brown fox jumps over', 'the lazy dog near 1984 riv-', 'ers and streams.'];

/** Lines of text as a picture of a screen, 600 wide. */
async function drawn(lines: readonly string[], type: string, height = 180): Promise<Blob> {
  const canvas = new OffscreenCanvas(600, height);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('There is no canvas.');
  if (type !== 'image/png') {
    context.fillStyle = 'white';
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  context.fillStyle = 'black';
  context.font = '24px serif';
  lines.forEach((line, at) => {
    context.fillText(line, 30, 60 + at * 34);
  });
  return canvas.convertToBlob({ type, quality: 0.9 });
}

/** English, unpacked, whatever the server did with it. */
async function englishData(): Promise<Uint8Array<ArrayBuffer>> {
  const [served] = SERVED_OCR_LANGUAGES;
  if (!served) throw new Error('Nothing is served.');
  return gunzipped(await (await fetch(served.url)).blob(), 1 << 26);
}

function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Blob> {
  const zipped = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Response(zipped).blob();
}

/** A page that is one picture, with a line of text over it. */
async function scanned(stamp: string): Promise<Uint8Array<ArrayBuffer>> {
  const picture = await (await drawn(LINES, 'image/jpeg', 800)).arrayBuffer();
  return pdfOfPicture(new Uint8Array(picture), { width: 600, height: 800 }, stamp);
}

describe('text in a picture', () => {
  // What is transparent in the PNG is paper.
  it.each(['image/png', 'image/jpeg', 'image/webp'])('of %s is read back', async (type) => {
    const { blocks, warnings } = await read(await drawn(LINES, type), 'shot.bin');
    expect(blocks).toEqual([
      {
        kind: 'paragraph',
        place: {},
        text: 'The quick brown fox jumps over\nthe lazy dog near 1984 rivers and streams.\n\n',
      },
    ]);
    expect(warnings).toEqual(['shot.bin: read from pictures by OCR, which may misread.']);
  });

  it('that has none is a warning', async () => {
    const { blocks, warnings } = await read(await drawn([], 'image/jpeg'), 'empty.jpg');
    expect(blocks).toEqual([]);
    expect(warnings).toEqual(['empty.jpg: no text was found in this picture.']);
  });

  it('that is cut off is damaged, or read as far as it goes', async () => {
    const whole = await drawn(LINES, 'image/png');
    const cut = read(whole.slice(0, 60), 'cut.png');
    await expect(cut).rejects.toBeInstanceOf(CorruptError);
    await expect(cut).rejects.toThrow('cut.png is damaged');
  });

  it('tells that it works while it does, and ends at once when it is stopped', async () => {
    const controller = new AbortController();
    let told = 0;
    const extraction = extractAll(await drawn(LINES, 'image/png'), 'shot.png', {
      ...{ assetsUrl, ocr: english, signal: controller.signal },
      progress: () => {
        if (++told === 3) controller.abort(new Error('enough'));
      },
    });
    await expect(extraction).rejects.toThrow('enough');
  });
});

describe('a page that is a picture under a stamp', () => {
  const stamp = 'CASE 0042';

  it('is read instead of its stamp', async () => {
    const pdf = await scanned(stamp);
    const { text, blocks, warnings } = await read(pdf, 'scan.pdf');
    expect(text).toContain('The quick brown fox');
    expect(blocks.every(({ place }) => place.page === 1)).toBe(true);
    expect(warnings).toEqual([
      'scan.pdf: page 1 was read from pictures by OCR, which may misread.',
    ]);
  });

  it('keeps its stamp, and is reported, where nobody asked', async () => {
    const pdf = await scanned(stamp);
    const { text, warnings } = await extractAll(pdf, 'scan.pdf', { assetsUrl });
    expect(text).toBe(`${stamp}\n\n`);
    expect(warnings).toEqual([expect.stringContaining('page 1 is a picture')]);
  });
});

describe('in a worker, where there is no document,', () => {
  it('a page is drawn and read', async () => {
    const worker = new ExtractWorker();
    const bytes = (await scanned('CASE 0042')).buffer;
    const answer = await new Promise((resolve, reject) => {
      worker.onmessage = (event: MessageEvent<unknown>) => resolve(event.data);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage({ bytes, assetsUrl, ocr: english }, [bytes]);
    });
    worker.terminate();
    expect(answer).toMatchObject({ pages: [1] });
    expect(JSON.stringify(answer)).toContain('quick brown fox');
  });
});

describe('the data of a language', () => {
  it('is taken gzipped and not', async () => {
    const data = await englishData();
    await checkOcrData('mine', await gzipped(data), signal);
    await checkOcrData('mine', new Blob([data]), signal);
  });

  it('is refused where it is damaged', async () => {
    const data = await englishData();
    const turned = data.slice();
    for (let at = 5000; at < turned.length; at += 997) turned[at] = (turned[at] ?? 0) ^ 0x5a;
    const cut = (await gzipped(data)).slice(0, 1 << 20);
    const damaged = [new Blob([]), new Blob(['no data']), new Blob([data.slice(0, 1 << 20)]), cut];
    for (const one of [...damaged, new Blob([turned])]) {
      await expect(checkOcrData('mine', one, signal)).rejects.toBeInstanceOf(CorruptError);
    }
  });

  it('that a person brought is read with; one that nobody has is said', async () => {
    const ocr = {
      languages: ['mine'],
      kept: new Map([['mine', await gzipped(await englishData())]]),
    };
    const picture = await drawn(LINES, 'image/png');
    expect((await read(picture, 'a.png', ocr)).text).toContain('quick brown fox');
    const missing = read(picture, 'a.png', { languages: ['xyz'] });
    await expect(missing).rejects.toBeInstanceOf(UnsupportedError);
    await expect(missing).rejects.toThrow('the language xyz');
  });
});
