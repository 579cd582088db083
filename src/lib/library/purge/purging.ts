/**
 * A purge: chunks out of every version of every shard, out of videos, search data, deltas, patches
 * and caches; then everything that is stored is looked through for their texts. No other tab may be
 * open: it would read what goes.
 */
import type { Progress, PurgeReport } from '../../api';
import { NotFoundError } from '../../errors';
import { UNCHANGED } from '../../shard/changes';
import type { ChunkUuid, SegmentId } from '../../shard/ids';
import type { SegmentEntry, ShardEntry, Version, VersionLink } from '../../shard/objects';
import type { ChunkRecord, SourceRecord } from '../../shard/records';
import type { Digest } from '../../store/digest';
import type { FileSystem } from '../../store/file-system';
import type { Store } from '../../store/store';
import type { Catalogue } from '../catalogue';
import { Change, commitEntries, commitVersion } from '../commit';
import type { Engines } from '../engines';
import { EXPORTS } from '../exchange/delivery';
import type { FrameTexts } from '../asking/frame-texts';
import { passages } from '../editing/edit-plans';
import { purgeSegment, type KnownChunk, type Place, type PurgedSegment } from './purge-segment';
import { findTexts } from './purge-scan';
import { listingOf, VersionRewriter } from './purge-versions';
import { storeSegment } from '../redraw/segment-files';
import { textDigests } from '../editing/text-record';
import type { WrittenVideo } from '../redraw/verified-video';

export interface PurgeContext {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly texts: FrameTexts;
  readonly engines: Engines;
  readonly fs: FileSystem;
  readonly signal: AbortSignal;
  progress(progress: Progress): void;
  /** Drops all caches. */
  forget(): Promise<void>;
}

/** What all versions together know of the chunks that go and of the segments that hold them. */
interface Survey {
  readonly entries: readonly ShardEntry[];
  /** Segments as versions list them, by `listingOf`: one video may have several pages, and search data. */
  readonly listings: ReadonlyMap<string, SegmentEntry>;
  /** A shard that each segment belongs to. */
  readonly owners: ReadonlyMap<SegmentId, ShardEntry>;
  /** Frames that hold a purged chunk, by segment. */
  readonly frames: ReadonlyMap<SegmentId, Set<number>>;
  /** Every record that any version has of a chunk, by segment and UUID. */
  readonly known: ReadonlyMap<SegmentId, Map<ChunkUuid, KnownChunk>>;
  /** A record of each text that a purged chunk ever had, by its SHA-256. */
  readonly states: ReadonlyMap<string, ChunkRecord>;
}

/**
 * @throws ReadOnlyError while other tabs are open
 * @throws NotFoundError for a chunk that no version has
 */
export async function purgeChunks(
  uuids: readonly string[],
  context: PurgeContext,
): Promise<PurgeReport> {
  const purged = new Set(uuids as readonly ChunkUuid[]);
  return context.store.exclusively(async () => {
    const { store, catalogue, signal } = context;
    const survey = await surveyLibrary(purged, context);
    const needles = await textsOf(survey, context);
    signal.throwIfAborted();
    const change = new Change(store);
    const segments = await rewriteSegments(survey, purged, context);
    signal.throwIfAborted(); // from here on it is done to the end
    const rewriter = new VersionRewriter({
      ...{ catalogue, change, purged, segments: segments.byListing, moved: segments.moved },
      digestOf: await textDigests(),
    });
    const changed: { before: ShardEntry; after: ShardEntry }[] = [];
    for (const before of survey.entries) {
      const after = await rewriter.entry(before);
      if (after !== before) changed.push({ before, after });
    }
    await commitEntries(store, change, changed, { frees: true });
    await context.forget();
    for (const { before, after } of changed) {
      const removed = before.facts.chunks - after.facts.chunks; // tombstones were removed before
      await recordPurge(after, { chunks: purged.size, removed }, context);
    }
    const { freedBytes } = await store.collect();
    for (const name of await context.fs.list(EXPORTS))
      await context.fs.remove(`${EXPORTS}/${name}`);
    await context.forget();
    const scan = await findTexts(purged, needles, context);
    return {
      chunks: purged.size,
      shards: changed.length,
      versions: rewriter.rewritten,
      segments: segments.count,
      freedBytes,
      ...scan,
    };
  });
}

