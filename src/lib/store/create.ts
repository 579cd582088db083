/** The first files of a library. All exist before the first commit: none needs a new entry then. */
import type { FileSystem } from './file-system';
import { encodeHead } from './head';
import {
  EPOCH_PATH,
  FORMAT,
  headPath,
  journalPath,
  newLibraryId,
  RESERVE_BYTES,
  RESERVE_PATH,
} from './layout';
import { fillReserve } from './writer';

/**
 * Makes an empty library. HEAD comes last, so that a crash before leaves no library, and the next
 * open begins again. Touches no blob.
 */
export async function createLibrary(fs: FileSystem): Promise<void> {
  for (const path of [journalPath(0), journalPath(1), headPath(1), EPOCH_PATH]) {
    await fill(fs, path, (file) => {
      file.truncate(0);
    });
  }
  await fill(fs, RESERVE_PATH, (file) => {
    if (file.size() !== RESERVE_BYTES) fillReserve(file);
  });
  const counts = { generation: 0, sequence: 0, epoch: 0 };
  const head = await encodeHead({ format: FORMAT, id: newLibraryId(), ...counts, root: null });
  await fill(fs, headPath(0), (file) => {
    file.write(0, head);
    file.truncate(head.byteLength);
  });
}

async function fill(
  fs: FileSystem,
  path: string,
  content: (file: Awaited<ReturnType<FileSystem['open']>>) => void,
): Promise<void> {
  const file = await fs.open(path, { create: true });
  try {
    content(file);
    file.flush();
  } finally {
    file.close();
  }
}
