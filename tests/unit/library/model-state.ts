/**
 * What a library is to the model: lists of texts, a list a version, and which version came of which.
 * No digests, no deltas, no videos. The oracles of its operations are as naive as can be.
 */
import { ordersBetween } from '../../../src/lib/shard/order';

export interface ModelChunk {
  readonly uuid: string;
  readonly order: string;
  readonly text: string;
  readonly deleted: boolean;
  readonly expiresAt: string | undefined;
  /** Null for a note. */
  readonly source: string | null;
}

export interface ModelVersion {
  readonly id: string;
  readonly parents: readonly string[];
  /** In order, tombstones too. */
  readonly chunks: readonly ModelChunk[];
  /** Whether a policy lets all chunks expire some day. */
  readonly ttl: boolean;
}

export interface ModelShard {
  readonly id: string;
  readonly lineage: string;
  /** Ids of its versions, oldest first. */
  readonly line: string[];
  /** Those of its line that were let go. */
  readonly released: Set<string>;
  readonly tags: Map<string, string>;
  removed: boolean;
}

export class ModelLibrary {
  readonly versions = new Map<string, ModelVersion>();
  shards: ModelShard[] = [];
  /** What sources are called, and every line that each was ever added with, in order. */
  readonly documents = new Map<string, { readonly name: string; readonly lines: string[] }>();
  /** Chunks that went because a document was added again without them. */
  readonly replaced = new Set<string>();
  /** Steps taken so far. */
  steps = 0;

  /** The first of the invented words that the next step may use; no step has used it yet. */
  get words(): number {
    return this.steps * 8;
  }

  present(): ModelShard[] {
    return this.shards.filter(({ removed }) => !removed);
  }

  version(id: string): ModelVersion {
    const version = this.versions.get(id);
    if (!version) throw new Error(`The model has no version ${id}.`);
    return version;
  }

  head({ line }: ModelShard): ModelVersion {
    return this.version(line.at(-1) ?? '');
  }

  /** Versions of a shard that can be opened, oldest first. */
  kept({ line, released }: ModelShard): ModelVersion[] {
    return line.filter((id) => !released.has(id)).map((id) => this.version(id));
  }

  add(shard: ModelShard, version: ModelVersion): void {
    this.versions.set(version.id, { ...version, chunks: inOrder(version.chunks) });
    shard.line.push(version.id);
  }

  /** Every state of every chunk, whether its version is kept or not. */
  allTexts(): ModelChunk[] {
    return [...this.versions.values()].flatMap(({ chunks }) => chunks);
  }

  /** Takes chunks out of every version there ever was; says which shards held one of them. */
  purge(uuids: ReadonlySet<string>): ModelShard[] {
    const holders = this.shards.filter((shard) =>
      this.kept(shard).some(({ chunks }) => chunks.some(({ uuid }) => uuids.has(uuid))),
    );
    for (const [id, version] of this.versions) {
      const chunks = version.chunks.filter(({ uuid }) => !uuids.has(uuid));
      this.versions.set(id, { ...version, chunks });
    }
    return holders;
  }

  /** Whether no version of a shard that is kept shows this text of the chunk any more. */
  mayBeLost(shard: ModelShard, { uuid, text, deleted }: ModelChunk): boolean {
    if (!deleted) return false;
    return !this.kept(shard).some(({ chunks }) =>
      chunks.some((one) => one.uuid === uuid && one.text === text && !one.deleted),
    );
  }

  /**
   * What two versions have in common, as a merge compares with it. Of lines that merged crosswise
   * there are several nearest common ancestors: those are merged first, in whatever order.
   */
  mergeBases(a: string, b: string): Base[] {
    const ofA = this.ancestors(a);
    const known = this.known();
    const common = [...this.ancestors(b)].filter((id) => ofA.has(id) && known.has(id));
    const nearest = common.filter(
      (id) => !common.some((one) => one !== id && this.ancestors(one).has(id)),
    );
    return nearest.flatMap((first) => {
      const others = nearest.filter((id) => id !== first);
      return others.reduce<Base[]>(
        (bases, other) =>
          this.mergeBases(first, other).flatMap((before) =>
            bases.map((base) => mergeBase(before, base, this.version(other))),
          ),
        [this.version(first)],
      );
    });
  }

  /** Versions of the shards that there are: of others nobody knows what they came from. */
  known(): Set<string> {
    return new Set(this.shards.flatMap(({ line }) => line));
  }

  /** A version and all that it comes from, as far as that is known. */
  ancestors(id: string): Set<string> {
    const found = new Set([id]);
    const known = this.known();
    for (const one of found) {
      if (!known.has(one)) continue;
      for (const parent of this.version(one).parents) found.add(parent);
    }
    return found;
  }
}

export function inOrder(chunks: readonly ModelChunk[]): ModelChunk[] {
  const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return [...chunks].sort((a, b) => compare(a.order, b.order) || compare(a.uuid, b.uuid));
}

/** The chunks with some of them changed; the others are the same objects. */
export function changed(
  chunks: readonly ModelChunk[],
  uuids: readonly string[],
  change: Partial<ModelChunk>,
): ModelChunk[] {
  return chunks.map((chunk) => (uuids.includes(chunk.uuid) ? { ...chunk, ...change } : chunk));
}

