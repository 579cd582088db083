/**
 * A segment whose video and records are known, as an import finds them: its texts are read back from
 * the stored video, each held against its record, and page and search data are made from them.
 * Nothing refers to it until a commit does.
 */
import { CorruptError } from '../../errors';
import { quantise, Vectors } from '../../search/vectors';
import { searchedText } from '../../shard/context';
import { segmentIdOf } from '../../shard/ids';
import type { SegmentEntry } from '../../shard/objects';
import type { IndexPage } from '../../shard/records';
import type { Digest } from '../../store/digest';
import type { Store } from '../../store/store';
import type { Engines } from '../engines';
import type { FrameTexts } from '../asking/frame-texts';
import { gzipBytes, storeSegment } from '../redraw/segment-files';

export interface KnownSegmentContext {
  readonly engines: Engines;
  readonly store: Store;
  readonly texts: FrameTexts;
  readonly assetsUrl: string;
  readonly signal: AbortSignal;
}

/** What is known of a segment besides its page. */
export interface KnownSegment {
  /** Of its video, a blob of the store by now. */
  readonly video: Digest;
  readonly videoBytes: number;
  readonly frames: number;
  /** All chunks that its frames hold, which may be more than its page has. */
  readonly chunks: number;
  /** Bytes of text in its frames, and what gzip makes of it; counted here where it is not known. */
  readonly bytes?: { readonly text: number; readonly gzip: number };
  readonly payload: SegmentEntry['payload'];
  readonly language: 'en' | 'und';
  readonly model: string;
  /** Packed, a row a record; null where there are none: then they are embedded, if that can be. */
  readonly vectors: Uint8Array | null;
}

/** @throws CorruptError where a frame or a vector file is not what the records say */
export async function storeKnownSegment(
  known: KnownSegment,
  page: Pick<IndexPage, 'sources' | 'records'>,
  { engines, store, texts, assetsUrl, signal }: KnownSegmentContext,
): Promise<SegmentEntry> {
  const { records } = page;
  const segment = segmentIdOf(known.video);
  const facts = {
    ...{ video: known.video, frames: known.frames, chunks: known.chunks, payload: known.payload },
    bytes: { video: known.videoBytes, text: 0, gzip: 0, ...known.bytes },
  };
  const unread = { ...facts, id: segment, page: known.video, postings: known.video, vectors: null };
  const bytes = { ...facts.bytes, page: 0, postings: 0, vectors: 0 };
  const read = await texts.read({ segment: () => ({ ...unread, bytes }) }, records, signal);
  const counted = known.bytes ?? {
    text: records.reduce((sum, record) => sum + record.bytes, 0),
    gzip: await gzipBytes(read),
  };
  const searched = read.map((text, at) =>
    searchedText({ text, place: records[at]?.place ?? null }),
  );
  const { language, model } = known;
  const [{ postings }, vectors] = await Promise.all([
    engines.search.call(
      'build',
      { texts: searched, language, vectors: null, dimensions: 0 },
      { signal },
    ),
    known.vectors ? checkedVectors(known.vectors, records.length) : embedded(searched, model),
  ]);
  signal.throwIfAborted();
  return storeSegment(
    store,
    { ...facts, bytes: { video: known.videoBytes, ...counted } },
    { segment, ...page },
    { postings, vectors },
  );

  async function embedded(passages: string[], id: string): Promise<Uint8Array | null> {
    if (passages.length === 0) return null;
    const args = { model: id, texts: passages, kind: 'passage', assetsUrl } as const;
    const made = await engines.embed.call('embed', args, { signal });
    return made && quantise(made.vectors, made.dimensions);
  }
}

function checkedVectors(packed: Uint8Array, rows: number): Uint8Array {
  if (Vectors.open(packed).rows === rows) return packed;
  throw new CorruptError('A vector file has not as many rows as there are chunks.');
}
