/** `library.json` of an archive of a whole library: which shard zips are in it, and their digests. */
import { CorruptError } from '../errors';
import { countAt, listAt, objectAt, sha256At, textAt, type ManifestEntry } from './manifest';

export const LIBRARY_LIST = 'library.json';
const LIBRARY_FORMAT = 'memreel/library-zip/1';

export interface LibraryList {
  readonly format: typeof LIBRARY_FORMAT;
  /** Each a shard zip, in the order in which they are imported. */
  readonly shards: readonly ManifestEntry[];
}

export function encodeLibraryList(shards: readonly ManifestEntry[]): Uint8Array {
  const list: LibraryList = { format: LIBRARY_FORMAT, shards };
  return new TextEncoder().encode(`${JSON.stringify(list, null, 2)}\n`);
}

/** @throws CorruptError for anything that `encodeLibraryList` does not write */
export function decodeLibraryList(text: string): LibraryList {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new CorruptError('library.json is not JSON.', { cause: error });
  }
  const { format, shards } = objectAt(json, 'library');
  if (format !== LIBRARY_FORMAT) throw new CorruptError('library.json has another format.');
  return {
    format: LIBRARY_FORMAT,
    shards: listAt(shards, 'shards').map((entry) => {
      const { name, bytes, sha256 } = objectAt(entry, 'shard');
      return {
        name: textAt(name, 'name'),
        bytes: countAt(bytes, 'bytes'),
        sha256: sha256At(sha256),
      };
    }),
  };
}
