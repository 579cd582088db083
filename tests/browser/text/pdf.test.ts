import { describe, expect, it } from 'vitest';
import { CorruptError, PasswordError } from '../../../src/lib/errors';
import type { ExtractContext } from '../../../src/lib/text/document';
import {
  blocksHolding,
  comparable,
  extractAll,
  type Extraction,
  type Sample,
} from '../../fixtures/text/extraction';
import { tinyPdf } from '../../fixtures/text/tiny-pdf';
import ExtractWorker from './extract.worker?worker';

const assetsUrl = new URL('/', location.href).href;

function extractPdf(
  content: BlobPart,
  name: string,
  context: Partial<ExtractContext> = {},
): Promise<Extraction> {
  return extractAll(content, name, { assetsUrl, ...context });
}

describe('a PDF', () => {
  it('gives lines, paragraphs, joined words and pages in order', async () => {
    const { type, blocks, warnings } = await extractPdf(
      tinyPdf([
        [
          { text: 'A heading', x: 50, y: 740, size: 20 },
          { text: 'The first line of elec-', x: 50, y: 700 },
          { text: 'tronic text, peer-to-', x: 50, y: 688 },
          { text: 'peer.', x: 50, y: 676 },
          { text: 'Another paragraph', x: 50, y: 640 },
          // Written out of order, as some producers do.
          { text: 'end', x: 180, y: 628 },
          { text: 'its', x: 50, y: 628 },
        ],
        [{ text: 'Page two (2)', x: 50, y: 700 }],
      ]),
      'two.bin',
    );
    expect(type).toBe('application/pdf');
    expect(blocks).toEqual([
      { kind: 'paragraph', text: 'A heading\n\n', place: { page: 1 } },
      {
        kind: 'paragraph',
        text: 'The first line of electronic text, peer-to-peer.\n\n',
        place: { page: 1 },
      },
      { kind: 'paragraph', text: 'Another paragraph\nits end\n\n', place: { page: 1 } },
      { kind: 'paragraph', text: 'Page two (2)\n\n', place: { page: 2 } },
    ]);
    expect(warnings).toEqual([]);
  });

  it('names the pages without text', async () => {
    const text = [{ text: 'text', x: 50, y: 700 }];
    const { warnings } = await extractPdf(tinyPdf([[], text, [], [], [], text]), 'scan.pdf');
    expect(warnings).toEqual(['scan.pdf: no text on pages 1, 3–5.']);
  });

  it('without its end gives what is left, and says so', async () => {
    const whole = tinyPdf([[{ text: 'still here', x: 50, y: 700 }]]);
    const cut = whole.slice(0, whole.length - '%%EOF\n'.length);
    const { text, warnings } = await extractPdf(cut, 'cut.pdf');
    expect(text).toContain('still here');
    expect(warnings).toEqual([expect.stringContaining('cut off')]);
  });

  it('with nothing in it is corrupt, and the error names the file', async () => {
    const extraction = extractPdf('%PDF-1.7\nnothing else', 'broken.pdf');
    await expect(extraction).rejects.toSatisfy(
      (error) => error instanceof CorruptError && error.subject === 'broken.pdf',
    );
  });

  it('is read in a worker, where there is no document', async () => {
    const bytes = tinyPdf([[{ text: 'from a worker', x: 50, y: 700 }]]).buffer;
    const worker = new ExtractWorker();
    const answer = await new Promise((resolve, reject) => {
      worker.onmessage = (event: MessageEvent<unknown>) => resolve(event.data);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage({ bytes, assetsUrl }, [bytes]);
    });
    worker.terminate();
    const block = { kind: 'paragraph', text: 'from a worker\n\n', place: { page: 1 } };
    expect(answer).toEqual({ blocks: [block], pages: [1] });
  });

  it('stops when aborted, with the reason given', async () => {
    const controller = new AbortController();
    const pages = Array.from({ length: 50 }, () => [{ text: 'text', x: 50, y: 700 }]);
    const extraction = extractPdf(tinyPdf(pages), 'long.pdf', {
      signal: controller.signal,
      progress: () => controller.abort(new Error('enough')),
    });
    await expect(extraction).rejects.toThrow('enough');
  });
});

