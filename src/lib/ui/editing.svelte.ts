/**
 * Editing a shard's chunks: each act is one call of the shard and so one version, is said in a
 * notice with the way back, and an error is said in words. Draws nothing.
 */
import type { Shard } from '../api';
import { storedOffset, type ChunkDraft } from './chunk-draft.svelte';
import { explain } from './explain';
import type { Notice, Notices } from './notices.svelte';
import { strings } from './strings';
import { editingStrings as words } from './strings/editing';

/** The calls that editing needs. */
export type EditedShard = Pick<
  Shard,
  'chunk' | 'edit' | 'insert' | 'split' | 'join' | 'delete' | 'restore' | 'undo' | 'redo'
>;

export class Editing {
  /** True while a call is under way; meanwhile no other one begins. */
  busy = $state(false);
  /** The chunk in the editor. */
  draft: ChunkDraft | null = $state.raw(null);
  /** The version that the last insertion made. */
  inserted: string | null = null;
  #notice: Notice | null = null;
  /** Resolves when the call under way has ended. */
  #ended: Promise<unknown> = Promise.resolve();
  readonly #open: () => Promise<EditedShard>;
  readonly #notices: Notices;

  constructor(open: () => Promise<EditedShard>, notices: Notices, draft: ChunkDraft | null = null) {
    this.#open = open;
    this.#notices = notices;
    this.draft = draft;
  }

  /** Whether closing the editor would lose something. */
  get unsaved(): boolean {
    return this.draft?.changed ?? false;
  }

  /** Saves the text in the editor and closes it. False where it could not be saved: it stays open. */
  save(): Promise<boolean> {
    return this.#write(async (shard, draft) => {
      if (!draft.chunk) {
        const { id } = await shard.insert(draft.after?.uuid ?? null, draft.toStore);
        this.inserted = id;
        this.#tell(words.done.insert);
        return true;
      }
      if (!(await this.#isNewest(shard, draft, draft.chunk.uuid))) return false;
      // Someone else saved the very same words.
      if (!draft.changed) return true;
      if (draft.chunk.deleted) await shard.restore([draft.chunk.uuid]);
      await shard.edit(draft.chunk.uuid, draft.toStore);
      this.#tell(words.done.edit);
      return true;
    });
  }

  /** Saves what was typed over what someone else saved. */
  saveOver(): Promise<boolean> {
    this.draft?.keepMine();
    return this.save();
  }

  /** Cuts the chunk in the editor at an offset of what is typed; saves first what was changed. */
  split(at: number): Promise<boolean> {
    return this.#write(async (shard, draft) => {
      const { chunk } = draft;
      if (!chunk || !(await this.#isNewest(shard, draft, chunk.uuid))) return false;
      const text = draft.toStore;
      if (draft.changed) {
        await shard.edit(chunk.uuid, text);
        // Saved: should the cut fail, the editor goes on from here.
        draft.meet({ ...chunk, text });
      }
      await shard.split(chunk.uuid, storedOffset(text, at));
      this.#tell(words.done.split);
      return true;
    });
  }

