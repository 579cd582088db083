/**
 * What the library's workers are asked, as types: one protocol a kind of work. The workers' files in
 * src/workers hand the handlers of this room to `rpc`; tests call the same handlers directly.
 */
import type { ChunkingOptions, ModelInfo, Place, ProfileName, SelfCheckItem } from '../api';
import type { ChunkUuid, Lineage, SourceId } from '../shard/ids';
import type { FrameChunk } from '../shard/payload';
import type { EncodedFrames } from '../video/encode';
import type { Ranked } from '../search/shard-search';

/** A chunk on its way from a document into a frame. */
export interface DraftChunk {
  readonly text: string;
  readonly place: Place;
  /** UTF-8 bytes of the text. */
  readonly bytes: number;
  /** SHA-256 of the text in UTF-8, hex. */
  readonly sha256: string;
}

export interface ExtractBatch {
  readonly chunks: readonly DraftChunk[];
  /** Set with the last batch. */
  readonly end?: { readonly warnings: readonly string[] };
}

export interface ExtractProtocol {
  /** Recognises a file and begins to read it. The first batch comes along. */
  open: {
    args: {
      file: File;
      source: SourceId;
      lineage: Lineage;
      chunking: ChunkingOptions;
      assetsUrl: string;
    };
    reply: { reading: number; type: string; sha256: string; first: ExtractBatch };
    /** Bytes of the file read so far. */
    progress: number;
    question: { ask: { password: string }; answer: string | undefined };
  };
  next: {
    args: { reading: number };
    reply: ExtractBatch;
    progress: number;
    question: { ask: { password: string }; answer: string | undefined };
  };
}

/** What became of the chunks of one part. */
export interface EncodedPart {
  readonly encoded: EncodedFrames;
  /** The payload of each frame, so that a segment that fails to verify is encoded again. */
  readonly payloads: Uint8Array[];
  readonly frames: readonly {
    /** Positions in the part's list, in slot order. */
    readonly chunks: readonly number[];
    readonly uuids: readonly ChunkUuid[];
    readonly bytes: { readonly text: number; readonly metadata: number; readonly unfilled: number };
  }[];
  /** Positions of chunks that wait for the next part. */
  readonly rest: readonly number[];
}

export type Caution = 0 | 1 | 2;

export interface EncodeProtocol {
  pack: {
    args: {
      profile: ProfileName;
      lineage: Lineage;
      chunks: readonly FrameChunk[];
      leaveRest: boolean;
    };
    reply: EncodedPart;
    /** Frames encoded so far. */
    progress: number;
  };
  /** Encodes payloads again, more safely. */
  again: {
    args: { profile: ProfileName; payloads: Uint8Array[]; caution: Caution };
    reply: EncodedFrames;
    progress: number;
  };
}

/** A segment as the reading worker is told of it: the file is a handle, not its bytes. */
export interface SegmentFile {
  readonly id: string;
  readonly file: Blob;
}

export interface ReadFrame {
  readonly index: number;
  readonly chunks: readonly { readonly uuid: ChunkUuid; readonly text: string }[];
}

export interface DecodeProtocol {
  read: { args: { segment: SegmentFile; frames: readonly number[] }; reply: ReadFrame[] };
  /** Decodes a range of frames and compares each payload's SHA-256. */
  verify: {
    args: { segment: SegmentFile; from: number; digests: readonly string[] };
    reply: { frame: number; message: string }[];
    progress: number;
  };
  picture: { args: { segment: SegmentFile; frame: number }; reply: ImageBitmap };
  /** Tries what this browser can do with video, for real. */
  probe: {
    args: { profile: ProfileName };
    reply: { works: boolean; detail: string; milliseconds: number };
  };
  selfCheck: { args: null; reply: SelfCheckItem[] };
}

export interface EmbedProtocol {
  embed: {
    args: { model: string; texts: readonly string[]; kind: 'passage' | 'query'; assetsUrl: string };
    /** Row-major, one row a text. */
    reply: { vectors: Float32Array; dimensions: number };
  };
  models: { args: null; reply: ModelInfo[] };
  selfCheck: { args: { assetsUrl: string }; reply: SelfCheckItem[] };
}

export interface SearchView {
  readonly key: string;
  readonly language: 'en' | 'und';
  /** In order; `live` has a bit a row, null where all rows live. */
  readonly segments: readonly { readonly id: string; readonly live: Uint8Array | null }[];
}

export interface SearchProtocol {
  /** Makes the search data of one segment. */
  build: {
    args: {
      texts: readonly string[];
      language: 'en' | 'und';
      vectors: Float32Array | null;
      dimensions: number;
    };
    reply: { postings: Uint8Array; vectors: Uint8Array | null };
  };
  load: { args: { id: string; postings: Uint8Array; vectors: Uint8Array | null }; reply: void };
  unload: { args: { views: readonly string[]; segments: readonly string[] }; reply: void };
  view: { args: SearchView; reply: void };
  query: {
    args: {
      key: string;
      text: string;
      vector: Float32Array | null;
      topK: number;
      mode: 'hybrid' | 'semantic' | 'lexical';
      allow?: ReadonlyMap<string, Uint8Array>;
    };
    reply: Ranked[];
  };
  marks: {
    args: { texts: readonly string[]; query: string; language: 'en' | 'und' };
    reply: [start: number, end: number][][];
  };
  selfCheck: { args: null; reply: SelfCheckItem[] };
}