async function surveyLibrary(
  purged: ReadonlySet<ChunkUuid>,
  { catalogue }: PurgeContext,
): Promise<Survey> {
  const entries = await catalogue.entries();
  const listings = new Map<string, SegmentEntry>();
  const pages = new Set<Digest>();
  const frames = new Map<SegmentId, Set<number>>();
  const known = new Map<SegmentId, Map<ChunkUuid, KnownChunk>>();
  const states = new Map<string, ChunkRecord>();
  const found = new Set<ChunkUuid>();
  const note = (record: ChunkRecord, sources: readonly SourceRecord[]): void => {
    const { uuid, at, sha256, text } = record;
    const source = sources.find(({ id }) => id === record.source);
    if (at) {
      const chunks = known.get(at.segment) ?? new Map<ChunkUuid, KnownChunk>();
      // What the page says is what the frame says: a delta's row may come after it.
      if (!chunks.has(uuid)) chunks.set(uuid, { record, source });
      known.set(at.segment, chunks);
    }
    if (!purged.has(uuid)) return;
    found.add(uuid);
    if (at) frames.set(at.segment, (frames.get(at.segment) ?? new Set()).add(at.frame));
    const state = states.get(sha256);
    if (!state || text !== undefined) states.set(sha256, record);
  };
  const owners = new Map<SegmentId, ShardEntry>();
  const versions = await allVersions(catalogue, entries);
  for (const { version, entry } of versions) {
    for (const segment of (await catalogue.segments(version)).segments) {
      owners.set(segment.id, entry);
      listings.set(listingOf(segment), segment);
      if (pages.has(segment.page)) continue;
      pages.add(segment.page);
      const { records, sources } = await catalogue.page(segment.page);
      for (const record of records) note(record, sources);
    }
  }
  const deltas = new Set<Digest>();
  for (const { version } of versions) {
    for (const { digest } of version.deltas) {
      if (deltas.has(digest)) continue;
      deltas.add(digest);
      const { rows, sources } = await catalogue.delta(digest);
      for (const { record } of rows) if (record) note(record, sources);
    }
  }
  for (const uuid of purged) {
    if (found.has(uuid)) continue;
    throw new NotFoundError('No version of any shard has this chunk.', { subject: uuid });
  }
  return { entries, listings, owners, frames, known, states };
}

/** The versions of all shards, tagged ones too, each once. */
async function allVersions(
  catalogue: Catalogue,
  entries: readonly ShardEntry[],
): Promise<{ version: Version; entry: ShardEntry }[]> {
  const versions = new Map<Digest, { version: Version; entry: ShardEntry }>();
  const add = async (link: VersionLink, entry: ShardEntry): Promise<void> => {
    versions.set(link.digest, { version: await catalogue.version(link), entry });
  };
  for (const entry of entries) {
    for await (const link of catalogue.line(entry)) if (!link.skeleton) await add(link, entry);
    for (const link of Object.values(entry.tags)) await add(link, entry);
  }
  return [...versions.values()];
}

/** Every text that the purged chunks ever had. */
async function textsOf({ states, listings }: Survey, { texts }: PurgeContext): Promise<string[]> {
  const segments = new Map([...listings.values()].map((segment) => [segment.id, segment]));
  const readable = [...states.values()].filter(
    ({ text, at }) => text !== undefined || (at && segments.has(at.segment)),
  );
  return texts.read(
    {
      segment: (id) => {
        const segment = segments.get(id as SegmentId);
        if (!segment) throw new Error(`Segment ${id} is in no version.`);
        return segment;
      },
    },
    readable,
  );
}

interface RewrittenSegments {
  readonly byListing: ReadonlyMap<string, readonly SegmentEntry[]>;
  moved(at: Place): Place | undefined;
  readonly count: number;
}

