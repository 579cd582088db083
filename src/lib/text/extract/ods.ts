/**
 * OpenDocument spreadsheets (.ods, .ots): each sheet is a table, row by row. Not text documents and
 * presentations, and not the flat form that is one XML file.
 */

import { CorruptError, PasswordError } from '../../errors';
import { type Block, type ExtractContext, extensionOf, type Extractor } from '../document';
import { OdsTables } from './ods-table';
import { localName } from './ooxml';
import { TableBlocks, TextBudget } from './table-rows';
import { readXml, xmlSteps } from './xml';
import { firstEntries, ZipParts } from './zip-parts';

const MANIFEST = 'META-INF/manifest.xml';
const CONTENT = 'content.xml';

export const ods: Extractor = {
  type: 'application/vnd.oasis.opendocument.spreadsheet',
  extensions: ['ods', 'ots'],
  recognise: recogniseSpreadsheet,
  extract: extractSpreadsheet,
};

function recogniseSpreadsheet(head: Uint8Array, name: string): number {
  const entries = firstEntries(head);
  const type = entries.find((entry) => entry.name === 'mimetype')?.content.trim();
  if (type !== undefined && type !== '') return type.startsWith(ods.type) ? 0.95 : 0;
  return entries.length > 0 && ods.extensions.includes(extensionOf(name)) ? 0.6 : 0;
}

async function* extractSpreadsheet(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const { name, signal } = context;
  const parts = await ZipParts.open(file, name);
  try {
    await refuseLocked(parts, context);
    if (!parts.has(CONTENT)) {
      const message = `${name} is damaged, or no spreadsheet: its ${CONTENT} is missing.`;
      throw new CorruptError(message, { subject: name });
    }
    const tables = new OdsTables(new TextBudget(name), name);
    const steps = xmlSteps(parts.stream(CONTENT), tables, signal, name);
    let table = new TableBlocks();
    let blank = true;
    try {
      while (!(await steps.next()).done) {
        for (const part of tables.take()) {
          if ('sheet' in part) {
            yield* table.finish();
            table = new TableBlocks({ sheet: part.sheet });
            continue;
          }
          blank = false;
          // Not `yield*`, which waits for each block as for a promise.
          for (const block of table.add(part)) yield block;
        }
      }
    } finally {
      // Whoever stops reading early stops the unpacking.
      await steps.return(undefined);
    }
    yield* table.finish();
    context.progress(file.size);
    if (tables.cut) {
      context.warn(`${name} repeats some rows or cells very often; of those one each was read.`);
    }
    if (blank) context.warn(`${name} holds no text: all its cells are empty.`);
  } finally {
    await parts.close();
  }
}

/** Parts of a locked document are encrypted one by one; the manifest is not. */
async function refuseLocked(parts: ZipParts, { name, signal }: ExtractContext): Promise<void> {
  if (!parts.has(MANIFEST)) return;
  const open = (tag: string): void => {
    if (localName(tag) !== 'encryption-data') return;
    const message = `${name} is protected by a password; save a copy without it and add that.`;
    throw new PasswordError(message, { subject: name });
  };
  await readXml(await parts.text(MANIFEST), { open }, signal, name);
}
