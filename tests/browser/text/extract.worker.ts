/** Extracts and chunks one file in a worker, as the app does: no `document` there. */

import { chunkBlocks } from '../../../src/lib/text/chunk';
import type { OcrSettings } from '../../../src/lib/text/document';
import { extractAll } from '../../fixtures/text/extraction';

interface Given {
  readonly bytes: ArrayBuffer;
  readonly assetsUrl: string;
  readonly ocr?: OcrSettings;
}

addEventListener('message', (event: MessageEvent<Given>) => {
  void answer(event.data);
});

async function answer({ bytes, ...context }: Given) {
  try {
    const { blocks } = await extractAll(bytes, 'file.pdf', context);
    const pages: (number | undefined)[] = [];
    for await (const { place } of chunkBlocks(blocks)) pages.push(place.page);
    postMessage({ blocks, pages });
  } catch (error) {
    postMessage({ error: String(error) });
  }
}
