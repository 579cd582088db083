/**
 * Word documents (DOCX): headings, paragraphs, lists, tables row by row, text boxes, notes where
 * they are referred to, and headers and footers once, at the end. The old DOC is `ole.ts`'s.
 */

import type { Block, ExtractContext, Extractor } from '../document';
import { DocxReader } from './docx-body';
import { DocxNumbering } from './docx-numbering';
import { DocxStyles } from './docx-styles';
import { OfficeBlocks } from './office-blocks';
import { mainPart, readRelationships, recogniseOoxml, type Relationship, targetsOf } from './ooxml';
import { readXml, xmlSteps } from './xml';
import { ZipParts } from './zip-parts';

export const docx: Extractor = {
  type: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  extensions: ['docx', 'docm', 'dotx', 'dotm'],
  recognise: (head, name) => recogniseOoxml(head, name, 'word/', docx.extensions),
  extract: extractDocx,
};

async function* extractDocx(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const { name, signal } = context;
  const parts = await ZipParts.open(file, name);
  const main = await mainPart(parts, 'word/document.xml', 'Word document', context);
  const references = await readRelationships(parts, main, context);
  const styles = new DocxStyles();
  const numbering = new DocxNumbering();
  const notes = new Map<string, string>();
  const reading = { styles, numbering, notes };
  for (const [type, handler] of [
    ['styles', styles],
    ['numbering', numbering],
    ['footnotes', new DocxReader(new OfficeBlocks(name), reading)],
    ['endnotes', new DocxReader(new OfficeBlocks(name), reading)],
  ] as const) {
    for (const path of targetsOf(parts, references, type)) {
      await readXml(await parts.text(path), handler, signal, name);
    }
  }
  const blocks = new OfficeBlocks(name);
  const body = new DocxReader(blocks, reading);
  const steps = xmlSteps(parts.stream(main), body, signal, name);
  while (!(await steps.next()).done) yield* blocks.take();
  blocks.enter({});
  for (const text of await readMargins(parts, references, reading, context)) blocks.paragraph(text);
  yield* blocks.finish();
  context.progress(file.size);
  if (blocks.count === 0) context.warn(`${name} holds no text; pictures in it are not read.`);
  await parts.close();
}

/** What headers and footers say, each text once; page numbers alone say nothing. */
async function readMargins(
  parts: ZipParts,
  references: readonly Relationship[],
  reading: ConstructorParameters<typeof DocxReader>[1],
  { name, signal }: ExtractContext,
): Promise<Set<string>> {
  const texts = new Set<string>();
  for (const type of ['header', 'footer']) {
    for (const path of targetsOf(parts, references, type)) {
      const blocks = new OfficeBlocks(name);
      await readXml(await parts.text(path), new DocxReader(blocks, reading), signal, name);
      const text = [...blocks.finish()].map((block) => block.text).join('');
      if (/\p{L}/u.test(text)) texts.add(text.trim());
    }
  }
  return texts;
}
