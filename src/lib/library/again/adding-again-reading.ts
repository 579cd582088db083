/**
 * One source that is read again: which chunks of the shard its passages are, and where new ones stand
 * among them. Decides on the version that the reading began with; what becomes of the chunks is decided
 * when it is committed (`adding-again-plan.ts`).
 */
import type { AddedAgain, Place } from '../../api';
import type { ChunkUuid, SourceId } from '../../shard/ids';
import type { ChunkRecord, SourceRecord } from '../../shard/records';
import type { NewOrders } from './adding-again-orders';
import type { Passage } from './adding-again-passages';
import type { DraftChunk } from '../protocol';

export class SourceReading {
  readonly id: SourceId;
  /** Filled in when it is committed. */
  readonly report: AddedAgain;
  /** What to tell the person about it. */
  readonly warnings: readonly string[];
  /** Passages that were found, by their chunks, with the places that they have now. */
  readonly found = new Map<ChunkUuid, Place>();
  /** Those that were looked for: chunks of the source that are not among them are a person's. */
  readonly known: ReadonlySet<ChunkUuid>;
  readonly #passages: readonly Passage[];
  /** All records of the version, in order. */
  readonly #all: readonly ChunkRecord[];
  /** The passages that were given to the reader as anchors, by their positions there. */
  readonly #anchors: readonly Passage[];
  #source: SourceRecord | undefined;
  /** Passages that only their digests can tell, the first one last. */
  readonly #byDigest = new Map<string, Passage[]>();
  /** The one furthest on that was found. */
  #last: Passage | null = null;
  #nextOrder: (() => string) | undefined;

  /**
   * @param all the version's records, in order
   * @param anchors those of `passages` that were given to the reader
   */
  constructor(
    { id, warnings = [] }: { id: SourceId; warnings?: readonly string[] },
    all: readonly ChunkRecord[],
    passages: readonly Passage[],
    anchors: readonly Passage[],
  ) {
    this.id = id;
    this.warnings = warnings;
    this.report = { source: id, kept: 0, replaced: 0, drifted: 0 };
    this.#all = all;
    this.#passages = passages;
    this.#anchors = anchors;
    this.known = new Set(passages.flatMap(({ chunk, given }) => (given ? [chunk.uuid] : [])));
    for (const passage of [...passages].reverse()) {
      const { chunk, given } = passage;
      // One that has only changed its place is new there; but what a person deleted stays away.
      const isAway = chunk.deleted && !chunk.replaced;
      if (!isAway && (anchors.length > 0 || !given)) continue;
      const { sha256 } = given ?? chunk;
      const alike = this.#byDigest.get(sha256);
      if (alike) alike.push(passage);
      else this.#byDigest.set(sha256, [passage]);
    }
  }

  /** The source as it is from now on; undefined where it was not read to its end. */
  get source(): SourceRecord | undefined {
    return this.#source;
  }

  /** The document was read to its end. */
  end(source: SourceRecord): void {
    this.#source = source;
    this.#preferShown();
  }

  /** Whether a passage of the document is one that the shard has: then it is not added. */
  has({ anchor, sha256, place }: DraftChunk): boolean {
    const passage = anchor === undefined ? this.#sameText(sha256) : this.#anchors[anchor];
    if (!passage) return false;
    this.found.set(passage.chunk.uuid, place);
    // What has moved back is no landmark.
    if (passage.at > (this.#last?.at ?? -1)) {
      this.#last = passage;
      this.#nextOrder = undefined;
    }
    return true;
  }

  /** The key of a new passage: behind the passage before it, and what a person put there. */
  nextOrder(orders: NewOrders): string {
    this.#nextOrder ??= this.#room(orders);
    return this.#nextOrder();
  }

  /**
   * Of passages with the same text those that are shown count as found, not one that a person deleted
   * or edited: else the shard would show no more what the document has.
   */
  #preferShown(): void {
    const shown = new Map<string, Passage[]>();
    for (const passage of this.#passages) {
      if (this.found.has(passage.chunk.uuid) || !isShown(passage)) continue;
      const alike = shown.get(passage.chunk.sha256);
      if (alike) alike.push(passage);
      else shown.set(passage.chunk.sha256, [passage]);
    }
    for (const passage of shown.size > 0 ? this.#passages : []) {
      const place = this.found.get(passage.chunk.uuid);
      if (!place || !passage.given || isShown(passage)) continue;
      const other = shown.get(passage.given.sha256)?.shift();
      if (!other) continue;
      this.found.delete(passage.chunk.uuid);
      this.found.set(other.chunk.uuid, place);
    }
  }

  #sameText(sha256: string): Passage | undefined {
    const left = this.#byDigest.get(sha256);
    for (;;) {
      const passage = left?.pop();
      if (!passage || !this.found.has(passage.chunk.uuid)) return passage;
    }
  }

  #room(orders: NewOrders): () => string {
    const all = this.#all;
    const { source } = this.#passages[0]?.chunk ?? {};
    const isAdded = (record: ChunkRecord | undefined): boolean =>
      record !== undefined && record.source === source && !this.known.has(record.uuid);
    let at = this.#last?.at ?? (this.#passages[0]?.at ?? all.length) - 1;
    while (this.#last && isAdded(all[at + 1])) at++;
    const low = all[at]?.order ?? null;
    // Chunks with equal keys stand by their UUIDs: the next larger key is the one to stay below.
    let next = at + 1;
    while (low !== null && all[next]?.order === low) next++;
    return orders.between(low, all[next]?.order ?? null);
  }
}

/** Whether a chunk shows what the source gave. */
function isShown({ chunk, given }: Passage): boolean {
  return !chunk.deleted && chunk.sha256 === given?.sha256;
}
