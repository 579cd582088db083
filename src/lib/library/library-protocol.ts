/**
 * What a page asks of its library's worker: types only. The shape follows the public API; a shard is
 * named by its id, and `at` is the version it was opened at.
 */
import type {
  CheckReport,
  Chunk,
  ChunkingOptions,
  Filter,
  Hit,
  IngestReport,
  LibraryChange,
  ModelInfo,
  ProfileName,
  Progress,
  SearchOptions,
  SelfCheckReport,
  ShardInfo,
  ShardStats,
  Source,
  StorageReport,
} from '../api';

interface At {
  id: string;
  at?: string | undefined;
}

type Asked = Omit<SearchOptions, 'signal'>;

/** What changes a shard: only the tab that holds the writer's lock does these. */
export interface WriteProtocol {
  /** Answered by the tab that writes. */
  ping: { args: null; reply: void };
  create: {
    args: { name: string; profile: 'auto' | ProfileName; model: string };
    reply: ShardInfo;
  };
  rename: { args: { id: string; name: string }; reply: ShardInfo };
  remove: { args: { id: string }; reply: void };
  restore: { args: { id: string }; reply: void };
  ingest: {
    args: { id: string; files: File[]; chunking: ChunkingOptions };
    reply: { report: IngestReport; info: ShardInfo };
    progress: Progress;
    question: { ask: { password: string }; answer: string | undefined };
  };
}

export interface LibraryProtocol extends WriteProtocol {
  open: {
    args: { name: string; storage: 'opfs' | 'memory'; assetsUrl: string };
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
      deleted?: boolean | undefined;
    };
    reply: Chunk[];
  };
  chunk: { args: At & { uuid: string }; reply: Chunk };
  context: { args: At & { uuid: string; before: number; after: number }; reply: Chunk[] };
  frame: { args: At & { segment: string; index: number }; reply: ImageBitmap };
  stats: { args: At; reply: ShardStats };
  storage: { args: null; reply: StorageReport };
  check: { args: { deep: boolean }; reply: CheckReport; progress: Progress };
  selfCheck: { args: null; reply: SelfCheckReport };
  models: { args: null; reply: ModelInfo[] };
  export: {
    args: At & { format: 'mp4'; to?: WritableStream<Uint8Array> };
    reply: Blob | undefined;
    progress: Progress;
  };
  close: { args: null; reply: void };
}
