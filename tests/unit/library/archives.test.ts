/**
 * Archives, archives in archives and messages with attachments, as an ingest takes them: one entry a
 * dropped file, a source a document in it, and one bad member that stops no other.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { IngestReport, Progress } from '../../../src/lib/api';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { ZipParts } from '../../../src/lib/text/extract/zip-parts';
import { comparable } from '../../fixtures/text/extraction';
import { makeZip } from '../text/extract/made-zip';
import {
  abandoned,
  contents,
  framesOf,
  ingest,
  notesIn,
  prose,
  undisturbed,
} from './interrupted-ingests';
import { file, libraryInNode, shardOf, type Calls } from './library-in-node';

type Parts = Readonly<Record<string, string | Uint8Array>>;

async function archive(name: string, parts: Parts, password?: string): Promise<File> {
  return new File([await makeZip(parts, password === undefined ? {} : { password })], name);
}

const bytesOf = async (blob: Blob): Promise<Uint8Array> => new Uint8Array(await blob.arrayBuffer());

async function shard(): Promise<{ calls: Calls; id: string }> {
  const calls = await libraryInNode(new MemoryFileSystem());
  return { calls, id: await shardOf(calls, []) };
}

async function added(
  { calls, id }: { calls: Calls; id: string },
  files: File[],
  onProgress?: (progress: Progress) => void,
): Promise<IngestReport> {
  const { report } = await calls.call('ingest', { id, files, chunking: {} }, { onProgress });
  return report;
}

/** The texts of a shard by the documents that they came from, in order. */
async function texts({ calls, id }: { calls: Calls; id: string }): Promise<[string, string][]> {
  const chunks = await calls.call('chunks', { id, limit: 10_000 });
  return chunks.map(({ source, text }) => {
    if (!('name' in source)) throw new Error('There is a note.');
    return [source.member === undefined ? source.name : `${source.name} > ${source.member}`, text];
  });
}

