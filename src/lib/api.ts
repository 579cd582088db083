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

/** What a version says of itself in history. */
export interface Note {
  /** Default: what was done, in a few words. */
  message?: string;
}

/** One step of progress. `done` and `total` are in the stage's unit; `total` may grow. */
export interface Progress {
  stage:
    | 'extract'
    | 'encode'
    | 'verify'
    | 'commit'
    | 'check'
    | 'export'
    | 'load'
    | 'copy'
    | 'embed'
    | 'rewrite'
    | 'scan'
    | 'read'
    | 'download';
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
  /** The name of the function, class or other definition that a passage of code is of. */
  definition?: string;
  /**
   * The header of the table that the chunk's rows are of: shown and searched with the text, and no
   * part of it.
   */
  columns?: string[];
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
  /** SHA-256 of the text in UTF-8, hex. */
  sha256: string;
  /** The chunk that this one was split from. */
  from?: string;
  /** ISO 8601. */
  expiresAt?: string;
  /** The person's own text, whose passage the source said otherwise when it was added again. */
  drift?: true;
}

/** RFC 6902, over the index as docs/FORMAT.md describes it: `/chunks/<uuid>/deleted`, for one. */
export type JsonPatchOperation =
  | { op: 'add' | 'replace' | 'test'; path: string; value: unknown }
  | { op: 'remove'; path: string }
  | { op: 'move' | 'copy'; from: string; path: string };

/** What made a version. */
export type Operation =
  | 'create'
  | 'ingest'
  | 'edit'
  | 'insert'
  | 'split'
  | 'join'
  | 'delete'
  | 'restore'
  | 'apply'
  | 'undo'
  | 'redo'
  | 'rollback'
  | 'merge'
  | 'compact'
  | 'reindex'
  | 'retention'
  | 'sweep'
  | 'import'
  | 'purge';

/** One immutable state of a shard, as history lists it. */
export interface Version {
  id: string;
  /** The first is its own line; a merge has a second one. */
  parents: string[];
  /** ISO 8601. */
  createdAt: string;
  operation: Operation;
  message: string;
  model: string;
  counts: {
    /** Live chunks, and tombstones. */
    chunks: number;
    deleted: number;
    /** What this version changed of the one before, in chunks. */
    added: number;
    edited: number;
    removed: number;
    restored: number;
  };
  /** Tags of this shard that name it. */
  tags: string[];
  /** The audit record; null where counts stand for it, as for an ingest. */
  patch: JsonPatchOperation[] | null;
}

/** How a version differs from another in one chunk. */
export interface ChunkChange {
  uuid: string;
  /** `removed` chunks are deleted in the newer version, or not in it; `added` the other way round. */
  kind: 'added' | 'removed' | 'edited';
  source: Chunk['source'];
  place: Place | null;
  /** The texts; null where the chunk does not live in that version. */
  before: string | null;
  after: string | null;
  /** Of an edit: pieces which joined without the `added` ones are `before`, and so on. */
  words: { kind: 'same' | 'added' | 'removed'; text: string }[];
}

/** How a chunk stands on one side of a merge; a text is null where it is in no kept version. */
export interface MergeSide {
  text: string | null;
  deleted: boolean;
}

export interface MergeConflict {
  uuid: string;
  source: Chunk['source'];
  place: Place | null;
  /** In the common ancestor; null where it was not there yet. */
  base: MergeSide | null;
  mine: MergeSide;
  theirs: MergeSide;
}

export interface MergeReport {
  /** False where conflicts are open: then nothing was written. */
  merged: boolean;
  /** The version that was made; null where there was nothing to take, or conflicts are open. */
  version: string | null;
  /** Chunks that came from the other side. */
  taken: { added: number; edited: number; removed: number; restored: number };
  conflicts: MergeConflict[];
}