async function rewriteSegments(
  { listings, frames, known, owners }: Survey,
  purged: ReadonlySet<ChunkUuid>,
  context: PurgeContext,
): Promise<RewrittenSegments> {
  const made = new Map<SegmentId, PurgedSegment>();
  const byListing = new Map<string, readonly SegmentEntry[]>();
  let drawn = 0;
  for (const [listing, segment] of listings) {
    const touched = frames.get(segment.id);
    if (!touched) continue;
    const entry = owners.get(segment.id);
    if (!entry) throw new Error(`Segment ${segment.id} belongs to no shard.`);
    let purgedSegment = made.get(segment.id);
    if (!purgedSegment) {
      purgedSegment = await purgeSegment(
        segment,
        touched,
        purged,
        known.get(segment.id) ?? new Map(),
        {
          ...context,
          entry,
          progress: (more) => {
            drawn += more;
            context.progress({ stage: 'rewrite', done: drawn, total: drawn });
          },
        },
      );
      made.set(segment.id, purgedSegment);
    }
    byListing.set(listing, await rewritePage(segment, purgedSegment, purged, entry, context));
  }
  return {
    byListing,
    count: made.size,
    moved: (at) => {
      const segment = made.get(at.segment);
      return segment ? segment.moved(at) : at;
    },
  };
}

/** The page and the search data of an old segment, for each video that has taken its place. */
async function rewritePage(
  segment: SegmentEntry,
  { videos, moved, payload }: PurgedSegment,
  purged: ReadonlySet<ChunkUuid>,
  { language }: ShardEntry,
  { store, catalogue, engines }: PurgeContext,
): Promise<SegmentEntry[]> {
  const page = await catalogue.page(segment.page);
  const search = {
    postings: await store.read(segment.postings),
    vectors: segment.vectors ? await store.read(segment.vectors) : null,
  };
  const rows = page.records.flatMap((record, row) => {
    const at = record.at && moved(record.at);
    return at && !purged.has(record.uuid) ? [{ record: { ...record, at }, row }] : [];
  });
  // A page that was reindexed lacks the dead: their frames hold them all the same, and an entry that
  // did not say so would have these frames copied as whole ones.
  const unlisted = Math.max(0, segment.chunks - page.records.length);
  const listedBytes = page.records.reduce((sum, { bytes }) => sum + bytes, 0);
  const unlistedBytes = Math.max(0, segment.bytes.text - listedBytes);
  const all = videos.reduce((sum, video) => sum + framesOf(video), 0);
  const made: SegmentEntry[] = [];
  for (const video of videos) {
    const id = video.segment.id as SegmentId;
    const own = rows.filter(({ record }) => record.at.segment === id);
    if (own.length === 0) continue;
    const data = await engines.encode.call('combine', {
      parts: [search],
      picks: own.map(({ row }) => ({ part: 0, row })),
      language,
    });
    const text = own.reduce((sum, { record }) => sum + record.bytes, unlistedBytes);
    const named = new Set(own.map(({ record }) => record.source));
    const share = framesOf(video) / all;
    made.push(
      await storeSegment(
        store,
        {
          video: video.digest,
          frames: framesOf(video),
          chunks: own.length + unlisted,
          bytes: {
            video: video.size,
            text,
            gzip: Math.round((segment.bytes.gzip * text) / segment.bytes.text),
          },
          payload: {
            text: Math.round(payload.text * share),
            metadata: Math.round(payload.metadata * share),
            unfilled: Math.round(payload.unfilled * share),
          },
        },
        {
          segment: id,
          sources: page.sources.filter((source) => named.has(source.id)),
          records: own.map(({ record }) => record),
        },
        data,
      ),
    );
  }
  return made;
}

const framesOf = ({ copied, drawn }: WrittenVideo): number => copied + drawn;

/** A version that says that a purge was here. */
async function recordPurge(
  entry: ShardEntry,
  { chunks, removed }: { chunks: number; removed: number },
  { store, catalogue }: PurgeContext,
): Promise<void> {
  const head = await catalogue.version(entry.head);
  await commitVersion(store, catalogue, entry, {
    operation: 'purge',
    message: `Purged ${passages(chunks)}`,
    patch: null,
    counts: { ...head.counts, ...UNCHANGED, removed },
  });
}
