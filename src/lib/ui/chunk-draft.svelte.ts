/** The text of one chunk while a person changes it. Knows the stored text, not how it is stored. */
import type { Chunk } from '../api';
import { diffWords, type WordPiece } from './word-diff';

/** As a text field shows it: HTML turns every line break into U+000A. */
export function asTyped(stored: string): string {
  return stored.replaceAll(/\r\n?/gu, '\n');
}

/** The offset in the stored text of one in what a text field shows of it. */
export function storedOffset(stored: string, typed: number): number {
  let at = 0;
  for (let seen = 0; seen < typed && at < stored.length; seen += 1) {
    at += stored.startsWith('\r\n', at) ? 2 : 1;
  }
  return at;
}

/** A chunk that is edited, or one that is to be inserted. */
export class ChunkDraft {
  /** As it is typed. */
  text = $state('');
  /** The newest stored state, where someone else changed it under the person's hands. */
  theirs: Chunk | null = $state.raw(null);
  /** Why it could not be saved. */
  error: unknown = $state.raw(null);
  #chunk: Chunk | null = $state.raw(null);
  readonly #pieces: WordPiece[] = $derived(diffWords(asTyped(this.stored), this.text));

  /** @param chunk null for a chunk that is not there yet, which stands after `after` */
  constructor(
    chunk: Chunk | null,
    /** Null stands for the start of the shard. */
    readonly after: Chunk | null = null,
  ) {
    this.#chunk = chunk;
    this.text = asTyped(this.stored);
  }

  /** The chunk as it was when this text was begun, or last agreed upon. */
  get chunk(): Chunk | null {
    return this.#chunk;
  }

  get stored(): string {
    return this.#chunk?.text ?? '';
  }

  get changed(): boolean {
    return this.text !== asTyped(this.stored);
  }

  /** What saving would change. */
  get pieces(): readonly WordPiece[] {
    return this.#pieces;
  }

  /** The text to store: with the line breaks that the chunk had. */
  get toStore(): string {
    return this.stored.includes('\r\n') ? this.text.replaceAll('\n', '\r\n') : this.text;
  }

  /** Whether a newly read state of the chunk is the one that this text was begun from. */
  agrees(newest: Chunk): boolean {
    return newest.text === this.stored && newest.deleted === (this.#chunk?.deleted ?? false);
  }

  /** Takes in the newest stored state: follows it, or shows it beside what was typed. */
  meet(newest: Chunk): void {
    const sameWords = !newest.deleted && asTyped(newest.text) === this.text;
    if (this.changed && !this.agrees(newest) && !sameWords) {
      this.theirs = newest;
      return;
    }
    if (!this.changed) this.text = asTyped(newest.text);
    this.#chunk = newest;
    this.theirs = null;
  }

  /** Gives up what was typed. */
  takeTheirs(): void {
    if (!this.theirs) return;
    this.#chunk = this.theirs;
    this.text = asTyped(this.theirs.text);
    this.theirs = null;
    this.error = null;
  }

  /** Goes on from the newest stored state with what was typed. */
  keepMine(): void {
    if (!this.theirs) return;
    this.#chunk = this.theirs;
    this.theirs = null;
    this.error = null;
  }
}
