/** What a shard is made of, byte by byte: for the law that editing one leaves all others as they are. */
import { LEAVES, referencesOf } from '../../../src/lib/shard/objects';
import type { Digest } from '../../../src/lib/store/digest';
import type { FileSystem } from '../../../src/lib/store/file-system';
import type { Locks } from '../../../src/lib/store/locks';
import { Store } from '../../../src/lib/store/store';

/** By shard, what its entry leads to: equal where all bytes are equal. */
export type Bytes = ReadonlyMap<string, readonly Digest[]>;

/**
 * Reads every object of every shard, each verified against its digest as it is read. A store of its
 * own reads them: nothing that the library keeps in memory can stand in for them.
 * @throws NotFoundError, CorruptError for an object that is not as it was written
 */
export async function bytesOf(fs: FileSystem, locks: Locks): Promise<Bytes> {
  const options = { fs, locks, name: 'test', leaves: LEAVES };
  const store = await Store.open({ ...options, references: referencesOf });
  try {
    const shards = new Map<string, Digest[]>();
    for (const [id, entry] of Object.entries(store.entries())) {
      const found = new Map([[entry.digest, entry.kind]]);
      for (const [digest, kind] of found) {
        const bytes = await store.read(digest);
        for (const reference of referencesOf(kind, bytes)) {
          found.set(reference.digest, reference.kind);
        }
      }
      shards.set(id, [...found.keys()]);
    }
    return shards;
  } finally {
    await store.close();
  }
}
