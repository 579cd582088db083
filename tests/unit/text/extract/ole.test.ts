import { describe, expect, it } from 'vitest';
import { CorruptError, PasswordError, UnsupportedError } from '../../../../src/lib/errors';
import { extractAll } from '../../../fixtures/text/extraction';

const SECTOR = 512;
const END = 0xfffffffe;

/** A compound file whose directory, of one sector each four names, begins at sector 1. */
function makeOle(
  names: readonly string[],
  next: (sector: number) => number,
): Uint8Array<ArrayBuffer> {
  const sectors = Math.ceil(names.length / 4);
  const bytes = new Uint8Array((2 + sectors) * SECTOR);
  const view = new DataView(bytes.buffer);
  bytes.set([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
  view.setUint16(30, 9, true);
  view.setUint32(48, 1, true);
  // The allocation table is sector 0.
  view.setUint32(76, 0, true);
  for (let sector = 1; sector <= sectors; sector++) {
    view.setUint32(SECTOR + sector * 4, next(sector), true);
  }
  names.forEach((name, index) => {
    const at = 2 * SECTOR + index * 128;
    for (let i = 0; i < name.length; i++) view.setUint16(at + i * 2, name.charCodeAt(i), true);
    view.setUint16(at + 64, (name.length + 1) * 2, true);
    view.setUint8(at + 66, 2);
  });
  return bytes;
}

const chain = (last: number) => (sector: number) => (sector < last ? sector + 1 : END);

describe('old and locked Office files', () => {
  it('are refused with what they are, wherever it stands in the directory', async () => {
    const filler = ['Root Entry', '1Table', 'x', 'y', 'z', 'CompObj'];
    const cases = [
      ['EncryptedPackage', 'a.docx', PasswordError, /^a\.docx .*password/],
      ['WordDocument', 'b.doc', UnsupportedError, /^b\.doc .*Word.*\.docx/],
      ['Workbook', 'c.xls', UnsupportedError, /^c\.xls .*Excel.*\.xlsx/],
      ['PowerPoint Document', 'd.txt', UnsupportedError, /^d\.txt .*PowerPoint.*\.pptx/],
      ['Thumbs', 'e.db', UnsupportedError, /^e\.db /],
    ] as const;
    for (const [stream, name, kind, message] of cases) {
      const reading = extractAll(makeOle([...filler, stream], chain(2)), name);
      await expect(reading).rejects.toThrow(kind);
      await expect(reading).rejects.toThrow(message);
    }
  });

  it('end where the directory goes round in a circle, or is cut off', async () => {
    const circle = makeOle(['Root Entry', 'a', 'b', 'c', 'd'], () => 1);
    await expect(extractAll(circle, 'a.doc')).rejects.toThrow(UnsupportedError);
    const whole = makeOle(['Root Entry', 'WordDocument'], chain(1));
    for (let end = 8; end < whole.length; end += 50) {
      const kind = end < 2 * SECTOR + 128 ? CorruptError : UnsupportedError;
      await expect(extractAll(whole.slice(0, end), 'cut.doc')).rejects.toThrow(kind);
    }
  });
});
