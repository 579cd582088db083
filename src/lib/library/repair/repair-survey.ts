/**
 * What all versions that can be read know of segments, of their chunks and of sources. Reads pages
 * and deltas, no frames; what is lost is passed over.
 */
import type { ChunkUuid, SegmentId, SourceId } from '../../shard/ids';
import type { SegmentEntry, ShardEntry, Version, VersionLink } from '../../shard/objects';
import type { ChunkRecord, SourceRecord } from '../../shard/records';
import type { Digest } from '../../store/digest';
import type { Catalogue } from '../catalogue';
import type { ImportContext } from '../exchange/unpacked';
import { keyOf, orLost } from './repair-versions';

export interface RepairContext extends ImportContext {
  readonly catalogue: Catalogue;
  /** What unfinished ingests noted: nobody lost it. */
  readonly unfinished: readonly Digest[];
  /** Drops all that was read of the store. */
  forget(): Promise<void>;
}

/** A segment with the search data that some version lists, and such a version. */
export interface KnownSegment {
  readonly segment: SegmentEntry;
  readonly entry: ShardEntry;
  readonly version: Version;
}

export interface KnownSegments {
  readonly segments: readonly KnownSegment[];
  readonly entries: readonly ShardEntry[];
  /** Entries of which every version, tag and log can be read. */
  readonly whole: readonly ShardEntry[];
  /** Records as pages have them, and else as deltas do, by segment and UUID. */
  readonly records: ReadonlyMap<SegmentId, ReadonlyMap<ChunkUuid, PagedRecord>>;
  readonly sources: ReadonlyMap<SourceId, SourceRecord>;
}

export interface PagedRecord {
  readonly record: ChunkRecord;
  /** Whether a page says it: a delta speaks of its own version alone. */
  readonly isPaged: boolean;
}

export async function surveyLibrary({
  catalogue,
}: {
  readonly catalogue: Catalogue;
}): Promise<KnownSegments> {
  const entries = await catalogue.entries();
  const segments = new Map<string, KnownSegment>();
  const records = new Map<SegmentId, Map<ChunkUuid, PagedRecord>>();
  const sources = new Map<SourceId, SourceRecord>();
  const whole: ShardEntry[] = [];
  const seen = new Set<Digest>();
  const note = (record: ChunkRecord, isPaged: boolean): void => {
    if (!record.at) return;
    const known = records.get(record.at.segment) ?? new Map<ChunkUuid, PagedRecord>();
    records.set(record.at.segment, known);
    if (isPaged || !known.has(record.uuid)) known.set(record.uuid, { record, isPaged });
  };
  /** Whether there is nothing new to read. */
  const isKnown = (digest: Digest): boolean => {
    const known = seen.has(digest);
    seen.add(digest);
    return known;
  };
  const readVersion = async (link: VersionLink, entry: ShardEntry): Promise<void> => {
    if (isKnown(link.digest)) return;
    const version = await catalogue.version(link);
    for (const { digest } of version.deltas) {
      const delta = isKnown(digest) ? undefined : await orLost(() => catalogue.delta(digest));
      for (const source of delta?.sources ?? []) sources.set(source.id, source);
      for (const { record } of delta?.rows ?? []) if (record) note(record, false);
    }
    if (isKnown(version.segments)) return;
    for (const segment of (await catalogue.segments(version)).segments) {
      const key = keyOf(segment);
      if (!segments.has(key)) segments.set(key, { segment, entry, version });
      const page = isKnown(segment.page)
        ? undefined
        : await orLost(() => catalogue.page(segment.page));
      for (const source of page?.sources ?? []) sources.set(source.id, source);
      for (const record of page?.records ?? []) note(record, true);
    }
  };
  for (const entry of entries) {
    let isWhole = true;
    const links: VersionLink[] = [entry.head, ...Object.values(entry.tags)];
    const line = await orLost(async () => {
      for await (const link of catalogue.line(entry)) if (!link.skeleton) links.push(link);
      return true;
    });
    isWhole &&= line !== undefined;
    for (const link of links) {
      const read = await orLost(() => readVersion(link, entry).then(() => true));
      isWhole &&= read !== undefined;
    }
    if (isWhole) whole.push(entry);
  }
  return { segments: [...segments.values()], entries, whole, records, sources };
}
