/**
 * Reads a model's files: those of the built-in one from this origin, those of a larger one from what
 * is handed in. Nothing here reaches the hub, and nothing is kept.
 */
import { CorruptError, NotFoundError } from '../errors';
import type { ModelFiles, SentenceModelSpec } from './model';

/** Reads a file of a model that is served at `<assetsUrl>models/<id>/`. @throws NotFoundError */
export async function fetchModelFile(assetsUrl: string, id: string, path: string): Promise<Blob> {
  const address = `${assetsUrl.replace(/\/?$/, '/')}models/${id}/${path}`;
  const response = await fetch(address).catch((cause: unknown) => {
    throw new NotFoundError(`The file ${path} of the model ${id} cannot be reached.`, {
      subject: address,
      cause,
    });
  });
  // Hosts of single-page apps answer a missing file with their front page and status 200.
  const page = response.headers.get('content-type')?.startsWith('text/html') ?? false;
  if (!response.ok || page)
    throw new NotFoundError(`The file ${path} of the model ${id} is not at ${address}.`, {
      subject: address,
    });
  return response.blob();
}

/** All files that the model needs, held against its digests. @throws NotFoundError, CorruptError */
export async function readModelFiles(
  spec: SentenceModelSpec,
  files: ModelFiles,
): Promise<ReadonlyMap<string, Uint8Array<ArrayBuffer>>> {
  const contents = new Map<string, Uint8Array<ArrayBuffer>>();
  // One after another: the largest is over 100 MB, and is hashed whole.
  for (const { path, bytes, sha256 } of spec.files) {
    const file = files.get(path);
    if (!file)
      throw new NotFoundError(`The model ${spec.id} lacks its file ${path}.`, { subject: path });
    const content = file.size === bytes ? new Uint8Array(await file.arrayBuffer()) : undefined;
    if (!content || (await digestOf(content)) !== sha256)
      throw new CorruptError(
        `The file ${path} is not the one of ${spec.hub.name} at revision ${spec.hub.revision}.`,
        { subject: path },
      );
    contents.set(path, content);
  }
  return contents;
}

async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
