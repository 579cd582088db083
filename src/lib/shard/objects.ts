/**
 * The small objects that make up a library: shard entries, versions, segment tables and version
 * logs, as JSON, each known by the digest of its bytes. Everything that a clone, a tag, a release or
 * a purge needs is in these shapes. What refers to what is told to the store by `referencesOf`.
 */
import { CorruptError } from '../errors';
import type { Operation, ProfileName, Question, RetentionPolicy } from '../api';
import type { Digest } from '../store/digest';
import type { ChunkUuid, Lineage, SegmentId, ShardId, VersionId } from './ids';
import { upgradeEntry, upgradeVersion, type VersionBeforeEditing } from './older-objects';

export interface VersionLink {
  readonly id: VersionId;
  readonly digest: Digest;
  /** The head that a merge took in, besides its own line. */
  readonly merged?: VersionId;
}

/** What the library's root names: one small object a shard, so that a clone costs one of these. */
export interface ShardEntry {
  readonly format: 'memreel/shard/1';
  readonly id: ShardId;
  readonly name: string;
  readonly lineage: Lineage;
  readonly profile: ProfileName;
  readonly model: string;
  /** The language of stemming. */
  readonly language: 'en' | 'und';
  /** ISO 8601, as all times. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Set while the shard is removed and can be restored. */
  readonly removedAt?: string;
  readonly origin?: { readonly shard: ShardId; readonly version: VersionId };
  readonly head: VersionLink;
  /** All versions of this shard's line, newest first. */
  readonly log: Digest;
  readonly tags: Readonly<Record<string, VersionLink>>;
  /** Facts of the head, so that listing shards reads nothing else. */
  readonly facts: {
    readonly chunks: number;
    readonly deleted: number;
    readonly bytes: number;
    /** Set where chunks may expire: then the clock has to be asked. */
    readonly expires?: true;
    /** Set where the head has a retention policy. */
    readonly retains?: true;
  };
  /** The questions that the shard is tried with; null for none. */
  readonly questions: Digest | null;
}

/** A delta as a version lists it. */
export interface DeltaLink {
  readonly digest: Digest;
  readonly rows: number;
  /** Of the object. */
  readonly bytes: number;
}

/** One immutable state of a shard. */
export interface Version {
  readonly format: 'memreel/version/1';
  readonly id: VersionId;
  /** The first is its own line. */
  readonly parents: readonly VersionId[];
  readonly operation: Operation;
  readonly message: string;
  readonly createdAt: string;
  readonly model: string;
  readonly segments: Digest;
  /** Records that differ from the pages, oldest first: the newest row of a chunk counts. */
  readonly deltas: readonly DeltaLink[];
  readonly retention?: RetentionPolicy;
  /** RFC 6902; null where counts are recorded instead. */
  readonly patch: Digest | null;
  readonly counts: VersionCounts;
}

export interface VersionCounts {
  /** All records, tombstones too. */
  readonly chunks: number;
  readonly deleted: number;
  /** What changed against the first parent, in chunks. */
  readonly added: number;
  readonly edited: number;
  readonly removed: number;
  readonly restored: number;
  readonly sources: number;
}

/**
 * What stays of a version that was let go while two lines still meet in it: enough for a merge.
 * Its chunks are rows of `[uuid, sha256, deleted]`.
 */
export interface Skeleton {
  readonly format: 'memreel/skeleton/1';
  readonly id: VersionId;
  readonly chunks: readonly (readonly [ChunkUuid, string, 0 | 1])[];
}

/** The questions that a shard is tried with. */
export interface QuestionList {
  readonly format: 'memreel/questions/1';
  readonly questions: readonly Question[];
}

/** One segment as versions refer to it. Bytes are file sizes; digests are of blobs. */
export interface SegmentEntry {
  readonly id: SegmentId;
  readonly video: Digest;
  readonly page: Digest;
  readonly postings: Digest;
  readonly vectors: Digest | null;
  readonly frames: number;
  readonly chunks: number;
  readonly bytes: {
    readonly video: number;
    readonly page: number;
    readonly postings: number;
    readonly vectors: number;
    /** UTF-8 bytes of all its texts, and what gzip makes of them. */
    readonly text: number;
    readonly gzip: number;
  };
  /** How the bytes of its payloads divide. */
  readonly payload: { readonly text: number; readonly metadata: number; readonly unfilled: number };
}

export interface SegmentTable {
  readonly format: 'memreel/segments/1';
  readonly segments: readonly SegmentEntry[];
}