// Bundled by URL, because a page cannot read files; nothing is found where there are no samples.
const SAMPLES = import.meta.glob<string>('../../../../shared/samples/docs/*.pdf', {
  query: '?url',
  import: 'default',
  eager: true,
});
const MANIFEST = import.meta.glob<Sample[]>('../../../../shared/samples/docs/MANIFEST.json', {
  import: 'default',
  eager: true,
});
const [manifest = []] = Object.values(MANIFEST);

async function sampleBytes(name: string): Promise<ArrayBuffer> {
  const url = Object.entries(SAMPLES).find(([path]) => path.endsWith(`/${name}`))?.[1];
  const response = await fetch(url ?? name);
  expect(response.ok, `${name} is served`).toBe(true);
  return response.arrayBuffer();
}

describe.skipIf(manifest.length === 0)(
  'sample PDFs (skipped: no samples beside the repository)',
  () => {
    it.each([
      'bitcoin-whitepaper.pdf',
      'owasp-asvs-5.0.0-en.pdf',
      'owasp-asvs-3.0.1-hebrew.pdf',
      'openchain-supplier-leaflet-ja.pdf',
      'irs-form-1040-2010.pdf',
    ])('%s: every text on its page', async (name) => {
      const { blocks } = await extractPdf(await sampleBytes(name), name);
      const snippets = manifest.find((entry) => entry.file === name)?.must_contain ?? [];
      expect(snippets.length).toBeGreaterThan(0);
      for (const snippet of snippets) {
        // As the samples' README has it, Japanese is compared without any white space.
        const rule = name.includes('-ja.') ? { match: 'whitespace-insensitive' as const } : {};
        const held = blocksHolding(blocks, { ...snippet, ...rule });
        const pages = held.map((block) => `page ${block.place.page}`);
        const wanted = [snippet.where, ...(snippet.also_at ?? [])];
        expect(
          wanted.filter((where) => pages.includes(where)),
          snippet.text,
        ).not.toEqual([]);
      }
    });

    it('a scanned page gives no text and a warning', async () => {
      const { text, warnings } = await extractPdf(
        await sampleBytes('scanned-image-only.pdf'),
        's.pdf',
      );
      expect(text).toBe('');
      expect(warnings).toEqual([
        expect.stringContaining('s.pdf: page 1 is a picture, and text in it was not read.'),
      ]);
    });

    it('a scanned page is read where that is asked for', async () => {
      const { blocks, warnings } = await extractPdf(
        await sampleBytes('scanned-image-only.pdf'),
        's.pdf',
        { ocr: { languages: ['eng'] } },
      );
      expect(blocks.map(({ place }) => place)).toContainEqual({ page: 1 });
      expect(blocks.map(({ text }) => text).join('')).toContain('Happy New Year 2003!');
      expect(warnings).toEqual(['s.pdf: page 1 was read from pictures by OCR, which may misread.']);
    });

    it('a locked file opens with its password, asked for again after a wrong one', async () => {
      const bytes = await sampleBytes('password-protected.pdf');
      const given = ['wrong', 'openpassword'];
      const { text } = await extractPdf(bytes, 'l.pdf', { password: async () => given.shift() });
      expect(comparable(text).trim()).not.toBe('');
    });

    it('a locked file stays locked without it, and with wrong ones', async () => {
      const bytes = await sampleBytes('password-protected.pdf');
      let asked = 0;
      for (const password of [undefined, async () => undefined, async () => `wrong ${asked++}`]) {
        const extraction = extractPdf(bytes, 'l.pdf', password === undefined ? {} : { password });
        await expect(extraction).rejects.toBeInstanceOf(PasswordError);
      }
      expect(asked).toBe(3);
    });

    it('a truncated file gives partial text with a warning, or is corrupt', async () => {
      const bytes = await sampleBytes('truncated.pdf');
      const outcome = await extractPdf(bytes, 't.pdf').catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(CorruptError);
      else expect(outcome).toHaveProperty('warnings', [expect.stringContaining('cut off')]);
    });
  },
);
