import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { CorruptError } from '../../../../src/lib/errors';
import { MAX_BLOCK } from '../../../../src/lib/text/document';
import { mailContainer } from '../../../../src/lib/text/extract/mail';
import { blocksHolding, extractAll, type Sample } from '../../../fixtures/text/extraction';

const DOCS = join(process.env['MEMREEL_CORPORA'] ?? '../shared', 'samples/docs');
const missing = !existsSync(DOCS);

async function attached(content: BlobPart, name: string): Promise<[string, string][]> {
  const members = await mailContainer.members(new Blob([content]), {
    name,
    assetsUrl: 'http://localhost/',
    signal: new AbortController().signal,
    warn: vi.fn(),
    progress: vi.fn(),
  });
  return Promise.all(
    members.map(async ({ path, size, open }): Promise<[string, string]> => {
      const file = await open();
      expect([file.name, file.size]).toEqual([path, size]);
      return [path, await file.text()];
    }),
  );
}

describe.skipIf(missing)('the sample messages (skipped: no samples beside the repository)', () => {
  const manifest = missing
    ? []
    : (JSON.parse(readFileSync(join(DOCS, 'MANIFEST.json'), 'utf8')) as Sample[]);

  it.each([
    ['signed-email-forward.eml', 'Fwd: Signed email causes file attachments'],
    ['multipart-attachments.eml', 'EML 1'],
  ])('%s has every text, under its subject or in what is attached', async (name, subject) => {
    const bytes = readFileSync(join(DOCS, name));
    const { type, blocks, warnings } = await extractAll(bytes, name);
    expect([type, warnings]).toEqual(['message/rfc822', []]);
    expect(blocks.every(({ place }) => place.heading?.[0] === subject)).toBe(true);
    const members = await attached(bytes, name);
    const snippets = manifest.find((entry) => entry.file === name)?.must_contain ?? [];
    expect(snippets.length).toBeGreaterThan(3);
    for (const snippet of snippets) {
      const file = /Test Txt\w\.txt$/.exec(snippet.where)?.[0];
      if (file === undefined) expect(blocksHolding(blocks, snippet)).not.toEqual([]);
      else expect(new Map(members).get(file)).toContain(snippet.text);
    }
  });
});

/** A multipart message. */
function multipart(kind: string, parts: readonly string[], header = ''): string {
  const body = parts.map((part) => `--b1\r\n${part.replaceAll(/\r?\n/g, '\r\n')}\r\n`).join('');
  return `From: a@x.org\r\nTo: b@x.org\r\nSubject: s\r\n${header}Content-Type: multipart/${kind}; boundary="b1"\r\n\r\n${body}--b1--\r\n`;
}
const part = (type: string, text: string, header = ''): string =>
  `Content-Type: ${type}; charset=utf-8\n${header}\n${text}`;

