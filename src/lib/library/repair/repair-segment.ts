/**
 * The page and the search data of a segment, made anew as far as they are lost: pages from the frames
 * and what other versions say, search data from the texts. Its video is whole.
 */
import { CorruptError } from '../../errors';
import { quantise, Vectors } from '../../search/vectors';
import { searchedText } from '../../shard/context';
import type { SourceId } from '../../shard/ids';
import type { SegmentEntry } from '../../shard/objects';
import { compareOrder } from '../../shard/order';
import type { ChunkRecord, IndexPage, SourceRecord } from '../../shard/records';
import { digestOf, type Digest } from '../../store/digest';
import { sourcesNamed } from '../redraw/compaction';
import { UNKNOWN_DIGEST } from '../exchange/import-frames';
import type { KnownSegment, KnownSegments, PagedRecord, RepairContext } from './repair-survey';
import { orLost } from './repair-versions';
import { storeSegment } from '../redraw/segment-files';
import { textDigests } from '../editing/text-record';

/** @throws CorruptError where a frame cannot be read, or does not say what the page says */
export async function rebuildSegment(
  known: KnownSegment,
  survey: KnownSegments,
  lost: ReadonlySet<Digest>,
  context: RepairContext,
): Promise<SegmentEntry> {
  const { store, catalogue, texts, engines, signal } = context;
  const { segment, entry, version } = known;
  // This session may have read it before the disk lost it.
  const kept = await orLost(() => catalogue.page(segment.page));
  const page = kept ?? (await pageFromFrames(known, survey, context));
  const read = await texts.read({ segment: () => segment }, page.records, signal);
  const searched = read.map((text, at) =>
    searchedText({ text, place: page.records[at]?.place ?? null }),
  );
  const whole = async (digest: Digest | null): Promise<Uint8Array | null> =>
    digest && !lost.has(digest) ? store.read(digest) : null;
  const postings = (kept && (await whole(segment.postings))) ?? (await built());
  // Rows are in the order that they were where the same postings come of them.
  const isInOrder = kept !== undefined || (await digestOf(postings)) === segment.postings;
  const old = isInOrder ? await whole(segment.vectors) : null;
  const fits = old !== null && Vectors.open(old).rows === page.records.length;
  const vectors = segment.vectors === null ? null : fits ? old : await embedded();
  return storeSegment(store, segment, page, { postings, vectors });

  async function built(): Promise<Uint8Array> {
    const { language } = entry;
    const args = { texts: searched, language, vectors: null, dimensions: 0 };
    return (await engines.search.call('build', args, { signal })).postings;
  }

  async function embedded(): Promise<Uint8Array | null> {
    if (searched.length === 0) return null;
    const { model } = version;
    const args = { model, texts: searched, kind: 'passage', assetsUrl: context.assetsUrl } as const;
    const made = await engines.embed.call('embed', args, { signal });
    return made && quantise(made.vectors, made.dimensions);
  }
}

/** What frames say of their chunks, with what only other pages and deltas say of them. */
async function pageFromFrames(
  { segment, version }: KnownSegment,
  { records: knownRecords, sources: knownSources }: KnownSegments,
  { store, engines, signal }: RepairContext,
): Promise<IndexPage> {
  const { id } = segment;
  const file = await store.get(segment.video);
  const share = Math.ceil(segment.frames / engines.lanes);
  const starts = Array.from({ length: Math.ceil(segment.frames / share) }, (_, at) => at * share);
  const read = await Promise.all(
    starts.map((start) => {
      const length = Math.min(share, segment.frames - start);
      const frames = Array.from({ length }, (_, at) => start + at);
      const named = { id: `${id} ${String(start)}`, file };
      return engines.decode.call('recover', { segment: named, frames }, { signal });
    }),
  );
  const digest = await textDigests();
  const encoder = new TextEncoder();
  const sources = new Map<SourceId, SourceRecord>(knownSources);
  const records: ChunkRecord[] = [];
  for (const { index, frame } of read.flat()) {
    if (!frame) {
      throw new CorruptError(`Frame ${String(index)} of segment ${id} cannot be read.`);
    }
    for (const [slot, { uuid, order, source, place, text }] of frame.chunks.entries()) {
      const said: ChunkRecord = {
        ...{ uuid, order, place, at: { segment: id, frame: index, slot } },
        length: text.length,
        bytes: encoder.encode(text).length,
        sha256: digest(text),
        source: source?.id ?? null,
        deleted: false,
      };
      records.push(withKnown(said, knownRecords.get(id)?.get(uuid)));
      if (source && !sources.has(source.id)) {
        const addedAt = version.createdAt;
        sources.set(source.id, { ...source, sha256: UNKNOWN_DIGEST, addedAt });
      }
    }
  }
  records.sort((a, b) => compareOrder(a.order, b.order) || compareOrder(a.uuid, b.uuid));
  return { segment: id, sources: sourcesNamed(records, sources), records };
}

/** What frames do not say of a chunk. Its tombstone is a page's to say, or each version's own. */
function withKnown(said: ChunkRecord, known: PagedRecord | undefined): ChunkRecord {
  if (!known || (known.record.text === undefined && known.record.sha256 !== said.sha256)) {
    return said;
  }
  if (known.isPaged) return { ...known.record, at: said.at };
  const { from, expiresAt, addedAt, own } = known.record;
  return {
    ...said,
    ...(from === undefined ? {} : { from }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(addedAt === undefined ? {} : { addedAt }),
    ...(own === undefined || known.record.text !== undefined ? {} : { own }),
  };
}
