import { expect, it } from 'vitest';
import * as pdfjs from 'pdfjs-dist';
import PdfWorker from 'pdfjs-dist/build/pdf.worker.mjs?worker';
import { extractAll } from '../../fixtures/text/extraction';
const S = import.meta.glob<string>('../../../../shared/samples/docs/owasp-asvs-3.0.1-hebrew.pdf', { query: '?url', import: 'default', eager: true });
it('dump', async () => {
  const bytes = await (await fetch(Object.values(S)[0]!)).arrayBuffer();
  const worker = pdfjs.PDFWorker.create({ port: new PdfWorker() });
  const doc = await pdfjs.getDocument({ data: new Uint8Array(bytes.slice(0)), worker }).promise;
  const page = await doc.getPage(4);
  const { items } = await page.getTextContent();
  const rows = items.map((i) => 'str' in i ? `${i.dir} ${i.transform[4].toFixed(1)} ${i.transform[5].toFixed(1)} w${i.width.toFixed(1)} h${Math.hypot(i.transform[2],i.transform[3]).toFixed(1)} eol${i.hasEOL} ${JSON.stringify(i.str)}` : 'marked');
  console.log(rows.slice(0, 120).join('\n'));
  const e = await extractAll(bytes, 'h.pdf', { assetsUrl: new URL('/', location.href).href });
  console.log(e.blocks.filter(b => b.place.page === 4).map(b=>JSON.stringify(b.text)).join('\n'));
});
