/** A merge as a person does it: what would come, what to take of it, and what to do where both changed. */
import type { ChunkChange, MergeReport, Shard } from '../api';
import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { commonVersion } from './family';
import { changesOf, type Pages } from './history.svelte';

/** What to do with one chunk that both sides changed. */
export type Choice = 'mine' | 'theirs' | 'own';

/** The choices that a person makes before `merge`, and the call itself. */
export class Merging {
  /** What the other shard changed since both parted; null where no version is left to tell. */
  changes: Pages<ChunkChange> | null = $state.raw(null);
  /** Whether only the picked chunks are taken. */
  some = $state(false);
  readonly picked = new SvelteSet<string>();
  readonly choices = new SvelteMap<string, Choice>();
  /** The texts written by hand, by UUID. */
  readonly own = new SvelteMap<string, string>();
  readonly #mine: Pick<Shard, 'history' | 'merge'>;
  readonly #theirs: Pick<Shard, 'id' | 'head' | 'history' | 'diff'>;

  constructor(
    mine: Pick<Shard, 'history' | 'merge'>,
    theirs: Pick<Shard, 'id' | 'head' | 'history' | 'diff'>,
  ) {
    this.#mine = mine;
    this.#theirs = theirs;
  }

  /** Reads the first changes. */
  async look(): Promise<void> {
    const base = await commonVersion(this.#mine, this.#theirs);
    if (base === null) return;
    const changes = changesOf(() => Promise.resolve(this.#theirs), base, this.#theirs.head);
    this.changes = changes;
    await changes.more();
  }

  /** Takes one chunk, or leaves it. */
  pick(uuid: string, take: boolean): void {
    if (take) this.picked.add(uuid);
    else this.picked.delete(uuid);
  }

  /** Whether something was decided about each of these chunks. */
  decided(uuids: readonly string[]): boolean {
    return uuids.every((uuid) => {
      const choice = this.choices.get(uuid);
      return choice === 'own' ? (this.own.get(uuid) ?? '').trim() !== '' : choice !== undefined;
    });
  }

  merge(message: string): Promise<MergeReport> {
    const resolve: Record<string, 'mine' | 'theirs' | { text: string }> = {};
    for (const [uuid, choice] of this.choices) {
      resolve[uuid] = choice === 'own' ? { text: this.own.get(uuid) ?? '' } : choice;
    }
    return this.#mine.merge(this.#theirs.id, {
      ...(this.some ? { pick: [...this.picked] } : {}),
      ...(this.choices.size > 0 ? { resolve } : {}),
      ...(message.trim() === '' ? {} : { message: message.trim() }),
    });
  }
}
