/**
 * Versions, deltas, patches and logs without some chunks: what a purge writes in the place of the
 * small objects that spoke of them. Ids, tags and names stay; digests do not.
 */
import { decodeDelta, encodeDelta, withoutRepeats, type Delta } from '../../shard/delta';
import type { ChunkUuid } from '../../shard/ids';
import type {
  DeltaLink,
  LoggedVersion,
  SegmentEntry,
  ShardEntry,
  Version,
  VersionLink,
} from '../../shard/objects';
import { purgePatch } from '../../shard/record-patch';
import type { ChunkRecord } from '../../shard/records';
import { selectVectorBytes } from '../../search/combine-vectors';
import type { Digest } from '../../store/digest';
import type { Catalogue } from '../catalogue';
import { putLog, type Change } from '../commit';
import type { Place } from './purge-segment';

export interface VersionPurge {
  readonly catalogue: Catalogue;
  readonly change: Change;
  readonly purged: ReadonlySet<ChunkUuid>;
  /** The new segments of each old one that was written anew, by `listingOf` the old one. */
  readonly segments: ReadonlyMap<string, readonly SegmentEntry[]>;
  /** Where a text lies now; undefined for what is gone, the same for what stayed. */
  moved(at: Place): Place | undefined;
  /** SHA-256 of a text in UTF-8, hex. */
  digestOf(text: string): string;
}

export class VersionRewriter {
  readonly #purge: VersionPurge;
  readonly #versions = new Map<Digest, Promise<Digest>>();
  readonly #deltas = new Map<Digest, Promise<DeltaLink | null>>();
  readonly #tables = new Map<Digest, Promise<Digest>>();
  /** Versions that had to be written anew, by their new digest. */
  readonly #made = new Map<Digest, Version>();

  constructor(purge: VersionPurge) {
    this.#purge = purge;
  }

  /** Versions that had to be written anew. */
  get rewritten(): number {
    return this.#made.size;
  }

  /** The entry with all its versions and tags written anew; the same where nothing had to be. */
  async entry(entry: ShardEntry): Promise<ShardEntry> {
    const { catalogue, change } = this.#purge;
    const line: LoggedVersion[] = [];
    let isSame = true;
    for await (const link of catalogue.line(entry)) {
      const digest = link.skeleton
        ? await this.#skeleton(link.digest)
        : await this.#version(link.digest);
      isSame &&= digest === link.digest;
      line.push({ ...link, digest });
    }
    if (isSame) return entry;
    const tags: Record<string, VersionLink> = {};
    for (const [tag, link] of Object.entries(entry.tags)) {
      tags[tag] = { ...link, digest: await this.#version(link.digest) };
    }
    const head = { ...entry.head, digest: await this.#version(entry.head.digest) };
    const counts = this.#made.get(head.digest)?.counts;
    return {
      ...entry,
      head,
      tags,
      log: await putLog(change, line),
      facts: {
        ...entry.facts,
        ...(counts ? { chunks: counts.chunks - counts.deleted, deleted: counts.deleted } : {}),
      },
    };
  }

  #version(digest: Digest): Promise<Digest> {
    return once(this.#versions, digest, async () => {
      const { catalogue, change, purged } = this.#purge;
      const version = await catalogue.version({ id: '' as VersionLink['id'], digest });
      const segments = await once(this.#tables, version.segments, () =>
        this.#table(version.segments),
      );
      const deltas = await Promise.all(
        version.deltas.map((link) => once(this.#deltas, link.digest, () => this.#delta(link))),
      );
      const left = withoutRepeats(deltas.filter((link) => link !== null));
      const before = version.patch && (await catalogue.patch(version.patch));
      const purgedPatch = before && purgePatch(before, purged, this.#purge.digestOf);
      const patch =
        !purgedPatch || purgedPatch === before ? version.patch : await change.putPatch(purgedPatch);
      const isSame =
        segments === version.segments &&
        patch === version.patch &&
        JSON.stringify(left) === JSON.stringify(version.deltas);
      if (isSame) return digest;
      const counts = await this.#counts(version);
      const after = { ...version, segments, deltas: left, patch, counts };
      const rewritten = await change.put(after);
      this.#made.set(rewritten, after);
      return rewritten;
    });
  }

  /** The counts of a version without its purged chunks. */
  async #counts(version: Version): Promise<Version['counts']> {
    let { chunks, deleted } = version.counts;
    for (const uuid of this.#purge.purged) {
      const record = await this.#recordIn(version, uuid);
      if (!record) continue;
      chunks--;
      if (record.deleted) deleted--;
    }
    return { ...version.counts, chunks, deleted };
  }

  async #recordIn(version: Version, uuid: ChunkUuid): Promise<ChunkRecord | null> {
    const { catalogue } = this.#purge;
    for (const { digest } of [...version.deltas].reverse()) {
      const { rows } = await catalogue.delta(digest);
      const row = rows.find((one) => one.uuid === uuid);
      if (row) return row.record;
    }
    for (const { page } of (await catalogue.segments(version)).segments) {
      const record = (await catalogue.page(page)).records.find((one) => one.uuid === uuid);
      if (record) return record;
    }
    return null;
  }

  async #table(digest: Digest): Promise<Digest> {
    const { catalogue, change, segments } = this.#purge;
    const table = await catalogue.segments({ segments: digest });
    if (!table.segments.some((segment) => segments.has(listingOf(segment)))) return digest;
    const after = table.segments.flatMap(
      (segment) => segments.get(listingOf(segment)) ?? [segment],
    );
    return change.put({ ...table, segments: after });
  }

