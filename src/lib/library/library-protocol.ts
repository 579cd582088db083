/**
 * What a page asks of its library's worker: types only. The shape follows the public API; a shard is
 * named by its id, and `at` is the version it was opened at.
 */
import type {
  CheckReport,
  Chunk,
  ChunkChange,
  ChunkingOptions,
  CompactionPlan,
  CompactionReport,
  ExportOptions,
  Filter,
  GcReport,
  Hit,
  ImportOptions,
  ImportReport,
  IngestReport,
  JsonPatchOperation,
  LibraryChange,
  MergeReport,
  ModelInfo,
  OcrLanguage,
  Preview,
  ProfileName,
  Progress,
  PurgeReport,
  Question,
  QuestionResult,
  ReindexReport,
  RetentionPolicy,
  SearchOptions,
  SelfCheckReport,
  ShardInfo,
  ShardStats,
  Source,
  StorageReport,
  Version,
} from '../api';

interface At {
  id: string;
  at?: string | undefined;
}

type Asked = Omit<SearchOptions, 'signal'>;

/** How something leaves, and where to. */
type Outward = Pick<ExportOptions, 'include' | 'password'> & { to?: WritableStream<Uint8Array> };

/**
 * A change of single chunks, of one shard's head. `seen` has the SHA-256 of each text as the caller
 * last saw it: a chunk whose text is another one by now is a conflict.
 */
export type ChunkEdit =
  | { kind: 'edit'; uuid: string; text: string }
  | { kind: 'insert'; after: string | null; text: string }
  | { kind: 'split'; uuid: string; at: number }
  | { kind: 'join'; uuids: string[] }
  | { kind: 'delete'; what: string[] | { source: string } }
  | { kind: 'restore'; uuids: string[] }
  | { kind: 'apply'; patch: JsonPatchOperation[] }
  | { kind: 'undo' | 'redo'; version: string }
  | { kind: 'rollback'; to: string }
  | { kind: 'retention'; policy: RetentionPolicy }
  | { kind: 'sweep'; now: string };

/** What a write to a shard answers: the version it made, and how the shard is now. */
interface Written {
  /** Null where there was nothing to change. */
  version: Version | null;
  info: ShardInfo;
  /** SHA-256 of the texts of the chunks that changed, for the caller to have seen. */
  seen: Record<string, string>;
}

/** What changes a shard: only the tab that holds the writer's lock does these. */
export interface WriteProtocol {
  /** Answered by the tab that writes. */
  ping: { args: null; reply: void };
  create: {
    args: {
      name: string;
      profile: 'auto' | ProfileName;
      model: string;
      language?: 'en' | 'und' | undefined;
    };
    reply: ShardInfo;
  };
  rename: { args: { id: string; name: string }; reply: ShardInfo };
  remove: { args: { id: string }; reply: void };
  restore: { args: { id: string }; reply: void };
  ingest: {
    args: {
      id: string;
      files: File[];
      chunking: ChunkingOptions;
      ttlSeconds?: number | undefined;
      ocr?: { languages: string[] } | undefined;
    };
    reply: { report: IngestReport; info: ShardInfo };
    progress: Progress;
    question: { ask: { password: string }; answer: string | undefined };
  };
  change: {
    args: {
      id: string;
      edit: ChunkEdit;
      message: string | undefined;
      seen: Record<string, string>;
    };
    reply: Written;
  };
  clone: { args: { id: string; name: string; at: string | undefined }; reply: ShardInfo };
  tag: { args: { id: string; name: string; at: string | undefined }; reply: void };
  untag: { args: { id: string; name: string }; reply: void };
  merge: {
    args: {
      id: string;
      from: string;
      pick: string[] | undefined;
      resolve: Record<string, 'mine' | 'theirs' | { text: string }>;
      message: string | undefined;
    };
    reply: { report: MergeReport; info: ShardInfo };
  };
  compact: {
    args: { id: string; threshold: number };
    reply: { report: CompactionReport; info: ShardInfo };
    progress: Progress;
  };
  reindex: {
    args: { id: string; model: string | undefined };
    reply: { report: ReindexReport; info: ShardInfo };
    progress: Progress;
  };
  import: {
    args: { files: File[] } & Pick<ImportOptions, 'password' | 'ifPresent' | 'name'>;
    /** One a shard: an archive of a library has several. */
    reply: { info: ShardInfo; report: ImportReport }[];
    progress: Progress;
  };
  release: {
    args: { id: string; keepLast: number | undefined; newerThan: string | undefined };
    reply: { released: number };
  };
  purge: { args: { id: string; uuids: string[] }; reply: PurgeReport; progress: Progress };
  gc: { args: null; reply: GcReport };
  repair: { args: { from?: Blob | undefined }; reply: CheckReport; progress: Progress };
  saveQuestion: { args: { id: string; question: Question }; reply: void };
  removeQuestion: { args: { id: string; question: string }; reply: void };
}

