/**
 * The passages that a source gave, as it gave them: of chunks that were edited or deleted since too.
 * Where a compaction has drawn a person's text into the video, the source's own is looked for in older
 * versions. What is done with them is for `adding-again.ts`.
 */
import type { ChunkUuid } from '../../shard/ids';
import type { SegmentEntry, ShardEntry } from '../../shard/objects';
import type { ChunkRecord } from '../../shard/records';
import type { Digest } from '../../store/digest';
import type { Catalogue } from '../catalogue';
import type { FrameTexts } from '../asking/frame-texts';
import type { ShardView } from '../view';

/** A chunk of a source, and the record of the passage that it was made of. */
export interface Passage {
  readonly chunk: ChunkRecord;
  /** Its position among all records of the version. */
  readonly at: number;
  /** As its page has it, or had it; null for what a person wrote, and where no version has it. */
  readonly given: ChunkRecord | null;
  /** The segment that has it, where the version itself does not. */
  readonly segment: SegmentEntry | null;
}

export interface PassageContext {
  readonly catalogue: Catalogue;
  readonly texts: FrameTexts;
  readonly signal: AbortSignal;
}

/** Whether a person wrote a chunk's present text, also where it is in the video by now. */
export function isOwn(view: ShardView, record: ChunkRecord): boolean {
  return record.text !== undefined || view.drawn(record)?.own === true;
}

/** The chunks at these positions with their passages. */
export async function passagesOf(
  view: ShardView,
  positions: readonly number[],
  context: PassageContext,
): Promise<Passage[]> {
  const all = view.ordered();
  const lost = new Set<ChunkUuid>();
  const here = positions.flatMap((at): Passage[] => {
    const chunk = all[at];
    if (!chunk) return [];
    const drawn = view.drawn(chunk);
    // Its frame was compacted away: should it come again, it is drawn again.
    if (chunk.replaced && !drawn) return [];
    const given = drawn && !drawn.own ? drawn : null;
    if (!given && isOfSource(chunk)) lost.add(chunk.uuid);
    return [{ chunk, at, given, segment: null }];
  });
  if (lost.size === 0) return here;
  const found = await searchPast(view.entry, lost, context);
  return here.map((passage): Passage => {
    const { chunk } = passage;
    if (!lost.has(chunk.uuid)) return passage;
    const past = found.get(chunk.uuid);
    if (past) return { ...passage, ...past };
    // As it is: brought along from elsewhere, or edited, and then hardly found.
    return { ...passage, given: chunk.text !== undefined || view.drawn(chunk) ? chunk : null };
  });
}

/** Not what a person inserted or split off. */
function isOfSource({ place, from }: ChunkRecord): boolean {
  return place !== null && from === undefined;
}

/** The texts of passages, in their order; undefined where there is none. */
export async function passageTexts(
  view: ShardView,
  passages: readonly Passage[],
  { texts, signal }: PassageContext,
): Promise<(string | undefined)[]> {
  const given = passages.filter((passage) => passage.given !== null);
  const segments = new Map(
    given.flatMap(({ segment }) => (segment ? [[segment.id, segment]] : [])),
  );
  const read = await texts.read(
    { segment: (id) => segments.get(id as SegmentEntry['id']) ?? view.segment(id) },
    given.flatMap((passage) => passage.given ?? []),
    signal,
  );
  const found = new Map(given.map((passage, at) => [passage, read[at]]));
  return passages.map((passage) => found.get(passage));
}

/** Looks for pages of older versions in which these chunks are as their source gave them. */
async function searchPast(
  entry: ShardEntry,
  wanted: ReadonlySet<ChunkUuid>,
  { catalogue, signal }: PassageContext,
): Promise<Map<ChunkUuid, { given: ChunkRecord; segment: SegmentEntry }>> {
  const found = new Map<ChunkUuid, { given: ChunkRecord; segment: SegmentEntry }>();
  const seen = new Set<Digest>();
  for await (const link of catalogue.line(entry)) {
    if (found.size === wanted.size) break;
    if (link.skeleton) continue;
    signal.throwIfAborted();
    const { segments: table } = await catalogue.version(link);
    if (seen.has(table)) continue;
    seen.add(table);
    for (const segment of (await catalogue.segments({ segments: table })).segments) {
      if (seen.has(segment.page)) continue;
      seen.add(segment.page);
      for (const given of (await catalogue.page(segment.page)).records) {
        if (given.own || !wanted.has(given.uuid) || found.has(given.uuid)) continue;
        found.set(given.uuid, { given, segment });
      }
    }
  }
  return found;
}
