/** A parser that stumbles over a document costs that document, and no other of the same call. */
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../../../src/lib/store/memory';
import { file, libraryInNode, shardOf } from './library-in-node';

/** A file that can be hashed, and whose text breaks off with an error that is none of ours. */
function brokenFile(name: string): File {
  const broken = file(name, 'It begins like any other text. '.repeat(10_000));
  const fail = (): never => {
    throw new RangeError('Invalid table length');
  };
  broken.stream = fail;
  const slice = broken.slice.bind(broken);
  broken.slice = (from = 0, to) => (from > 0 ? fail() : slice(from, to));
  return broken;
}

test('what a parser did not expect is the error of that file alone', async () => {
  const calls = await libraryInNode(new MemoryFileSystem());
  const id = await shardOf(calls, []);
  const files = [file('a.txt', 'Alpha.'), brokenFile('odd.txt'), file('b.txt', 'Beta.')];
  const { report } = await calls.call('ingest', { id, files, chunking: {} });
  expect(report.files.map(({ name, chunks, error }) => [name, chunks, error?.code])).toEqual([
    ['a.txt', 1, undefined],
    ['odd.txt', 0, 'corrupt'],
    ['b.txt', 1, undefined],
  ]);
  expect(report.files[1]?.error?.message).toContain('odd.txt');
});
