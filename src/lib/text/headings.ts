/**
 * The path of headings that a reader of a document stands under. Not a table of contents: it
 * forgets what it has left.
 */

/** More levels say nothing to a person, and each costs bytes in every chunk's frame. */
const MAX_LEVELS = 6;
/** UTF-16 units of one heading. */
const MAX_LENGTH = 120;

/** Keeps the path of headings, outermost first, while a document is read in order. */
export class HeadingPath {
  readonly #open: { level: number; title: string }[] = [];

  /** The path at this point; undefined above the first heading. A fresh array on each change. */
  path: string[] | undefined;

  /** Enters a heading: closes every heading of its level or deeper. `level` 1 is outermost. */
  enter(level: number, title: string): void {
    while ((this.#open.at(-1)?.level ?? 0) >= level) this.#open.pop();
    const text = shorten(title.replace(/\s+/g, ' ').trim());
    if (text !== '') this.#open.push({ level, title: text });
    this.path = this.#open.length === 0 ? undefined : this.#open.slice(0, MAX_LEVELS).map(titleOf);
  }
}

function titleOf(heading: { title: string }): string {
  return heading.title;
}

function shorten(title: string): string {
  const cut = title.slice(0, MAX_LENGTH);
  // Half of a surrogate pair would be text that UTF-8 cannot carry.
  return title.length > MAX_LENGTH && /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
}
