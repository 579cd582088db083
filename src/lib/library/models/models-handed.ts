/**
 * The files of a model among those that a person chose: out of its folder, or out of one zip of it.
 * They are found by where they lie and how large they are; whether they are the pinned ones is up to
 * who keeps them.
 */
import { CorruptError, NotFoundError } from '../../errors';
import type { ModelFile, SentenceModelSpec } from '../../embedding/model';
import { ZipParts } from '../../text/extract/zip-parts';
import type { BringFile } from './models-kept';

/** A chosen file and its path, as far as the browser tells it; else its name. */
export interface HandedFile {
  readonly path: string;
  readonly file: File;
}

export interface HandedModel {
  /** One for each file of the model. */
  bring(file: ModelFile): BringFile;
  close(): Promise<void>;
}

/**
 * @throws NotFoundError naming what is missing; CorruptError for a file of another size, and for a
 *   zip that is damaged
 */
export async function openHanded(
  spec: SentenceModelSpec,
  files: readonly HandedFile[],
): Promise<HandedModel> {
  const [first] = files;
  if (files.length === 1 && first && /\.zip$/i.test(first.path)) {
    const zip = await ZipParts.open(first.file, first.file.name);
    const picked = pick(spec, zip.names, (path) => path);
    return {
      bring: (file) => () => Promise.resolve({ from: 0, stream: zip.stream(taken(picked, file)) }),
      close: () => zip.close(),
    };
  }
  const picked = pick(spec, files, ({ path }) => path);
  for (const wanted of spec.files) {
    const { file, path } = taken(picked, wanted);
    if (file.size === wanted.bytes) continue;
    throw new CorruptError(
      `${path} has ${String(file.size)} bytes, and that of ${spec.hub.name} has ${String(wanted.bytes)}. Choose the folder of revision ${spec.hub.revision}.`,
      { subject: path },
    );
  }
  return {
    bring: (wanted) => (from) => {
      const stream = taken(picked, wanted).file.slice(from).stream();
      return Promise.resolve({ from, stream });
    },
    close: () => Promise.resolve(),
  };
}

/** What stands for each file: the one whose path ends alike, else the only one of its name. */
function pick<T>(
  spec: SentenceModelSpec,
  candidates: readonly T[],
  pathOf: (candidate: T) => string,
): ReadonlyMap<string, T> {
  const picked = new Map<string, T>();
  const missing: string[] = [];
  for (const { path } of spec.files) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const ending = (wanted: string): T[] =>
      candidates
        .filter((one) => `/${pathOf(one)}`.endsWith(`/${wanted}`))
        // The outermost: folders of a model hold others with files of the same names.
        .sort((a, b) => pathOf(a).length - pathOf(b).length);
    const found = ending(path)[0] ?? ending(name)[0];
    if (found === undefined) missing.push(path);
    else picked.set(path, found);
  }
  if (missing.length === 0) return picked;
  throw new NotFoundError(
    `The chosen files are not all that the model ${spec.name} needs: ${missing.join(', ')} is missing.`,
    { subject: missing[0] },
  );
}

function taken<T>(picked: ReadonlyMap<string, T>, { path }: ModelFile): T {
  const found = picked.get(path);
  if (found === undefined) throw new Error(`${path} is no file of the model.`);
  return found;
}
