/**
 * What the library's workers are asked, as types: one protocol a kind of work. The workers' files in
 * src/workers hand the handlers of this room to `rpc`; tests call the same handlers directly.
 */
import type { ChunkingOptions, Place, ProfileName, SelfCheckItem } from '../api';
import type { DeviceTrial } from '../embedding/device';
import type { ModelFiles, SentenceModelSpec } from '../embedding/model';
import type { ChunkUuid, Lineage, SourceId } from '../shard/ids';
import type { DecodedFrame, FrameChunk } from '../shard/payload';
import type { MemvidEntry } from '../archive/memvid-index';
import type { EncodedFrames } from '../video/encode';
import type { ForeignVideo } from '../video/foreign';
import type { ForeignFrames } from '../video/foreign-encoder';
import type { RowPick } from '../search/row-picks';
import type { OcrSettings } from '../text/document';
import type { Ranked } from '../search/shard-search';

/** A chunk on its way from a document into a frame. */
export interface DraftChunk {
  readonly text: string;
  readonly place: Place;
  /** UTF-8 bytes of the text. */
  readonly bytes: number;
  /** SHA-256 of the text in UTF-8, hex. */
  readonly sha256: string;
  /** Tokens of the text, where the size of a chunk counts them. */
  readonly tokens?: number;
  /** The position among the anchors of the passage that this is, where the document was read again. */
  readonly anchor?: number;
}

/** A larger model, as a worker is given it: its files are handles, not their bytes. */
export interface BroughtModel {
  readonly spec: SentenceModelSpec;
  readonly files: ModelFiles;
}

/** A file inside a container. */
export interface MemberEntry {
  readonly path: string;
  /** Bytes when unpacked, as far as the container says. */
  readonly size: number;
}

/** A document: a file, or one inside it. Its container is opened once for all that are read of it. */
export interface DocumentRef {
  file: File;
  /** The path inside; of a container in a container, both paths with a `/` between. */
  member?: string | undefined;
  /**
   * SHA-256 of the file, as `identify` gave it. By it a worker finds the container that it has open:
   * a file that crosses to it is another object each time. Without it the container is opened anew.
   */
  sha256?: string | undefined;
}

export interface ExtractBatch {
  readonly chunks: readonly DraftChunk[];
  /** Set with the last batch. */
  readonly end?: { readonly warnings: readonly string[] };
}