  /** Tombstones chunks. The editor closes where it held one of them. */
  async delete(uuids: readonly string[]): Promise<boolean> {
    if (uuids.length === 0) return false;
    const done = await this.#act(async (shard) => {
      await shard.delete([...uuids]);
      this.#tell(words.done.delete(uuids.length));
    });
    if (done) this.#closeIf(uuids);
    return done;
  }

  async restore(uuids: readonly string[]): Promise<boolean> {
    if (uuids.length === 0) return false;
    const done = await this.#act(async (shard) => {
      await shard.restore([...uuids]);
      this.#tell(words.done.restore(uuids.length));
    });
    if (done) this.#closeIf(uuids);
    return done;
  }

  /** Makes one chunk of several, given in their order. */
  async join(uuids: readonly string[]): Promise<boolean> {
    const done = await this.#act(async (shard) => {
      await shard.join([...uuids]);
      this.#tell(words.done.join(uuids.length));
    });
    if (done) this.#closeIf(uuids);
    return done;
  }

  /** Takes the last change back; waits for the call under way. */
  async undo(): Promise<boolean> {
    while (this.busy) await this.#ended;
    return this.#act(async (shard) => {
      const version = await shard.undo();
      this.forget();
      this.#notices.show(version ? words.done.undo : words.nothingToUndo);
    });
  }

  async redo(): Promise<boolean> {
    while (this.busy) await this.#ended;
    return this.#act(async (shard) => {
      const version = await shard.redo();
      if (version) this.#tell(words.done.redo);
      else this.#notices.show(words.nothingToRedo);
    });
  }

  /** After a change of the shard, by whomever: brings the editor up to it, and keeps what was typed. */
  async follow(): Promise<void> {
    const { draft } = this;
    // The act under way closes the editor, or meets the newest state by itself.
    if (!draft?.chunk || this.busy) return;
    try {
      const shard = await this.#open();
      const newest = await shard.chunk(draft.chunk.uuid);
      if (this.draft === draft) draft.meet(newest);
    } catch (error) {
      if (this.draft === draft) draft.error = error;
    }
  }

  /** Takes the last notice away: its undo belongs to the screen that is left. */
  forget(): void {
    if (this.#notice) this.#notices.dismiss(this.#notice);
    this.#notice = null;
  }

  #closeIf(uuids: readonly string[]): void {
    const { draft } = this;
    if (draft?.chunk && !draft.changed && uuids.includes(draft.chunk.uuid)) this.draft = null;
  }

  /** Whether the editor began from the newest state. Where not, it shows both. */
  async #isNewest(shard: EditedShard, draft: ChunkDraft, uuid: string): Promise<boolean> {
    // Read here and not trusted to `edit` alone: a list that was read anew has shown the shard's
    // newest text, which the person at the editor has not seen.
    draft.meet(await shard.chunk(uuid));
    return draft.theirs === null;
  }

  /** Writes the editor's text; an error is shown beside it, and both texts where they differ. */
  async #write(
    write: (shard: EditedShard, draft: ChunkDraft) => Promise<boolean>,
  ): Promise<boolean> {
    const { draft } = this;
    if (!draft || this.busy) return false;
    const end = this.#begin();
    draft.error = null;
    try {
      const shard = await this.#open();
      const written = await write(shard, draft);
      if (written) this.draft = null;
      return written;
    } catch (error) {
      if (!(await this.#showTheirs(error, draft))) draft.error = error;
      return false;
    } finally {
      end();
    }
  }

  /** Shows the other text where a chunk was changed just now; false where that is not the error. */
  async #showTheirs(error: unknown, draft: ChunkDraft): Promise<boolean> {
    const conflict = error instanceof Error && 'code' in error && error.code === 'conflict';
    if (!conflict || !draft.chunk) return false;
    try {
      const shard = await this.#open();
      draft.meet(await shard.chunk(draft.chunk.uuid));
      return draft.theirs !== null;
    } catch (cause) {
      draft.error = cause;
      return true;
    }
  }

  async #act(act: (shard: EditedShard) => Promise<void>): Promise<boolean> {
    if (this.busy) return false;
    const end = this.#begin();
    try {
      await act(await this.#open());
      return true;
    } catch (error) {
      const { what, safe, detail } = explain(error);
      this.#notices.show(`${what} ${safe} (${detail})`, { tone: 'bad' });
      return false;
    } finally {
      end();
      void this.follow();
    }
  }

  #begin(): () => void {
    let tellEnd: (ended: undefined) => void;
    this.busy = true;
    this.#ended = new Promise<undefined>((resolve) => (tellEnd = resolve));
    return () => {
      this.busy = false;
      tellEnd(undefined);
    };
  }

  /** Says what was done. One notice at a time: Undo takes back the last change, and no other. */
  #tell(text: string): void {
    this.forget();
    this.#notice = this.#notices.show(text, {
      action: { label: strings.app.undo, run: () => void this.undo() },
    });
  }
}