describe('a mail message', () => {
  it('begins with subject, people and date, also behind a mailbox line', async () => {
    const { type, blocks } = await extractAll(
      'From me Sun May  8 19:09:11 2005\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nFrom: "Å. B" <a@x.org>\nTo: b@x.org,\n c@x.org\nCc: Team: d@x.org;\nDate: Sun, 8 May 2005 14:09:11 -0500\n\nHello\n\nWorld\n',
      'note.eml',
    );
    expect(type).toBe('message/rfc822');
    const place = { heading: ['Grüße'], time: '2005-05-08T19:09:11.000Z' };
    expect(blocks).toEqual([
      { kind: 'heading', text: 'Grüße\n\n', place },
      {
        kind: 'paragraph',
        text: 'From: Å. B <a@x.org>\nTo: b@x.org, c@x.org\nCc: Team: d@x.org\nDate: Sun, 8 May 2005 14:09:11 -0500\n\n',
        place,
      },
      { kind: 'paragraph', text: 'Hello\n\n', place },
      { kind: 'paragraph', text: 'World\n\n', place },
    ]);
  });

  it.each([
    // The same text twice is read once, whatever its line ends and links.
    [
      'The offer (<https://x.org/1>) stands until *Friday*.',
      '<p>The <b>offer</b> stands<br>until Friday.</p>',
      ['The offer (<https://x.org/1>) stands until *Friday*.\n\n'],
    ],
    // What HTML alone says is added.
    [
      'A long report about the lift of propellers near the ground, see table.',
      '<p>A long report about the lift of propellers near the ground, see table.</p><h2>T</h2><table><tr><td>7<td>9.5',
      ['A long report about the lift of propellers near the ground, see table.\n\n', '7\t9.5\n\n'],
    ],
    // A stub hides nothing.
    [
      'View in browser',
      '<style>p{}</style><p>View in browser</p><p>Spring sale</p>',
      ['View in browser\n\n', 'View in browser\n\n', 'Spring sale\n\n'],
    ],
  ])('says once what is said twice: %j', async (plain, html, said) => {
    const source = multipart('alternative', [part('text/plain', plain), part('text/html', html)]);
    const { blocks } = await extractAll(source, 'a.eml');
    expect(blocks.slice(2).map(({ text }) => text)).toEqual(said);
  });

  it('loses no word of either body', async () => {
    const words = fc.array(fc.constantFrom('ab', 'cd', 'ef', 'αβ', '日本'), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(fc.array(words), fc.array(words), async (plain, html) => {
        const source = multipart('alternative', [
          part('text/plain', plain.map((line) => line.join(' ')).join('\n\n')),
          part('text/html', html.map((line) => `<p>${line.join(' ')}</p>`).join('')),
        ]);
        const { text } = await extractAll(source, 'a.eml');
        const squeezed = text.replace(/\s+/g, '');
        for (const line of [...plain, ...html]) expect(squeezed).toContain(line.join(''));
      }),
    );
  });

  it('lists what is attached by unique names without folders, and no signatures or layout', async () => {
    const attach = (name: string) => `Content-Disposition: attachment; filename="${name}"\n`;
    const source = multipart('mixed', [
      part('text/plain', 'body'),
      part('application/pdf', 'one', attach('../a/b.pdf')),
      part('application/pdf', 'two', attach('../a/b.pdf')),
      part('application/pdf', 'three', attach('a b (2).pdf')),
      part('image/png', 'px', 'Content-Disposition: inline\n'),
      part('image/png', 'photo', 'Content-Disposition: inline; filename=photo.png\n'),
      part('application/pgp-signature', 'sig', attach('signature.asc')),
      part('message/rfc822', 'From: c@x.org\nSubject: =?utf-8?q?Re:_=C3=A9/x?=\n\ninner'),
      part('text/calendar', 'BEGIN:VCALENDAR'),
      part('text/x-vcard', 'BEGIN:VCARD', attach('..')),
    ]);
    const members = await attached(source, 'a.eml');
    expect(members.map(([path]) => path)).toEqual([
      'a b.pdf',
      'a b (2).pdf',
      'a b (2) (2).pdf',
      'photo.png',
      'Re é x.eml',
      'invitation.ics',
      'card.vcf',
    ]);
    expect(members[4]?.[1]).toContain('inner');
    const { text } = await extractAll(source, 'a.eml');
    expect(text).not.toContain('inner');
  });

  it.each([
    [multipart('mixed', [part('text/plain', 'x')]).slice(0, -10), 'cut off'],
    ['From: a@x\nSubject: s\nDate: x\n\n', 'no text'],
    [multipart('encrypted', [part('application/pgp-encrypted', 'v')]), 'encrypted'],
  ])('warns of what is missing: %#', async (source, warning) => {
    const { warnings } = await extractAll(source, 'a.eml');
    expect(warnings).toContainEqual(expect.stringContaining(warning));
  });

  it('of links without end is read like any other', async () => {
    const source = multipart('mixed', [
      part('text/plain', 'one'),
      part('text/html', '<p>two</p>' + '<a href="'.repeat(100_000)),
    ]);
    const { text } = await extractAll(source, 'a.eml');
    expect(text).toContain('one\n\ntwo');
  });

  it('refuses parts without end, and names the file', async () => {
    let source = 'From: a@x\nSubject: s\n';
    for (let depth = 0; depth < 100; depth++) {
      source += `Content-Type: multipart/mixed; boundary=b${depth}\n\n--b${depth}\n`;
    }
    await expect(extractAll(source, 'deep.eml')).rejects.toSatisfy(
      (error) => error instanceof CorruptError && error.subject === 'deep.eml',
    );
  });

  it('cut at any byte gives text or a warning, in blocks of bounded size', async () => {
    const long = part('text/plain', 'ab '.repeat(40_000));
    const source = multipart('mixed', [part('text/html', '<p>h</p>'), long]);
    for (let end = 30; end < source.length; end = Math.ceil(end * 1.3)) {
      const { blocks, warnings } = await extractAll(source.slice(0, end), 'a.eml');
      expect(blocks.length + warnings.length).toBeGreaterThan(0);
      for (const { text } of blocks) expect(text.length).toBeLessThanOrEqual(MAX_BLOCK);
    }
  });
});
