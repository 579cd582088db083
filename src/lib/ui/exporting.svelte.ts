/**
 * What a person wants of an export, and the ways in which a file reaches them: the browser's
 * downloads, or a file that they pick. What is in it is the library's matter.
 */
import type { ExportOptions, Work } from '../api';

export const EXPORT_FORMATS = ['zip', 'mp4', 'memvid', 'jsonl', 'markdown', 'npy'] as const;

/** How files of a format end. */
const EXTENSIONS: Readonly<Record<ExportOptions['format'], string>> = {
  ...{ zip: 'zip', mp4: 'mp4', memvid: 'zip', jsonl: 'jsonl', markdown: 'zip', npy: 'npy' },
};

/** The choices of an export, of one shard or of all. */
export class ExportWishes {
  format: ExportOptions['format'] = $state('zip');
  include: NonNullable<ExportOptions['include']> = $state('live');
  password = $state('');
  again = $state('');

  /** Whether it can hold everything, and be sealed. */
  get isZip(): boolean {
    return this.format === 'zip';
  }

  get differ(): boolean {
    return this.isZip && this.password !== this.again;
  }

  /** What the library is asked for. */
  get options(): Pick<ExportOptions, 'include' | 'password'> {
    if (!this.isZip) return {};
    const { include, password } = this;
    return { include, ...(password === '' ? {} : { password }) };
  }

  /** How the file's name ends, without the first dot. */
  get extension(): string {
    const extension = EXTENSIONS[this.format];
    return this.isZip && this.password !== '' ? `${extension}.age` : extension;
  }

  /** Whether a file that was written or imported before may be written over with this. */
  fits(name: string): boolean {
    // A zip of memvid's, or of Markdown, would take a shard's place.
    return (this.format === 'zip' || this.format === 'mp4') && name.endsWith(`.${this.extension}`);
  }
}

/** A file that was written. */
export interface Saved {
  readonly name: string;
  readonly bytes: number;
  readonly to: 'downloads' | 'file';
}

/** An export, as the library does it. */
type Write = (options: Work & Pick<ExportOptions, 'to'>) => Promise<Blob | undefined>;

/** Writes a file on this machine and hands it to the browser's downloads. */
export async function saveToDownloads(write: Write, name: string, work: Work): Promise<Saved> {
  const file = await write(work);
  if (!file) throw new Error('The export gave no file');
  const saved = file instanceof File ? file.name : name;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = saved;
  link.click();
  // The download holds the file by then; a minute is ample even on a slow disk.
  setTimeout(() => {
    URL.revokeObjectURL(link.href);
  }, 60_000);
  return { name: saved, bytes: file.size, to: 'downloads' };
}

/** Writes straight into a file. Until all is there, the file is as it was. */
export async function saveToFile(
  write: Write,
  handle: FileSystemFileHandle,
  work: Work,
): Promise<Saved> {
  await write({ ...work, to: handle });
  const { size } = await handle.getFile();
  return { name: handle.name, bytes: size, to: 'file' };
}

/** File System Access (WICG), as far as it is used: TypeScript has no types of it. */
interface WithPicker {
  showSaveFilePicker(options: { suggestedName: string }): Promise<FileSystemFileHandle>;
}

const hasPicker = (page: object): page is WithPicker => 'showSaveFilePicker' in page;

/** Whether this browser lets a person pick the file to be written. */
export const canPickFile = (): boolean => hasPicker(window);

/** The file that the person picked; null where they changed their mind. To be called on a click. */
export async function pickFile(suggestedName: string): Promise<FileSystemFileHandle | null> {
  if (!hasPicker(window)) return null;
  try {
    return await window.showSaveFilePicker({ suggestedName });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return null;
    throw error;
  }
}

/** A shard's name as every system takes it in a file's name. */
export function fileNameOf(name: string, extension: string): string {
  return `${name.replaceAll(/[\p{Cc}\\/:*?"<>|]+/gu, '-').slice(0, 100)}.${extension}`;
}
