/**
 * Names of files inside archives, made safe and unique. They are names alone: nothing is ever written
 * under them. But sources are told apart and shown by them, and each frame repeats its sources'.
 */

/** UTF-16 units: what file systems take, and little enough beside the text in a frame. */
const LONGEST = 255;

/** What an archive's name ends in once it is shortened: the file's own name stays readable. */
const KEPT_END = 160;

/** What systems leave behind, as the last part of a path. */
const LEFT_BEHIND = new Set(['.ds_store', 'thumbs.db', 'desktop.ini', 'icon\r']);

/** Whether it is no document of a person's, but what a system put beside them. */
export function isLeftBehind(name: string): boolean {
  const parts = name.split(/[\\/]/);
  const last = parts.at(-1)?.toLowerCase() ?? '';
  // AppleDouble files hold what another system has no place for; `__MACOSX` is a folder of them.
  return parts.includes('__MACOSX') || last.startsWith('._') || LEFT_BEHIND.has(last);
}

/** The names of one archive: `/` between folders, relative, without `..`, and each one once. */
export class SafePaths {
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>();
  /** How often a name was numbered, so that ten thousand equal ones take no quadratic time. */
  readonly #numbered = new Map<string, number>();

  /** A path for a name as the archive gives it; no file becomes a folder of another one. */
  add(name: string): string {
    const parts = partsOf(name);
    const path = parts.join('/');
    // A file that is in the way as a folder: `a.zip` where `a.zip/b.txt` is to come.
    const inTheWay = foldersOf(path).findIndex((folder) => this.#files.has(folder));
    let free = path;
    for (let number = this.#numbered.get(path) ?? 2; !this.#isFree(free); number++) {
      free = numbered(parts, number, inTheWay < 0 ? parts.length - 1 : inTheWay);
      this.#numbered.set(path, number + 1);
    }
    this.#files.add(free);
    for (const folder of foldersOf(free)) this.#folders.add(folder);
    return free;
  }

  #isFree(path: string): boolean {
    if (this.#files.has(path) || this.#folders.has(path)) return false;
    return foldersOf(path).every((folder) => !this.#files.has(folder));
  }
}

function partsOf(name: string): string[] {
  // Some programs on Windows write `\` between folders.
  const parts = shortened(name)
    .replaceAll('\\', '/')
    .replace(/^[A-Za-z]:/, '')
    .replace(/\p{Cc}/gu, '_')
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..');
  return parts.length > 0 ? parts : ['unnamed'];
}

function shortened(name: string): string {
  if (name.length <= LONGEST) return name;
  const begin = name.slice(0, LONGEST - KEPT_END - 1);
  // No half of a surrogate pair may stay: it would be another character in UTF-8.
  return `${begin}…${name.slice(-KEPT_END)}`.replace(/\p{Cs}/gu, '');
}

/** `notes/a.txt` as `notes/a (2).txt`; where a folder is in the way, that has the number. */
function numbered(parts: readonly string[], number: number, at: number): string {
  return parts.map((part, own) => (own === at ? withNumber(part, number) : part)).join('/');
}

function withNumber(name: string, number: number): string {
  const dot = name.lastIndexOf('.');
  const stem = dot > 0 ? name.slice(0, dot) : name;
  return `${stem} (${String(number)})${name.slice(stem.length)}`;
}

function foldersOf(path: string): string[] {
  const folders: string[] = [];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
    folders.push(path.slice(0, at));
  }
  return folders;
}
