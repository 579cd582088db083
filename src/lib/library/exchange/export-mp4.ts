/**
 * One playable MP4 of what a version shows now: samples are copied as a stream; only chunks of
 * segments that have something else in them are encoded.
 */
import type { Progress } from '../../api';
import { InvalidError } from '../../errors';
import { joinMp4 } from '../../video/join';
import { delivered } from './delivery';
import { liveVideo, type LiveVideo, type LiveVideoContext } from './live-video';
import type { ShardView } from '../view';

export type ExportParts = Pick<LiveVideoContext, 'engines' | 'store' | 'texts' | 'fs'>;

export interface ExportWork {
  readonly to: WritableStream<Uint8Array> | undefined;
  readonly signal: AbortSignal;
  progress(progress: Progress): void;
}

/**
 * @returns the file, where `to` is not given
 * @throws InvalidError for a shard without anything to show
 */
export async function exportMp4(
  view: ShardView,
  parts: ExportParts,
  { to, signal, progress }: ExportWork,
): Promise<Blob | undefined> {
  const { entry } = view;
  const { fs } = parts;
  const live = await liveVideo(view, new Date(), { ...parts, signal, progress });
  try {
    const stream = joinedVideo(view, live, { signal, progress });
    return await delivered(stream, `${entry.name}.mp4`, 'video/mp4', { fs, to, signal });
  } finally {
    await live.close();
  }
}

/**
 * The videos of an export as one, with what the MP4 says of itself.
 * @throws InvalidError where nothing is visible
 */
export function joinedVideo(
  { entry, version }: ShardView,
  { parts }: LiveVideo,
  { signal, progress }: Pick<ExportWork, 'signal' | 'progress'>,
): ReadableStream<Uint8Array> {
  if (parts.length === 0) {
    throw new InvalidError('The shard has nothing to show yet.', { subject: entry.name });
  }
  const chunks = parts.reduce((sum, { rows }) => sum + rows.length, 0);
  const comment = `memreel/1 ${entry.profile} model=${version.model} chunks=${String(chunks)}`;
  return joinMp4(
    parts.map(({ video }) => video),
    { title: entry.name, comment },
    {
      signal,
      onProgress: (done, total) => {
        progress({ stage: 'export', done, total });
      },
    },
  );
}