/** What compaction would do to one segment. Bytes of its MP4; texts in UTF-8 bytes. */
export interface SegmentPlan {
  id: string;
  frames: number;
  bytes: number;
  textBytes: number;
  /** Of texts that the head no longer shows: deleted, or replaced by an overlay. */
  deadTextBytes: number;
  /** Frames by what the head still shows of them. */
  wholeFrames: number;
  partFrames: number;
  deadFrames: number;
  /** Whether it is above the threshold. */
  rewrite: boolean;
}

/** A dry run. Bytes after are an estimate from the bytes a frame takes now. */
export interface CompactionPlan {
  threshold: number;
  segments: SegmentPlan[];
  /** Live overlays, which move into the video. */
  overlays: { chunks: number; textBytes: number };
  frames: { before: number; after: number };
  bytes: { before: number; after: number };
}

export interface CompactionReport {
  /** Null where there was nothing to do. */
  version: string | null;
  /** Of the head's segments; `copied` as they are, `encoded` anew. */
  frames: { before: number; after: number; copied: number; encoded: number };
  bytes: { before: number; after: number };
  seconds: number;
}

export interface ReindexReport {
  /** Null where the search data was whole already. */
  version: string | null;
  model: string;
  /** Live chunks, and how many of them were embedded anew. */
  chunks: number;
  embedded: number;
  seconds: number;
}

/** What a shard keeps. A sweep tombstones the rest. */
export interface RetentionPolicy {
  /** Chunks older than this are due, counted from when their source was added. */
  ttlSeconds?: number;
  /** UTF-8 bytes of live text; above it chunks are due, in the order of `evict`. */
  maxBytes?: number;
  /** Default `oldest`. How often chunks were found is counted in this browser alone. */
  evict?: 'oldest' | 'least-used';
}

export interface GcReport {
  freedBytes: number;
  /** Bytes that nothing refers to, which cannot go yet. */
  waitingBytes: number;
  /** What they wait for: other open tabs. */
  waitingFor: string[];
}

export interface PurgeReport {
  chunks: number;
  /** What held them and was rewritten. */
  shards: number;
  versions: number;
  segments: number;
  freedBytes: number;
  /** What was looked through afterwards for the texts: every stored byte, every frame. */
  scanned: { bytes: number; frames: number };
  /** Where one of the texts is still found, as in another chunk with the same words. */
  found: { where: string; message: string }[];
}

/** A question that a shard is tried with, and the passages that should answer it. */
export interface Question {
  id: string;
  query: string;
  /** UUIDs of chunks. */
  expected: string[];
}

export interface QuestionResult {
  question: Question;
  hits: Hit[];
  /** The rank of each expected chunk among the hits, from 1; null where it is not among them. */
  ranks: { uuid: string; rank: number | null }[];
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
  /** UUIDs of chunks that say nearly the same and stand below it: they are folded into this hit. */
  duplicates?: string[];
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
  /**
   * What the place must say, all of it: numbers as they are, or as a range with both ends included;
   * texts as a part, ignoring case (of any heading of the path). A chunk without the field does not
   * match.
   */
  place?: {
    page?: number | [from: number, to: number];
    row?: number | [from: number, to: number];
    slide?: number | [from: number, to: number];
    line?: number | [from: number, to: number];
    sheet?: string;
    chapter?: string;
    heading?: string;
    time?: string;
    path?: string;
  };
}

export interface SearchOptions {
  /** How many hits at most; default 10. */
  topK?: number;
  /** Default `hybrid`. */
  mode?: 'hybrid' | 'semantic' | 'lexical';
  filter?: Filter;
  /** Whether hits that say nearly the same become one; default true. */
  fold?: boolean;
  signal?: AbortSignal;
}

export interface ChunkingOptions {
  /**
   * What a chunk aims at: characters (UTF-16 units), 100 to 8,000, default 1,000; or tokens of the
   * shard's model, 20 to 2,000, default 200.
   */
  size?: number;
  /** What `size` counts; default `characters`. */
  unit?: 'characters' | 'tokens';
  /**
   * Characters of the chunk before that are embedded and indexed along with each chunk, never
   * stored; 0 to 1,000, default 0.
   */
  overlap?: number;
}

