/**
 * What other apps share with this one: the form that the system sends becomes files, which wait in a
 * cache until a page takes them. Reads no file; the page decides what becomes of them.
 */
import { NAME_HEADER, SHARED_CACHE, SHARED_FOLDER } from './messages';

/** The names of `share_target.params` in the manifest. */
const FIELDS = { title: 'title', text: 'text', url: 'url', files: 'files' } as const;

/** UTF-16 units of a title that names a note. */
const LONGEST_NAME = 80;

/** The files of a form, and its words as one more: a note, named by its title. */
export function filesOf(form: FormData): File[] {
  const word = (name: string): string => {
    const value = form.get(name);
    return typeof value === 'string' ? value.trim() : '';
  };
  const [title, text, url] = [word(FIELDS.title), word(FIELDS.text), word(FIELDS.url)];
  const files = form.getAll(FIELDS.files).filter((entry) => entry instanceof File);
  // Systems name the shared file in the title: by itself it is no note.
  if (text === '' && url === '') return files;
  // Many apps put the address at the end of the text already.
  const address = text.includes(url) ? '' : url;
  const note = [title, text, address].filter((part) => part !== '').join('\n\n');
  const name = title.replaceAll(/[\s\p{C}/\\:*?"<>|]+/gu, ' ').slice(0, LONGEST_NAME);
  return [...files, new File([`${note}\n`], `${name.trim() || 'Shared note'}.txt`)];
}

/** Keeps files until a page takes them. @param base absolute URL of the app's folder */
export async function keepShared(files: readonly File[], base: string): Promise<void> {
  const cache = await caches.open(SHARED_CACHE);
  for (const file of files) {
    const headers = {
      'Content-Type': file.type || 'application/octet-stream',
      [NAME_HEADER]: encodeURIComponent(file.name),
    };
    const key = new URL(`${SHARED_FOLDER}${crypto.randomUUID()}`, base).href;
    await cache.put(key, new Response(file, { headers }));
  }
}