export interface LibraryProtocol extends WriteProtocol {
  open: {
    args: { name: string; storage: 'opfs' | 'memory'; assetsUrl: string; hubUrl: string };
    reply: { storageKind: 'opfs' | 'memory' };
  };
  /** Runs until it is aborted; tells each change, and how the changed shards are now. */
  watch: {
    args: null;
    reply: void;
    progress: { change: LibraryChange; infos: ShardInfo[] };
  };
  shards: { args: { removed: boolean }; reply: ShardInfo[] };
  info: { args: At; reply: ShardInfo };
  sources: { args: At; reply: Source[] };
  search: { args: At & { query: string; options: Asked }; reply: Hit[] };
  searchAll: { args: { query: string; options: Asked }; reply: (Hit & { shard: string })[] };
  chunks: {
    args: At & {
      offset?: number | undefined;
      limit?: number | undefined;
      filter?: Filter | undefined;
      deleted?: boolean | 'only' | undefined;
    };
    reply: Chunk[];
  };
  chunk: { args: At & { uuid: string }; reply: Chunk };
  context: { args: At & { uuid: string; before: number; after: number }; reply: Chunk[] };
  frame: { args: At & { segment: string; index: number }; reply: ImageBitmap };
  stats: { args: At; reply: ShardStats };
  history: {
    args: At & { limit: number; before: string | undefined };
    reply: Version[];
  };
  diff: {
    args: { id: string; from: string; to: string; offset: number; limit: number | undefined };
    reply: ChunkChange[];
  };
  tags: { args: { id: string }; reply: Record<string, string> };
  planCompaction: { args: At & { threshold: number }; reply: CompactionPlan };
  questions: { args: { id: string }; reply: Question[] };
  runQuestions: { args: At; reply: QuestionResult[] };
  storage: { args: { shards: boolean }; reply: StorageReport };
  check: { args: { deep: boolean }; reply: CheckReport; progress: Progress };
  selfCheck: { args: null; reply: SelfCheckReport };
  models: { args: null; reply: ModelInfo[] };
  preview: {
    args: { file: File; chunking: ChunkingOptions; model: string; limit: number };
    reply: Preview;
    question: { ask: { password: string }; answer: string | undefined };
  };
  downloadModel: { args: { model: string }; reply: ModelInfo; progress: Progress };
  /** A file's path as the browser tells it is lost on the way to a worker: it comes along. */
  addModel: {
    args: { model: string; files: { path: string; file: File }[] };
    reply: ModelInfo;
    progress: Progress;
  };
  removeModel: { args: { model: string }; reply: void };
  ocr: { args: null; reply: OcrLanguage[] };
  addOcrLanguage: { args: { file: File }; reply: OcrLanguage };
  export: {
    args: At & Outward & Pick<ExportOptions, 'format'>;
    reply: Blob | undefined;
    progress: Progress;
  };
  exportAll: { args: Outward; reply: Blob | undefined; progress: Progress };
  close: { args: null; reply: void };
}
