/**
 * EPUB 2 and 3: the chapters in reading order, each under its title in the table of contents,
 * with its headings. Not pictures, fonts or what scripts would draw, and nothing that a shop has
 * locked.
 */

import { CorruptError, UnsupportedError } from '../../errors';
import { type Block, type ExtractContext, extensionOf, type Extractor } from '../document';
import { readBook } from './epub-book';
import { htmlFragment } from './html-fragment';
import { ZipParts } from './zip-parts';

export const epub: Extractor = {
  type: 'application/epub+zip',
  extensions: ['epub'],
  recognise: recogniseBook,
  extract: extractBook,
};

/** OCF 3.3, 4.3: the first entry is stored, is named `mimetype`, and holds the type. */
const MIMETYPE = 'mimetypeapplication/epub+zip';

function recogniseBook(head: Uint8Array, name: string): number {
  const text = new TextDecoder('latin1').decode(head);
  if (!text.startsWith('PK\x03\x04')) return 0;
  if (text.startsWith(MIMETYPE, 30)) return 0.98;
  // Books that were packed anew by hand have another order, and an extra field before the type.
  if (text.includes('application/epub+zip')) return 0.95;
  if (text.includes('META-INF/container.xml') && text.includes('.opf')) return 0.9;
  return extensionOf(name) === 'epub' ? 0.6 : 0;
}

async function* extractBook(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const { name, signal } = context;
  const parts = await ZipParts.open(file, name);
  try {
    const book = await readBook(parts, name, signal);
    const locked = book.spine.filter(({ path }) => book.locked.has(path)).length;
    if (locked > 0) {
      throw new UnsupportedError(
        `${name} is copy-protected (${locked} of its chapters are encrypted); it can be read in its shop's reader alone.`,
        { subject: name },
      );
    }
    const missing = book.spine.filter(({ path }) => !parts.has(path));
    if (missing.length === book.spine.length) {
      throw new CorruptError(`${name} is damaged: it holds none of its chapters.`, {
        subject: name,
      });
    }
    for (const { path } of missing) context.warn(`${name}: the chapter ${path} is missing.`);
    let chapter: string | undefined;
    let blocks = 0;
    for (const [i, item] of book.spine.entries()) {
      signal.throwIfAborted();
      if (!parts.has(item.path)) continue;
      const source = await parts.text(item.path);
      for (const block of chapterBlocks(source, { title: item.title, before: chapter, signal })) {
        blocks++;
        chapter = block.place.chapter;
        yield block;
      }
      context.progress(Math.floor((file.size * (i + 1)) / book.spine.length));
    }
    if (blocks === 0) {
      context.warn(`${name} holds no text; its pages may be pictures.`);
    }
  } finally {
    await parts.close();
  }
}

/**
 * One document of the spine. What the table of contents does not name is called by its first
 * heading; without one it goes on with the chapter before.
 */
function* chapterBlocks(
  source: string,
  options: { title: string | undefined; before: string | undefined; signal: AbortSignal },
): Generator<Block> {
  const blocks = htmlFragment(source, { xhtml: true, signal: options.signal });
  if (options.title !== undefined) {
    for (const block of blocks) yield within(block, options.title);
    return;
  }
  const held: Block[] = [];
  let chapter: string | undefined;
  for (const block of blocks) {
    chapter ??= block.place.heading?.[0];
    held.push(block);
    if (chapter !== undefined) for (const own of held.splice(0)) yield within(own, chapter);
  }
  for (const block of held) yield within(block, options.before);
}

function within(block: Block, chapter: string | undefined): Block {
  return chapter === undefined ? block : { ...block, place: { chapter, ...block.place } };
}