/** A stretch of a shard's versions, newest first; full ones are shared and never rewritten. */
export interface VersionLog {
  readonly format: 'memreel/log/1';
  readonly versions: readonly LoggedVersion[];
  readonly older: Digest | null;
}

/** A version in the log; `skeleton` where only that is left, and `digest` is the skeleton's. */
export interface LoggedVersion extends VersionLink {
  readonly skeleton?: true;
}

/** Versions in one stretch of the log: what an edit writes does not grow with the history. */
export const LOG_VERSIONS = 64;

interface Objects {
  shard: ShardEntry;
  version: Version;
  segments: SegmentTable;
  log: VersionLog;
  skeleton: Skeleton;
  questions: QuestionList;
}

export type ObjectKind =
  keyof Objects | 'video' | 'page' | 'postings' | 'vectors' | 'delta' | 'patch';

export interface ObjectReference {
  readonly kind: ObjectKind;
  readonly digest: Digest;
}

const FORMATS = {
  shard: 'memreel/shard/1',
  version: 'memreel/version/1',
  segments: 'memreel/segments/1',
  log: 'memreel/log/1',
  skeleton: 'memreel/skeleton/1',
  questions: 'memreel/questions/1',
} as const satisfies { [K in keyof Objects]: Objects[K]['format'] };

export function encodeObject(object: Objects[keyof Objects]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(object));
}

/** Objects as the present app or an older one wrote them. */
interface StoredObjects extends Omit<Objects, 'shard' | 'version'> {
  shard: ShardEntry | Omit<ShardEntry, 'questions'>;
  version: Version | (VersionBeforeEditing & Omit<Version, 'parents' | 'deltas' | 'counts'>);
}

const PRESENT: { readonly [K in keyof Objects]: (stored: StoredObjects[K]) => Objects[K] } = {
  shard: (entry) => ('questions' in entry ? entry : upgradeEntry(entry)),
  version: (version) => ('deltas' in version ? version : upgradeVersion(version)),
  segments: (table) => table,
  log: (log) => log,
  skeleton: (skeleton) => skeleton,
  questions: (questions) => questions,
};

/**
 * An object in its present shape, whichever version of the app wrote it: encoded again, an older one
 * has other bytes and another digest.
 * @throws CorruptError when the bytes are not of that kind
 */
export function decodeObject<K extends keyof Objects>(kind: K, bytes: Uint8Array): Objects[K] {
  const object = JSON.parse(new TextDecoder().decode(bytes)) as StoredObjects[K];
  if (object.format !== FORMATS[kind]) {
    throw new CorruptError(`An object of kind ${kind} has the format ${object.format}.`);
  }
  return PRESENT[kind](object);
}

/** Kinds that refer to nothing: a walk over references need not read them. */
export const LEAVES = [
  'video',
  'page',
  'postings',
  'vectors',
  'delta',
  'patch',
  'skeleton',
  'questions',
] as const satisfies ObjectKind[];

/** What an object refers to: the store walks these for `check` and for freeing. */
export function referencesOf(kind: string, bytes: Uint8Array): ObjectReference[] {
  switch (kind) {
    case 'shard': {
      const { head, log, tags, questions } = decodeObject('shard', bytes);
      return [
        ...[head, ...Object.values(tags)].map(({ digest }) => ({
          kind: 'version' as const,
          digest,
        })),
        { kind: 'log', digest: log },
        ...(questions ? [{ kind: 'questions' as const, digest: questions }] : []),
      ];
    }
    case 'log': {
      const { versions, older } = decodeObject('log', bytes);
      return [
        ...versions.map(({ digest, skeleton }) => ({
          kind: skeleton ? ('skeleton' as const) : ('version' as const),
          digest,
        })),
        ...(older ? [{ kind: 'log' as const, digest: older }] : []),
      ];
    }
    case 'version': {
      const { segments, deltas, patch } = decodeObject('version', bytes);
      return [
        { kind: 'segments', digest: segments },
        ...deltas.map(({ digest }) => ({ kind: 'delta' as const, digest })),
        ...(patch ? [{ kind: 'patch' as const, digest: patch }] : []),
      ];
    }
    case 'segments':
      return decodeObject('segments', bytes).segments.flatMap((segment) => [
        { kind: 'video' as const, digest: segment.video },
        { kind: 'page' as const, digest: segment.page },
        { kind: 'postings' as const, digest: segment.postings },
        ...(segment.vectors ? [{ kind: 'vectors' as const, digest: segment.vectors }] : []),
      ]);
    default:
      return []; // videos, pages and search data refer to nothing
  }
}
