/** How one document would be cut, live: asked anew when the choices change, the question before given up. */
import { SvelteMap } from 'svelte/reactivity';
import type { ChunkingOptions, Library, Preview } from '../api';

/** Milliseconds of quiet typing before a document is cut anew. */
const PAUSE = 250;

/** Cuts that are shown. */
const LIMIT = 20;

/** What decides how a document is cut. */
export interface CutsAsked {
  readonly file: File;
  readonly chunking: ChunkingOptions;
  /** Whose tokens are counted. */
  readonly model: string | undefined;
}

export class Cuts {
  preview: Preview | null = $state.raw(null);
  error: unknown = $state.raw(null);
  busy = $state(false);
  /** The file whose password is asked for, and where the answer goes. */
  locked: { file: string; answer: (password: string | undefined) => void } | null =
    $state.raw(null);
  readonly #library: Pick<Library, 'preview'>;
  readonly #passwords = new SvelteMap<string, string>();
  #file: File | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #abort = new AbortController();

  constructor(library: Pick<Library, 'preview'>) {
    this.#library = library;
  }

  /** Shows the cuts of a document; at once where it is another one than before. */
  show(asked: CutsAsked): void {
    this.#stop();
    const isOther = asked.file !== this.#file;
    if (isOther) this.clear();
    this.#file = asked.file;
    this.busy = true;
    const { signal } = this.#abort;
    this.#timer = setTimeout(() => void this.#cut(asked, signal), isOther ? 0 : PAUSE);
  }

  /** Shows nothing any more, and forgets passwords. */
  clear(): void {
    this.#stop();
    this.#file = null;
    this.#passwords.clear();
    this.preview = null;
    this.error = null;
    this.busy = false;
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#abort.abort(new DOMException('Asked anew', 'AbortError'));
    this.#abort = new AbortController();
    this.locked = null;
  }

  async #cut({ file, chunking, model }: CutsAsked, signal: AbortSignal): Promise<void> {
    const tried: string[] = [];
    try {
      const preview = await this.#library.preview(file, {
        ...{ chunking, signal, limit: LIMIT },
        ...(model === undefined ? {} : { model }),
        password: (name) => this.#password(name, tried),
      });
      if (signal.aborted) return;
      this.preview = preview;
      this.error = null;
    } catch (error) {
      if (signal.aborted) return; // another question is on its way
      this.preview = null;
      this.error = error;
    }
    this.busy = false;
  }

  /** What was answered before, and a person where that was not right. */
  #password(name: string, tried: string[]): Promise<string | undefined> {
    const known = tried.includes(name) ? undefined : this.#passwords.get(name);
    tried.push(name);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => {
      this.locked = {
        file: name,
        answer: (password) => {
          this.locked = null;
          if (password !== undefined) this.#passwords.set(name, password);
          resolve(password);
        },
      };
    });
  }
}
