/** Files out of a drop or a paste, folders walked through. Takes no decision about them. */

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
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => {
      entry.file(resolve, reject);
    });
    const path = entry.fullPath.replace(/^\//u, '');
    // System files such as .DS_Store are nobody's documents.
    if (!file.name.startsWith('.')) files.push(new File([file], path, { type: file.type }));
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

/** Pasted files, or pasted text as one file named `name`; nothing where there is neither. */
export function pastedFiles(data: DataTransfer, name: string): File[] {
  if (data.files.length > 0) return [...data.files];
  const text = data.getData('text/plain');
  return text.trim() === '' ? [] : [new File([text], name, { type: 'text/plain' })];
}

/** Whether a paste or a key belongs to what is being typed in. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  const untyped = ['button', 'checkbox', 'radio', 'range', 'submit', 'reset', 'file'];
  return target instanceof HTMLInputElement && !untyped.includes(target.type);
}
