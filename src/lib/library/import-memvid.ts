/** memvid v1's video and index into what can be committed. */
import { UnsupportedError } from '../errors';
import type { PreparedImport } from './import-commit';
import type { ImportContext } from './import-zip';

export interface MemvidFiles {
  readonly video: File;
  readonly index: File | null;
}

export function isMemvidIndex(name: string): boolean {
  return name.endsWith('_index.json');
}

export function isMemvidVideo(file: Blob): Promise<boolean> {
  return Promise.resolve(file.type === 'video/x-matroska');
}

export function importMemvid(
  { video }: MemvidFiles,
  { signal }: ImportContext,
): Promise<PreparedImport> {
  signal.throwIfAborted();
  throw new UnsupportedError(`${video.name} cannot be read yet.`, { subject: video.name });
}
