/**
 * The formats that Memreel reads, and how a file's own is found: by its content first, by its
 * name only where the content could be several. One file adds one format.
 */

import { UnsupportedError } from '../../errors';
import type { Container, Extractor } from '../document';
import { csv, tsv } from './csv';
import { docx } from './docx';
import { html } from './html';
import { image } from './image';
import { json } from './json';
import { jsonl } from './jsonl';
import { markdown } from './markdown';
import { ods } from './ods';
import { pdf } from './pdf';
import { code } from './code';
import { epub } from './epub';
import { ipynb } from './ipynb';
import { mail, mailContainer } from './mail';
import { mbox } from './mbox';
import { subtitles } from './subtitles';
import { odp, odt } from './odf';
import { ole } from './ole';
import { rtf } from './rtf';
import { pptx } from './pptx';
import { plain } from './plain';
import { xlsx } from './xlsx';
import { zip } from './zip';

export const EXTRACTORS: readonly Extractor[] = [
  pdf,
  docx,
  pptx,
  odt,
  odp,
  rtf,
  ole,
  html,
  jsonl,
  csv,
  tsv,
  json,
  xlsx,
  ods,
  markdown,
  code,
  epub,
  ipynb,
  mail,
  mbox,
  subtitles,
  image,
  plain,
];

const HEAD = 4096;

/** Formats that hold other files. */
export const CONTAINERS: readonly Container[] = [mailContainer, zip];

/** What a file can be read as: text, a holder of files, or both, as a message with attachments. */
export type Recognised =
  | { readonly extractor: Extractor; readonly container?: Container | undefined }
  | { readonly extractor?: undefined; readonly container: Container };

/**
 * What can read the file. Where a format of text and one that holds files both know it, the surer
 * one has it, for a zip-based document is no archive; both have it where they are equally sure.
 *
 * @throws UnsupportedError naming the file and what it seems to be
 */
export async function recogniseFile(file: Blob, name: string): Promise<Recognised> {
  const head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
  const text = surest(EXTRACTORS, head, name);
  const files = surest(CONTAINERS, head, name);
  if (text.format && text.sure >= files.sure) {
    const container = text.sure === files.sure ? files.format : undefined;
    return { extractor: text.format, container };
  }
  if (files.format) return { container: files.format };
  throw unreadable(head, name);
}

/**
 * The extractor that is surest of the file.
 *
 * @throws UnsupportedError naming the file and what it seems to be
 */
export async function recogniseDocument(file: Blob, name: string): Promise<Extractor> {
  const { extractor } = await recogniseFile(file, name);
  if (extractor) return extractor;
  throw unreadable(new Uint8Array(await file.slice(0, HEAD).arrayBuffer()), name);
}

function surest<T extends Extractor | Container>(
  formats: readonly T[],
  head: Uint8Array,
  name: string,
): { format: T | undefined; sure: number } {
  let format: T | undefined;
  let sure = 0;
  for (const one of formats) {
    const own = one.recognise(head, name);
    if (own > sure) [format, sure] = [one, own];
  }
  return { format, sure };
}

function unreadable(head: Uint8Array, name: string): UnsupportedError {
  return new UnsupportedError(`${name} is ${describeBinary(head)}, which cannot be read as text.`, {
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