/** A key behind a position: below the next larger one, for equal keys stand by their UUIDs. */
export function orderBehind(chunks: readonly ModelChunk[], position: number): string {
  const low = chunks[position]?.order ?? null;
  const high = chunks.slice(position + 1).find(({ order }) => low === null || order > low);
  return ordersBetween(low, high?.order ?? null, 1)[0] ?? '';
}

/** Whether a chunk is hidden though nothing has tombstoned it yet. */
export function isDue({ deleted, expiresAt }: ModelChunk, now: Date): boolean {
  return !deleted && expiresAt !== undefined && Date.parse(expiresAt) <= now.getTime();
}

export const live = (chunks: readonly ModelChunk[]): ModelChunk[] =>
  chunks.filter(({ deleted }) => !deleted);

/** The words of a text, as a reader tells them apart. */
export const wordsIn = (text: string): string[] => text.split(/[^a-z0-9]+/u);

/** Who asks for a chunk that both sides changed gets one of these. */
export type Way = 'mine' | 'theirs' | { readonly text: string };

/** What a merge looks at. */
type Base = Pick<ModelVersion, 'chunks'>;

/** What both made of it; a chunk that they disagree about has changed for everyone. */
function mergeBase(before: Base, one: Base, other: Base): Base {
  const textIn = ({ chunks }: Base, uuid: string): string | null | undefined => {
    const chunk = chunks.find((each) => each.uuid === uuid);
    return chunk?.deleted ? null : chunk?.text;
  };
  const all = new Map([...one.chunks, ...other.chunks].map((chunk) => [chunk.uuid, chunk]));
  const chunks = [...all.values()].flatMap((chunk) => {
    const [was, a, b] = [before, one, other].map((side) => textIn(side, chunk.uuid));
    let text: string | null | undefined = '(they disagree)';
    if (a === b || b === was) text = a;
    else if (a === was) text = b;
    return text === undefined ? [] : [{ ...chunk, text: text ?? '', deleted: text === null }];
  });
  return { chunks };
}

export interface ModelMerge {
  readonly conflicts: string[];
  /** Chunks that become another than they were here. */
  readonly taken: string[];
  readonly chunks: ModelChunk[];
}

/** Three-way by UUID: text and life of each chunk as a whole. */
export function mergeModels(
  sides: { base: Base; mine: Base; theirs: Base },
  resolve: Readonly<Record<string, Way>>,
): ModelMerge {
  const find = ({ chunks }: Base, uuid: string): ModelChunk | undefined =>
    chunks.find((one) => one.uuid === uuid);
  const state = (chunk: ModelChunk | undefined): string | null =>
    chunk && !chunk.deleted ? chunk.text : null;
  const uuids = new Set(
    [sides.base, sides.mine, sides.theirs].flatMap(({ chunks }) => chunks.map(({ uuid }) => uuid)),
  );
  const after = new Map(sides.mine.chunks.map((chunk) => [chunk.uuid, chunk]));
  const conflicts: string[] = [];
  const taken: string[] = [];
  for (const uuid of uuids) {
    const base = find(sides.base, uuid);
    const mine = find(sides.mine, uuid);
    const theirs = find(sides.theirs, uuid);
    const [b, m, t] = [state(base), state(mine), state(theirs)];
    const didTheirs = t !== b || (!base && theirs?.deleted === true);
    const didMine = m !== b || (!base && mine?.deleted === true);
    if (t === m || !didTheirs) continue;
    const way: Way | undefined = didMine ? resolve[uuid] : 'theirs';
    if (way === undefined) conflicts.push(uuid);
    else if (way !== 'mine') {
      let now: ModelChunk | undefined;
      if (way !== 'theirs') now = mine ?? theirs;
      else if (t === null) now = mine;
      else now = theirs;
      if (!now) continue;
      if (way !== 'theirs') {
        now = { ...now, deleted: false, text: way.text, expiresAt: undefined };
      } else if (t === null) now = { ...now, deleted: true };
      after.set(uuid, now);
      taken.push(uuid);
    }
  }
  const added = taken.filter((uuid) => !find(sides.mine, uuid));
  return { conflicts, taken, chunks: inOrder(keptApart(sides, [...after.values()], added)) };
}

/** Neighbours that came in do not mix with chunks that only this side has: they go behind them. */
function keptApart(
  { mine, theirs }: { mine: Base; theirs: Base },
  chunks: readonly ModelChunk[],
  added: readonly string[],
): ModelChunk[] {
  const foreign = mine.chunks.filter(({ uuid }) => theirs.chunks.every((one) => one.uuid !== uuid));
  const orders = new Map<string, string>();
  let placed = '';
  for (let at = 0; at < theirs.chunks.length; at++) {
    const run: ModelChunk[] = [];
    for (let one = theirs.chunks[at]; one && added.includes(one.uuid); one = theirs.chunks[++at]) {
      run.push(one);
    }
    const [low = '', high = ''] = [run[0]?.order, run.at(-1)?.order];
    const met = foreign.filter(({ order }) => low <= order && order <= high);
    const between = met.at(-1)?.order;
    if (run.length === 0 || between === undefined) continue;
    const next = mine.chunks.find(({ order }) => order > between)?.order ?? null;
    const isBehind = placed > between && (next === null || placed < next);
    const keys = ordersBetween(isBehind ? placed : between, next, run.length);
    run.forEach(({ uuid }, index) => orders.set(uuid, keys[index] ?? ''));
    placed = keys.at(-1) ?? placed;
  }
  return chunks.map((chunk) => ({ ...chunk, order: orders.get(chunk.uuid) ?? chunk.order }));
}
