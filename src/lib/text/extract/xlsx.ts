/**
 * Excel workbooks (.xlsx, .xlsm): each sheet is a table, row by row. Not the binary .xlsb and not
 * the old .xls. Charts, drawings and comments are left out.
 */

import { UnsupportedError } from '../../errors';
import type { Block, ExtractContext, Extractor } from '../document';
import { recogniseOoxml } from './ooxml';
import { TableBlocks, TextBudget } from './table-rows';
import { xmlSteps } from './xml';
import { ZipParts } from './zip-parts';

export const xlsx: Extractor = {
  type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  extensions: ['xlsx', 'xlsm', 'xltx', 'xltm'],
  recognise: (head, name) => recogniseOoxml(head, name, 'xl/', xlsx.extensions),
  extract: extractWorkbook,
};

async function* extractWorkbook(file: Blob, context: ExtractContext): AsyncGenerator<Block> {
  const { name, signal } = context;
  const parts = await ZipParts.open(file, name);
  try {
    if (parts.has('xl/workbook.bin')) {
      const message = `${name} is a binary Excel workbook; save it as .xlsx and add that.`;
      throw new UnsupportedError(message, { subject: name });
    }
    const { readWorkbook } = await import('./xlsx-workbook');
    const { SheetRows } = await import('./xlsx-sheet');
    const budget = new TextBudget(name);
    const book = await readWorkbook(parts, budget, context);
    let blank = true;
    for (const [at, sheet] of book.sheets.entries()) {
      signal.throwIfAborted();
      const table = new TableBlocks({ sheet: sheet.name });
      const rows = new SheetRows(book, budget, name);
      const steps = xmlSteps(parts.stream(sheet.path), rows, signal, name);
      try {
        while (!(await steps.next()).done) {
          // Not `yield*`, which waits for each block as for a promise.
          for (const row of rows.take()) for (const block of table.add(row)) yield block;
        }
      } finally {
        // Whoever stops reading early stops the unpacking.
        await steps.return(undefined);
      }
      yield* table.finish();
      blank &&= table.blank;
      context.progress(Math.round((file.size * (at + 1)) / book.sheets.length));
    }
    if (blank) context.warn(`${name} holds no text: all its cells are empty.`);
  } finally {
    await parts.close();
  }
}
