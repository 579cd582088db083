/**
 * JSON Patch (RFC 6902) for input that nobody vouches for: checked first, applied whole or not at
 * all, and metered, so that a short patch cannot make a large or a deep document. It knows nothing of
 * chunks: index-document.ts does.
 */
import { assertNever, ConflictError, InvalidError } from '../errors';
import type { JsonPatchOperation } from '../api';
import { parsePointer } from './patch-pointer';
import {
  childOf,
  copyJson,
  equalJson,
  INDEX,
  isPlain,
  MAX_DEPTH,
  Meter,
  refuseReserved,
  type JsonObject,
  type JsonValue,
} from './patch-values';

export const MAX_OPERATIONS = 10_000;

/** What a patch may bring by default: two hundred of the longest texts. */
export const MAX_PATCH_BYTES = 16 * 2 ** 20;

/** An operation that was checked; its value is a copy that nobody else holds. */
export type CheckedOperation =
  | { op: 'add' | 'replace' | 'test'; path: string; value: JsonValue }
  | { op: 'remove'; path: string }
  | { op: 'move' | 'copy'; from: string; path: string };

/**
 * The operations of a patch, known members only (RFC 6902, section 4), their values copied.
 * @throws InvalidError for anything but a patch of at most 10,000 operations whose values are JSON
 * of at most 16 MiB in all; `subject` is the path, or where there is none the operation's position
 */
export function checkPatch(patch: unknown): CheckedOperation[] {
  return checkOperations(patch, new Meter(MAX_PATCH_BYTES));
}

/** @param growth pays for what `add` and `replace` bring */
function checkOperations(patch: unknown, growth: Meter): CheckedOperation[] {
  if (!Array.isArray(patch)) throw new InvalidError('A patch is a list of operations.');
  if (patch.length > MAX_OPERATIONS) {
    throw new InvalidError(`A patch has at most ${MAX_OPERATIONS} operations.`);
  }
  const compared = new Meter(MAX_PATCH_BYTES);
  const checked: CheckedOperation[] = [];
  for (let at = 0; at < patch.length; at++) {
    checked.push(checkOperation(patch[at], String(at), growth, compared));
  }
  return checked;
}

function checkOperation(
  operation: unknown,
  position: string,
  growth: Meter,
  compared: Meter,
): CheckedOperation {
  if (typeof operation !== 'object' || operation === null || !isPlain(operation)) {
    throw new InvalidError(`Operation ${position} is not an object.`, { subject: position });
  }
  const path = pointerIn(operation, 'path', position);
  const { op } = operation;
  switch (op) {
    case 'add':
    case 'replace':
    case 'test': {
      if (!Object.hasOwn(operation, 'value')) {
        throw new InvalidError(`Operation ${position} has no value.`, { subject: path });
      }
      const meter = op === 'test' ? compared : growth;
      const value = copyJson(operation['value'], parsePointer(path).length, meter, path);
      return { op, path, value };
    }
    case 'remove':
      return { op, path };
    case 'move':
    case 'copy':
      return { op, from: pointerIn(operation, 'from', position), path };
    default:
      throw new InvalidError(`Operation ${position} has an op that is not known.`, {
        subject: path,
      });
  }
}

/** A member that has to be a pointer which is fit to be followed. */
function pointerIn(
  operation: Record<string, unknown>,
  name: 'path' | 'from',
  position: string,
): string {
  const pointer = Object.hasOwn(operation, name) ? operation[name] : undefined;
  if (typeof pointer !== 'string') {
    throw new InvalidError(`Operation ${position} has no ${name}.`, { subject: position });
  }
  const tokens = parsePointer(pointer);
  if (tokens.length > MAX_DEPTH) {
    throw new InvalidError(`A path has at most ${MAX_DEPTH} parts.`, { subject: pointer });
  }
  for (const token of tokens) refuseReserved(token, pointer);
  return pointer;
}

/**
 * The document that a patch makes. The given one is never changed; parts that no operation touched
 * are shared with it. Checks the patch as `checkPatch` does.
 * @param options.maxBytes JSON, in UTF-8 bytes, that `add`, `replace` and `copy` may bring in all;
 * a `move` to a deeper place pays too, for it has to be measured. Default 16 MiB
 * @throws ConflictError when a `test` fails, also for want of its target; `subject` is the path
 * @throws InvalidError for a bad patch, a path that is not there, or too much; `subject` as above
 */