describe('an archive', () => {
  test('is one entry of the report, and each file in it a source, in its order', async () => {
    const inner = await makeZip({ 'c.txt': 'Gamma.', 'sub/d.txt': 'Delta.' });
    const dropped = await archive('notes.zip', {
      'z.txt': 'Zeta.',
      'folder/a.md': '# Alpha\n\nFirst.',
      'inner.zip': await bytesOf(inner),
      'b.txt': 'Beta.',
    });
    const into = await shard();
    const report = await added(into, [file('before.txt', 'Before.'), dropped, file('x.txt', 'X.')]);
    expect(report.files.map(({ name, chunks }) => [name, chunks])).toEqual([
      ['before.txt', 1],
      ['notes.zip', 5],
      ['x.txt', 1],
    ]);
    expect(report.files[1]?.members).toEqual(
      ['z.txt', 'folder/a.md', 'inner.zip/c.txt', 'inner.zip/sub/d.txt', 'b.txt'].map((name) => ({
        ...{ name, chunks: 1, warnings: [] },
      })),
    );
    expect(report.chunks).toBe(7);
    expect(await texts(into)).toEqual([
      ['before.txt', 'Before.'],
      ['notes.zip > z.txt', 'Zeta.'],
      ['notes.zip > folder/a.md', '# Alpha\n\nFirst.'],
      ['notes.zip > inner.zip/c.txt', 'Gamma.'],
      ['notes.zip > inner.zip/sub/d.txt', 'Delta.'],
      ['notes.zip > b.txt', 'Beta.'],
      ['x.txt', 'X.'],
    ]);
    const sources = await into.calls.call('sources', { id: into.id });
    expect(new Set(sources.map(({ id }) => id)).size).toBe(7);
    expect(new Set(sources.map(({ sha256 }) => sha256)).size).toBe(7);
  });

  test('loses no member over another one that is bad', async () => {
    const into = await shard();
    const report = await added(into, [
      await archive('mixed.zip', {
        'a.txt': 'Alpha.',
        'broken.docx': (await bytesOf(await makeZip({ 'x.txt': 'X.' }))).subarray(0, 60),
        'picture.png': Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0),
        'broken.zip': (await bytesOf(await makeZip({ 'x.txt': 'X.' }))).subarray(0, 60),
        'b.txt': 'Beta.',
      }),
    ]);
    const [entry] = report.files;
    expect(entry?.error).toBeUndefined();
    expect(entry?.members?.map(({ name, error }) => [name, error?.code])).toEqual([
      ['a.txt', undefined],
      ['broken.docx', 'corrupt'],
      ['picture.png', 'unsupported'],
      ['broken.zip', 'corrupt'],
      ['b.txt', undefined],
    ]);
    expect((await texts(into)).map(([, text]) => text)).toEqual(['Alpha.', 'Beta.']);
  });

  test('in an archive in an archive is not opened, and that is said', async () => {
    const deepest = await bytesOf(await makeZip({ 'deep.txt': 'Deep.' }));
    const mail = 'From: a@b.c\r\nTo: d@e.f\r\nSubject: Bare\r\n\r\nNothing is attached.\r\n';
    const inner = await makeZip({
      ...{ 'deepest.zip': deepest, 'c.txt': 'Gamma.', 'bare.eml': mail },
    });
    const into = await shard();
    const [entry] = (
      await added(into, [await archive('outer.zip', { 'inner.zip': await bytesOf(inner) })])
    ).files;
    expect(entry?.members).toEqual([
      {
        name: 'inner.zip/deepest.zip',
        chunks: 0,
        warnings: [expect.stringContaining('were not read')],
      },
      { name: 'inner.zip/c.txt', chunks: 1, warnings: [] },
      { name: 'inner.zip/bare.eml', chunks: 1, warnings: [] },
    ]);
  });

  test('without files, or cut off, is told so', async () => {
    const whole = await archive('a.zip', { 'a.txt': 'Alpha.' });
    const cut = new File([whole.slice(0, whole.size - 30)], 'cut.zip');
    const into = await shard();
    const report = await added(into, [await archive('empty.zip', {}), cut]);
    const [empty, damaged] = report.files;
    expect(empty).toEqual({
      ...{ name: 'empty.zip', chunks: 0, warnings: ['There is no file in it.'] },
    });
    expect(damaged).toMatchObject({ name: 'cut.zip', chunks: 0, error: { code: 'corrupt' } });
    expect(report.version).toBeNull();
  });

  test('of the same name and size as another one is not taken for it', async () => {
    const into = await shard();
    await added(into, [
      await archive('same.zip', { 'a.txt': 'Alpha one.' }),
      await archive('same.zip', { 'a.txt': 'Alpha two.' }),
    ]);
    expect((await texts(into)).map(([, text]) => text)).toEqual(['Alpha one.', 'Alpha two.']);
  });

  test('counts in progress as the bytes that were dropped, and never backwards', async () => {
    const dropped = await archive('a.zip', {
      'a.txt': prose(30_000, 1),
      'in.zip': await bytesOf(await makeZip({ 'b.txt': prose(20_000, 2) })),
      'c.txt': prose(9_000, 3),
    });
    const files = [dropped, file('d.txt', prose(2000, 4))];
    const told: Progress[] = [];
    await added(await shard(), files, (progress) => told.push(progress));
    const reading = told.filter(({ stage }) => stage === 'extract');
    const total = files.reduce((sum, { size }) => sum + size, 0);
    expect(new Set(reading.map((one) => one.total))).toEqual(new Set([total]));
    const done = reading.map((one) => one.done);
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done.at(-1)).toBe(total);
    // Between nothing and all of it there is something, or an archive would stand still.
    expect(reading.some((one) => one.done > 0 && one.done < dropped.size)).toBe(true);
    const states = reading.filter(({ state }) => state !== 'reading');
    expect(states.map((one) => [one.file, one.state])).toEqual([
      ['a.zip', 'done'],
      ['d.txt', 'done'],
    ]);
  });

  test('given again after an interruption goes on where that ended', async () => {
    const dropped = await archive('notes.zip', {
      'a.txt': prose(4_500, 1),
      'folder/b.txt': prose(26_000, 2),
      'folder/c.txt': prose(10_000, 3),
    });
    const whole = await undisturbed([dropped]);
    const { fs, library, id } = await abandoned(2, [dropped]);
    const notes = await notesIn(fs, id);
    const encoded = await ingest(library, id, [dropped]);
    await library.close();
    const { uuids, frames, ...made } = await contents(fs, id);
    expect(made).toEqual(whole);
    expect(uuids.length).toBeGreaterThan(10);
    expect(framesOf(notes)).toBeGreaterThan(2);
    expect(encoded).toBe(frames - framesOf(notes));
  });
});

