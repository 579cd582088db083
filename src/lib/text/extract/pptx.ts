/**
 * Presentations (PPTX): the slides in the order in which they are shown, hidden ones too, each
 * with its title, its texts and tables, and what the speaker noted. Also the texts of SmartArt.
 * The old PPT is `ole.ts`'s.
 */

import type { Block, ExtractContext, Extractor } from '../document';
import { OfficeBlocks } from './office-blocks';
import { localName, mainPart, readRelationships, recogniseOoxml, targetsOf } from './ooxml';
import { SlideReader } from './pptx-slide';
import { readXml } from './xml';
import { ZipParts } from './zip-parts';

export const pptx: Extractor = {
  type: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  extensions: ['pptx', 'pptm', 'ppsx', 'ppsm', 'potx', 'potm'],
  recognise: (head, name) => recogniseOoxml(head, name, 'ppt/', pptx.extensions),
  extract: extractPptx,
};

async function* extractPptx(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const { name, signal, warn, progress } = context;
  const parts = await ZipParts.open(file, name);
  const main = await mainPart(parts, 'ppt/presentation.xml', 'presentation', context);
  const slides = await slidesOf(parts, main, context);
  const blocks = new OfficeBlocks(name);
  const lost: number[] = [];
  for (const [index, path] of slides.entries()) {
    signal.throwIfAborted();
    if (path === undefined) lost.push(index + 1);
    else await readSlide(parts, path, index + 1, blocks, context);
    yield* blocks.take();
    progress(Math.round((file.size * (index + 1)) / slides.length));
  }
  yield* blocks.finish();
  if (lost.length > 0) warn(`${name} is damaged: slides are missing: ${lost.join(', ')}.`);
  if (blocks.count === 0) warn(`${name} holds no text; pictures in it are not read.`);
  await parts.close();
}

/** The paths of the slides in the order of the show; undefined where one is missing. */
async function slidesOf(
  parts: ZipParts,
  main: string,
  context: ExtractContext,
): Promise<(string | undefined)[]> {
  const references = await readRelationships(parts, main, context);
  const targets = new Map(references.map(({ id, target }) => [id, target]));
  const slides: (string | undefined)[] = [];
  const open = (element: string, attributes: Readonly<Record<string, string>>) => {
    if (localName(element) !== 'sldId') return;
    // It has an `id` of its own beside the reference, which has a prefix.
    const id = Object.keys(attributes).find((key) => key.endsWith(':id'));
    const path = targets.get(attributes[id ?? ''] ?? '');
    slides.push(path !== undefined && parts.has(path) ? path : undefined);
  };
  await readXml(await parts.text(main), { open }, context.signal, context.name);
  return slides;
}

async function readSlide(
  parts: ZipParts,
  path: string,
  slide: number,
  blocks: OfficeBlocks,
  context: ExtractContext,
): Promise<void> {
  const { name, signal } = context;
  const reader = new SlideReader(blocks);
  await readXml(await parts.text(path), reader, signal, name);
  const references = await readRelationships(parts, path, context);
  for (const drawing of targetsOf(parts, references, 'diagramData')) {
    await readXml(await parts.text(drawing), reader, signal, name);
  }
  const items = reader.finish();
  blocks.enter({ slide });
  blocks.heading(1, reader.title);
  blocks.put(items);
  for (const notes of targetsOf(parts, references, 'notesSlide')) {
    const noted = new SlideReader(blocks);
    await readXml(await parts.text(notes), noted, signal, name);
    const texts = noted.finish();
    blocks.enter({ slide, notes: true }, reader.title === '' ? [] : [reader.title]);
    blocks.put(texts);
  }
}
