/** Chunks for the tests of the screen that edits them, and a shard that holds them by hand. */
import { ConflictError, NotFoundError } from '../../../src/lib/errors';
import type { Chunk, Shard, Version } from '../../../src/lib/api';
import type { EditedShard } from '../../../src/lib/ui/editing.svelte';

/** A chunk of a source; its text is its UUID unless given. */
export function chunkOf(uuid: string, part: Partial<Chunk> = {}): Chunk {
  return {
    uuid,
    text: uuid,
    source: { id: 's', name: 'wing.txt', type: 'text/plain' },
    place: null,
    frame: null,
    deleted: false,
    edited: false,
    sha256: '',
    ...part,
  };
}

export function rowsOfCount(count: number): Chunk[] {
  return Array.from({ length: count }, (_, at) => chunkOf(`c${String(at)}`));
}

/** Reads of a list, as a shard gives them. */
export function readerOfList(list: () => readonly Chunk[]) {
  return (offset: number, limit: number): Promise<Chunk[]> =>
    Promise.resolve(list().slice(offset, offset + limit));
}

const version: Version = {
  id: 'v',
  parents: [],
  createdAt: '2026-01-01T00:00:00.000Z',
  operation: 'edit',
  message: '',
  model: 'm',
  counts: { chunks: 0, deleted: 0, added: 0, edited: 0, removed: 0, restored: 0 },
  tags: [],
  patch: [],
};

/**
 * A shard in memory, as one tab has it: `edit` refuses a text that someone changed since it was last
 * returned here. Calls are noted down in order.
 */
export class HandShard implements EditedShard, Pick<Shard, 'chunks'> {
  readonly calls: unknown[][] = [];
  /** What this tab was shown of each chunk. */
  readonly #seen = new Map<string, string>();
  readonly #past: Chunk[][] = [];
  readonly #future: Chunk[][] = [];
  #made = 0;

  constructor(public list: Chunk[]) {}

  /** Another tab saves a text. */
  elsewhere(uuid: string, part: Partial<Chunk>): void {
    this.list = this.list.map((chunk) => (chunk.uuid === uuid ? { ...chunk, ...part } : chunk));
  }

  #at(uuid: string): Chunk {
    const chunk = this.list.find((one) => one.uuid === uuid);
    if (!chunk) throw new NotFoundError('There is no such chunk.', { subject: uuid });
    return chunk;
  }

  #write(name: string, args: unknown[], next: Chunk[]): Promise<Version> {
    this.calls.push([name, ...args]);
    this.#past.push(this.list);
    this.#future.length = 0;
    this.list = next;
    return Promise.resolve(version);
  }

  chunks(options: { offset?: number; limit?: number; deleted?: boolean } = {}): Promise<Chunk[]> {
    const { offset = 0, limit = 100, deleted = false } = options;
    const found = this.list.filter((chunk) => deleted || !chunk.deleted);
    return Promise.resolve(found.slice(offset, offset + limit));
  }

  async chunk(uuid: string): Promise<Chunk> {
    await Promise.resolve();
    const chunk = this.#at(uuid);
    this.#seen.set(uuid, chunk.text);
    return chunk;
  }

  async edit(uuid: string, text: string): Promise<Version> {
    await Promise.resolve();
    if (this.#seen.get(uuid) !== this.#at(uuid).text) throw new ConflictError('Changed elsewhere.');
    this.#seen.set(uuid, text);
    return this.#write('edit', [uuid, text], this.#with([uuid], { text, edited: true }));
  }

  insert(after: string | null, text: string): Promise<Version> {
    const at = after === null ? 0 : this.list.findIndex(({ uuid }) => uuid === after) + 1;
    this.#made += 1;
    const made = chunkOf(`new${String(this.#made)}`, { text, edited: true });
    return this.#write('insert', [after, text], this.list.toSpliced(at, 0, made));
  }

  split(uuid: string, at: number): Promise<Version> {
    const chunk = this.#at(uuid);
    this.#made += 1;
    const parts = [
      { ...chunk, text: chunk.text.slice(0, at) },
      { ...chunk, uuid: `new${String(this.#made)}`, text: chunk.text.slice(at) },
    ];
    const row = this.list.indexOf(chunk);
    return this.#write('split', [uuid, at], this.list.toSpliced(row, 1, ...parts));
  }

  join(uuids: string[]): Promise<Version> {
    const [first = '', ...rest] = uuids;
    const text = uuids.map((uuid) => this.#at(uuid).text).join('');
    const joined = this.#with([first], { text, edited: true });
    const next = joined.map((one) => (rest.includes(one.uuid) ? { ...one, deleted: true } : one));
    return this.#write('join', [uuids], next);
  }

  delete(what: string[] | { source: string }): Promise<Version> {
    const uuids = Array.isArray(what) ? what : [];
    return this.#write('delete', [what], this.#with(uuids, { deleted: true }));
  }

  restore(uuids: string[]): Promise<Version> {
    return this.#write('restore', [uuids], this.#with(uuids, { deleted: false }));
  }

  undo(): Promise<Version | null> {
    return this.#step('undo', this.#past, this.#future);
  }

  redo(): Promise<Version | null> {
    return this.#step('redo', this.#future, this.#past);
  }

  #step(name: string, from: Chunk[][], to: Chunk[][]): Promise<Version | null> {
    this.calls.push([name]);
    const list = from.pop();
    if (!list) return Promise.resolve(null);
    to.push(this.list);
    this.list = list;
    return Promise.resolve(version);
  }

  #with(uuids: readonly string[], part: Partial<Chunk>): Chunk[] {
    return this.list.map((chunk) => (uuids.includes(chunk.uuid) ? { ...chunk, ...part } : chunk));
  }
}
