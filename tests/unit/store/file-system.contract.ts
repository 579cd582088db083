/** What every file system must do: run on memory, on the crashing one, and on OPFS. */
import { NotFoundError, ReadOnlyError } from '../../../src/lib/errors';
import { PIECE_BYTES } from '../../../src/lib/store/file-system';
import type { FileSystem } from '../../../src/lib/store/file-system';
import { fails, same } from './law';
import type { Case } from './law';

const bytes = (...values: number[]) => Uint8Array.from(values);

async function put(fs: FileSystem, path: string, content: Uint8Array): Promise<void> {
  const file = await fs.open(path, { create: true });
  file.write(0, content);
  file.flush();
  file.close();
}

export const fileSystemContract: Case<FileSystem>[] = [
  {
    name: 'reads back what was written, as a snapshot and as bytes',
    run: async (fs) => {
      await put(fs, 'a/b/c', bytes(1, 2, 3));
      const blob = await fs.read('a/b/c');
      same(new Uint8Array((await blob?.arrayBuffer()) ?? new ArrayBuffer(0)), bytes(1, 2, 3));
      same(await fs.readBytes('a/b/c'), bytes(1, 2, 3));
      same(await fs.readBytes('a/b/c', 2), bytes(3));
      same(await fs.readBytes('a/b/c', 9), bytes());
      same(await fs.readBytes('a/b/c', 1, 1), bytes(2));
      same(await fs.readBytes('a/b/c', 1, 9), bytes(2, 3));
      same(await fs.readBytes('a/b/c', 9, 9), bytes());
    },
  },
  {
    name: 'knows no file that was not made',
    run: async (fs) => {
      same(await fs.read('none'), undefined);
      same(await fs.readBytes('no/such/directory'), undefined);
      await fails(() => fs.open('none', { create: false }), NotFoundError);
      await fails(() => fs.open('no/such/file', { create: false }), NotFoundError);
      same(await fs.list('no'), []);
      await fs.remove('none');
      await fs.remove('no/such/file');
    },
  },
  {
    name: 'lists names of one directory, not of one whose name begins alike',
    run: async (fs) => {
      await put(fs, 'ab/2', bytes());
      await put(fs, 'ab/1', bytes());
      await put(fs, 'a/0/deep', bytes());
      same(await fs.list('ab'), ['1', '2']);
      same(await fs.list('a'), ['0']);
      await fs.remove('ab/1');
      same(await fs.list('ab'), ['2']);
      same(await fs.read('ab/1'), undefined);
    },
  },
  {
    name: 'knows all files, in directories of any depth, and no directories',
    run: async (fs) => {
      same(await fs.files(), []);
      for (const path of ['b', 'a/c/deep/er', 'a-b/x', 'a/b']) await put(fs, path, bytes(1));
      same(await fs.files(), ['a-b/x', 'a/b', 'a/c/deep/er', 'b']);
      await fs.remove('a/c/deep/er');
      await fs.remove('a/b');
      same(await fs.files(), ['a-b/x', 'b']);
    },
  },
  {
    name: 'a shorter rewrite leaves a tail until it is cut; extending shows zeros',
    run: async (fs) => {
      const file = await fs.open('f', { create: true });
      file.write(0, bytes(1, 2, 3, 4));
      file.write(0, bytes(9));
      same(file.read(0, 10), bytes(9, 2, 3, 4));
      file.truncate(2);
      file.truncate(4);
      same(file.read(0, 10), bytes(9, 2, 0, 0));
      file.write(6, bytes(7));
      same(file.read(3, 10), bytes(0, 0, 0, 7));
      same(file.size(), 7);
      same(file.read(7, 1), bytes());
      file.close();
      same((await fs.readBytes('f'))?.byteLength, 7);
    },
  },
  {
    name: 'writes the view it is given, not the buffer behind it',
    run: async (fs) => {
      await put(fs, 'view', bytes(1, 2, 3, 4, 5).subarray(1, 3));
      same(await fs.readBytes('view'), bytes(2, 3));
    },
  },
  {
    name: 'writes and reads more than one piece',
    run: async (fs) => {
      const big = new Uint8Array(PIECE_BYTES + 5).fill(7);
      big[PIECE_BYTES] = 8;
      await put(fs, 'big', big);
      const read = await fs.readBytes('big', PIECE_BYTES - 1);
      same(read, bytes(7, 8, 7, 7, 7, 7));
    },
  },
  {
    name: 'can be read while it is open for writing, and after each write anew',
    run: async (fs) => {
      const file = await fs.open('live', { create: true });
      for (let round = 1; round <= 3; round++) {
        file.write(round - 1, bytes(round));
        file.flush();
        same(await fs.readBytes('live', round - 1), bytes(round));
      }
      file.close();
    },
  },
  {
    name: 'is open once at a time, and waits for the holder a little',
    run: async (fs) => {
      const first = await fs.open('held', { create: true });
      await fails(() => fs.open('held', { create: false }), ReadOnlyError);
      await fails(() => fs.remove('held'), ReadOnlyError);
      const second = fs.open('held', { create: false });
      first.write(0, bytes(5));
      first.close();
      first.close();
      const file = await second;
      same(file.read(0, 1), bytes(5));
      file.close();
      await fs.remove('held');
      same(await fs.read('held'), undefined);
    },
  },
];