export interface ExtractProtocol {
  /** Recognises a document, hashes it, and lists what is inside it. */
  identify: {
    args: DocumentRef & { assetsUrl: string };
    reply: {
      type: string;
      sha256: string;
      /** Whether it has text of its own: an archive has none, a message with attachments has. */
      isText: boolean;
      /** Their paths are as `DocumentRef.member` takes them. */
      members: readonly MemberEntry[];
      /** What is not among the members and why, for people. */
      warnings: readonly string[];
    };
    progress: number;
    question: { ask: { password: string }; answer: string | undefined };
  };
  /** Begins to read a document that was identified. The first batch comes along. */
  open: {
    args: DocumentRef & {
      source: SourceId;
      lineage: Lineage;
      chunking: ChunkingOptions;
      /** Whose tokens are counted where `chunking.unit` asks for it. */
      model: string;
      /** What that is made of, where it is a larger one; `token-counting.ts` puts it in. */
      brought?: BroughtModel | undefined;
      /** `ocr-languages.ts` puts in what is kept of the languages. */
      ocr?: OcrSettings | undefined;
      assetsUrl: string;
      /**
       * The passages of a source that is read again, in order: where they stand in the text as they
       * were, they are cut out as they were, and only what is between them is cut anew.
       */
      anchors?: readonly string[] | undefined;
    };
    reply: { reading: number; first: ExtractBatch };
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
  /** Null where all chunks were left: too little for a frame. */
  readonly encoded: EncodedFrames | null;
  /** The payload of each frame, so that a segment that fails to verify is encoded again. */
  readonly payloads: Uint8Array[];
  readonly frames: readonly {
    /** Positions in the part's list, in slot order. */
    readonly chunks: readonly number[];
    /** A chunk's own, or what seed and slot make. */
    readonly uuids: readonly ChunkUuid[];
    readonly bytes: { readonly text: number; readonly metadata: number; readonly unfilled: number };
  }[];
  /** Positions of chunks that wait for the next part. */
  readonly rest: readonly number[];
}

export type Caution = 0 | 1 | 2;

export interface EncodeProtocol {
  /** Begins to load what the profile's encoder needs; does not wait for it. */
  warm: { args: { profile: ProfileName }; reply: void };
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
  /**
   * As the searching worker does it: encoders are idle while frames are copied, and several; there,
   * questions would wait for it.
   */
  combine: SearchProtocol['combine'];
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

/** A frame of a copy, with the payload that was drawn. */
export interface CopiedFrame {
  readonly index: number;
  readonly frame: DecodedFrame;
  readonly payload: Uint8Array<ArrayBuffer>;
  readonly profile: ProfileName;
}

export interface DecodeProtocol {
  read: { args: { segment: SegmentFile; frames: readonly number[] }; reply: ReadFrame[] };
  /** Reads frames each by itself: one that cannot be read, or is none of ours, is null. */
  recover: {
    args: { segment: SegmentFile; frames: readonly number[] };
    reply: { index: number; frame: DecodedFrame | null }[];
    /** Frames tried so far. */
    progress: number;
  };
  /** Decodes a range of frames and compares each payload's SHA-256. */
  verify: {
    args: { segment: SegmentFile; from: number; digests: readonly string[] };
    reply: { frame: number; message: string }[];
    progress: number;
  };
  picture: { args: { segment: SegmentFile; frame: number }; reply: ImageBitmap };
  /** Lists the frames of a video that others made. */
  foreign: { args: { file: Blob }; reply: ForeignVideo };
  /** What those of its frames say that memvid drew and that can be read. */
  memvid: {
    args: { file: Blob; video: ForeignVideo; from: number; to: number };
    reply: MemvidEntry[];
    /** Pictures looked at so far. */
    progress: number;
  };
  /** What frames of ours say in a copy that others encoded; those that cannot be read are left out. */
  copies: {
    args: { file: Blob; video: ForeignVideo; from: number; to: number };
    reply: CopiedFrame[];
  };
  /** Draws and encodes memvid's frames; here because ffmpeg is, and encoders take chunks of ours. */
  drawMemvid: {
    args: { payloads: readonly string[] };
    reply: ForeignFrames;
  };
  /** Tries what this browser can do with video, for real. */
  probe: {
    args: { profile: ProfileName };
    reply: { works: boolean; detail: string; milliseconds: number };
  };
  selfCheck: { args: null; reply: SelfCheckItem[] };
}

export interface EmbedProtocol {
  embed: {
    args: {
      model: string;
      texts: readonly string[];
      kind: 'passage' | 'query';
      assetsUrl: string;
      /** What a larger model is made of; `models.ts` puts it in. */
      brought?: BroughtModel;
      /** What came of trying it on WebGPU in this browser, where it was tried. */
      trial?: DeviceTrial | undefined;
    };
    /** Row-major, one row a text; null where the model is not here. */
    reply: { vectors: Float32Array; dimensions: number } | null;
    /** Told when a model is loaded that was not tried yet, or fails where it worked. */
    progress: { trial: DeviceTrial | undefined };
  };
  selfCheck: { args: { assetsUrl: string }; reply: SelfCheckItem[] };
}

export interface SearchView {
  readonly key: string;
  readonly language: 'en' | 'und';
  /**
   * Its units in order: segments by their ids, deltas by their digests. `live` has a bit a row, null
   * where all rows live.
   */
  readonly segments: readonly { readonly id: string; readonly live: Uint8Array | null }[];
}

/** The search data of one part of what is combined: a segment's, or the texts of a delta. */
export type SearchPart =
  | { readonly postings: Uint8Array; readonly vectors: Uint8Array | null }
  | { readonly texts: readonly string[]; readonly vectors: Uint8Array | null };

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
  /** Writes the search data of the picked rows anew, without their texts, as `build` would. */
  combine: {
    args: {
      parts: readonly SearchPart[];
      picks: readonly RowPick[];
      language: 'en' | 'und';
    };
    /** Vectors are null where no part has any; else rows of parts without are zero. */
    reply: { postings: Uint8Array; vectors: Uint8Array | null };
  };
  load: { args: { id: string; postings: Uint8Array; vectors: Uint8Array | null }; reply: void };
  /** Loads a delta: row i is `texts[i]`; its postings live in the worker only. */
  loadTexts: {
    args: {
      id: string;
      texts: readonly string[];
      language: 'en' | 'und';
      vectors: Uint8Array | null;
    };
    reply: void;
  };
  /** Lets views go, and units: segments and deltas alike. */
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
      /** Only rows with all words of each; whether they follow each other is the caller's to see. */
      phrases?: readonly string[];
      /** Words, in any form, of which no row that answers has one. */
      without?: readonly string[];
      /** Whether the caller can be asked for texts to learn words of (`feedback.ts`). */
      learn?: boolean;
      /** Whether rows say which better one they look like. */
      alike?: boolean;
    };
    reply: Ranked[];
    /** The texts of the first passages. */
    question: { ask: readonly Ranked[]; answer: readonly string[] };
  };
  marks: {
    args: { texts: readonly string[]; query: string; language: 'en' | 'und' };
    reply: [start: number, end: number][][];
  };
  selfCheck: { args: null; reply: SelfCheckItem[] };
}
