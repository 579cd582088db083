/** Files out of a drop, a paste or a picked folder, folders walked through. Takes no decision about them. */

/** All files of a drop; a folder's files come with their path in front of the name. */
export async function droppedFiles(data: DataTransfer): Promise<File[]> {
  // Entries must be taken before the first await: the list is emptied after the event.
  const entries = [...data.items].map((item) => ({
    entry: item.kind === 'file' ? item.webkitGetAsEntry() : null,
    file: item.kind === 'file' ? item.getAsFile() : null,
  }));
  const files: File[] = [];
  for (const { entry, file } of entries) {
    if (entry?.isDirectory) await walk(entry, files);
    else if (file) files.push(file);
  }
  return files;
}

async function walk(entry: FileSystemEntry, files: File[]): Promise<void> {
  if (isNobodys(entry.name)) return;
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => {
      entry.file(resolve, reject);
    });
    files.push(named(file, entry.fullPath.replace(/^\//u, '')));
    return;
  }
  if (!isDirectory(entry)) return;
  const reader = entry.createReader();
  for (;;) {
    // A reader hands out at most 100 entries a call, and an empty list at the end.
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (batch.length === 0) return;
    for (const child of batch) await walk(child, files);
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

/** All files of a folder that was picked, with their path in front of the name. */
export async function filesOfFolder(
  folder: FileSystemDirectoryHandle,
  path = folder.name,
): Promise<File[]> {
  const files: File[] = [];
  for await (const entry of folder.values()) {
    if (isNobodys(entry.name)) continue;
    const own = `${path}/${entry.name}`;
    if (isFolder(entry)) files.push(...(await filesOfFolder(entry, own)));
    else if (isHandleOfFile(entry)) files.push(named(await entry.getFile(), own));
  }
  return files;
}

function isFolder(entry: FileSystemHandle): entry is FileSystemDirectoryHandle {
  return entry.kind === 'directory';
}

function isHandleOfFile(entry: FileSystemHandle): entry is FileSystemFileHandle {
  return entry.kind === 'file';
}

/** What an `<input webkitdirectory>` gives, as the other ways give it. */
export function filesOfInput(files: Iterable<File>): File[] {
  return [...files].flatMap((file) => {
    const path = file.webkitRelativePath;
    if (path === '') return [file];
    return path.split('/').some(isNobodys) ? [] : [named(file, path)];
  });
}

function named(file: File, name: string): File {
  return new File([file], name, { type: file.type, lastModified: file.lastModified });
}

/** What systems and tools leave in folders (`.DS_Store`, `.git`) is nobody's document. */
function isNobodys(name: string): boolean {
  return name.startsWith('.') || name === 'Thumbs.db' || name === 'desktop.ini';
}

/** The files in their order, each once: the same object may be handed in twice. */
export function withoutRepeats(files: readonly File[]): File[] {
  return [...new Set(files)];
}

/** UTF-16 units of a heading that names a pasted page. */
const LONGEST_NAME = 80;

/** How what is pasted is named. */
export interface PastedNames {
  readonly text: string;
  /** Of a page without a heading, without the extension. */
  readonly page: string;
}

/**
 * Pasted files; or else a pasted page or text as one file. Nothing where there is none of them.
 */
export function pastedFiles(data: DataTransfer, names: PastedNames): File[] {
  const text = data.getData('text/plain');
  const files = [...data.files];
  // Office programs put a picture of a text beside it: the text is what was copied.
  const isPicture = files.every(({ type }) => type.startsWith('image/'));
  if (files.length > 0 && !(isPicture && text.trim() !== '')) return files;
  const html = data.getData('text/html');
  if (isPage(html)) {
    const name = headingOf(html) ?? names.page;
    return [new File([html], `${name}.html`, { type: 'text/html' })];
  }
  return text.trim() === '' ? [] : [new File([text], names.text, { type: 'text/plain' })];
}

/** Whether markup says more than the text alone: editors and terminals copy colours as HTML, too. */
function isPage(html: string): boolean {
  return /<(?:h[1-6]|p|li|table|blockquote|article)[\s>]/iu.test(html);
}

/** The first heading, as a file may be called; undefined where there is none. */
function headingOf(html: string): string | undefined {
  const open = /<h[1-6](?:\s[^>]{0,1000})?>/iu.exec(html);
  if (!open) return undefined;
  const rest = html.slice(open.index + open[0].length);
  const end = rest.search(/<\/h[1-6]/iu);
  const name = rest
    .slice(0, Math.min(end < 0 ? 0 : end, 2000))
    .replaceAll(/<[^>]*>/gu, '')
    .replaceAll(/&[#\w]{1,10};/gu, ' ')
    .replaceAll(/[\p{C}/\\:*?"<>|]+/gu, ' ')
    .replaceAll(/\s+/gu, ' ')
    .trim();
  const short = name
    .slice(0, LONGEST_NAME)
    .replace(/\p{Surrogate}$/u, '')
    .trim();
  return short === '' ? undefined : short;
}

/** Whether a paste or a key belongs to what is being typed in. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  const untyped = ['button', 'checkbox', 'radio', 'range', 'submit', 'reset', 'file'];
  return target instanceof HTMLInputElement && !untyped.includes(target.type);
}
