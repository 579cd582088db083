/** What stands beside a segment's video: its page and search data as blobs, and the entry over all. */
import type { SegmentEntry } from '../../shard/objects';
import { encodePage, type IndexPage } from '../../shard/records';
import type { Store } from '../../store/store';

/** Search data as the searching worker packs it; row i is the page's record i. */
export interface SearchData {
  readonly postings: Uint8Array;
  readonly vectors: Uint8Array | null;
}

/** What is known of a segment without its page and search data. */
export type SegmentFacts = Omit<SegmentEntry, 'id' | 'page' | 'postings' | 'vectors' | 'bytes'> & {
  readonly bytes: Pick<SegmentEntry['bytes'], 'video' | 'text' | 'gzip'>;
};

/** Stores page and search data. Nothing refers to them until a commit does. @throws QuotaError */
export async function storeSegment(
  store: Store,
  facts: SegmentFacts,
  page: IndexPage,
  { postings, vectors }: SearchData,
): Promise<SegmentEntry> {
  const pageBytes = encodePage(page);
  const [pageDigest, postingsDigest, vectorsDigest] = await Promise.all([
    store.putBlob(pageBytes),
    store.putBlob(postings),
    vectors ? store.putBlob(vectors) : null,
  ]);
  return {
    id: page.segment,
    video: facts.video,
    page: pageDigest,
    postings: postingsDigest,
    vectors: vectorsDigest,
    frames: facts.frames,
    chunks: facts.chunks,
    bytes: {
      ...facts.bytes,
      page: pageBytes.length,
      postings: postings.length,
      vectors: vectors?.length ?? 0,
    },
    payload: facts.payload,
  };
}

/** What gzip makes of texts: the honest comparison that the app shows. */
export async function gzipBytes(texts: readonly string[]): Promise<number> {
  if (texts.length === 0) return 0;
  const stream = new Blob([...texts]).stream().pipeThrough(new CompressionStream('gzip'));
  const reader = stream.getReader();
  for (let bytes = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return bytes;
    bytes += value.length;
  }
}
