import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CorruptError, UnsupportedError } from '../../../../src/lib/errors';
import { blocksHolding, extractAll, type Sample } from '../../../fixtures/text/extraction';
import { makeZip } from './made-zip';

const DOCS = join(process.env['MEMREEL_CORPORA'] ?? '../shared', 'samples/docs');
const missing = !existsSync(DOCS);

describe.skipIf(missing)('the sample books (skipped: no samples beside the repository)', () => {
  const manifest = missing
    ? []
    : (JSON.parse(readFileSync(join(DOCS, 'MANIFEST.json'), 'utf8')) as Sample[]);

  it.each(['sherlock-holmes.epub', 'israel-sailing-hebrew.epub'])(
    '%s has every text under its headings, in the chapter of that name',
    async (name) => {
      const { type, blocks, warnings } = await extractAll(readFileSync(join(DOCS, name)), name);
      expect([type, warnings]).toEqual(['application/epub+zip', []]);
      const snippets = manifest.find((entry) => entry.file === name)?.must_contain ?? [];
      expect(snippets.length).toBeGreaterThan(3);
      for (const snippet of snippets) {
        const wanted = /heading (.*)$/.exec(snippet.where)?.[1] ?? '';
        const held = blocksHolding(blocks, snippet).map(({ place }) => [
          place.heading?.join(' > ') ?? '(no heading)',
          place.chapter,
        ]);
        // A title may stand in the table of contents of the book as well.
        const found = held.find(([heading]) => heading === wanted);
        expect(found, `${snippet.text}: ${held.join('; ')}`).toBeDefined();
        if (wanted !== '(no heading)') expect(wanted.startsWith(found?.[1] ?? '?')).toBe(true);
      }
    },
  );
});

const CONTAINER = '<container><rootfiles><rootfile full-path="O B/p.opf"/></rootfiles></container>';
const page = (body: string): string =>
  `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>T</title><script src="x"/></head><body>${body}</body></html>`;
const item = (id: string, href: string, more = ''): string =>
  `<item id="${id}" href="${href}" media-type="application/xhtml+xml" ${more}/>`;

interface Made {
  readonly items: string;
  readonly spine: string;
  readonly files: Readonly<Record<string, string>>;
}

async function book({ items, spine, files }: Made): Promise<Uint8Array<ArrayBuffer>> {
  const itemrefs = spine.replace(/\w+/g, '<itemref idref="$&"/>');
  const blob = await makeZip(
    {
      mimetype: 'application/epub+zip',
      'META-INF/container.xml': CONTAINER,
      'O B/p.opf': `<package><manifest>${items}</manifest><spine>${itemrefs}</spine></package>`,
      ...files,
    },
    { stored: ['mimetype'] },
  );
  return new Uint8Array(await blob.arrayBuffer());
}

const SMALL: Made = {
  items:
    item('c', 'cover.xhtml') +
    item('a', 't/a%20b.xhtml') +
    item('d', 't/d.xhtml') +
    item('e', 'e.xhtml'),
  spine: 'c d a e',
  files: {
    'O B/cover.xhtml': page('<img src="x.png" alt="no"/>'),
    'O B/t/a b.xhtml': page('<p>first</p><h1>One</h1><h2>Two</h2><p>text</p>'),
    'O B/t/d.xhtml': page('<p>preface</p>'),
    'O B/e.xhtml': page('<p>goes on</p>'),
  },
};

async function chapters(made: Made): Promise<(string | undefined)[][]> {
  const { blocks } = await extractAll(await book(made), 'b.zip');
  return blocks.map(({ text, place }) => [text.trim(), place.chapter, place.heading?.join(' > ')]);
}