export interface IngestOptions extends Work {
  chunking?: ChunkingOptions;
  /** Seconds after which the chunks of this call are due to expire. */
  ttlSeconds?: number;
  /** Asks the person for the password of a locked file; undefined gives up on the file. */
  password?: (file: string) => Promise<string | undefined>;
  /**
   * Reads pictures of text too, scanned pages and images, in these languages of `library.ocr`.
   * Without it such pages are reported and left out.
   */
  ocr?: { languages: string[] };
}

/** What became of one file of an `ingest`, or of one file inside it. */
export interface IngestedFile {
  /** The file's name, with its folders where it came in one; the path inside for a member. */
  name: string;
  /** Chunks that were added, those of members included. */
  chunks: number;
  warnings: string[];
  error?: { name: string; code: string; message: string };
  /** Of an archive, or of a message with attachments. */
  members?: IngestedFile[];
  /** Set where the shard had this source already. */
  again?: AddedAgain;
}

/** A source that was added again, under the same name or with the same content. */
export interface AddedAgain {
  /** The id of the source that the shard had. */
  source: string;
  /** Its name there, where the content came under another one. */
  sameAs?: string;
  /** Chunks that stayed as they were: UUID, vector and frame. All of them where nothing changed. */
  kept: number;
  /** Chunks whose passage the new content has no more; they are tombstones now. */
  replaced: number;
  /**
   * Chunks with a person's own text whose passage is another one, or none, by now. The person's text
   * stays; `Chunk.drift` marks them.
   */
  drifted: number;
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
  /** `absent`: its model is not here, and it is searched by words alone; see `Library.models`. */
  modelState: 'ready' | 'absent';
  /** How its words are searched: as English ones, or as they are. */
  language: 'en' | 'und';
  chunks: number;
  deleted: number;
  /** Bytes of the head's segments. */
  bytes: number;
  /** ISO 8601. */
  updatedAt: string;
  /** Set while the shard is removed and `restore` can still bring it back. ISO 8601. */
  removedAt?: string;
  origin?: { shard: string; version: string };
  retention?: RetentionPolicy;
  /** Live chunks that have expired; the next sweep tombstones them. */
  due: number;
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
  /** A newer version of the app wrote the library: this one changes nothing in it. */
  readOnly: boolean;
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
  /** What its sources ask to be said: the licence's own text, or where it stands. */
  licenceUrl: string;
  /** `ready` can embed now; `absent` has to be brought first; `partial` was begun and can go on. */
  state: 'ready' | 'partial' | 'absent';
  /** Bytes that are kept already; 0 for what ships with the app. */
  keptBytes: number;
  /** For people: where it runs in this browser and why, once WebGPU was tried with it. */
  device?: string;
}

/** How a document would be cut, before anything is written. */
export interface Preview {
  file: string;
  /** The path inside, for the first document of an archive. */
  member?: string;
  /** Media type. */
  type: string;
  /** The first cuts, in order. */
  chunks: { text: string; place: Place; tokens?: number }[];
  /** Whether the document goes on behind them. */
  more: boolean;
  warnings: string[];
}

/** Languages that pictures of text can be read in. */
export interface OcrLanguage {
  /** As tesseract names it, such as `eng`. */
  id: string;
  name: string;
  /** Bytes of its data; 0 for what a person brought. */
  bytes: number;
  /** `served` comes from the app's own origin when it is first used; `kept` was brought by a person. */
  state: 'served' | 'kept';
}

export interface LibraryChange {
  /** The shards whose entry changed; empty where the whole list did. */
  shards: string[];
  kind: 'created' | 'changed' | 'removed' | 'restored';
  /** Made by this tab, or by another one. */
  from: 'here' | 'elsewhere';
}

