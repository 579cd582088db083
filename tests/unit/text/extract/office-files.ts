/** Small office files with a given body, and what is asked of every format's damaged ones. */

import { expect } from 'vitest';
import { CorruptError, PasswordError, UnsupportedError } from '../../../../src/lib/errors';
import { extractAll, type Extraction } from '../../../fixtures/text/extraction';
import { makeZip } from './made-zip';

const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const WORD = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main';

/** A part's references: id, last word of the type, target. */
export function relations(...list: readonly [id: string, type: string, target: string][]): string {
  const all = list.map(
    ([id, type, target]) =>
      `<Relationship Id="${id}" Type="${RELATIONS}/${type}" Target="${target}"/>`,
  );
  return `<Relationships xmlns="${PACKAGE}/relationships">${all.join('')}</Relationships>`;
}

/** A Word document of that body, and other parts by their name in `word/`. */
export function makeDocx(body: string, others: Readonly<Record<string, string>> = {}) {
  const names = Object.keys(others);
  const types = names.map((name, i): [string, string, string] => [
    `r${i}`,
    name.replace(/\d*\.xml$/, ''),
    name,
  ]);
  return makeZip({
    '[Content_Types].xml': `<Types xmlns="${PACKAGE}/content-types"/>`,
    '_rels/.rels': relations(['r1', 'officeDocument', 'word/document.xml']),
    'word/document.xml': `<w:document xmlns:w="${WORD}"><w:body>${body}</w:body></w:document>`,
    'word/_rels/document.xml.rels': relations(...types),
    ...Object.fromEntries(names.map((name) => [`word/${name}`, others[name] ?? ''])),
  });
}

/** An OpenDocument of that body. */
export function makeOdf(type: 'text' | 'presentation', body: string, styles = '') {
  const content = `<office:document-content><office:body><office:${type}>${body}</office:${type}></office:body></office:document-content>`;
  const parts = {
    mimetype: `application/vnd.oasis.opendocument.${type}`,
    'content.xml': content,
    'META-INF/manifest.xml': '<manifest:manifest/>',
    ...(styles === '' ? {} : { 'styles.xml': styles }),
  };
  return makeZip(parts, { stored: ['mimetype'] });
}

/** Blocks in short: the kind's first letter, the place where it says anything, the text. */
export function inShort({ blocks }: Extraction): string[] {
  return blocks.map(({ kind, place, text }) => {
    const where = Object.keys(place).length === 0 ? '' : JSON.stringify(place);
    return `${kind.slice(0, 1)}${where} ${JSON.stringify(text).slice(1, -1)}`;
  });
}

/**
 * A file cut off after every `step`th byte: an error that names it, or a warning; never silence.
 * `whole` may be reached before the end, where the rest is padding.
 */
export async function expectNoSilence(file: Blob, name: string, step: number): Promise<void> {
  const whole = await extractAll(await file.arrayBuffer(), name);
  expect(whole.text).not.toBe('');
  const bytes = new Uint8Array(await file.arrayBuffer());
  let told = 0;
  for (let end = 1; end < bytes.length; end += step) {
    try {
      const { text, warnings } = await extractAll(bytes.slice(0, end), name);
      if (warnings.length > 0) told++;
      else expect(text, `cut after ${end} of ${bytes.length} bytes`).not.toBe('');
    } catch (error) {
      const kinds = [CorruptError, PasswordError, UnsupportedError];
      if (!kinds.some((kind) => error instanceof kind)) throw error;
      expect(String(error)).toContain(name);
      told++;
    }
  }
  expect(told).toBeGreaterThan(0);
}