describe('a message with attachments', () => {
  test('has its own text without a member, and each attachment as one', async () => {
    const message = [
      'From: a@example.org',
      'To: b@example.org',
      'Subject: Two notes',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=x',
      '',
      '--x',
      'Content-Type: text/plain',
      '',
      'Here they are.',
      '--x',
      'Content-Type: text/plain; name=a.txt',
      'Content-Disposition: attachment; filename=a.txt',
      '',
      'Alpha.',
      '--x--',
      '',
    ].join('\r\n');
    const into = await shard();
    const dropped = await archive('mails.zip', { 'one.eml': message });
    const report = await added(into, [file('one.eml', message), dropped]);
    expect(report.files[0]?.members?.map(({ name }) => name)).toEqual(['a.txt']);
    expect(report.files[1]?.members?.map(({ name }) => name)).toEqual(['one.eml', 'one.eml/a.txt']);
    const found = await texts(into);
    expect([...new Set(found.map(([name]) => name))]).toEqual([
      'one.eml',
      'one.eml > a.txt',
      'mails.zip > one.eml',
      'mails.zip > one.eml/a.txt',
    ]);
    expect(found.filter(([, text]) => text.includes('Here they are.'))).toHaveLength(2);
  });
});

const SAMPLE = join(process.env['MEMREEL_CORPORA'] ?? '../shared', 'samples/docs/mixed-office.zip');

describe.skipIf(!existsSync(SAMPLE))(
  'the sample archive (skipped: no samples beside the repository)',
  () => {
    /** All but the PDF: pdf.js needs a browser, and tests/browser reads one out of an archive. */
    async function sample(): Promise<File> {
      const whole = await ZipParts.open(new Blob([await readFile(SAMPLE)]), 'mixed-office.zip');
      const names = whole.names.filter((name) => name !== 'testPDF.pdf');
      const parts = await Promise.all(
        names.map(async (name) => [name, await whole.bytes(name)] as const),
      );
      return archive('mixed-office.zip', Object.fromEntries(parts));
    }

    test('gives what is in it, and says of old formats that they are not read', async () => {
      const into = await shard();
      const [entry] = (await added(into, [await sample()])).files;
      const members = new Map(entry?.members?.map((member) => [member.name, member]));
      expect([...members.keys()]).toEqual([
        ...['testEXCEL.xls', 'testHTML.html', 'testOpenOffice2.odt', 'testPPT.ppt'],
        ...['testRTF.rtf', 'testTXT.txt', 'testWORD.doc', 'testXML.xml'],
      ]);
      for (const old of ['testEXCEL.xls', 'testPPT.ppt', 'testWORD.doc']) {
        expect(members.get(old), old).toMatchObject({ chunks: 0, error: { code: 'unsupported' } });
      }
      const found = (await texts(into)).map(([name, text]) => [name, comparable(text)] as const);
      for (const [name, text] of [
        [
          'testOpenOffice2.odt',
          'This is a sample Open Office document, written in NeoOffice 2.2.1',
        ],
        ['testTXT.txt', "Test d'indexation de Txt"],
        ['testHTML.html', 'Indexation du fichier'],
      ] as const) {
        const own = found.filter(([of]) => of === `mixed-office.zip > ${name}`);
        expect(
          own.some(([, chunk]) => chunk.includes(text)),
          name,
        ).toBe(true);
      }
    });
  },
);
