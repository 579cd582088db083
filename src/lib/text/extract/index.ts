/**
 * The formats that Memreel reads, and how a file's own is found: by its content first, by its
 * name only where the content could be several. One file adds one format.
 */

import { UnsupportedError } from '../../errors';
import type { Extractor } from '../document';
import { html } from './html';
import { jsonl } from './jsonl';
import { markdown } from './markdown';
import { pdf } from './pdf';
import { plain } from './plain';

export const EXTRACTORS: readonly Extractor[] = [pdf, html, jsonl, markdown, plain];

const HEAD = 4096;

/**
 * The extractor that is surest of the file.
 *
 * @throws UnsupportedError naming the file and what it seems to be
 */
export async function recogniseDocument(file: Blob, name: string): Promise<Extractor> {
  const head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
  let best: Extractor | undefined;
  let surest = 0;
  for (const extractor of EXTRACTORS) {
    const sure = extractor.recognise(head, name);
    if (sure > surest) [best, surest] = [extractor, sure];
  }
  if (best !== undefined) return best;
  throw new UnsupportedError(`${name} is ${describeBinary(head)}, which cannot be read as text.`, {
    subject: name,
  });
}

/** First bytes (as Latin-1, at an offset) of files that people drop in. */
const SIGNATURES: readonly [magic: string, offset: number, what: string][] = [
  ['\x89PNG', 0, 'an image'],
  ['\xff\xd8\xff', 0, 'an image'],
  ['GIF8', 0, 'an image'],
  ['WEBP', 8, 'an image'],
  ['II*\0', 0, 'an image'],
  ['MM\0*', 0, 'an image'],
  ['\0\0\x01\0', 0, 'an icon'],
  ['WAVE', 8, 'a sound recording'],
  ['ID3', 0, 'a sound recording'],
  ['OggS', 0, 'a sound recording or video'],
  ['fLaC', 0, 'a sound recording'],
  ['ftyp', 4, 'a video, sound recording or image'],
  ['\x1aE\xdf\xa3', 0, 'a video'],
  ['PK\x03\x04', 0, 'a ZIP archive or a document in one'],
  ['PK\x05\x06', 0, 'an empty ZIP archive'],
  ['\xd0\xcf\x11\xe0', 0, 'an old or locked Office document'],
  ['\x1f\x8b', 0, 'a gzip archive'],
  ['7z\xbc\xaf', 0, 'a 7z archive'],
  ['Rar!', 0, 'a RAR archive'],
  ['BZh', 0, 'a bzip2 archive'],
  ['\xfd7zXZ', 0, 'an xz archive'],
  ['ustar', 257, 'a tar archive'],
  ['SQLite format 3', 0, 'a database'],
  ['MZ', 0, 'a program'],
  ['\x7fELF', 0, 'a program'],
  ['\0asm', 0, 'a program'],
];

function describeBinary(head: Uint8Array): string {
  const found = SIGNATURES.find(([magic, offset]) => startsWithBytes(head, magic, offset));
  return found?.[2] ?? 'an unknown binary file';
}

function startsWithBytes(head: Uint8Array, magic: string, offset: number): boolean {
  for (let i = 0; i < magic.length; i++) {
    if (head[offset + i] !== magic.charCodeAt(i)) return false;
  }
  return true;
}
