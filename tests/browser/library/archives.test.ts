/**
 * Archives through real workers, and folders: what a real browser clones, unpacks and names. What
 * becomes of members in all cases is tested in Node.
 */
import {
  BlobWriter,
  TextReader,
  Uint8ArrayReader,
  ZipWriter,
} from '@zip.js/zip.js/lib/zip-core-native.js';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openLibrary, type Library, type Shard } from '../../../src/lib';
import { tinyPdf } from '../../fixtures/text/tiny-pdf';

let library: Library;
let shard: Shard;

beforeEach(async () => {
  library = await openLibrary({ name: crypto.randomUUID(), storage: 'memory', assetsUrl: '/' });
  shard = await library.create({ name: 'Notes', profile: 'compact' });
});

afterEach(async () => {
  await library.close();
});

async function archive(
  name: string,
  parts: Readonly<Record<string, string | Uint8Array>>,
  password?: string,
): Promise<File> {
  const writer = new ZipWriter(new BlobWriter(), { useWebWorkers: false });
  for (const [path, content] of Object.entries(parts)) {
    const reader =
      typeof content === 'string' ? new TextReader(content) : new Uint8ArrayReader(content);
    await writer.add(path, reader, password === undefined ? {} : { password });
  }
  return new File([await writer.close()], name);
}

async function sources(): Promise<string[]> {
  const list = await shard.sources();
  return list.map(({ name, member }) => (member === undefined ? name : `${name} > ${member}`));
}

test('a locked archive is read in several workers, and its password asked for once', async () => {
  const inner = await archive('in.zip', { 'c.txt': 'The rotor turns in the tunnel.' });
  const pdf = tinyPdf([[], [{ text: 'The ailerons are on page two.', x: 50, y: 700 }]]);
  const dropped = await archive(
    'wing.zip',
    {
      'notes/a.txt': 'The wing lifts in the slipstream.',
      'b.pdf': typeof pdf === 'string' ? pdf : new Uint8Array(await new Blob([pdf]).arrayBuffer()),
      'in.zip': new Uint8Array(await inner.arrayBuffer()),
      'broken.docx': Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0),
    },
    'secret',
  );
  const password = vi.fn(() => Promise.resolve('secret'));
  const { files } = await shard.ingest([dropped], { password });
  expect(password.mock.calls).toEqual([['wing.zip']]);
  expect(files[0]?.members?.map(({ name, error }) => [name, error?.code])).toEqual([
    ['notes/a.txt', undefined],
    ['b.pdf', undefined],
    ['in.zip/c.txt', undefined],
    ['broken.docx', 'corrupt'],
  ]);
  expect(await sources()).toEqual([
    'wing.zip > notes/a.txt',
    'wing.zip > b.pdf',
    'wing.zip > in.zip/c.txt',
  ]);
  const [hit] = await shard.search('ailerons');
  expect(hit).toMatchObject({ source: { member: 'b.pdf' }, place: { page: 2 }, from: 'video' });
});

test('a bomb ends nothing but itself', async () => {
  const bomb = await archive('bomb.zip', {
    'a.txt': 'Before the bomb.',
    'zeros.txt': new Uint8Array(64 * 2 ** 20),
    'z.txt': 'Behind the bomb.',
  });
  const bytes = new DataView(await bomb.arrayBuffer());
  for (let at = 0; at < bytes.byteLength - 46; at++) {
    const isBomb = bytes.getUint32(at, true) === 0x02014b50 && bytes.getUint8(at + 46) === 0x7a;
    // Says to be small, and is 64 MiB.
    if (isBomb && bytes.getUint8(at + 47) === 0x65) bytes.setUint32(at + 24, 100, true);
  }
  const { files } = await shard.ingest([new File([bytes], 'bomb.zip')]);
  expect(files[0]?.members?.map(({ chunks, error }) => [chunks, error?.code])).toEqual([
    [1, undefined],
    [0, 'corrupt'],
    [1, undefined],
  ]);
});

test('files of a folder are told apart by their paths', async () => {
  const inFolder = (path: string, text: string): File => {
    const file = new File([text], path.split('/').at(-1) ?? '');
    // As a browser sets it for `webkitdirectory`; a script cannot.
    Object.defineProperty(file, 'webkitRelativePath', { value: path });
    return file;
  };
  const files: string[] = [];
  const report = await shard.ingest(
    [inFolder('lib/a/README.md', '# One'), inFolder('lib/b/README.md', '# Two')],
    {
      onProgress: ({ file, state }) => {
        if (state === 'done') files.push(file ?? '');
      },
    },
  );
  const names = ['lib/a/README.md', 'lib/b/README.md'];
  expect(report.files.map(({ name }) => name)).toEqual(names);
  expect(await sources()).toEqual(names);
  expect(files).toEqual(names);
});