export interface ExportOptions extends Work {
  /**
   * `zip`: video, index and vectors, which `import` takes back; `mp4`: the video alone, which it
   * takes back too; `memvid`: a zip that memvid v1 loads; `jsonl`: one chunk a line; `markdown`: a
   * zip of one file a source; `npy`: the vectors, a row a chunk in the order of `chunks`.
   */
  format: 'zip' | 'mp4' | 'memvid' | 'jsonl' | 'markdown' | 'npy';
  /**
   * `live`, the default, is what is visible now: no byte of a deleted or replaced text leaves.
   * `everything`, of `zip` alone, is every kept version with its tombstones, and deleted text.
   */
  include?: 'live' | 'everything';
  /** Seals a `zip` as one age file (passphrase), which the age command opens. */
  password?: string;
  /** Where to write; without it the call resolves with a Blob. */
  to?: WritableStream<Uint8Array> | FileSystemFileHandle;
}

export interface ImportOptions extends Work {
  /** Of a sealed zip. */
  password?: string;
  /**
   * What becomes of a shard that is here already: `separate`, the default, makes another shard beside
   * it; `version` makes what the file shows the newest version of the one that is here.
   */
  ifPresent?: 'separate' | 'version';
  /** Default: what the file says, or its name. */
  name?: string;
  /** What was found, once it is committed. */
  onReport?: (report: ImportReport) => void;
}

/** What an import found. */
export interface ImportReport {
  kind: 'zip' | 'mp4' | 'memvid';
  shard: string;
  version: string;
  /** Live chunks. */
  chunks: number;
  frames: {
    /** In the file. */
    found: number;
    /** Numbers, from 0, of those that could not be read or say something else than the index. */
    unread: number[];
    /** Numbers of frames that a count in the file promises and that are not there. */
    missing: number[];
  };
  /** Where the texts come from: memvid keeps them in its JSON as well. */
  texts: { fromVideo: number; fromIndex: number };
  warnings: string[];
}

