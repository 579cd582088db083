/**
 * The index as JSON (docs/FORMAT.md, "Index"), and what a caller's patch on it asks for. Only the
 * chunks that a patch names are made into a document. It says what is wished and writes nothing: texts
 * are hashed, embedded and recorded elsewhere.
 */
import { InvalidError, NotFoundError } from '../errors';
import type { JsonPatchOperation, Place } from '../api';
import type { ChunkUuid } from './ids';
import { readExpiry, readFlag, readPlace, readText } from './index-document-fields';
import { applyPatch, checkPatch, type CheckedOperation } from './json-patch';
import { formatPointer, parsePointer } from './patch-pointer';
import { childOf, equalJson, type JsonObject, type JsonValue } from './patch-values';
import { FORMAT } from './payload';
import type { ChunkRecord } from './records';

/** A record in the index, as JSON. `segment`, `frame` and `slot` are null where it is in no video. */
export type IndexChunk = Readonly<{
  order: string;
  segment: string | null;
  frame: number | null;
  slot: number | null;
  length: number;
  sha256: string;
  source: string | null;
  place: { [Field in keyof Place]: Place[Field] } | null;
  deleted: boolean;
  from?: string;
  expiresAt?: string;
  /** Overlay only. */
  text?: string;
}>;

/** The fields that a record keeps itself; the others follow from its text and where that lies. */
export type PrimaryChunk = Pick<
  IndexChunk,
  'order' | 'source' | 'place' | 'deleted' | 'from' | 'expiresAt' | 'text'
>;

export function chunkToJson(record: ChunkRecord): IndexChunk {
  const { at, length, sha256 } = record;
  const { order, source, place, deleted, ...optional } = primaryOf(record);
  return {
    order,
    segment: at?.segment ?? null,
    frame: at?.frame ?? null,
    slot: at?.slot ?? null,
    length,
    sha256,
    source,
    place,
    deleted,
    ...optional,
  };
}

export function primaryOf(record: ChunkRecord): PrimaryChunk {
  const { order, source, place, deleted, from, expiresAt, text } = record;
  return {
    order,
    source,
    place: place && { ...place },
    deleted,
    ...(from === undefined ? {} : { from }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(text === undefined ? {} : { text }),
  };
}

/** What a patch asks of one chunk: all that a caller may change. */
export interface ChunkWish {
  /** The overlay; null for none. */
  readonly text: string | null;
  readonly deleted: boolean;
  /** ISO 8601; null for never. */
  readonly expiresAt: string | null;
  readonly place: Place | null;
}

const WISHES: ReadonlySet<string> = new Set(['text', 'deleted', 'expiresAt', 'place']);

/**
 * Applies a caller's patch to the index, and says what it asks of each chunk that it changes.
 * @param lookup a chunk's record at the version that the patch is for; tombstones too
 * @throws NotFoundError for a chunk that is not there
 * @throws ConflictError when a `test` fails
 * @throws InvalidError for a bad patch, for operations on anything but parts of chunks, and for a
 * result that is no index; `subject` is the path
 */
export function patchChunks(
  patch: readonly JsonPatchOperation[],
  lookup: (uuid: ChunkUuid) => ChunkRecord | undefined,
): Map<ChunkUuid, ChunkWish> {
  const operations = checkPatch(patch);
  const before = new Map<ChunkUuid, IndexChunk>();
  for (const uuid of operations.flatMap(chunksIn)) {
    if (before.has(uuid)) continue;
    const record = lookup(uuid);
    if (!record) throw new NotFoundError(`There is no chunk ${uuid}.`, { subject: uuid });
    before.set(uuid, chunkToJson(record));
  }
  const document = { format: FORMAT, chunks: Object.fromEntries(before) };
  const chunks = childOf(applyPatch(document, operations), 'chunks');
  const wishes = new Map<ChunkUuid, ChunkWish>();
  for (const [uuid, chunk] of before) {
    const after = childOf(chunks, uuid);
    if (!equalJson(chunk, after)) wishes.set(uuid, readWish(uuid, chunk, after));
  }
  return wishes;
}

/** The chunks that a caller's operation is about; refuses it where it is about anything else. */
function chunksIn(operation: CheckedOperation): ChunkUuid[] {
  const pointers = 'from' in operation ? [operation.from, operation.path] : [operation.path];
  return pointers.map((pointer) => {
    const [root, uuid, field] = parsePointer(pointer);
    if (root !== 'chunks' || uuid === undefined) {
      throw new InvalidError('A patch changes chunks of the index and nothing else.', {
        subject: pointer,
      });
    }
    if (field === undefined && operation.op !== 'test') {
      throw new InvalidError('A patch cannot add or remove whole chunks: insert or delete them.', {
        subject: pointer,
      });
    }
    return uuid as ChunkUuid;
  });
}

/** Fields that did not change are not judged anew: what a record holds may be older than a rule. */
function readWish(uuid: ChunkUuid, before: IndexChunk, after: JsonValue | undefined): ChunkWish {
  const changed = new Set<string>();
  for (const field of Object.keys({ ...before, ...fieldsOf(after) })) {
    if (equalJson(childOf(before, field), childOf(after, field))) continue;
    const subject = formatPointer(['chunks', uuid, field]);
    if (!WISHES.has(field)) {
      throw new InvalidError(`A patch cannot change ${field}.`, { subject });
    }
    changed.add(field);
  }
  const field = <Value>(
    name: 'text' | 'deleted' | 'expiresAt' | 'place',
    old: Value,
    read: (value: JsonValue | undefined, subject: string) => Value,
  ): Value => {
    if (!changed.has(name)) return old;
    return read(childOf(after, name), formatPointer(['chunks', uuid, name]));
  };
  return {
    text: field('text', before.text ?? null, readText),
    deleted: field('deleted', before.deleted, readFlag),
    expiresAt: field('expiresAt', before.expiresAt ?? null, readExpiry),
    place: field('place', before.place, readPlace),
  };
}

function fieldsOf(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
