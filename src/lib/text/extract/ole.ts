/**
 * Compound files ([MS-CFB]): what Office wrote before 2007, and what it wraps documents with a
 * password in. Says which it is, from the names in its directory; reads no text.
 */

import { CorruptError, PasswordError, UnsupportedError } from '../../errors';
import type { ExtractContext, Extractor } from '../document';

const SIGNATURE = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
/** Special sector numbers begin here (2.1). */
const MAX_SECTOR = 0xfffffffa;
/** Sectors of a directory that are looked at: the names that matter come first. */
const MAX_SECTORS = 1024;
const ENTRY = 128;

/** Streams by which a program's files are known, and what it can save instead. */
const PROGRAMS: readonly [stream: string, what: string, instead: string][] = [
  ['WordDocument', 'an old Word document (.doc)', '.docx'],
  ['Workbook', 'an old Excel workbook (.xls)', '.xlsx'],
  ['Book', 'an old Excel workbook (.xls)', '.xlsx'],
  ['PowerPoint Document', 'an old PowerPoint presentation (.ppt)', '.pptx'],
  ['VisioDocument', 'an old Visio drawing (.vsd)', '.pdf'],
  ['Quill', 'a Publisher document (.pub)', '.pdf'],
  ['__properties_version1.0', 'an Outlook message (.msg)', '.eml'],
];

export const ole: Extractor = {
  type: 'application/x-ole-storage',
  extensions: ['doc', 'dot', 'xls', 'xlt', 'ppt', 'pps', 'vsd', 'pub', 'msg'],
  recognise: (head) => (SIGNATURE.every((byte, index) => head[index] === byte) ? 1 : 0),
  extract: (file, context) => ({
    [Symbol.asyncIterator]: () => ({ next: () => refuse(file, context) }),
  }),
};

async function refuse(file: Blob, { name, signal }: ExtractContext): Promise<never> {
  signal.throwIfAborted();
  const about = { subject: name };
  const names = await streamNames(file);
  if (names.size === 0) {
    const message = `${name} is damaged: it is an Office file whose contents are not readable.`;
    throw new CorruptError(message, about);
  }
  // [MS-OFFCRYPTO] 1.3.2; rights management has a name of its own inside.
  if (names.has('EncryptedPackage')) {
    const message = `${name} is protected by a password; save a copy without it and add that.`;
    throw new PasswordError(message, about);
  }
  const [, what = 'an old Office file', instead = 'a newer format'] =
    PROGRAMS.find(([stream]) => names.has(stream)) ?? [];
  throw new UnsupportedError(
    `${name} is ${what}, which is not read here; save it as ${instead} and add that.`,
    about,
  );
}

/** The names of streams and folders in the directory; none where it is damaged. */
async function streamNames(file: Blob): Promise<Set<string>> {
  const names = new Set<string>();
  const header = await view(file, 0, 512);
  if (header.byteLength < 512) return names;
  const shift = header.getUint16(30, true);
  // Sectors have 512 or 4,096 bytes (2.2).
  if (shift !== 9 && shift !== 12) return names;
  const size = 1 << shift;
  const seen = new Set<number>();
  let sector = header.getUint32(48, true);
  while (sector < MAX_SECTOR && !seen.has(sector) && seen.size < MAX_SECTORS) {
    seen.add(sector);
    const entries = await view(file, (sector + 1) * size, size);
    for (let at = 0; at + ENTRY <= entries.byteLength; at += ENTRY) {
      const name = nameOf(entries, at);
      if (name !== '') names.add(name);
    }
    sector = await nextSector(file, header, sector, size);
  }
  return names;
}

/** From the allocation table, whose first 109 sectors the header lists (2.3). */
async function nextSector(
  file: Blob,
  header: DataView,
  sector: number,
  size: number,
): Promise<number> {
  const index = Math.floor((sector * 4) / size);
  if (index >= 109) return MAX_SECTOR;
  const table = header.getUint32(76 + index * 4, true);
  const next = await view(file, (table + 1) * size + ((sector * 4) % size), 4);
  return next.byteLength < 4 ? MAX_SECTOR : next.getUint32(0, true);
}

/** A name of at most 31 UTF-16 units, of an entry that is in use (2.6.1). */
function nameOf(entries: DataView, at: number): string {
  const units = Math.min(entries.getUint16(at + 64, true) / 2 - 1, 31);
  if (entries.getUint8(at + 66) === 0) return '';
  let name = '';
  for (let i = 0; i < units; i++) {
    name += String.fromCharCode(entries.getUint16(at + i * 2, true));
  }
  return name;
}

async function view(file: Blob, at: number, length: number): Promise<DataView> {
  return new DataView(await file.slice(at, at + length).arrayBuffer());
}
