/**
 * Where exports go: into the stream that the caller gave, or a file beside the store that lasts until
 * no tab is open any more. What is in them is made elsewhere.
 */
import type { FileSystem } from '../../store/file-system';
import type { Locks } from '../../store/locks';

/** Where exports are made and wait to be saved; emptied when no tab is open any more. */
export const EXPORTS = 'exports';

export interface Delivery {
  readonly fs: FileSystem;
  readonly to: WritableStream<Uint8Array> | undefined;
  readonly signal: AbortSignal;
}

/** @returns the file, where `to` is not given; `name` is made safe for every system */
export async function delivered(
  stream: ReadableStream<Uint8Array>,
  name: string,
  type: string,
  { fs, to, signal }: Delivery,
): Promise<File | undefined> {
  if (to) {
    await stream.pipeTo(to, { signal });
    return undefined;
  }
  const path = `${EXPORTS}/${crypto.randomUUID()}${name.slice(name.lastIndexOf('.'))}`;
  await saveStream(stream, fs, path, signal);
  const file = await fs.read(path);
  if (!file) throw new Error('What was written for an export is gone.');
  return new File([file], fileName(name), { type });
}

/** Writes a stream to a file. What was written is removed where it fails. */
export async function saveStream(
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

/** A name that every system takes; the extension stays whole. */
function fileName(name: string): string {
  const dot = name.lastIndexOf('.');
  const stem = name.slice(0, dot).replace(/[\p{Cc}<>:"/\\|?*]/gu, '-');
  return `${stem.slice(0, 100)}${name.slice(dot)}`;
}
