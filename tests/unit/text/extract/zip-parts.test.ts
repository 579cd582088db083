import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CorruptError, PasswordError, UnsupportedError } from '../../../../src/lib/errors';
import { docx } from '../../../../src/lib/text/extract/docx';
import { firstEntries, ZipParts } from '../../../../src/lib/text/extract/zip-parts';
import { makeZip } from './made-zip';
import { makeDocx } from './office-files';

const PATH = fc.stringMatching(/^[a-zß]{1,6}(\/[a-z]{1,6}){0,2}\.xml$/);

async function streamed(parts: ZipParts, path: string): Promise<Uint8Array> {
  return new Uint8Array(await new Response(parts.stream(path)).arrayBuffer());
}

describe('parts of a zip', () => {
  it('come out as they went in, whole and streamed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(PATH, fc.uint8Array({ maxLength: 3000 }), { noNullPrototype: true }),
        async (made) => {
          const parts = await ZipParts.open(await makeZip(made), 'made.zip');
          expect([...parts.names].sort()).toEqual(Object.keys(made).sort());
          for (const [path, bytes] of Object.entries(made)) {
            expect(parts.has(path)).toBe(true);
            expect(await parts.bytes(path)).toEqual(new Uint8Array(bytes));
            expect(await streamed(parts, path)).toEqual(new Uint8Array(bytes));
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  it('are text in UTF-8 and UTF-16, without the byte order mark', async () => {
    const wide = (text: string, little: boolean) => {
      const bytes = new DataView(new ArrayBuffer(text.length * 2));
      for (let i = 0; i < text.length; i++) bytes.setUint16(i * 2, text.charCodeAt(i), little);
      return new Uint8Array(bytes.buffer);
    };
    const zip = await makeZip({
      a: '\ufeffgrüß 𐌲',
      b: wide('\ufeffgrüß 𐌲', true),
      c: wide('\ufeffgrüß 𐌲', false),
    });
    const parts = await ZipParts.open(zip, 'made.zip');
    for (const name of parts.names) expect(await parts.text(name)).toBe('grüß 𐌲');
  });

  it('are found with backslashes and a leading slash too; folders are none', async () => {
    const parts = await ZipParts.open(await makeZip({ '/a\\b.xml': 'x', 'c/': '' }), 'made.zip');
    expect(parts.names).toEqual(['a/b.xml']);
  });

  it('refuse a bomb while it inflates, not after, and say which file', async () => {
    const bomb = await makeZip({ 'word/document.xml': new Uint8Array(70 * 2 ** 20) });
    expect(bomb.size).toBeLessThan(100_000);
    const parts = await ZipParts.open(bomb, 'bomb.docx');
    // Their length, because a failure would print them.
    const bytes = parts.bytes('word/document.xml').then((own) => own.length);
    await expect(bytes).rejects.toThrow(UnsupportedError);
    const text = parts.text('word/document.xml').then((own) => own.length);
    await expect(text).rejects.toThrow(/^bomb\.docx .*far larger/);
    // Streamed it may be longer: the memory is the reader's.
    let length = 0;
    const reader = parts.stream('word/document.xml').getReader();
    for (let r = await reader.read(); !r.done; r = await reader.read()) length += r.value.length;
    expect(length).toBe(70 * 2 ** 20);
  });

  it('stop inflating when the reader stops', async () => {
    const zip = await makeZip({ a: new Uint8Array(8 * 2 ** 20) });
    const parts = await ZipParts.open(zip, 'made.zip');
    const reader = parts.stream('a').getReader();
    expect((await reader.read()).done).toBe(false);
    await reader.cancel();
    expect((await parts.bytes('a')).length).toBe(8 * 2 ** 20);
  });

  it('are locked, missing or too many with an error that names the file', async () => {
    const locked = await makeZip({ a: 'secret' }, { password: 'x' });
    await expect(ZipParts.open(locked, 'locked.docx')).rejects.toThrow(PasswordError);
    const parts = await ZipParts.open(await makeZip({ a: 'x' }), 'small.docx');
    expect(() => parts.stream('b')).toThrow(CorruptError);
    await expect(parts.bytes('b')).rejects.toThrow(/^small\.docx /);
    await parts.close();
    await expect(parts.bytes('a')).rejects.toThrow(/closed/);
  });

  it('never come out wrong of a file that is cut off or has a byte changed', async () => {
    const noise = Uint8Array.from({ length: 400 }, (_, i) => (i * 7919) % 251);
    const made = { a: 'text '.repeat(100), b: noise, c: 'end' };
    const zip = new Uint8Array(await (await makeZip(made, { stored: ['c'] })).arrayBuffer());
    const whole = await ZipParts.open(new Blob([zip]), 'made.zip');
    const right = new Map<string, Uint8Array>();
    for (const name of whole.names) right.set(name, await whole.bytes(name));
    let refused = 0;
    const read = async (bytes: Uint8Array<ArrayBuffer>) => {
      try {
        const parts = await ZipParts.open(new Blob([bytes]), 'made.zip');
        for (const name of parts.names) {
          const wanted = right.get(name);
          const got = await parts.bytes(name);
          if (wanted !== undefined) expect(got).toEqual(wanted);
        }
      } catch (error) {
        const expected = [CorruptError, PasswordError, UnsupportedError];
        if (!expected.some((kind) => error instanceof kind)) throw error;
        expect(String(error)).toContain('made.zip');
        refused++;
      }
    };
    for (let end = 0; end < zip.length; end += 3) await read(zip.slice(0, end));
    expect(refused).toBe(Math.ceil(zip.length / 3));
    for (let at = 0; at < zip.length; at += 5) {
      const changed = zip.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x55;
      await read(changed);
    }
  });
});

describe('the first entries of a zip', () => {
  const headOf = async (file: Blob) => new Uint8Array(await file.slice(0, 4096).arrayBuffer());

  it('are told with what is stored, as far as the bytes go', async () => {
    const parts = { mimetype: 'application/x', 'a/b.xml': 'x'.repeat(100), c: 'end' };
    const head = await headOf(await makeZip(parts, { stored: ['mimetype', 'c'] }));
    expect(firstEntries(head)).toEqual([
      { name: 'mimetype', content: 'application/x' },
      { name: 'a/b.xml', content: '' },
      { name: 'c', content: 'end' },
    ]);
    for (let end = 0; end < head.length; end++) {
      expect(firstEntries(head.subarray(0, end)).length).toBeLessThanOrEqual(3);
    }
    expect(firstEntries(new TextEncoder().encode('PK is not a zip, however long it is.'))).toEqual(
      [],
    );
  });

  it('do not take an archive for the document in it', async () => {
    const inner = new Uint8Array(await (await makeDocx('<w:p/>')).arrayBuffer());
    const bytes = new Uint8Array(30 + 8 + inner.length);
    const view = new DataView(bytes.buffer);
    // A stored entry whose size stands before it, as archivers write it.
    view.setUint32(0, 0x04034b50, true);
    view.setUint32(18, inner.length, true);
    view.setUint32(22, inner.length, true);
    view.setUint16(26, 8, true);
    bytes.set(new TextEncoder().encode('one.docx'), 30);
    bytes.set(inner, 38);
    expect(docx.recognise(inner.subarray(0, 4096), 'one.docx')).toBeGreaterThan(0.9);
    expect(docx.recognise(bytes.subarray(0, 4096), 'all.zip')).toBe(0);
  });
});
