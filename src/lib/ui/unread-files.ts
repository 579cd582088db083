/** Which files of a job are still to be read, by their names: a job may have ten thousand. */

export class UnreadFiles {
  readonly #positions = new Map<string, number[]>();

  constructor(names: readonly string[]) {
    for (const [at, name] of names.entries()) {
      const others = this.#positions.get(name);
      if (others) others.push(at);
      else this.#positions.set(name, [at]);
    }
    // The first is taken from the end: taking from the front moves all others.
    for (const positions of this.#positions.values()) positions.reverse();
  }

  /** The position of the first file of that name that was not taken; undefined where there is none. */
  first(name: string): number | undefined {
    return this.#positions.get(name)?.at(-1);
  }

  /** The first file of that name is read. */
  take(name: string): void {
    this.#positions.get(name)?.pop();
  }
}