export interface OpenOptions {
  /** Libraries of different names do not see each other; default `memreel`. */
  name?: string;
  /** `memory` keeps nothing after the tab closes; default `opfs`. */
  storage?: 'opfs' | 'memory';
  /** Where `models/` and the other static files are served; default the app's own base. */
  assetsUrl?: string;
  /** Where `downloadModel` asks, laid out as the Hugging Face hub; default `https://huggingface.co`. */
  hubUrl?: string;
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
  create(options: {
    name: string;
    profile?: 'auto' | ProfileName;
    /** Default the built-in one. One that is not here yet can be brought later. */
    model?: string;
    /** Default `en`: words are cut to their English stems. `und` for any other language. */
    language?: 'en' | 'und';
  }): Promise<Shard>;
  /** `at` opens one version, read-only. @throws NotFoundError */
  open(id: string, options?: { at?: VersionRef }): Promise<Shard>;
  /** Searches all shards; scores of different shards are compared as they are. */
  search(query: string, options?: SearchOptions): Promise<(Hit & { shard: string })[]>;
  /**
   * Makes a shard of what was exported: a shard zip, sealed or not, a bare MP4, or memvid v1's video
   * and `_index.json` (together or zipped). All or nothing; everything is checked before it is there.
   * @throws CorruptError, UnsupportedError, PasswordError naming the file; InvalidError where the
   * files do not belong together
   */
  import(files: Blob | Iterable<File>, options?: ImportOptions): Promise<Shard>;
  /** All shards as one zip of shard zips, which `import` takes back; the first one is answered. */
  exportAll(options?: Omit<ExportOptions, 'format'>): Promise<Blob | undefined>;
  /** Drops a shard's entry; `restore` brings it back. */
  remove(id: string): Promise<void>;
  /** @throws NotFoundError once `gc` has let it go */
  restore(id: string): Promise<void>;
  /**
   * Frees what no shard, tag or kept version refers to; removed shards go too. Where other tabs are
   * open nothing is deleted: the report says how many bytes wait for them.
   */
  gc(): Promise<GcReport>;
  /** Verifies every digest and reference; `deep` also decodes every frame. */
  check(options?: Work & { deep?: boolean }): Promise<CheckReport>;
  /**
   * Makes good what `check` finds, as far as it can be: index pages and search data of a segment are
   * made anew from its frames, segments whose shard cannot be read any more become a shard of their
   * own, and objects that are lost are taken out of `from`: a shard zip or an MP4 that was exported.
   * What nobody has stays lost, and what is whole stays as it is. Jobs of all shards are waited for.
   * @returns what `check` finds afterwards
   * @throws UnsupportedError for a `from` that is neither; CorruptError for one that is damaged
   */
  repair(from?: Blob, options?: Work): Promise<CheckReport>;
  /** `shards: false` leaves the bytes of each shard out, for which all versions have to be read. */
  storage(options?: { shards?: boolean }): Promise<StorageReport>;
  /** Asks the browser never to evict this library. */
  persist(): Promise<boolean>;
  /** Tries every capability for real and says what was seen. */
  selfCheck(): Promise<SelfCheckReport>;
  models(): Promise<ModelInfo[]>;
  /**
   * Brings a larger model from the hub (`ModelInfo.origin`): the only call that reaches another
   * origin, so ask the person first. Each file is checked against its pinned SHA-256. Aborting keeps
   * what has come: the next call goes on there.
   * @throws UnsupportedError without a network, or where the hub does not answer; QuotaError;
   * CorruptError for a file that is not the pinned one; NotFoundError for an unknown model
   */
  downloadModel(id: string, options?: Work): Promise<ModelInfo>;
  /**
   * Brings a larger model from files: those of its folder, or one zip of them.
   * @throws NotFoundError naming what is missing; CorruptError for a file that is not the pinned one
   */
  addModel(id: string, files: Iterable<File>, options?: Work): Promise<ModelInfo>;
  /** Lets a model's files go; shards made with it are searched by words until it is back. */
  removeModel(id: string): Promise<void>;
  /** How a document would be cut. Writes nothing. @throws as `ingest` reports it of the file */
  preview(
    file: File,
    options?: {
      chunking?: ChunkingOptions;
      /** Whose tokens are counted; default the built-in one. */
      model?: string;
      /** Chunks at most; default 20. */
      limit?: number;
      password?: (file: string) => Promise<string | undefined>;
      signal?: AbortSignal;
    },
  ): Promise<Preview>;
  /** The languages that pictures of text can be read in. */
  ocr(): Promise<OcrLanguage[]>;
  /** Keeps tesseract's data of one more language, `<language>.traineddata`, perhaps gzipped. */
  addOcrLanguage(file: File): Promise<OcrLanguage>;
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
  /**
   * In order; `deleted` includes tombstones, `only` leaves all others out. The text of a tombstone
   * is empty where no kept version holds it any more.
   */
  chunks(options?: {
    offset?: number;
    limit?: number;
    filter?: Filter;
    deleted?: boolean | 'only';
  }): Promise<Chunk[]>;
  /** @throws NotFoundError */
  chunk(uuid: string): Promise<Chunk>;
  /** The chunk with its live neighbours of the same source, in order; default one on each side. */
  context(uuid: string, options?: { before?: number; after?: number }): Promise<Chunk[]>;
  /** The picture of a frame. @throws NotFoundError */
  frame(segment: string, index: number): Promise<ImageBitmap>;
  stats(): Promise<ShardStats>;

