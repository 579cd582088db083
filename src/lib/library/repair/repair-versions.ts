/**
 * Versions with other segment tables: what a repair writes in the place of the small objects that
 * named lost pages and search data. Ids, tags and names stay; digests do not.
 */
import { MemreelError } from '../../errors';
import type {
  LoggedVersion,
  SegmentEntry,
  ShardEntry,
  Version,
  VersionLink,
} from '../../shard/objects';
import type { Digest } from '../../store/digest';
import type { Store } from '../../store/store';
import type { Catalogue } from '../catalogue';
import { putLog, type Change } from '../commit';
import { ShardView } from '../view';

/** Names a segment with its page and search data: one video may have several of them. */
export function keyOf({ video, page, postings, vectors }: SegmentEntry): string {
  return [video, page, postings, vectors ?? '-'].join(' ');
}

export class TableRewriter {
  readonly #store: Store;
  readonly #catalogue: Catalogue;
  readonly #change: Change;
  readonly #made: ReadonlyMap<string, SegmentEntry>;
  readonly #versions = new Map<Digest, Promise<Digest>>();

  /** @param made what takes a segment's place, by its key */
  constructor(
    { store, catalogue }: { readonly store: Store; readonly catalogue: Catalogue },
    change: Change,
    made: ReadonlyMap<string, SegmentEntry>,
  ) {
    this.#store = store;
    this.#catalogue = catalogue;
    this.#change = change;
    this.#made = made;
  }

  /** The entry with all its versions and tags; the same where none of them changes. */
  async entry(entry: ShardEntry): Promise<ShardEntry> {
    const line: LoggedVersion[] = [];
    let isSame = true;
    for await (const link of this.#catalogue.line(entry)) {
      const digest = link.skeleton ? link.digest : await this.#version(link, entry);
      isSame &&= digest === link.digest;
      line.push({ ...link, digest });
    }
    const tags: Record<string, VersionLink> = {};
    for (const [tag, link] of Object.entries(entry.tags)) {
      const digest = await this.#version(link, entry);
      isSame &&= digest === link.digest;
      tags[tag] = { ...link, digest };
    }
    if (isSame) return entry;
    const head = { ...entry.head, digest: await this.#version(entry.head, entry) };
    return { ...entry, head, tags, log: await putLog(this.#change, line) };
  }

  /** Each is written anew once, however many lines and tags share it. */
  #version(link: VersionLink, entry: ShardEntry): Promise<Digest> {
    const known = this.#versions.get(link.digest) ?? this.#rewritten(link, entry);
    this.#versions.set(link.digest, known);
    return known;
  }

  async #rewritten(link: VersionLink, entry: ShardEntry): Promise<Digest> {
    const version = await this.#catalogue.version(link);
    const table = await this.#catalogue.segments(version);
    const segments = table.segments.map((segment) => this.#made.get(keyOf(segment)) ?? segment);
    const isSame = segments.every((segment, at) => segment === table.segments[at]);
    if (isSame || !(await this.#fits(version, entry, segments))) return link.digest;
    return this.#change.put({
      ...version,
      segments: await this.#change.put({ ...table, segments }),
    });
  }

  /**
   * Whether the version has as many chunks and tombstones as it had, and all that it refers to.
   * Where it would have others, its page knew something that nobody knows any more: better it stays
   * lost than that what is deleted comes back. Where more is lost, no commit may refer to it.
   */
  async #fits(
    version: Version,
    entry: ShardEntry,
    segments: readonly SegmentEntry[],
  ): Promise<boolean> {
    const named = segments.flatMap(({ video, postings, vectors }) => [video, postings, vectors]);
    for (const digest of [...named, version.patch]) {
      if (digest && !(await orLost(() => this.#store.get(digest)))) return false;
    }
    const read = await orLost(async () => ({
      segments,
      pages: await Promise.all(segments.map(({ page }) => this.#catalogue.page(page))),
      deltas: await Promise.all(
        version.deltas.map(async ({ digest }) => ({
          digest,
          delta: await this.#catalogue.delta(digest),
        })),
      ),
    }));
    if (!read) return false;
    const records = new ShardView(entry, version, read).ordered();
    const { chunks, deleted } = version.counts;
    return records.length === chunks && records.filter((one) => one.deleted).length === deleted;
  }
}

/** Undefined for what the store does not have, or has with other bytes. */
export async function orLost<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof MemreelError && (error.code === 'not-found' || error.code === 'corrupt')) {
      return undefined;
    }
    throw error;
  }
}
