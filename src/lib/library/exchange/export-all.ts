/** All shards of a library as one zip of shard zips. What is in those: `exporting.ts`. */
import { encodeLibraryList, LIBRARY_LIST } from '../../archive/library-list';
import { sealed } from '../../archive/seal';
import { archiveStream, streamOf } from '../../archive/zip-writer';
import { InvalidError } from '../../errors';
import { delivered } from './delivery';
import { outgoingShard } from './exporting';
import type { ExportContext, Wanted } from './outgoing';
import { liveRecords } from './live-texts';
import type { ShardView } from '../view';

/**
 * @param views one shard after another, opened when its turn comes
 * @returns the file, where `to` is not given
 * @throws InvalidError where there is nothing to export
 */
export async function exportLibrary(
  views: readonly (() => Promise<ShardView>)[],
  { include = 'live', password }: Omit<Wanted, 'format'>,
  to: WritableStream<Uint8Array> | undefined,
  context: ExportContext,
): Promise<Blob | undefined> {
  if (views.length === 0) throw new InvalidError('The library has no shard to export.');
  const plain = archiveStream(context.signal, async (archive) => {
    const taken = new Set<string>();
    let done = 0;
    for (const open of views) {
      const view = await open();
      if (include === 'live' && liveRecords(view, new Date()).length === 0) continue;
      const shard = await outgoingShard(
        view,
        { format: 'zip', include },
        {
          ...context,
          progress: () => undefined,
        },
      );
      try {
        await archive.add(entryName(view.entry.name, taken), shard.stream);
      } finally {
        await shard.close();
      }
      context.progress({ stage: 'export', done: ++done, total: views.length });
    }
    await archive.add(LIBRARY_LIST, streamOf([encodeLibraryList(archive.entries)]));
  });
  const stream = password === undefined ? plain : await sealed(plain, password);
  const name = password === undefined ? 'Memreel library.zip' : 'Memreel library.zip.age';
  const type = password === undefined ? 'application/zip' : 'application/octet-stream';
  return delivered(stream, name, type, { ...context, to });
}

function entryName(name: string, taken: Set<string>): string {
  const stem = name.replaceAll(/[\p{Cc}<>:"/\\|?*.]/gu, '-').slice(0, 100);
  for (let count = 1; ; count++) {
    const entry = `${stem}${count === 1 ? '' : ` (${String(count)})`}.zip`;
    if (taken.has(entry)) continue;
    taken.add(entry);
    return entry;
  }
}