  /**
   * Replaces a chunk's text by an overlay, embeds it, and finds it from then on.
   * @throws ConflictError when the text changed since this shard last returned it
   */
  edit(uuid: string, text: string, note?: Note): Promise<Version>;
  /** A new chunk after another one, or before all (`null`). */
  insert(after: string | null, text: string, note?: Note): Promise<Version>;
  /**
   * Cuts a chunk in two at a UTF-16 offset, moved back to a grapheme boundary. The first part keeps
   * the UUID. @throws InvalidError where a part would be empty
   */
  split(uuid: string, at: number, note?: Note): Promise<Version>;
  /**
   * Makes one chunk of several; the first keeps its UUID, the others become tombstones.
   * @throws InvalidError unless they are live, adjacent and of one source
   */
  join(uuids: string[], note?: Note): Promise<Version>;
  /** Tombstones: frames stay, search leaves the chunks out at once. */
  delete(what: string[] | { source: string }, note?: Note): Promise<Version>;
  /** @throws NotFoundError for a text that no kept version holds any more */
  restore(uuids: string[], note?: Note): Promise<Version>;
  /**
   * Applies a patch (RFC 6902) to the index, whole or not at all. It may change `text`, `deleted`,
   * `expiresAt` and `place` of chunks.
   * @throws InvalidError for a bad patch or result; `subject` is the path
   * @throws ConflictError when a `test` fails
   */
  apply(patch: JsonPatchOperation[], note?: Note): Promise<Version>;
  /** Takes this tab's last change back, as a new version; null where there is none. @throws ConflictError */
  undo(): Promise<Version | null>;
  redo(): Promise<Version | null>;

  /** A new shard that starts at a version of this one and shares all its data. */
  clone(options: { name: string; at?: VersionRef }): Promise<Shard>;
  /** Newest first; `before` is a version's id. */
  history(options?: { limit?: number; before?: string }): Promise<Version[]>;
  /** How `to` differs from `from`, in the order of the text. */
  diff(
    from: VersionRef,
    to: VersionRef,
    options?: { offset?: number; limit?: number },
  ): Promise<ChunkChange[]>;
  /** A new version equal to an old one: history is never cut. */
  rollback(to: VersionRef, note?: Note): Promise<Version>;
  /** Names a version; default the head. A tag that is there moves. */
  tag(name: string, at?: VersionRef): Promise<void>;
  untag(name: string): Promise<void>;
  /** Version ids by tag. */
  tags(): Promise<Record<string, string>>;
  /**
   * Takes what another shard of the same lineage changed since both parted, chunk by chunk.
   * @throws InvalidError for a shard of another lineage
   */
  merge(
    from: string,
    options?: {
      /** Only these chunks. */
      pick?: string[];
      resolve?: Record<string, 'mine' | 'theirs' | { text: string }>;
    } & Note,
  ): Promise<MergeReport>;

  /** @param options.threshold share of a segment's text bytes that the head no longer shows (0.2) */
  planCompaction(options?: { threshold?: number }): Promise<CompactionPlan>;
  /** Writes segments without dead frames and moves overlays into the video. */
  compact(options?: Work & { threshold?: number }): Promise<CompactionReport>;
  /**
   * Writes search data without the dead, and embeds what was written while the model was not here;
   * with `model`, embeds everything anew. @throws NotFoundError where that model is not here
   */
  reindex(options?: Work & { model?: string }): Promise<ReindexReport>;
  /** Sets what is kept; an empty policy keeps everything. */
  retention(policy: RetentionPolicy): Promise<Version>;
  /** Tombstones what is due at `now`; null where nothing is. */
  sweep(now?: Date): Promise<Version | null>;
  /** Lets old versions go that are neither tagged nor among those to keep. */
  release(options: { keepLast?: number; newerThan?: string }): Promise<{ released: number }>;
  /**
   * Removes chunks from every version, clone, blob and cache. It cannot be undone; exported files
   * and old bytes on the physical disk are out of its reach.
   * @throws ReadOnlyError while other tabs are open, naming them
   */
  purge(uuids: string[], options?: Work): Promise<PurgeReport>;
  /** Questions that this shard is tried with, and what answers them at a version. */
  readonly questions: {
    list(): Promise<Question[]>;
    save(question: Question): Promise<void>;
    remove(id: string): Promise<void>;
    run(at?: VersionRef): Promise<QuestionResult[]>;
  };
  /**
   * Without `to`, resolves with a file on this machine that is gone at the next session.
   * @throws UnsupportedError for `memvid` where the shard's model is not memvid's, all-MiniLM-L6-v2
   */
  export(options: ExportOptions): Promise<Blob | undefined>;
}
