/**
 * One playable MP4 of what a version shows now: samples are copied as a stream; only chunks of
 * segments that have something else in them are encoded.
 */
import type { Progress } from '../api';
import { InvalidError } from '../errors';
import type { FileSystem } from '../store/file-system';
import type { Locks } from '../store/locks';
import { joinMp4 } from '../video/join';
import { EXPORTS, liveVideo, type LiveVideoContext } from './live-video';
import type { ShardView } from './view';

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
  const { entry, version } = view;
  const { fs } = parts;
  const live = await liveVideo(view, new Date(), { ...parts, signal, progress });
  try {
    if (live.videos.length === 0) {
      throw new InvalidError('The shard has nothing to show yet.', { subject: entry.name });
    }
    const comment = `memreel/1 ${entry.profile} model=${version.model} chunks=${String(live.chunks)}`;
    const stream = joinMp4(
      live.videos,
      { title: entry.name, comment },
      {
        signal,
        onProgress: (done, total) => {
          progress({ stage: 'export', done, total });
        },
      },
    );
    if (to) {
      await stream.pipeTo(to, { signal });
      return undefined;
    }
    const path = `${EXPORTS}/${crypto.randomUUID()}.mp4`;
    await save(stream, fs, path, signal);
    const file = await fs.read(path);
    return file && new File([file], `${fileName(entry.name)}.mp4`, { type: 'video/mp4' });
  } finally {
    await live.close();
  }
}

async function save(
  stream: ReadableStream<Uint8Array>,
  fs: FileSystem,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const file = await fs.open(path, { create: true });
  const reader = stream.getReader();
  try {
    for (let at = 0; ;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read();
      if (done) break;
      file.write(at, value);
      at += value.length;
    }
    file.flush();
  } catch (error) {
    file.close();
    await reader.cancel();
    await fs.remove(path);
    throw error;
  }
  file.close();
}

/** Removes what earlier sessions exported, unless another tab may still be saving one. */
export async function forgetOldExports(fs: FileSystem, locks: Locks, name: string): Promise<void> {
  const options = { mode: 'exclusive', ifAvailable: true } as const;
  await locks.request(`memreel:${name}:readers`, options, async (lock) => {
    if (lock === null) return;
    for (const file of await fs.list(EXPORTS)) await fs.remove(`${EXPORTS}/${file}`);
  });
}

/** A shard's name as a file name that every system takes. */
function fileName(name: string): string {
  return name.replace(/[\p{Cc}<>:"/\\|?*]/gu, '-').slice(0, 100);
}
