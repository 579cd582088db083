/**
 * The public contract: the calls on `Library` and `Shard`, and the data that goes in and comes out.
 * The data is plain (structured-cloneable); `index.ts` opens a library.
 */

/** How a long call is watched and stopped. */
export interface Work {
  /** Aborting leaves everything as it was; the call rejects with `signal.reason`. */
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/** One step of progress. `done` and `total` are in the stage's unit; `total` may grow. */
export interface Progress {
  stage: 'extract' | 'encode' | 'verify' | 'commit' | 'check' | 'export' | 'load';
  /** Work finished, in bytes of input for `extract`, frames for `encode` and `verify`. */
  done: number;
  /** All work known so far, in the same unit; 0 while unknown. */
  total: number;
  /** The file that the stage is at, where it is about one. */
  file?: string;
  /** How the file stands, where the step is about one. */
  state?: 'reading' | 'done' | 'failed';
}

/** A version id or a tag. */
export type VersionRef = string;

export type ProfileName = 'compact' | 'universal';

/**
 * Where a chunk stands in its source. `page`, `row`, `slide` and `line` count from 1; `start` and
 * `end` are UTF-16 offsets in the source's extracted text.
 */
export interface Place {
  page?: number;
  row?: number;
  slide?: number;
  line?: number;
  sheet?: string;
  chapter?: string;
  /** The path of headings, outermost first. */
  heading?: string[];
  time?: string;
  path?: string;
  notes?: true;
  start: number;
  end: number;
}

/** A document that was dropped in. The file itself is not kept, its text is. */
export interface Source {
  id: string;
  /** The dropped file's name. */
  name: string;
  /** Media type, such as `application/pdf`. */
  type: string;
  /** The path inside an archive. */
  member?: string;
  /** SHA-256 of the file, hex. */
  sha256: string;
  /** ISO 8601. */
  addedAt: string;
  /** Live chunks of this source. */
  chunks: number;
}

/** A passage of text with a permanent UUID. */
export interface Chunk {
  uuid: string;
  text: string;
  source: { id: string; name: string; type: string; member?: string } | { type: 'note' };
  place: Place | null;
  /** Where its text lies in the video; null for an overlay that was never in one. */
  frame: { segment: string; index: number; slot: number } | null;
  deleted: boolean;
  edited: boolean;
  /** ISO 8601. */
  expiresAt?: string;
}

/** A chunk that answers a question. */
export interface Hit extends Chunk {
  /** 0 to 1; comparable within one answer only. */
  score: number;
  matched: ('lexical' | 'semantic')[];
  /** The two parts of the score: BM25 over the best of this answer, and the cosine. */
  parts: { lexical: number; semantic: number };
  /** UTF-16 ranges of `text` that match a word of the question. */
  marks: [start: number, end: number][];
  /** Where the text was read from. */
  from: 'video' | 'overlay';
}

export interface Filter {
  /** Source ids. */
  sources?: string[];
  /** Media types. */
  types?: string[];
  /** Words that the text must contain, ignoring case. */
  text?: string;
  edited?: boolean;
  /** ISO 8601, compared with the time the source was added. */
  addedAfter?: string;
  addedBefore?: string;
}

export interface SearchOptions {
  /** How many hits at most; default 10. */
  topK?: number;
  /** Default `hybrid`. */
  mode?: 'hybrid' | 'semantic' | 'lexical';
  filter?: Filter;
  signal?: AbortSignal;
}

export interface ChunkingOptions {
  /** Characters (UTF-16 units) a chunk aims at; 100 to 8,000, default 1,000. */
  size?: number;
  /**
   * Characters of the chunk before that are embedded and indexed along with each chunk, never
   * stored; 0 to 1,000, default 0.
   */
  overlap?: number;
}

export interface IngestOptions extends Work {
  chunking?: ChunkingOptions;
  /** Asks the person for the password of a locked file; undefined gives up on the file. */
  password?: (file: string) => Promise<string | undefined>;
}

/** What became of one file of an `ingest`. */
export interface IngestedFile {
  name: string;
  chunks: number;
  warnings: string[];
  error?: { name: string; code: string; message: string };
}

export interface IngestReport {
  files: IngestedFile[];
  chunks: number;
  seconds: number;
  /** The version that was made; null where no file gave a chunk. */
  version: string | null;
}

export interface ShardInfo {
  id: string;
  name: string;
  /** The id of the newest version. */
  head: string;
  profile: ProfileName;
  model: string;
  chunks: number;
  deleted: number;
  /** Bytes of the head's segments. */
  bytes: number;
  /** ISO 8601. */
  updatedAt: string;
  /** Set while the shard is removed and `restore` can still bring it back. ISO 8601. */
  removedAt?: string;
  origin?: { shard: string; version: string };
}

export interface ShardStats {
  chunks: number;
  deleted: number;
  frames: number;
  segments: number;
  /** UTF-8 bytes of the live chunks' text. */
  textBytes: number;
  /** What gzip makes of the same text, measured per segment when it was written. */
  gzipBytes: number;
  /** Bytes of the head's segments, and where they go. */
  videoBytes: number;
  /** Bytes that only older versions need. */
  retainedBytes: number;
  indexBytes: number;
  vectorBytes: number;
  /** Bytes of the word index (postings). */
  wordBytes: number;
  /** How the payload bytes of all frames divide; in bytes of QR capacity. */
  payload: { text: number; metadata: number; unfilled: number };
}

export interface StorageReport {
  kind: 'opfs' | 'memory';
  /** Bytes of the origin, as the browser estimates them. */
  usage: number;
  quota: number;
  persisted: boolean;
  shards: {
    id: string;
    name: string;
    ownBytes: number;
    sharedBytes: number;
    lastExport?: string;
  }[];
}

export interface CheckReport {
  ok: boolean;
  problems: { code: string; where: string; message: string }[];
  /** How much was looked at. */
  checked: { blobs: number; bytes: number; versions: number; frames: number };
}

/** One capability of this browser, with what was really seen when it was tried. */
export interface SelfCheckItem {
  id: string;
  name: string;
  state: 'works' | 'slow' | 'missing' | 'failed';
  /** What was measured or why it does not work, for people. */
  detail: string;
  milliseconds: number;
}

export interface SelfCheckReport {
  items: SelfCheckItem[];
  /** The profile that `auto` picks here. */
  profile: ProfileName;
}

export interface ModelInfo {
  id: string;
  name: string;
  /** Bytes to load; 0 for what ships with the app. */
  bytes: number;
  dimensions: number;
  languages: string;
  licence: string;
  /** Where it comes from, for people. */
  origin: string;
  /** `ready` can embed now; `absent` has to be brought first. */
  state: 'ready' | 'absent';
}

export interface LibraryChange {
  /** The shards whose entry changed; empty where the whole list did. */
  shards: string[];
  kind: 'created' | 'changed' | 'removed' | 'restored';
  /** Made by this tab, or by another one. */
  from: 'here' | 'elsewhere';
}

export interface ExportOptions extends Work {
  format: 'mp4';
  /** Where to write; without it the call resolves with a Blob. */
  to?: WritableStream<Uint8Array> | FileSystemFileHandle;
}

export interface OpenOptions {
  /** Libraries of different names do not see each other; default `memreel`. */
  name?: string;
  /** `memory` keeps nothing after the tab closes; default `opfs`. */
  storage?: 'opfs' | 'memory';
  /** Where `models/` and the other static files are served; default the app's own base. */
  assetsUrl?: string;
}

/** Everything that this browser holds. */
export interface Library {
  readonly storageKind: 'opfs' | 'memory';
  /** All shards by name, without removed ones unless asked. */
  shards(options?: { removed?: boolean }): Promise<ShardInfo[]>;
  /**
   * @throws InvalidError for an empty name or an unknown model
   * @throws UnsupportedError where `compact` is asked for and the probe fails here
   */
  create(options: { name: string; profile?: 'auto' | ProfileName; model?: string }): Promise<Shard>;
  /** `at` opens one version, read-only. @throws NotFoundError */
  open(id: string, options?: { at?: VersionRef }): Promise<Shard>;
  /** Searches all shards; scores of different shards are compared as they are. */
  search(query: string, options?: SearchOptions): Promise<(Hit & { shard: string })[]>;
  /** Drops a shard's entry; `restore` brings it back. */
  remove(id: string): Promise<void>;
  restore(id: string): Promise<void>;
  /** Verifies every digest and reference; `deep` also decodes every frame. */
  check(options?: Work & { deep?: boolean }): Promise<CheckReport>;
  storage(): Promise<StorageReport>;
  /** Asks the browser never to evict this library. */
  persist(): Promise<boolean>;
  /** Tries every capability for real and says what was seen. */
  selfCheck(): Promise<SelfCheckReport>;
  models(): Promise<ModelInfo[]>;
  /** Calls back for own and other tabs' changes; returns how to stop. */
  subscribe(listener: (change: LibraryChange) => void): () => void;
  close(): Promise<void>;
}

/** One memory: an MP4 and its index. */
export interface Shard {
  readonly id: string;
  readonly name: string;
  /** The version that this shard shows: the shared head, or the one it was opened at. */
  readonly head: string;
  info(): Promise<ShardInfo>;
  rename(name: string): Promise<void>;
  /**
   * Reads documents into chunks, frames and search data, and commits them as one version.
   * One bad file never stops the others: see the report.
   * Aborting (between any two chunks or frames) leaves the shard as it was.
   */
  ingest(files: Iterable<File>, options?: IngestOptions): Promise<IngestReport>;
  sources(): Promise<Source[]>;
  search(query: string, options?: SearchOptions): Promise<Hit[]>;
  /** In order; `deleted` includes tombstones. */
  chunks(options?: {
    offset?: number;
    limit?: number;
    filter?: Filter;
    deleted?: boolean;
  }): Promise<Chunk[]>;
  /** @throws NotFoundError */
  chunk(uuid: string): Promise<Chunk>;
  /** The chunk with its live neighbours of the same source, in order; default one on each side. */
  context(uuid: string, options?: { before?: number; after?: number }): Promise<Chunk[]>;
  /** The picture of a frame. @throws NotFoundError */
  frame(segment: string, index: number): Promise<ImageBitmap>;
  stats(): Promise<ShardStats>;
  /** One playable MP4 of all segments. Without `to`, resolves with the file. */
  export(options: ExportOptions): Promise<Blob | undefined>;
}
