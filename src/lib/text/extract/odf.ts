/**
 * OpenDocument texts and presentations (ODT, ODP): headings by their outline level, paragraphs,
 * lists, tables row by row, notes, frames; slides with title and speaker's notes. Sheets are
 * `ods.ts`'s.
 */

import { CorruptError, PasswordError } from '../../errors';
import { type Block, type ExtractContext, extensionOf, type Extractor } from '../document';
import { OdfReader } from './odf-body';
import { OdpReader } from './odf-slides';
import { OfficeBlocks } from './office-blocks';
import { readXml, type XmlHandler, xmlSteps } from './xml';
import { firstEntries, ZipParts } from './zip-parts';

const TYPE = 'application/vnd.oasis.opendocument.';

export const odt: Extractor = {
  type: `${TYPE}text`,
  extensions: ['odt', 'ott', 'odm'],
  recognise: (head, name) => recogniseOdf(head, name, odt),
  extract: extractOdt,
};

export const odp: Extractor = {
  type: `${TYPE}presentation`,
  extensions: ['odp', 'otp'],
  recognise: (head, name) => recogniseOdf(head, name, odp),
  extract: extractOdp,
};

/** A package says what it is in its first entry, which is stored (ODF 1.3 part 2, 3.3). */
function recogniseOdf(head: Uint8Array, name: string, { type, extensions }: Extractor): number {
  const entries = firstEntries(head);
  const said = entries.find((entry) => entry.name === 'mimetype')?.content.trim();
  if (said) return said === type || said.startsWith(type + '-') ? 0.95 : 0;
  return entries.length > 0 && extensions.includes(extensionOf(name)) ? 0.6 : 0;
}

async function* extractOdt(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const parts = await openOdf(file, context);
  const blocks = new OfficeBlocks(context.name);
  yield* readContent(parts, new OdfReader(blocks), blocks, context);
  blocks.enter({});
  const margins = new OdfMargins(context.name);
  if (parts.has('styles.xml')) {
    await readXml(await parts.text('styles.xml'), margins, context.signal, context.name);
  }
  for (const text of margins.texts) blocks.paragraph(text);
  yield* finish(file, parts, blocks, context);
}

async function* extractOdp(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const parts = await openOdf(file, context);
  const blocks = new OfficeBlocks(context.name);
  yield* readContent(parts, new OdpReader(blocks), blocks, context);
  yield* finish(file, parts, blocks, context);
}

async function openOdf(file: Blob, { name }: ExtractContext): Promise<ZipParts> {
  const parts = await ZipParts.open(file, name);
  const manifest = 'META-INF/manifest.xml';
  const locked =
    parts.has('encrypted-package') ||
    (parts.has(manifest) && (await parts.text(manifest)).includes('encryption-data'));
  if (locked) {
    throw new PasswordError(
      `${name} is protected by a password; save a copy without it and add that.`,
      { subject: name },
    );
  }
  if (!parts.has('content.xml')) {
    throw new CorruptError(`${name} is damaged, or no OpenDocument: its text is missing.`, {
      subject: name,
    });
  }
  return parts;
}

async function* readContent(
  parts: ZipParts,
  reader: XmlHandler,
  blocks: OfficeBlocks,
  { name, signal }: ExtractContext,
): AsyncGenerator<Block> {
  const steps = xmlSteps(parts.stream('content.xml'), reader, signal, name);
  while (!(await steps.next()).done) yield* blocks.take();
}

async function* finish(
  file: Blob,
  parts: ZipParts,
  blocks: OfficeBlocks,
  { name, warn, progress }: ExtractContext,
): AsyncGenerator<Block> {
  yield* blocks.finish();
  progress(file.size);
  if (blocks.count === 0) warn(`${name} holds no text; pictures in it are not read.`);
  await parts.close();
}

/** Headers and footers of `styles.xml`, each text once; page numbers alone say nothing. */
class OdfMargins implements XmlHandler {
  readonly texts = new Set<string>();
  readonly #name: string;
  #blocks: OfficeBlocks;
  #reader: OdfReader | undefined;

  constructor(name: string) {
    this.#name = name;
    this.#blocks = new OfficeBlocks(name);
  }

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    if (isMargin(name)) {
      this.#blocks = new OfficeBlocks(this.#name);
      this.#reader = new OdfReader(this.#blocks);
    }
    this.#reader?.open(name, attributes);
  }

  text(text: string): void {
    this.#reader?.text(text);
  }

  close(name: string): void {
    this.#reader?.close(name);
    if (!isMargin(name)) return;
    const text = [...this.#blocks.finish()].map((block) => block.text).join('');
    if (/\p{L}/u.test(text)) this.texts.add(text.trim());
    this.#reader = undefined;
  }
}

/** `style:header-left` and its like too; not `style:header-style`, which is how it looks. */
function isMargin(name: string): boolean {
  return /^style:(header|footer)(-left|-first)?$/.test(name);
}