export function applyPatch(
  document: JsonValue,
  patch: readonly JsonPatchOperation[],
  options?: { maxBytes?: number },
): JsonValue {
  const growth = new Meter(options?.maxBytes ?? MAX_PATCH_BYTES);
  const draft = new Draft(document);
  for (const operation of checkOperations(patch, growth)) applyOperation(draft, operation, growth);
  return draft.read('');
}

function applyOperation(draft: Draft, operation: CheckedOperation, growth: Meter): void {
  const { path } = operation;
  switch (operation.op) {
    case 'add':
      draft.add(path, operation.value);
      break;
    case 'replace':
      draft.replace(path, operation.value);
      break;
    case 'remove':
      draft.remove(path);
      break;
    case 'test':
      if (!equalJson(draft.find(path), operation.value)) {
        throw new ConflictError('A test of the patch failed.', { subject: path });
      }
      break;
    case 'copy':
      draft.add(path, copyJson(draft.read(operation.from), depthOf(path), growth, path));
      break;
    case 'move':
      move(draft, operation.from, path, growth);
      break;
    default:
      assertNever(operation);
  }
}

function move(draft: Draft, from: string, path: string, growth: Meter): void {
  const value = draft.read(from);
  if (from === path) return;
  // A location has one pointer and no other, so their texts can be compared.
  if (path.startsWith(`${from}/`)) {
    throw new InvalidError('A value cannot be moved into itself.', { subject: path });
  }
  draft.remove(from);
  const deeper = depthOf(path) > depthOf(from);
  draft.add(path, deeper ? copyJson(value, depthOf(path), growth, path) : value);
}

const depthOf = (pointer: string): number => parsePointer(pointer).length;

type Container = JsonValue[] | JsonObject;

/** A document under change. A container is copied before its first change, and only then. */
class Draft {
  /** Holds the document under `''`, so that the root is a place like all others. */
  readonly #holder: JsonObject;
  readonly #own = new WeakSet<Container>();

  constructor(document: JsonValue) {
    this.#holder = { '': document };
    this.#own.add(this.#holder);
  }

  /** @returns undefined where nothing is */
  find(path: string): JsonValue | undefined {
    let value: JsonValue | undefined = this.#holder[''];
    for (const token of parsePointer(path)) value = childOf(value, token);
    return value;
  }

  /** @throws InvalidError where nothing is; so do all below */
  read(path: string): JsonValue {
    const value = this.find(path);
    if (value === undefined) throw absent(path);
    return value;
  }

  /** Sets a member, or puts an item before the one that is there; `-` is the end of an array. */
  add(path: string, value: JsonValue): void {
    const [parent, token] = this.#open(path);
    if (!Array.isArray(parent)) {
      parent[token] = value;
      return;
    }
    const at = token === '-' ? parent.length : INDEX.test(token) ? Number(token) : Infinity;
    if (at > parent.length) throw absent(path);
    parent.splice(at, 0, value);
  }

  replace(path: string, value: JsonValue): void {
    const [parent, token] = this.#open(path);
    if (childOf(parent, token) === undefined) throw absent(path);
    if (Array.isArray(parent)) parent[Number(token)] = value;
    else parent[token] = value;
  }

  remove(path: string): void {
    if (path === '')
      throw new InvalidError('The whole document cannot be removed.', { subject: '' });
    const [parent, token] = this.#open(path);
    if (childOf(parent, token) === undefined) throw absent(path);
    if (Array.isArray(parent)) parent.splice(Number(token), 1);
    else Reflect.deleteProperty(parent, token);
  }

  /** The container that a path ends in, free to be changed, and the token in it. */
  #open(path: string): [parent: Container, token: string] {
    let parent: Container = this.#holder;
    let last = '';
    for (const token of parsePointer(path)) {
      const child = childOf(parent, last);
      if (typeof child !== 'object' || child === null) throw absent(path);
      const own = this.#owned(child);
      if (Array.isArray(parent)) parent[Number(last)] = own;
      else parent[last] = own;
      parent = own;
      last = token;
    }
    return [parent, last];
  }

  #owned(container: Container): Container {
    if (this.#own.has(container)) return container;
    const copy = Array.isArray(container) ? container.slice() : { ...container };
    this.#own.add(copy);
    return copy;
  }
}

const absent = (path: string): InvalidError =>
  new InvalidError(`Nothing is at ${path}.`, { subject: path });