describe('a book', () => {
  it('is read in the order of its spine, chapters named by their first heading', async () => {
    expect(await chapters(SMALL)).toEqual([
      ['preface', undefined, undefined],
      ['first', 'One', undefined],
      ['One', 'One', 'One'],
      ['Two', 'One', 'One > Two'],
      ['text', 'One', 'One > Two'],
      ['goes on', 'One', undefined],
    ]);
  });

  it.each([
    [
      item('n', 'nav/n.xhtml', 'properties="x nav"'),
      'O B/nav/n.xhtml',
      '<nav epub:type="page-list"><a href="../t/d.xhtml">iv</a></nav><nav epub:type="toc"><ol><li><a href="../t/d.xhtml#x">Be<b>fore</b></a></li><li><a href="../t/a%20b.xhtml">First\n chapter</a><ol><li><a href="../t/a%20b.xhtml#s">Later</a></li></ol></li></ol></nav>',
    ],
    [
      '<item id="n" href="toc.ncx" media-type="application/x-dtbncx+xml"/>',
      'O B/toc.ncx',
      '<ncx><docTitle><text>Book</text></docTitle><navMap><navPoint><navLabel><text>Before</text></navLabel><content src="t/d.xhtml"/></navPoint><navPoint><navLabel><text>First chapter</text></navLabel><content src="t/a%20b.xhtml#x"/><navPoint><navLabel><text>Later</text></navLabel><content src="t/a%20b.xhtml#s"/></navPoint></navPoint></navMap></ncx>',
    ],
  ])('names chapters by its table of contents: %#', async (own, path, table) => {
    const made = { ...SMALL, items: SMALL.items + own, files: { ...SMALL.files, [path]: table } };
    expect((await chapters(made)).map(([text, chapter]) => [text, chapter])).toEqual([
      ['preface', 'Before'],
      ['first', 'First chapter'],
      ['One', 'First chapter'],
      ['Two', 'First chapter'],
      ['text', 'First chapter'],
      ['goes on', 'First chapter'],
    ]);
  });

  const encryption = (algorithm: string, uri: string): string =>
    `<encryption><enc:EncryptedData><enc:EncryptionMethod Algorithm="${algorithm}"/><enc:CipherData><enc:CipherReference URI="${uri}"/></enc:CipherData></enc:EncryptedData></encryption>`;
  const withEncryption = (xml: string): Made => ({
    ...SMALL,
    files: { ...SMALL.files, 'META-INF/encryption.xml': xml },
  });

  it('that is locked says so; a font that is made unreadable locks nothing', async () => {
    const aes = 'http://www.w3.org/2001/04/xmlenc#aes128-cbc';
    const locked = extractAll(
      await book(withEncryption(encryption(aes, 'O%20B/t/d.xhtml'))),
      'b.epub',
    );
    await expect(locked).rejects.toBeInstanceOf(UnsupportedError);
    await expect(locked).rejects.toThrow('b.epub is copy-protected');
    expect(await chapters(withEncryption(encryption(aes, 'O%20B/x.mp4')))).toHaveLength(6);
    const font = encryption('http://www.idpf.org/2008/embedding', 'O%20B/t/d.xhtml');
    expect(await chapters(withEncryption(font))).toHaveLength(6);
  });

  it('names the chapters that are missing, and is damaged where all are', async () => {
    const { 'O B/t/d.xhtml': _, ...files } = SMALL.files;
    const { warnings, text } = await extractAll(await book({ ...SMALL, files }), 'b.epub');
    expect(warnings).toEqual(['b.epub: the chapter O B/t/d.xhtml is missing.']);
    expect(text).toContain('goes on');
    for (const made of [
      { ...SMALL, files: {} },
      { ...SMALL, spine: '' },
    ]) {
      await expect(extractAll(await book(made), 'b.epub')).rejects.toThrow(CorruptError);
    }
    const covers = { ...SMALL, spine: 'c' };
    expect((await extractAll(await book(covers), 'b.epub')).warnings).toEqual([
      expect.stringContaining('b.epub holds no text'),
    ]);
  });

  it('cut off is damaged, wherever', async () => {
    const whole = await book(SMALL);
    for (let end = 64; end < whole.length; end += 97) {
      await expect(extractAll(whole.slice(0, end), 'b.epub')).rejects.toThrow(CorruptError);
    }
  });
});
