/** Extracts and chunks one file in a worker, as the app does: no `document` there. */

import { chunkBlocks } from '../../../src/lib/text/chunk';
import { extractAll } from '../../fixtures/text/extraction';

addEventListener('message', (event: MessageEvent<{ bytes: ArrayBuffer; assetsUrl: string }>) => {
  void answer(event.data);
});

async function answer({ bytes, assetsUrl }: { bytes: ArrayBuffer; assetsUrl: string }) {
  try {
    const { blocks } = await extractAll(bytes, 'file.pdf', { assetsUrl });
    const pages: (number | undefined)[] = [];
    for await (const { place } of chunkBlocks(blocks)) pages.push(place.page);
    postMessage({ blocks, pages });
  } catch (error) {
    postMessage({ error: String(error) });
  }
}
