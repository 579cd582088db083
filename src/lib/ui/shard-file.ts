/**
 * Tells exported shards from documents by a few of their bytes, to ask what a file that arrived is
 * meant as. Decides nothing about how it is read: `library.import` looks at all of it.
 */

const AGE = 'age-encryption.org/v1\n';

/** The end of a zip that is looked at for its list of entries: those of a shard zip fit a hundred times. */
const TAIL = 256 * 1024;

/** Entries of a shard zip, and of a zip of shard zips; docs/FORMAT.md lists them. */
const ENTRIES: readonly (readonly string[])[] = [
  ['manifest.json', 'memory_index.json'],
  ['library.json'],
];

/** Whether a file is for import: a sealed one, a video, or a zip with a shard's entries. */
export async function isShardFile(file: Blob): Promise<boolean> {
  const head = await latin1(file.slice(0, AGE.length));
  if (head === AGE || head.slice(4, 8) === 'ftyp') return true;
  if (!head.startsWith('PK')) return false;
  const list = await latin1(file.slice(Math.max(0, file.size - TAIL)));
  return ENTRIES.some((names) => names.every((name) => hasEntry(list, name)));
}

/** In the central directory a name stands at 46 bytes behind its signature (APPNOTE 4.3.12). */
function hasEntry(list: string, name: string): boolean {
  for (
    let at = list.indexOf('PK\u0001\u0002');
    at >= 0;
    at = list.indexOf('PK\u0001\u0002', at + 4)
  ) {
    const length = list.charCodeAt(at + 28) | (list.charCodeAt(at + 29) << 8);
    if (length === name.length && list.startsWith(name, at + 46)) return true;
  }
  return false;
}

/** Bytes as characters of the same numbers. */
async function latin1(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = '';
  // Arguments of one call are limited.
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return text;
}
