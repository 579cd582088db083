/**
 * The audit patch of a version: what the library did to records, as JSON Patch on the index. Only
 * primary fields are written; derived ones stand in `test` alone. These patches are made here and not
 * checked: a caller's own go through index-document.ts.
 */
import type { JsonPatchOperation, RetentionPolicy } from '../api';
import type { RecordChange } from './changes';
import type { ChunkUuid } from './ids';
import { primaryOf } from './index-document';
import { formatPointer, parsePointer } from './patch-pointer';
import { childOf, equalJson } from './patch-values';

const PRIMARY = ['order', 'source', 'place', 'deleted', 'from', 'expiresAt', 'text'] as const;

/**
 * The patch that makes of the index before these changes the one after them, in primary fields.
 * Where the text's digest before is another one, its `test` fails.
 * @param changes one a chunk
 */
export function patchOf(
  changes: readonly RecordChange[],
  retention: { before?: RetentionPolicy; after?: RetentionPolicy } = {},
): JsonPatchOperation[] {
  return [...changes.flatMap(operationsOf), ...retentionOperations(retention)];
}

function operationsOf({ uuid, before, after }: RecordChange): JsonPatchOperation[] {
  const pathOf = (...field: string[]): string => formatPointer(['chunks', uuid, ...field]);
  if (!before) return after ? [{ op: 'add', path: pathOf(), value: primaryOf(after) }] : [];
  const sameText: JsonPatchOperation = { op: 'test', path: pathOf('sha256'), value: before.sha256 };
  if (!after) return [sameText, { op: 'remove', path: pathOf() }];

  const [old, now] = [primaryOf(before), primaryOf(after)];
  const operations = PRIMARY.flatMap((field): JsonPatchOperation[] => {
    const path = pathOf(field);
    const value = childOf(now, field);
    if (equalJson(childOf(old, field), value)) return [];
    if (value === undefined) return [{ op: 'remove', path }];
    if (field === 'deleted') {
      return [
        { op: 'test', path, value: before.deleted },
        { op: 'replace', path, value },
      ];
    }
    return [{ op: old[field] === undefined ? 'add' : 'replace', path, value }];
  });
  return operations.length > 0 ? [sameText, ...operations] : [];
}

function retentionOperations({
  before,
  after,
}: {
  before?: RetentionPolicy;
  after?: RetentionPolicy;
}): JsonPatchOperation[] {
  const path = '/retention';
  if (!after) return before ? [{ op: 'remove', path }] : [];
  const value = { ...after };
  if (!before) return [{ op: 'add', path, value }];
  return equalJson({ ...before }, value) ? [] : [{ op: 'replace', path, value }];
}

/** The same changes the other way round. */
export function invertChanges(changes: readonly RecordChange[]): RecordChange[] {
  return changes.map(({ uuid, before, after }) => ({ uuid, before: after, after: before }));
}

/** The chunks that a patch names, each once, in the order of their first mention. */
export function chunksOf(patch: readonly JsonPatchOperation[]): ChunkUuid[] {
  const named = new Set<ChunkUuid>();
  for (const operation of patch) {
    const pointers = 'from' in operation ? [operation.from, operation.path] : [operation.path];
    for (const pointer of pointers) {
      const [root, uuid] = parsePointer(pointer);
      if (root === 'chunks' && uuid !== undefined) named.add(uuid as ChunkUuid);
    }
  }
  return [...named];
}

/**
 * The patch without the texts of purged chunks: where a text stood, `{ "purged": <its SHA-256> }`
 * says which one it was. Gives back `patch` itself where it holds none of them.
 * @param sha256 of a text in UTF-8, hex
 */
export function purgePatch(
  patch: readonly JsonPatchOperation[],
  uuids: ReadonlySet<ChunkUuid>,
  sha256: (text: string) => string,
): readonly JsonPatchOperation[] {
  const purged = patch.map((operation) => purgeOperation(operation, uuids, sha256));
  return purged.some((operation, at) => operation !== patch[at]) ? purged : patch;
}

function purgeOperation(
  operation: JsonPatchOperation,
  uuids: ReadonlySet<ChunkUuid>,
  sha256: (text: string) => string,
): JsonPatchOperation {
  if (!('value' in operation)) return operation;
  const { path, value } = operation;
  const [root, uuid, field, ...deeper] = parsePointer(path);
  if (root !== 'chunks' || !uuids.has(uuid as ChunkUuid) || deeper.length > 0) return operation;
  if (field === undefined) {
    if (typeof value !== 'object' || value === null || !('text' in value)) return operation;
    const { text } = value;
    if (typeof text !== 'string') return operation;
    return { ...operation, value: { ...value, text: { purged: sha256(text) } } };
  }
  if (field !== 'text' || typeof value !== 'string') return operation;
  return { ...operation, value: { purged: sha256(value) } };
}