  async #delta(link: DeltaLink): Promise<DeltaLink | null> {
    const { catalogue, change } = this.#purge;
    const before = await catalogue.delta(link.digest);
    const after = this.#without(before);
    if (after === before) return link;
    if (after.rows.length === 0) return null;
    const bytes = encodeDelta(after);
    decodeDelta(bytes); // what cannot be read back must not take the place of what can
    const digest = await change.putBytes(bytes);
    return { digest, rows: after.rows.length, bytes: bytes.length };
  }

  #without(delta: Delta): Delta {
    const { purged, moved } = this.#purge;
    const picks: { part: number; row: number }[] = [];
    let textRow = 0;
    const rows = delta.rows.flatMap((row) => {
      const { uuid, record } = row;
      const at = record?.text === undefined ? -1 : textRow++;
      if (purged.has(uuid)) return [];
      if (at >= 0) picks.push({ part: 0, row: at });
      if (!record?.at) return [row];
      const now = moved(record.at) ?? null;
      if (now === record.at) return [row];
      return [{ uuid, record: { ...record, at: now } }];
    });
    const isSame =
      rows.length === delta.rows.length && rows.every((row, at) => row === delta.rows[at]);
    if (isSame) return delta;
    const { vectors } = delta;
    const named = new Set(rows.map(({ record }) => record?.source));
    return {
      sources: delta.sources.filter(({ id }) => named.has(id)),
      rows,
      vectors: vectors && picks.length > 0 ? selectVectorBytes([vectors], picks) : null,
    };
  }

  async #skeleton(digest: Digest): Promise<Digest> {
    const { catalogue, change, purged } = this.#purge;
    const skeleton = await catalogue.skeleton(digest);
    const chunks = skeleton.chunks.filter(([uuid]) => !purged.has(uuid));
    return chunks.length === skeleton.chunks.length ? digest : change.put({ ...skeleton, chunks });
  }
}

/** Each object is written anew once, however many versions share it. */
function once<T>(
  known: Map<Digest, Promise<T>>,
  digest: Digest,
  work: () => Promise<T>,
): Promise<T> {
  const found = known.get(digest) ?? work();
  known.set(digest, found);
  return found;
}

/** Names a segment as a version lists it: after a reindexing the same page has other search data. */
export function listingOf({ page, postings, vectors }: SegmentEntry): string {
  return `${page} ${postings} ${vectors ?? '-'}`;
}
