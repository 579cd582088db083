/** The ways out of a shard, by format: each makes a stream, which is handed to whoever asked. */
import type { ExportOptions } from '../../api';
import { InvalidError } from '../../errors';
import { sealed } from '../../archive/seal';
import { delivered } from './delivery';
import { exportMemvid } from './export-memvid';
import { exportJsonl, exportMarkdown, exportNpy } from './export-open';
import { joinedVideo } from './export-mp4';
import { exportLive } from './export-live';
import { exportEverything } from './export-everything';
import { liveVideo } from './live-video';
import type { ExportContext, Outgoing, Wanted } from './outgoing';
import type { ShardView } from '../view';

/**
 * @returns the file, where `to` is not given
 * @throws InvalidError for a shard without anything to show, and for what a format cannot do
 */
export async function exportShard(
  view: ShardView,
  wanted: Wanted,
  to: WritableStream<Uint8Array> | undefined,
  context: ExportContext,
): Promise<Blob | undefined> {
  const outgoing = await outgoingShard(view, wanted, context);
  try {
    const { stream, extension, type } = outgoing;
    const name = `${view.entry.name}.${extension}`;
    return await delivered(stream, name, type, { ...context, to });
  } finally {
    await outgoing.close();
  }
}

/** The same, for who puts it into something else. */
export async function outgoingShard(
  view: ShardView,
  { format, include = 'live', password }: Wanted,
  context: ExportContext,
): Promise<Outgoing> {
  if (format !== 'zip' && (include !== 'live' || password !== undefined)) {
    throw new InvalidError('Only a zip can hold everything, or be sealed with a password.', {
      subject: format,
    });
  }
  const outgoing = await unsealedShard(view, { format, include }, context);
  if (password === undefined) return outgoing;
  if (password === '') throw new InvalidError('The password is empty.', { subject: 'password' });
  return {
    ...outgoing,
    stream: await sealed(outgoing.stream, password),
    extension: `${outgoing.extension}.age`,
    type: 'application/octet-stream',
  };
}

async function unsealedShard(
  view: ShardView,
  { format, include }: { format: ExportOptions['format']; include: 'live' | 'everything' },
  context: ExportContext,
): Promise<Outgoing> {
  switch (format) {
    case 'zip':
      return include === 'live' ? exportLive(view, context) : exportEverything(view, context);
    case 'mp4': {
      const live = await liveVideo(view, new Date(), context);
      const stream = joinedVideo(view, live, context);
      return { stream, extension: 'mp4', type: 'video/mp4', close: () => live.close() };
    }
    case 'memvid':
      return exportMemvid(view, context);
    case 'jsonl':
      return exportJsonl(view, context);
    case 'markdown':
      return exportMarkdown(view, context);
    case 'npy':
      return exportNpy(view, context);
  }
}
