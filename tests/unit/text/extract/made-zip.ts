/** Small zip-based files, made in memory. */

import {
  BlobWriter,
  TextReader,
  Uint8ArrayReader,
  ZipWriter,
} from '@zip.js/zip.js/lib/zip-core-native.js';

/** A zip of these parts, in their order; `stored` ones are not compressed. */
export async function makeZip(
  parts: Readonly<Record<string, string | Uint8Array>>,
  options: { stored?: readonly string[]; password?: string } = {},
): Promise<Blob> {
  const writer = new ZipWriter(new BlobWriter(), {
    useWebWorkers: false,
    extendedTimestamp: false,
  });
  for (const [name, content] of Object.entries(parts)) {
    const reader =
      typeof content === 'string' ? new TextReader(content) : new Uint8ArrayReader(content);
    await writer.add(name, reader, {
      ...(options.stored?.includes(name) ? { level: 0 } : {}),
      ...(options.password === undefined ? {} : { password: options.password }),
    });
  }
  return writer.close();
}
